// A stream that fails never ends the process: before the head it is an error's answer, after it the connection is cut, and
// what it gave before it failed has been sent.
import { createReadStream } from "node:fs";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, cancelBody, type Layer, Response, TestClient } from "../src/index.ts";
import { describeEach, trackServers } from "./harness.ts";
import { sendRaw } from "./raw.ts";

const MISSING = "/nowhere/at-all";
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

const waiting: Layer = async (_req, _conn, next) => {
  const response = await next();
  await turn();
  return response;
};
const cloning: Layer = async (req, conn, next, state) =>
  (await waiting(req, conn, next, state)).clone().setHeader("X-Layer", "a");
const dropping: Layer = async (_req, _conn, next) => {
  await next();
  await turn();
  return Response.text(200, "another");
};

const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);
beforeAll(() => void process.on("uncaughtExceptionMonitor", note));
afterAll(() => {
  process.off("uncaughtExceptionMonitor", note);
  if (uncaught.length > 0) throw new Error("Something was thrown that nobody caught", { cause: uncaught });
});

describeEach("a stream that fails before the head", (serve) => {
  const sources: [string, () => Readable | AsyncIterable<string> | ReadableStream<string>][] = [
    ["a missing file", () => createReadStream(MISSING)],
    ["a generator", throwing],
    ["a stream that was destroyed", () => new Readable().destroy(new Error("early"))],
    [
      "a web stream",
      () => new ReadableStream({ start: (controller) => controller.error(new Error("early")) }),
    ],
    ["what is no chunk", () => Readable.from([1]) as never],
  ];
  const layers: [string, Layer[]][] = [
    ["no layer", []],
    ["a layer that waits", [waiting]],
    ["layers that wait and clone", [cloning, waiting, cloning]],
  ];
  test.each(
    sources.flatMap(([what, make]) => layers.map(([where, wraps]) => [what, where, make, wraps] as const)),
  )("%s behind %s is 500, and reported", async (_what, _where, make, wraps) => {
    const errors: unknown[] = [];
    const app = new App(undefined).onError((error) => void errors.push(error));
    for (const layer of wraps) app.wrap(layer);
    app.get("/", () => Response.stream(200, make(), "text/plain").setHeader("X-Kept", "a"));
    const answer = await (await serve(app)).get("/").send();
    expect(answer.status).toBe(500);
    expect(answer.header("x-kept")).toBe("a");
    expect(answer.text()).not.toContain(MISSING);
    expect(errors).toHaveLength(1);
  });

  test("may be answered by onError", async () => {
    const app = new App(undefined)
      .onError((error) => (isMissing(error) ? Response.text(404, "no such file") : undefined))
      .get("/", () => Response.stream(200, createReadStream(MISSING)));
    const answer = await (await serve(app)).get("/").send();
    expect([answer.status, answer.text()]).toEqual([404, "no such file"]);
  });

  test("and is set on a response that was made before, or dropped, harms nobody", async () => {
    const app = new App(undefined)
      .wrap(dropping)
      .get("/", () => {
        const response = Response.empty(200);
        response.body = createReadStream(MISSING);
        return response;
      })
      .get("/late", async () => {
        const response = Response.stream(200, createReadStream(MISSING));
        await turn();
        return response;
      });
    const client = await serve(app);
    expect((await client.get("/").send()).text()).toBe("another");
    expect((await client.get("/late").send()).text()).toBe("another");
    expect((await client.head("/").send()).status).toBe(200);
  });
});

describe("a stream that fails midway", () => {
  const open = trackServers();
  const sources: [string, () => Readable | AsyncIterable<string> | ReadableStream<string>][] = [
    ["a generator", afterThree],
    ["a Node stream", () => Readable.from(afterThree())],
    ["a web stream", () => ReadableStream.from(afterThree())],
  ];

  test.each(sources)("from %s sends all that it gave, then the connection is cut", async (_what, make) => {
    const errors: unknown[] = [];
    const app = new App(undefined)
      .onError((error) => void errors.push(error))
      .get("/", () => Response.stream(200, make()));
    const { url } = await open(app);
    const text = await sendRaw(url, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(text).toMatch(/one[^]*two[^]*three\r\n$/);
    expect(text).not.toContain("\r\n0\r\n\r\n");
    expect(errors).toEqual([new Error("midway")]);
  });

  test("is not taken for whole by HTTP/1.0, where the end of the connection ends a body", async () => {
    const app = new App(undefined)
      .onError(() => undefined)
      .get("/", () => Response.stream(200, afterThree()));
    const { url, port } = await open(app);
    const outcome = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => void socket.write("GET / HTTP/1.0\r\n\r\n"));
      socket
        .on("error", (error: NodeJS.ErrnoException) => resolve(error.code))
        .on("end", () => resolve("a whole answer"))
        .resume();
    });
    expect(outcome).toBe("ECONNRESET");
    expect(await sendRaw(url, "GET /none HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 404 /);
  });
});

test("letting go of what only looks like a stream never throws", () => {
  const broken = {
    destroy: () => {
      throw new Error("no");
    },
    [Symbol.asyncIterator]: () => {
      throw new Error("no");
    },
  };
  expect(() => cancelBody(broken as never)).not.toThrow();
  expect(() => cancelBody({ ...broken, destroy: 1 } as never)).not.toThrow();
});

test("a stream that fails after its end harms nobody", async () => {
  const stream = Readable.from(["a"]);
  const app = new App(undefined).get("/", () => Response.stream(200, stream));
  expect((await new TestClient(app).get("/").send()).text()).toBe("a");
  stream.emit("error", new Error("late"));
});

async function* throwing(): AsyncGenerator<string> {
  yield* await Promise.reject<string[]>(new Error("early"));
}

async function* afterThree(): AsyncGenerator<string> {
  yield "one";
  await turn();
  yield "two";
  yield "three";
  throw new Error("midway");
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
