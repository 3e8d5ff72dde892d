// A wrong option is said when it is given, by its name and with what it takes: never a limit that is silently off.
import { describe, expect, test } from "vitest";
import {
  accessLog,
  App,
  compression,
  cors,
  crossOriginProtection,
  health,
  HttpError,
  type Layer,
  rateLimit,
  Request,
  requestId,
  Response,
  securityHeaders,
  SetCookie,
  sse,
  staticFiles,
  TestClient,
  timeout,
  trustProxy,
} from "../src/index.ts";

/** What takes options, by name: hands them in as somebody does who does not look at types. */
const TAKERS: Readonly<Record<string, (options: never) => unknown>> = {
  App: (options) => new App(undefined, options),
  route: (options) => new App(undefined).get("/", () => Response.empty(204), options),
  listen: (options) => new App(undefined).listen(options),
  health: (options) => health(options),
  accessLog: (options) => accessLog(options),
  compression: (options) => compression(options),
  cors: (options) => cors({ origins: "*", ...(options as object) }),
  crossOriginProtection: (options) => crossOriginProtection(options),
  requestId: (options) => requestId(options),
  securityHeaders: (options) => securityHeaders(options),
  timeout: (options) => timeout(1000, options),
  sse: (options) => sse(new Request({ method: "GET", url: "/" }), async function* () {}, options),
  staticFiles: (options) => staticFiles(import.meta.dirname, options),
  multipart: (options) =>
    new Request({
      method: "POST",
      url: "/",
      headers: [{ name: "Content-Type", value: "multipart/form-data; boundary=b" }],
    }).multipart(options),
  trustProxy: (options) => trustProxy(options),
  HttpError: (options) => new HttpError(400, "x", options),
  SetCookie: (options) => new SetCookie("a", "b", options),
  TestClient: (options) => new TestClient(new App(undefined), options),
  "TestClient.over": (options) => TestClient.over("http://localhost", options),
  rateLimit: (options) => rateLimit(options),
};

const NUMBERS: readonly [string, string][] = [
  ["App", "bodyLimit"],
  ["App", "maxFields"],
  ["route", "bodyLimit"],
  ["route", "maxFields"],
  ["listen", "port"],
  ["listen", "maxHeaderBytes"],
  ["listen", "headersTimeoutMs"],
  ["listen", "requestTimeoutMs"],
  ["listen", "idleTimeoutMs"],
  ["listen", "keepAliveTimeoutMs"],
  ["listen", "graceMs"],
  ["compression", "minBytes"],
  ["cors", "maxAge"],
  ["timeout", "retryAfter"],
  ["sse", "heartbeatMs"],
  ["health", "timeoutMs"],
  ["multipart", "maxFiles"],
  ["multipart", "maxFields"],
  ["multipart", "maxParts"],
  ["multipart", "maxFileBytes"],
  ["multipart", "maxFieldBytes"],
  ["multipart", "maxHeaderBytes"],
  ["SetCookie", "maxAge"],
];

describe("a number", () => {
  test.each(NUMBERS)("of %s, %s, is no NaN, no text, not negative and no promise", (taker, option) => {
    for (const value of [Number.NaN, "1mb", "5", null, Promise.resolve(1), {}, true]) {
      expect(() => TAKERS[taker]?.({ [option]: value } as never)).toThrow(TypeError);
    }
    for (const value of option === "maxAge" && taker === "SetCookie" ? [0.5] : [-1]) {
      expect(() => TAKERS[taker]?.({ [option]: value } as never)).toThrow(Error);
    }
    expect(() => TAKERS[taker]?.({ [option]: "1mb" } as never)).toThrow(
      new RegExp(`${option} must be a (?:whole )?number.*got "1mb"`),
    );
  });
});

const YES_OR_NO: readonly [string, string][] = [
  ["listen", "signals"],
  ["listen", "http2"],
  ["compression", "withCookies"],
  ["cors", "credentials"],
  ["requestId", "acceptIncoming"],
  ["securityHeaders", "reportOnly"],
  ["staticFiles", "precompressed"],
  ["SetCookie", "secure"],
  ["SetCookie", "httpOnly"],
  ["SetCookie", "partitioned"],
];

test.each(YES_OR_NO)("of %s, %s is true or false", (taker, option) => {
  for (const value of ["false", "true", 0, 1, null, Promise.resolve(true), {}]) {
    expect(() => TAKERS[taker]?.({ [option]: value } as never)).toThrow(TypeError);
  }
});

