import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { describeEach, trackServers } from "../../test/harness.ts";
import { App } from "../app.ts";
import { health, type HealthOptions } from "./health.ts";
import { Response } from "../message/response.ts";
import { TestClient } from "../testing/test-client.ts";

function appWith(options?: HealthOptions): App<object> {
  return App.withState({})
    .mount("/", health(options))
    .onError(() => undefined);
}

describeEach("health", (serve) => {
  test("is 200 at both addresses, and never cached", async () => {
    const client = await serve(appWith());
    for (const [path, text] of [
      ["/healthz", "ok\n"],
      ["/readyz", "ready\n"],
    ] as const) {
      const answer = await client.get(path).send();
      expect([answer.status, answer.text()]).toEqual([200, text]);
      expect(answer.header("cache-control")).toBe("no-store");
      expect((await client.head(path).send()).status).toBe(200);
    }
  });

  test.each<[string, () => boolean | Promise<boolean>, number]>([
    ["true", () => true, 200],
    ["true, later", async () => true, 200],
    ["false", () => false, 503],
    ["false, later", async () => false, 503],
    [
      "an error",
      () => {
        throw new Error("secret");
      },
      503,
    ],
    ["an error, later", () => Promise.reject(new Error("secret")), 503],
  ])("is ready as it is told: %s", async (_what, ready, status) => {
    const client = await serve(appWith({ ready }));
    const answer = await client.get("/readyz").send();
    expect(answer.status).toBe(status);
    expect(answer.header("cache-control")).toBe("no-store");
    expect(answer.text()).not.toContain("secret");
    expect((await client.get("/healthz").send()).status).toBe(200);
  });

  test("stands beside an app's own routes", async () => {
    const client = await serve(appWith().get("/", () => Response.text(200, "home")));
    expect((await client.get("/").send()).text()).toBe("home");
    expect((await client.get("/healthz").send()).status).toBe(200);
  });
});

const open = trackServers();

test("a closing server says that it is not ready while it still serves", async () => {
  const server = await open(appWith());
  const client = TestClient.over(server.url);
  expect((await client.get("/readyz").send()).status).toBe(200);
  const closed = server.close({ delayMs: 300 });
  await sleep(10);
  const answer = await client.get("/readyz").send();
  expect([answer.status, answer.text()]).toEqual([503, "closing\n"]);
  expect((await client.get("/healthz").send()).status).toBe(200);
  await closed;
});
