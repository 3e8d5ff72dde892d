// Whatever a user's hook throws, rejects with, returns or never does: it is reported, other requests are served, and nothing
// ends the process.
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  type MockInstance,
  test,
  vi,
} from "vitest";
import {
  accessLog,
  App,
  compression,
  cors,
  health,
  HttpError,
  rateLimit,
  Response,
  sse,
  staticFiles,
  timeout,
} from "../src/index.ts";
import { trackServers } from "./harness.ts";
import { openRaw, sendRaw } from "./raw.ts";

const open = trackServers();

const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);
beforeAll(() => void process.on("uncaughtExceptionMonitor", note).on("unhandledRejection", note));
afterAll(() => {
  process.off("uncaughtExceptionMonitor", note).off("unhandledRejection", note);
});

let printed: MockInstance<typeof console.error>;
beforeEach(() => {
  printed = vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(async () => {
  printed.mockRestore();
  // What is rejected and not handled is told a turn later.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const found = uncaught.splice(0);
  if (found.length > 0) throw new Error("A hook's failure was not caught", { cause: found });
});

const unprintable = Object.defineProperty(new Error("x"), "stack", {
  get() {
    throw new Error("not even this");
  },
});

/** What a hook may do. */
const DEEDS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error("thrown");
  },
  "throws null": () => {
    throw null;
  },
  "throws what cannot be printed": () => {
    throw unprintable;
  },
  "throws what cannot be looked at": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throw proxy;
  },
  rejects: () => Promise.reject(new Error("rejected")),
  "rejects with nothing": () => Promise.reject(),
  "rejects later": async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw new Error("late");
  },
  "returns nothing": () => undefined,
  "returns null": () => null,
  "returns a number": () => 42,
  "returns an object": () => ({}),
  "returns a promise of a text": async () => "odd",
  "returns a thenable that throws": () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tried
    then: () => {
      throw new Error("in then");
    },
  }),
  "returns a broken response": () =>
    Object.assign(Response.text(200, "x"), { headers: null, statusCode: "x" }),
  "returns a response with a broken field": () => {
    const response = Response.text(200, "x");
    response.headers.push({ name: "X", value: "a\r\nb" });
    return response;
  },
};

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "?";
  }
}

/** Where it may do it: an app whose `/` runs the hook. */
const HOOKS: Readonly<Record<string, (hook: () => never) => App<undefined>>> = {
  onError: (hook) =>
    new App(undefined).onError(hook).get("/", () => {
      throw new Error("for onError");
    }),
  "onError of a mounted app": (hook) =>
    new App(undefined).mount(
      "/",
      new App(undefined).onError(hook).get("/", () => {
        throw new HttpError(400);
      }),
    ),
  notFound: (hook) => new App(undefined).notFound(hook),
  handler: (hook) => new App(undefined).get("/", hook),
  layer: (hook) => new App(undefined).wrap(hook).get("/", () => Response.text(200, "x")),
  "layer after next": (hook) =>
    new App(undefined)
      .wrap(async (_req, _conn, next) => {
        await next();
        return hook();
      })
      .get("/", () => Response.text(200, "x")),
  "accessLog's write": (hook) =>
    new App(undefined).wrap(accessLog({ write: hook })).get("/", () => Response.text(200, "x")),
  "accessLog's write, of a stream": (hook) =>
    new App(undefined)
      .wrap(accessLog({ write: hook }))
      .get("/", () => Response.stream(200, new Blob(["x"]).stream())),
  "cors' origins": (hook) =>
    new App(undefined).wrap(cors({ origins: hook })).get("/", () => Response.text(200, "x")),
  "compression's types": (hook) =>
    new App(undefined)
      .wrap(compression({ types: hook, minBytes: 0 }))
      .get("/", () => Response.text(200, "x")),
  "health's ready": (hook) => new App(undefined).mount("/", health({ ready: hook })),
  "rateLimit's key": (hook) =>
    new App(undefined)
      .wrap(
        rateLimit({
          key: hook,
          limiter: {
            points: 1,
            duration: 1,
            consume: async () => ({ remainingPoints: 1, msBeforeNext: 1 }),
            reward: async () => undefined,
          },
        }),
      )
      .get("/", () => Response.text(200, "x")),
  "rateLimit's limiter": (hook) =>
    new App(undefined)
      .wrap(rateLimit({ limiter: { points: 1, duration: 1, consume: hook, reward: hook } }))
      .get("/", () => Response.text(200, "x")),
  "staticFiles' cacheControl": (hook) =>
    new App(undefined).get(
      "/*path",
      staticFiles(import.meta.dirname, { index: "raw.ts", cacheControl: hook }),
    ),
  "a source of events": (hook) => new App(undefined).get("/", (req) => sse(req, hook)),
  "a schema": (hook) =>
    new App(undefined).post("/", async (req) =>
      Response.json(200, await req.json({ "~standard": { version: 1, vendor: "own", validate: hook } })),
    ),
};

const GOOD = "GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const FIELDS = "Host: a\r\nOrigin: https://a.example\r\nAccept-Encoding: gzip\r\nConnection: close";