describe("a misspelt name", () => {
  test.each([
    ["App", { bodylimit: 1 }, 'App: unknown option "bodylimit"; did you mean "bodyLimit"?'],
    ["route", { maxfield: 1 }, 'Route "/": unknown option "maxfield"; did you mean "maxFields"?'],
    ["listen", { hostname: "a" }, 'listen: unknown option "hostname"; did you mean "host"?'],
    ["listen", { graceMS: 1 }, 'did you mean "graceMs"?'],
    ["health", { redy: () => true }, 'did you mean "ready"?'],
    ["accessLog", { wirte: () => {} }, 'did you mean "write"?'],
    ["compression", { minByte: 1 }, 'did you mean "minBytes"?'],
    ["cors", { credential: true }, 'did you mean "credentials"?'],
    ["cors", { origin: "https://a.example" }, 'did you mean "origins"?'],
    ["crossOriginProtection", { trustedOrigin: [] }, 'did you mean "trustedOrigins"?'],
    ["requestId", { haeder: "X" }, 'did you mean "header"?'],
    ["securityHeaders", { frameOption: "DENY" }, 'did you mean "frameOptions"?'],
    [
      "securityHeaders",
      { strictTransportSecurity: { maxage: 1 } },
      'unknown option "strictTransportSecurity.maxage"; did you mean "strictTransportSecurity.maxAge"?',
    ],
    ["timeout", { retryafter: 1 }, 'did you mean "retryAfter"?'],
    ["sse", { heartbeat: 1 }, 'did you mean "heartbeatMs"?'],
    ["staticFiles", { cachecontrol: "no-store" }, 'did you mean "cacheControl"?'],
    ["multipart", { maxfiles: 1 }, 'did you mean "maxFiles"?'],
    ["trustProxy", { proxy: 1 }, 'did you mean "proxies"?'],
    ["HttpError", { header: {} }, 'did you mean "headers"?'],
    ["SetCookie", { httponly: true }, 'did you mean "httpOnly"?'],
    ["SetCookie", { samesite: "Lax" }, 'did you mean "sameSite"?'],
    ["TestClient", { trustproxy: 1 }, 'did you mean "trustProxy"?'],
    ["TestClient.over", { schema: "https" }, 'did you mean "scheme"?'],
    ["rateLimit", { limitter: {} }, 'did you mean "limiter"?'],
  ])("of %s, as %j, is said with what was probably meant", (taker, options, message) => {
    expect(() => TAKERS[taker]?.(options as never)).toThrow(TypeError);
    expect(() => TAKERS[taker]?.(options as never)).toThrow(message);
  });

  test.each(Object.keys(TAKERS))("that nothing is near to is said with the names that %s knows", (taker) => {
    expect(() => TAKERS[taker]?.({ zzzzzzzzzz: 1 } as never)).toThrow(
      /unknown option "zzzzzzzzzz"; known are /,
    );
    for (const odd of taker === "cors" ? [] : ["x", true, () => {}]) {
      expect(() => TAKERS[taker]?.(odd as never)).toThrow(TypeError);
    }
  });
});

