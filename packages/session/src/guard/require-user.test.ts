import { App, type Layer, Response, TestClient } from "@hatcheck/core";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { sessionLayer } from "../layer/session-layer.ts";
import { SessionStore } from "../memory/memory-store.ts";
import { requireUser } from "./require-user.ts";

interface Account {
  readonly id: string;
  readonly name: string;
  readonly isAdmin: boolean;
}

const ACCOUNTS: ReadonlyMap<string, Account> = new Map([
  ["1", { id: "1", name: "Ada", isAdmin: true }],
  ["2", { id: "2", name: "Bob", isAdmin: false }],
]);

const sessions = sessionLayer(new SessionStore(3600));
const findAccount = (id: string) => ACCOUNTS.get(id);
const member = requireUser(sessions, { user: findAccount, login: "/login" });
const admin = requireUser(sessions, {
  user: async (id) => findAccount(id),
  allow: ({ user }) => user.isAdmin,
});
const recent = requireUser(sessions, { authenticatedWithin: 60, confirm: "/confirm", login: "/login" });

const app = App.withState({ greeting: "Hello" })
  .wrap(sessions)
  .post("/login/:id", (req, { id }) => {
    sessions.of(req).login(id);
    return Response.empty(204);
  })
  .get(
    "/me/:tab",
    member.only((_req, { tab }, _conn, { greeting }, { user }) =>
      Response.text(200, `${greeting} ${user.name}, ${tab}`),
    ),
  )
  .post(
    "/me",
    member.only(() => Response.text(200, "posted")),
  )
  .get(
    "/admin",
    admin.only((_req, _params, _conn, _state, { user }) => Response.text(200, user.name)),
  )
  .get(
    "/recent",
    recent.only((_req, _params, _conn, _state, { user }) => Response.text(200, user)),
  )
  .get("/unguarded", (req) => Response.text(200, member.of(req).user.name))
  .mount(
    "/team",
    App.withState({})
      .wrap(member)
      .get("/", (req) => Response.text(200, member.of(req).user.name)),
  );

async function loggedIn(id: string): Promise<TestClient> {
  const client = new TestClient(app);
  await client.post(`/login/${id}`).send();
  return client;
}

afterEach(() => void vi.useRealTimers());

