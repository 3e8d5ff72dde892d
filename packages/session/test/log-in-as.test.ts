import { App, Response, TestClient } from "@hatcheck/core";
import { afterEach, expect, test } from "vitest";
import { sessionLayer, SessionStore } from "../src/index.ts";
import { logInAs } from "../src/testkit/conformance.ts";

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of closing.splice(0)) await one[Symbol.asyncDispose]();
});

function site() {
  const sessions = sessionLayer(new SessionStore<{ cart: string[] }>(3600));
  const app = new App(undefined)
    .wrap(sessions)
    .get("/", (req) => {
      const session = sessions.of(req);
      return Response.json(200, [session.userId ?? null, session.get("cart") ?? null]);
    })
    .post("/logout", (req) => {
      sessions.of(req).logout();
      return Response.empty(204);
    });
  return { app, sessions };
}

test.each([
  [{}, "sid"],
  [{ encrypted: true }, "__Host-sid"],
])("a browser is logged in in process, with %j, by the cookie %s", async (options, name) => {
  const { app, sessions } = site();
  const client = new TestClient(app, options);
  await logInAs(client, sessions, "42", { cart: ["hat"] });
  expect(client.cookie(name)).toBeDefined();
  expect((await client.get("/").send()).json()).toEqual(["42", ["hat"]]);
  await client.post("/logout").send();
  expect((await client.get("/").send()).json()).toEqual([null, null]);
});

test("a browser is logged in at a server over a real socket, and as somebody else after that", async () => {
  const { app, sessions } = site();
  const server = await app.listen({ port: 0 });
  closing.push(server);
  const client = TestClient.over(server.url);
  await logInAs(client, sessions, "42");
  expect((await client.get("/").send()).json()).toEqual(["42", null]);
  await logInAs(client, sessions, "43");
  expect((await client.get("/").send()).json()).toEqual(["43", null]);
});
