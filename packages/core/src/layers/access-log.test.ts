import { describe, expect, test, vi } from "vitest";
import { describeEach } from "../../test/harness.ts";
import { App } from "../app.ts";
import { Request } from "../message/request.ts";
import { RequestKey } from "../message/request-key.ts";
import { Response } from "../message/response.ts";
import { TestClient } from "../testing/test-client.ts";
import { accessLog, type AccessLogEntry } from "./access-log.ts";

function appWith(entries: AccessLogEntry[]): App<object> {
  async function* rows() {
    yield "one\n";
    yield "two\n";
  }
  return App.withState({})
    .wrap(accessLog({ write: (entry) => void entries.push(entry) }))
    .onError(() => undefined)
    .get("/users/:id", () => Response.text(200, "hällo"))
    .get("/rows", () => Response.stream(200, rows(), "text/plain"))
    .get("/later", async () => Response.empty(204))
    .get("/fails", () => {
      throw new Error("secret");
    });
}

describeEach("the access log", (serve) => {
  test("gets one entry for each request", async () => {
    const entries: AccessLogEntry[] = [];
    const client = await serve(appWith(entries));
    await client.get("/users/42?token=secret").header("Cookie", "sid=secret").send();
    expect(entries).toHaveLength(1);
    const [entry] = entries;
    expect(entry).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      method: "GET",
      path: "/users/42",
      route: "/users/:id",
      status: 200,
      durationMs: expect.any(Number),
      bytes: 6,
      clientIp: "127.0.0.1",
      requestId: expect.any(String),
    });
    expect(entry?.durationMs).toBeGreaterThan(0);
    expect(JSON.stringify(entries)).not.toContain("secret");
  });

  test("has the status and the size of streams, errors, HEAD and what is not found", async () => {
    const entries: AccessLogEntry[] = [];
    const client = await serve(appWith(entries));
    const logged = async (method: string, path: string) => {
      await client.request(method, path).header("Accept", "text/plain").send();
      const { status, bytes, route } = entries.at(-1) as AccessLogEntry;
      return [status, bytes, route];
    };
    expect(await logged("GET", "/rows")).toEqual([200, 8, "/rows"]);
    expect(await logged("HEAD", "/rows")).toEqual([200, 0, "/rows"]);
    expect(await logged("HEAD", "/users/1")).toEqual([200, 0, "/users/:id"]);
    expect(await logged("GET", "/later")).toEqual([204, 0, "/later"]);
    expect(await logged("GET", "/fails")).toEqual([500, expect.any(Number), "/fails"]);
    expect(await logged("GET", "/nowhere")).toEqual([404, expect.any(Number), null]);
    expect(await logged("POST", "/rows")).toEqual([405, expect.any(Number), null]);
    expect(entries).toHaveLength(7);
  });

  test("keeps one line a line, whatever the path holds", async () => {
    const entries: AccessLogEntry[] = [];
    const client = await serve(appWith(entries));
    await client.get("/users/%0a%0dfake%22%1b[2J").send();
    expect(JSON.stringify(entries[0])).not.toMatch(/[\n\r\x1b]/);
    expect(entries[0]?.path).toBe('/users/%0A%0Dfake"%1B[2J');
    await client.get("/%zz").send();
    expect(entries[1]).toMatchObject({ path: null, status: 400 });
  });
});

describe("the access-log layer", () => {
  test("hands the request over as well, for what else is to be logged", async () => {
    const users = new RequestKey<string>();
    const logged: unknown[] = [];
    const app = App.withState({})
      .wrap(accessLog({ write: ({ status }, req) => void logged.push([status, users.get(req)]) }))
      .get("/", (req) => {
        users.set(req, "42");
        return Response.text(200, "hello");
      });
    await new TestClient(app).get("/").send();
    expect(logged).toEqual([[200, "42"]]);
  });

  test("writes one line of JSON to standard output by default", async () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      const app = App.withState({}).wrap(accessLog());
      app.get("/:name", () => Response.text(200, "ok"));
      await app.handle(new Request({ method: "GET", url: "/a%C2%9B31m%E2%80%A8?q=1" }));
      expect(write).toHaveBeenCalledTimes(1);
      const line = String(write.mock.calls[0]?.[0]);
      expect(line).toMatch(/^[^\n\x7f-\x9f\u2028]+\}\n$/);
      const path = "/a\u009b31m\u2028";
      expect(JSON.parse(line)).toMatchObject({ method: "GET", path, status: 200, bytes: 2 });
    } finally {
      write.mockRestore();
    }
  });

  test("does not let a broken log break the answer, and keeps it synchronous", () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    try {
      const write = () => {
        throw new Error("disk full");
      };
      const app = App.withState({}).wrap(accessLog({ write }));
      const answer = app
        .get("/", () => Response.text(200, "ok"))
        .handle(new Request({ method: "GET", url: "/" }));
      expect(answer).toMatchObject({ statusCode: 200 });
      expect(error).toHaveBeenCalledTimes(1);
    } finally {
      error.mockRestore();
    }
  });

  test("logs a stream that is left, with what went out until then, once", async () => {
    const entries: AccessLogEntry[] = [];
    let letGo = false;
    async function* endless() {
      try {
        for (;;) yield "12345";
      } finally {
        letGo = true;
      }
    }
    const app = App.withState({}).wrap(accessLog({ write: (entry) => void entries.push(entry) }));
    const response = await app
      .get("/", () => Response.stream(200, endless()))
      .handle(new Request({ method: "GET", url: "/" }));
    const chunks = (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await chunks.next();
    await chunks.next();
    expect(entries).toHaveLength(0);
    await chunks.return?.();
    await chunks.return?.();
    expect(entries).toEqual([expect.objectContaining({ bytes: 10, status: 200 })]);
    expect(letGo).toBe(true);
  });

  test("logs a stream once that a web-standard response carries, read or left", async () => {
    const entries: AccessLogEntry[] = [];
    async function* rows() {
      yield "one";
      yield "two";
    }
    const app = App.withState({}).wrap(accessLog({ write: (entry) => void entries.push(entry) }));
    app.get("/", () => Response.stream(200, rows()));
    const request = () => app.fetch(new globalThis.Request("http://localhost/"));
    expect(await (await request()).text()).toBe("onetwo");
    expect(entries.map(({ bytes }) => bytes)).toEqual([6]);
    await (await request()).body?.cancel();
    expect(entries).toHaveLength(2);
  });

  test("logs a stream that fails", async () => {
    const entries: AccessLogEntry[] = [];
    async function* failing() {
      yield "abc";
      throw new Error("broken");
    }
    const app = App.withState({}).wrap(accessLog({ write: (entry) => void entries.push(entry) }));
    const response = await app
      .get("/", () => Response.stream(200, failing()))
      .handle(new Request({ method: "GET", url: "/" }));
    const read = async () => {
      for await (const _ of response.body as AsyncIterable<Uint8Array>);
    };
    await expect(read()).rejects.toThrow("broken");
    expect(entries).toEqual([expect.objectContaining({ bytes: 3 })]);
  });
});
