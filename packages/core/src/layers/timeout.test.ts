import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { describeEach } from "../../test/harness.ts";
import { App } from "../app.ts";
import { HttpError } from "../http/http-error.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { timeout } from "./timeout.ts";

const DEADLINE = 40;

/** Waits until the deadline of a request has passed: on a busy machine no sleep is surely longer. */
async function deadlineOf(req: Request): Promise<void> {
  await new Promise((resolve) => {
    req.signal.addEventListener("abort", resolve);
  });
  await sleep(1);
}

function appWith(errors: unknown[] = []): App<object> {
  return App.withState({})
    .wrap(timeout(DEADLINE, { retryAfter: 7 }))
    .onError((error) => {
      errors.push(error);
      return undefined;
    });
}

describeEach("a handler's deadline", (serve) => {
  test("is answered with 503 and Retry-After", async () => {
    const errors: unknown[] = [];
    const client = await serve(appWith(errors).get("/", () => new Promise<Response>(() => {})));
    const answer = await client.get("/").header("Accept", "application/json").send();
    expect(answer.status).toBe(503);
    expect(answer.header("retry-after")).toBe("7");
    expect(answer.json()).toMatchObject({ status: 503 });
    expect(errors).toEqual([expect.any(HttpError)]);
    expect((errors[0] as HttpError).cause).toMatchObject({ name: "TimeoutError" });
  });

  test("leaves alone who keeps it", async () => {
    const client = await serve(
      appWith()
        .get("/now", () => Response.text(200, "now"))
        .get("/soon", async () => {
          await sleep(1);
          return Response.text(200, "soon");
        })
        .get("/fails", async () => {
          throw new HttpError(422, "No.");
        }),
    );
    expect((await client.get("/now").send()).text()).toBe("now");
    expect((await client.get("/soon").send()).text()).toBe("soon");
    expect((await client.get("/fails").send()).status).toBe(422);
  });

  test("aborts the signal, and what is thrown because of it is no second error", async () => {
    const errors: unknown[] = [];
    const reasons: unknown[] = [];
    const app = appWith(errors);
    app.get("/", async (req) => {
      req.signal.addEventListener("abort", () => reasons.push(req.signal.reason));
      await sleep(10_000, undefined, { signal: req.signal });
      return Response.text(200, "never");
    });
    const client = await serve(app);
    expect((await client.get("/").send()).status).toBe(503);
    await sleep(5);
    expect(reasons).toEqual([expect.objectContaining({ name: "TimeoutError" })]);
    expect(errors).toHaveLength(1);
  });

  test("aborts a signal that is asked for only afterwards", async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const app = appWith();
    app.get("/", async (req) => {
      await sleep(DEADLINE * 10);
      resolve(req.signal.aborted);
      return Response.text(200, "late");
    });
    const client = await serve(app);
    expect((await client.get("/").send()).status).toBe(503);
    expect(await promise).toBe(true);
  });

  test("drops a late answer, and lets its stream go", async () => {
    let letGo = false;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const app = appWith().get("/", async (req) => {
      await deadlineOf(req);
      const stream = new ReadableStream<Uint8Array>({
        cancel: () => {
          letGo = true;
          end();
        },
      });
      return Response.stream(200, stream);
    });
    const client = await serve(app);
    expect((await client.get("/").send()).status).toBe(503);
    await ended;
    expect(letGo).toBe(true);
  });

  test("reports a late error of the handler's own, and it harms nobody", async () => {
    const errors: unknown[] = [];
    const app = appWith(errors).get("/", async (req) => {
      await deadlineOf(req);
      throw new Error("late");
    });
    const client = await serve(app);
    expect((await client.get("/").send()).status).toBe(503);
    await sleep(30);
    expect(errors).toEqual([expect.any(HttpError), expect.objectContaining({ message: "late" })]);
  });

  test("does not limit how long a stream is sent", async () => {
    async function* slow() {
      yield "a";
      await sleep(DEADLINE * 2);
      yield "b";
    }
    const client = await serve(appWith().get("/", async () => Response.stream(200, slow())));
    const answer = await client.get("/").send();
    expect([answer.status, answer.text()]).toEqual([200, "ab"]);
  });
});

describe("the timeout layer", () => {
  test("keeps a synchronous answer synchronous and leaves no timer", () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const answer = appWith()
      .get("/", () => Response.text(200, "ok"))
      .handle(new Request({ method: "GET", url: "/" }));
    expect(answer).toBeInstanceOf(Response);
    expect(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout")).toHaveLength(before);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])("refuses a deadline of %d ms", (ms) => {
    expect(() => timeout(ms)).toThrow(Number.isNaN(ms) ? TypeError : RangeError);
  });

  test("refuses a Retry-After that is no whole number of seconds", () => {
    expect(() => timeout(1000, { retryAfter: 0.5 })).toThrow(RangeError);
  });
});