describe("what is said of mistakes that are often made", () => {
  const app = () => new App(undefined);
  const handler = () => Response.empty(204);
  const guard: Layer = (_req, _conn, next) => next();
  const anyone = undefined as never;

  test.each<[string, () => unknown, RegExp]>([
    ["trustProxy: true", () => trustProxy(true as never), /would let every client choose its address.*\(1\)/],
    ["listen({ trustProxy: true })", () => app().listen({ trustProxy: true as never }), /^trustProxy: true/],
    [
      'mount("/x", fn)',
      () => app().mount("/x", handler as never),
      /a function is no app.*all\("\/path\/\*rest"/,
    ],
    ["mount(app)", () => app().mount(app() as never, anyone), /mount\("\/", app\)/],
    ['mount("/x")', () => app().mount("/x", anyone), /undefined is no app/],
    [
      'get("/", guard, handler)',
      () => app().get("/", guard as never, handler as never),
      /one handler.*wrap\(\)/,
    ],
    [
      'get("/", { bodyLimit }, handler)',
      () => app().get("/", {} as never, handler as never),
      /options come after/,
    ],
    ["wrap([layer])", () => app().wrap([guard] as never), /a layer is a function.*got an array/],
    ["onError(undefined)", () => app().onError(anyone), /onError: a handler is a function/],
    [
      "notFound(Response)",
      () => app().notFound(handler() as never),
      /notFound: .*got an instance of Response/,
    ],
    ["listen(callback)", () => app().listen((() => {}) as never), /no callback.*await/],
    ['listen("3000")', () => app().listen("3000" as never), /options must be an object, got "3000"/],
    ["listen(70000)", () => app().listen(70_000), /port must be a whole number from 0 to 65535, got 70000/],
    [
      "Response.json(200, promise)",
      () => Response.json(200, Promise.resolve(1)),
      /a promise has no JSON; await it/,
    ],
    [
      'bodyLimit: "1mb"',
      () => new App(undefined, { bodyLimit: "1mb" as never }),
      /number of bytes.*got "1mb"/,
    ],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(message);
  });

  test("an app in itself, however deep", () => {
    const [outer, middle, inner] = [app(), app(), app()];
    expect(() => outer.mount("/x", outer)).toThrow(/mounted in itself/);
    outer.mount("/a", middle);
    middle.mount("/b", inner);
    expect(() => inner.mount("/c", outer)).toThrow(/mounted in itself/);
    expect(() => outer.mount("/other", inner)).not.toThrow();
  });

  test("listen(3000) listens there", async () => {
    await using first = await app().listen(0);
    expect(first.port).toBeGreaterThan(0);
    await expect(app().listen(first.port)).rejects.toThrow(`Port ${first.port} on 127.0.0.1 is in use`);
  });

  test("close({ graceMs: NaN }) closes nothing, and says so", async () => {
    await using server = await app().listen(0);
    await expect(server.close({ graceMs: Number.NaN })).rejects.toThrow("close: graceMs must be");
    expect(server.closing).toBe(false);
  });

  test("a shorter time for the request than for its head shortens that too", async () => {
    await using server = await app().listen({ port: 0, requestTimeoutMs: 500 });
    expect(server.port).toBeGreaterThan(0);
  });
});

test("the web platform's Response from a handler is a 500 whose log says where ours is", async () => {
  const errors: unknown[] = [];
  const app = new App(undefined)
    .onError((error) => void errors.push(error))
    .get("/", () => new globalThis.Response("x") as never);
  expect((await new TestClient(app).get("/").send()).status).toBe(500);
  expect(String(errors[0])).toContain('import { Response } from "@hatcheck/core"');
});

test("fields of an HttpError are an object or a list, and checked where it is made", async () => {
  const app = new App(undefined)
    .get("/object", () => {
      throw new HttpError(429, "Slow down.", { headers: { "Retry-After": "60" } });
    })
    .get("/list", () => {
      throw new HttpError(429, "Slow down.", { headers: [{ name: "Retry-After", value: "60" }] });
    });
  const client = new TestClient(app);
  for (const path of ["/object", "/list"]) {
    const answer = await client.get(path).send();
    expect([answer.status, answer.header("retry-after")]).toEqual([429, "60"]);
  }
  expect(() => new HttpError(429, "x", { headers: { "Retry-After": 60 as never } })).toThrow(
    /Retry-After.*number/,
  );
  expect(() => new HttpError(429, "x", { headers: { X: "a\r\nY: b" } })).toThrow(TypeError);
  expect(() => new HttpError(429, "x", { headers: "Retry-After: 60" as never })).toThrow(/headers must be/);
});

describe("origins that a function decides on", () => {
  const ask = async (origins: unknown) => {
    const app = new App(undefined)
      .onError(() => undefined)
      .wrap(cors({ origins: origins as () => boolean, credentials: true }))
      .get("/", () => Response.text(200, "secret"));
    const client = new TestClient(app, { headers: { Origin: "https://evil.example" } });
    const answer = await client.get("/").send();
    const preflight = await client.options("/").header("Access-Control-Request-Method", "PUT").send();
    const name = "access-control-allow-origin";
    expect(preflight.header(name)).toBe(answer.header(name));
    return answer.header(name);
  };
  test.each<[string, unknown]>([
    ["false later", async () => false],
    ["nothing later", async () => {}],
    ["a text", () => "yes"],
    ["a text later", async () => "yes"],
    ["one", () => 1],
    ["an object", () => ({})],
    [
      "what throws",
      () => {
        throw new Error("x");
      },
    ],
    [
      "what rejects",
      async () => {
        throw new Error("x");
      },
    ],
  ])("let nobody in by %s", async (_what, origins) => expect(await ask(origins)).toBeUndefined());
  test.each<[string, unknown]>([
    ["true", () => true],
    ["true later", async () => true],
  ])("let an origin in by %s", async (_what, origins) =>
    expect(await ask(origins)).toBe("https://evil.example"),
  );
});