describe("requireUser", () => {
  test("gives the handler who is asking, with its params and state", async () => {
    const ada = await loggedIn("1");
    expect((await ada.get("/me/devices").send()).text()).toBe("Hello Ada, devices");
  });

  test("guards a whole mount as a layer", async () => {
    expect((await (await loggedIn("2")).get("/team").send()).text()).toBe("Bob");
    expect((await new TestClient(app).get("/team").send()).status).toBe(303);
  });

  test("sends a browser to the login page, and back by `next` where it asked with GET", async () => {
    const stranger = new TestClient(app);
    const asked = await stranger.get("/me/devices?page=2").header("Sec-Fetch-Mode", "navigate").send();
    expect([asked.status, asked.header("location")]).toEqual([303, "/login?next=%2Fme%2Fdevices%3Fpage%3D2"]);
    const posted = await stranger.post("/me").header("Accept", "text/html").send();
    expect([posted.status, posted.header("location")]).toEqual([303, "/login"]);
  });

  test.each([
    ["Sec-Fetch-Mode", "cors"],
    ["Accept", "application/json"],
  ])("tells a program 401 (%s: %s)", async (name, value) => {
    const answer = await new TestClient(app).get("/me/devices").header(name, value).send();
    expect(answer.status).toBe(401);
    expect(answer.header("content-type")).toContain("json");
  });

  test("tells everybody 401 where there is no login page", async () => {
    expect((await new TestClient(app).get("/admin").send()).status).toBe(401);
  });

  test("an account that is gone is nobody's, whatever the session says", async () => {
    expect((await (await loggedIn("3")).get("/me/devices").send()).status).toBe(303);
    expect((await (await loggedIn("3")).get("/admin").send()).status).toBe(401);
  });

  test("answers 403 to who may not", async () => {
    expect((await (await loggedIn("1")).get("/admin").send()).text()).toBe("Ada");
    expect((await (await loggedIn("2")).get("/admin").send()).status).toBe(403);
  });

  test("only `true` lets in: a promise of false, or something that is merely truthy, does not", async () => {
    const odd = requireUser(sessions, { allow: (() => ({ allowed: false })) as never });
    const never = requireUser(sessions, { allow: async () => false });
    const guarded = App.withState({})
      .wrap(sessions)
      .post("/login", (req) => {
        sessions.of(req).login("1");
        return Response.empty(204);
      })
      .get(
        "/odd",
        odd.only(() => Response.text(200, "in")),
      )
      .get(
        "/never",
        never.only(() => Response.text(200, "in")),
      );
    const client = new TestClient(guarded);
    await client.post("/login").send();
    expect((await client.get("/odd").send()).status).toBe(403);
    expect((await client.get("/never").send()).status).toBe(403);
  });

  test("asks for the password again where it was entered too long ago", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const own = sessionLayer(new SessionStore(3600));
    const guard = requireUser(own, { authenticatedWithin: 60, confirm: "/confirm" });
    const client = new TestClient(
      App.withState({})
        .wrap(own)
        .post("/login", (req) => {
          own.of(req).login("1");
          return Response.empty(204);
        })
        .get(
          "/",
          guard.only((_req, _params, _conn, _state, { user }) => Response.text(200, user)),
        ),
    );
    await client.post("/login").send();
    expect((await client.get("/").send()).text()).toBe("1");
    vi.advanceTimersByTime(61_000);
    const answer = await client.get("/").send();
    expect([answer.status, answer.header("location")]).toEqual([303, "/confirm?next=%2F"]);
  });

  test("makes no promise where nothing has to be waited for", () => {
    const layer: Layer<unknown> = requireUser(sessions, { user: findAccount, login: "/login" });
    let answer: unknown;
    const outer = App.withState({})
      .wrap(sessions)
      .wrap((req, conn, next, state) => (answer = layer(req, conn, next, state)) as Response)
      .get("/", () => Response.empty(204));
    return new TestClient(outer)
      .get("/")
      .send()
      .then(() => expect(answer).toBeInstanceOf(Response));
  });

  test("`of` outside of the guard says what is wrong", async () => {
    const errors: unknown[] = [];
    const outside = App.withState({})
      .wrap(sessions)
      .onError((error) => void errors.push(error))
      .get("/", (req) => Response.text(200, member.of(req).user.name));
    await new TestClient(outside).get("/").send();
    expect(String(errors[0])).toContain("this route is outside of the guard");
  });

  test.each([
    [{ logn: "/login" }, 'no option "logn"'],
    [{ login: "https://evil.example" }, "login is a path of this site"],
    [{ login: "//evil.example" }, "login is a path of this site"],
    [{ login: "/login?x=1" }, "without a query"],
    [{ allow: true }, "allow is a function"],
    [{ user: "ada" }, "user is a function"],
    [{ authenticatedWithin: Number.NaN }, "authenticatedWithin is a number of seconds"],
  ])("refuses %j at registration", (options, message) => {
    expect(() => requireUser(sessions, options as never)).toThrow(TypeError);
    expect(() => requireUser(sessions, options as never)).toThrow(message);
  });

  test("is typed: the user is what was found, or the id", () => {
    member.only((_req, _params, _conn, _state, { user }) => {
      expectTypeOf(user).toEqualTypeOf<Account>();
      return Response.empty(204);
    });
    recent.only((_req, _params, _conn, _state, { user }) => {
      expectTypeOf(user).toEqualTypeOf<string>();
      return Response.empty(204);
    });
    // @ts-expect-error -- an id has no name, and nobody looks the account up
    requireUser(sessions, { allow: ({ user }) => user.isAdmin });
  });
});
