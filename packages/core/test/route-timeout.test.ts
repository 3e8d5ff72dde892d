import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { App, Response, timeout } from "../src/index.ts";
import { describeEach } from "./harness.ts";

describeEach("a route with a deadline of its own", (serve) => {
  test("is 503 when it is over, and its signal aborts", async () => {
    const aborted: unknown[] = [];
    const app = new App(undefined).get(
      "/",
      (req) =>
        new Promise<never>((_resolve, reject) => {
          req.signal.addEventListener("abort", () => {
            aborted.push((req.signal.reason as Error).name);
            reject(req.signal.reason as Error);
          });
        }),
      { timeoutMs: 20 },
    );
    const answer = await (await serve(app)).get("/").send();
    expect([answer.status, answer.header("retry-after"), aborted]).toEqual([503, "1", ["TimeoutError"]]);
  });

  test("goes before the layer's, longer or shorter, and leaves the other routes theirs", async () => {
    const slow = async () => {
      await sleep(60);
      return Response.text(200, "slow");
    };
    const never = () => new Promise<never>(() => {});
    const app = new App(undefined)
      .wrap(timeout(20))
      .get("/long", slow, { timeoutMs: 5000 })
      .get("/never", slow, { timeoutMs: Number.POSITIVE_INFINITY })
      .get("/short", never, { timeoutMs: 1 })
      .get("/other", never);
    const client = await serve(app);
    const statuses = ["/long", "/never", "/short", "/other"].map(
      async (path) => (await client.get(path).send()).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 503, 503]);
  });

  test("answers at once without a timer, and fails as it fails", async () => {
    const app = new App(undefined)
      .onError((error) => Response.text(500, String(error)))
      .get("/", () => Response.text(200, "now"), { timeoutMs: 1000 })
      .get("/fails", () => Promise.reject(new Error("bug")), { timeoutMs: 1000 })
      .get("/nothing", () => Promise.resolve(undefined as never), { timeoutMs: 1000 });
    const client = await serve(app);
    expect((await client.get("/").send()).text()).toBe("now");
    expect((await client.get("/fails").send()).text()).toBe("Error: bug");
    expect((await client.get("/nothing").send()).text()).toContain("returned nothing");
  });
});

test.each([0, -1, Number.NaN, "10", 2 ** 31])("a deadline of %j is refused at once", (timeoutMs) => {
  const register = () =>
    new App(undefined).get("/x", () => Response.empty(204), { timeoutMs: timeoutMs as number });
  expect(register).toThrow(/Route "\/x": timeoutMs must be/);
});