describe.each(Object.keys(HOOKS))("%s", (name) => {
  test.each(Object.keys(DEEDS))("that %s", async (what) => {
    const hooked = HOOKS[name]?.(DEEDS[what] as () => never) as App<undefined>;
    const good = () => Response.text(200, "good");
    const { url } = await open(
      // Of two apps at one place, the outer one says what is not found.
      name === "notFound"
        ? hooked.get("/good", good)
        : new App(undefined).get("/good", good).mount("/", hooked),
    );
    const path = name === "health's ready" ? "/readyz" : "/";
    const isPost = name === "a schema";
    const request = isPost
      ? `POST / HTTP/1.1\r\n${FIELDS}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
      : `GET ${path} HTTP/1.1\r\n${FIELDS}\r\n\r\n`;
    const text = await sendRaw(url, request);
    expect(text).toMatch(/^HTTP\/1\.1 [2-5]\d\d /);
    expect(text).not.toMatch(/thrown|rejected|not even|node_modules/);
    expect(await sendRaw(url, GOOD)).toMatch(/good$/);
  });
});

describe("what onError does is never the end of what it was told", () => {
  const NO_RESPONSE = Object.keys(DEEDS).filter((what) => !/ response$|field$|nothing$|null$/.test(what));
  test.each(NO_RESPONSE.concat("rejects with nothing", "throws null"))(
    "when it %s, both are printed",
    async (what) => {
      const app = new App(undefined).onError(DEEDS[what] as () => never).get("/", () => {
        throw new Error("the first");
      });
      const { url } = await open(app);
      expect(await sendRaw(url, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(
        /^HTTP\/1\.1 500 /,
      );
      const lines = printed.mock.calls.map((args) => args.map(textOf).join(" "));
      expect(lines.some((line) => line.includes("the first"))).toBe(true);
      expect(lines.length).toBeGreaterThan(1);
    },
  );

  test("when it returns nothing, or a promise of nothing, the framework answers and prints nothing", async () => {
    for (const onError of [() => {}, async () => {}, () => undefined]) {
      const { url } = await open(new App(undefined).onError(onError));
      expect(await sendRaw(url, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(
        /^HTTP\/1\.1 404 /,
      );
    }
    expect(printed).not.toHaveBeenCalled();
  });
});

describe("an upgrade handler", () => {
  const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  test.each(Object.keys(DEEDS).filter((what) => /^throws|^rejects|thenable/.test(what)))(
    "that %s has its connection cut, and is reported",
    async (what) => {
      const app = new App(undefined).get("/good", () => Response.text(200, "good"));
      const { url } = await open(app, { upgrade: DEEDS[what] as () => never });
      expect(await sendRaw(url, UPGRADE)).toBe("");
      expect(printed).toHaveBeenCalled();
      expect(await sendRaw(url, GOOD)).toMatch(/good$/);
    },
  );
});

test("an upgrade handler that throws an HttpError refuses: the client is told, and nothing is logged", async () => {
  const refuse = () => {
    throw new HttpError(403, "This request came from another site.");
  };
  const { url } = await open(new App(undefined), { upgrade: refuse });
  const answer = await sendRaw(
    url,
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(answer).toMatch(/\r\nConnection: close\r\n/);
  expect(answer).toMatch(
    /\r\n\r\n\{"title":"Forbidden","status":403,"detail":"This request came from another site\."\}$/,
  );
  expect(printed).not.toHaveBeenCalled();
});

test("an HttpError after the handshake cuts the connection, and writes nothing into it", async () => {
  const late = async (_req: unknown, _conn: unknown, { socket }: { socket: NodeJS.WritableStream }) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    await Promise.resolve();
    throw new HttpError(403, "too late");
  };
  const { url } = await open(new App(undefined), { upgrade: late as never });
  const answer = await sendRaw(
    url,
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  expect(answer).not.toContain("403");
  expect(printed).toHaveBeenCalled();
});

describe("a hook that never settles", () => {
  const never = (() => new Promise(() => {})) as () => never;

  test("as ready is 503 in time", async () => {
    const { url } = await open(new App(undefined).mount("/", health({ ready: never, timeoutMs: 20 })));
    expect(await sendRaw(url, "GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(
      / 503 /,
    );
    expect(String(printed.mock.calls[0]?.[1].cause)).toContain("health: ready has not answered within 20 ms");
  });

  test.each(["onError", "notFound", "handler", "layer", "cors' origins", "rateLimit's limiter"])(
    "as %s is bounded by the timeout layer",
    async (name) => {
      const hooked = HOOKS[name]?.(never) as App<undefined>;
      const app =
        name === "notFound"
          ? hooked.wrap(timeout(30))
          : new App(undefined).wrap(timeout(30)).mount("/", hooked);
      const { url } = await open(app);
      expect(await sendRaw(url, `GET / HTTP/1.1\r\n${FIELDS}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 503 /);
    },
  );

  test("as accessLog's write keeps nobody waiting", async () => {
    const { url } = await open(HOOKS["accessLog's write"]?.(never) as App<undefined>);
    expect(await sendRaw(url, `GET / HTTP/1.1\r\n${FIELDS}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("as a handler, without any layer, is cut when nothing has moved for idleTimeoutMs", async () => {
    const { url } = await open(HOOKS["handler"]?.(never) as App<undefined>, { idleTimeoutMs: 100 });
    const connection = openRaw(url);
    connection.write(`GET / HTTP/1.1\r\n${FIELDS}\r\n\r\n`);
    expect(await connection.closed).toBe("");
  });
});
