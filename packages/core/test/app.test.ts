import { describe, expect, test, vi } from "vitest";
import { App, ConnectionInfo, HttpError, type Layer, Request, RequestKey, Response } from "../src/index.ts";
import { describeEach } from "./harness.ts";

const trace =
  (name: string): Layer<unknown> =>
  (_req, _conn, next) => {
    const add = (response: Response) => response.clone().appendHeader("X-Trace", name);
    const answer = next();
    return answer instanceof Promise ? answer.then(add) : add(answer);
  };

describeEach("the state", (serve) => {
  test("is given to handlers, layers, error handlers and notFound; a mounted app has its own", async () => {
    const inner = App.withState({ inner: "i" })
      .get("/state", (_req, _params, _conn, state) => Response.text(200, state.inner))
      .notFound((_req, _params, _conn, state) => Response.text(404, `none in ${state.inner}`));
    const app = App.withState({ outer: "o" })
      .get("/state", (_req, _params, _conn, { outer }) => Response.text(200, outer))
      .get("/throw", () => {
        throw new Error("x");
      })
      .wrap((_req, _conn, next, { outer }) => (next() as Response).clone().setHeader("X-State", outer))
      .onError((_error, _req, _conn, { outer }) => Response.text(500, `error in ${outer}`))
      .mount("/inner", inner);
    const client = await serve(app);
    expect((await client.get("/state").send()).text()).toBe("o");
    expect((await client.get("/inner/state").send()).text()).toBe("i");
    expect((await client.get("/inner/nope").send()).text()).toBe("none in i");
    const failed = await client.get("/throw").send();
    expect([failed.text(), failed.header("x-state")]).toEqual(["error in o", "o"]);
  });
});

describeEach("layers", (serve) => {
  test("stand around each other, the first outermost, and those of an app around those of a mounted one", async () => {
    const inner = new App(undefined)
      .wrap(trace("c"))
      .wrap(trace("d"))
      .get("/", () => Response.text(200, ""));
    const app = new App(undefined).wrap(trace("a")).mount("/m", inner).wrap(trace("b"));
    const client = await serve(app);
    expect((await client.get("/m").send()).headerAll("x-trace").join(", ")).toBe("d, c, b, a");
    expect((await client.get("/none").send()).headerAll("x-trace").join(", ")).toBe("b, a");
    expect((await client.get("/m/none").send()).headerAll("x-trace").join(", ")).toBe("d, c, b, a");
  });

  test("see errors as responses: what was thrown, 404, 405 and malformed paths", async () => {
    const app = new App(undefined).wrap(trace("a")).get("/teapot", () => {
      throw new HttpError(418 as number, "short and stout");
    });
    const client = await serve(app);
    for (const [method, path, status] of [
      ["GET", "/teapot", 418],
      ["GET", "/none", 404],
      ["PUT", "/teapot", 405],
      ["GET", "/%", 400],
    ] as const) {
      const answer = await client.request(method, path).send();
      expect([answer.status, answer.headerAll("x-trace")]).toEqual([status, ["a"]]);
    }
  });

  test("may answer themselves, or hand on another request", async () => {
    const user = new RequestKey<string>();
    const app = new App(undefined)
      .wrap((req, _conn, next) => {
        if (req.header("x-stop")) return Response.text(200, "stopped");
        user.set(req, "ann");
        return next(req);
      })
      .get("/", (req) => Response.text(200, user.get(req) ?? "nobody"));
    const client = await serve(app);
    expect((await client.get("/").send()).text()).toBe("ann");
    expect((await client.get("/").header("X-Stop", "1").send()).text()).toBe("stopped");
  });

  test("that throw are caught, and those around them see it", async () => {
    const app = new App(undefined)
      .wrap(trace("outer"))
      .wrap(() => {
        throw new HttpError(403, "No.");
      })
      .get("/", () => Response.text(200, "unreachable"));
    const answer = await (await serve(app)).get("/").send();
    expect([answer.status, answer.headerAll("x-trace")]).toEqual([403, ["outer"]]);
  });
});

describeEach("a mounted app", (serve) => {
  const leaf = (name: string) =>
    new App(undefined)
      .get("/", () => Response.text(200, name))
      .get("/:x", (req) => Response.text(200, req.route ?? ""));

  test("has its root at the prefix itself, and its routes below it, however deep it stands", async () => {
    const app = new App(undefined)
      .mount("/a", new App(undefined).mount("/b/", leaf("leaf")))
      .mount("/c", leaf("c"));
    const client = await serve(app);
    expect((await client.get("/a/b").send()).text()).toBe("leaf");
    expect((await client.get("/a/b/x").send()).text()).toBe("/a/b/:x");
    expect((await client.get("/c").send()).text()).toBe("c");
    expect((await client.get("/a/b/").send()).status).toBe(404);
    expect((await client.get("/cx").send()).status).toBe(404);
  });

  test("may stand at the root", async () => {
    const client = await serve(new App(undefined).mount("/", leaf("root")));
    expect((await client.get("/").send()).text()).toBe("root");
    expect((await client.get("/y").send()).text()).toBe("/:x");
  });

  test("asks its own error handler first, then those of the apps around it", async () => {
    const seen: string[] = [];
    const inner = new App(undefined)
      .onError((error) => {
        seen.push("inner");
        return error === "mine" ? Response.text(500, "inner") : undefined;
      })
      .get("/mine", () => {
        throw "mine";
      })
      .get("/other", async () => {
        throw "other";
      });
    const app = new App(undefined)
      .onError(async () => {
        seen.push("outer");
        return Response.text(500, "outer");
      })
      .mount("/m", inner);
    const client = await serve(app);
    expect((await client.get("/m/mine").send()).text()).toBe("inner");
    expect((await client.get("/m/other").send()).text()).toBe("outer");
    expect(seen).toEqual(["inner", "inner", "outer"]);
  });

  test("has the body limit of the app around it unless it has its own", async () => {
    const read = (app: App<undefined>) => app.post("/", async (req) => Response.text(200, await req.text()));
    const app = new App(undefined, { bodyLimit: 5 })
      .mount("/same", read(new App(undefined)))
      .mount("/own", read(new App(undefined, { bodyLimit: 10 })));
    const client = await serve(app);
    expect((await client.post("/same").body("123456").send()).status).toBe(413);
    expect((await client.post("/own").body("123456").send()).status).toBe(200);
  });
});

describeEach("an error", (serve) => {
  const things = [
    null,
    undefined,
    "text",
    5,
    Symbol("s"),
    new Error("secret"),
    { statusCode: 404 },
    new HttpError(404, "x"),
  ];
  const quiet = () => vi.spyOn(console, "error").mockImplementation(() => {});

  test("of whatever kind, thrown now or later, is an answer", async () => {
    const log = quiet();
    const app = new App(undefined)
      .get("/now/:n", (_req, { n }) => {
        throw things[Number(n)];
      })
      .get("/later/:n", async (_req, { n }) => {
        throw things[Number(n)];
      });
    const client = await serve(app);
    for (const way of ["now", "later"]) {
      for (const [index, thing] of things.entries()) {
        const answer = await client.get(`/${way}/${index}`).send();
        expect(answer.status).toBe(thing instanceof HttpError ? 404 : 500);
        expect(answer.header("content-type")).toBe("application/problem+json");
        expect(answer.text()).not.toContain("secret");
        expect("requestId" in answer.json<object>()).toBe(answer.status === 500);
      }
    }
    // A 404 is nothing to log.
    expect(log).toHaveBeenCalledTimes(2 * (things.length - 1));
    log.mockRestore();
  });

  test("in the log has the id that the client was told, and the route", async () => {
    const log = quiet();
    const client = await serve(
      new App(undefined).get("/u/:id", () => {
        throw new Error("secret");
      }),
    );
    const { requestId } = (await client.get("/u/1").send()).json<{ requestId: string }>();
    expect(log.mock.calls[0]?.[0]).toBe(`GET /u/:id failed, request id ${requestId}:`);
    log.mockRestore();
  });

  test.each([undefined, null, "text", { statusCode: 200 }])(
    "is what a handler returned that is no response: %j",
    async (value) => {
      const errors: unknown[] = [];
      const app = new App(undefined)
        .onError((error) => void errors.push(error))
        .get("/now", () => value as never)
        .get("/later", async () => value as never);
      const client = await serve(app);
      for (const path of ["/now", "/later"]) expect((await client.get(path).send()).status).toBe(500);
      expect(String(errors[0])).toMatch(/The handler or a layer of GET \/now returned .*; return a Response/);
      expect(errors).toHaveLength(2);
    },
  );

  test("in the error handler itself is logged, and the client is told as little as ever", async () => {
    const log = quiet();
    for (const broken of [
      () => {
        throw new Error("secret");
      },
      async () => {
        throw new Error("secret");
      },
      () => Response.text(99, ""),
    ]) {
      const app = new App(undefined).onError(broken).get("/", () => {
        throw new HttpError(400, "first");
      });
      const answer = await (await serve(app)).get("/").send();
      expect(answer.status).toBe(500);
      expect(answer.text()).not.toContain("secret");
    }
    log.mockRestore();
  });

  test("is a response that cannot be sent, whichever handler made it", async () => {
    const errors: unknown[] = [];
    const app = new App(undefined)
      .onError((error) => void errors.push(error))
      .get("/header", () => new Response(200, [{ name: "X", value: "a\r\nb" }]))
      .get("/status", async () => Response.text(99, ""))
      .get("/body", () => new Response(200, [], 5 as never));
    const client = await serve(app);
    for (const path of ["/header", "/status", "/body"])
      expect((await client.get(path).send()).status).toBe(500);
    expect(errors).toHaveLength(3);
  });

  test("that says 404 or 405 comes to onError too", async () => {
    const app = new App(undefined)
      .onError((error) =>
        error instanceof HttpError ? Response.text(error.statusCode, `mine: ${error.statusCode}`) : undefined,
      )
      .get("/", () => Response.empty(204));
    const client = await serve(app);
    expect((await client.get("/none").send()).text()).toBe("mine: 404");
    expect((await client.post("/").send()).text()).toBe("mine: 405");
  });
});

describeEach("a response that many requests share", (serve) => {
  test("never carries one client's cookie to another", async () => {
    const shared = Response.text(200, "shared");
    const app = new App(undefined)
      .wrap((req, _conn, next) => {
        const response = (next() as Response).clone();
        const user = req.query.get("login");
        return user === null ? response : response.appendHeader("Set-Cookie", `user=${user}`);
      })
      .get("/", () => shared);
    const client = await serve(app);
    expect((await client.get("/?login=ann").send()).cookie("user")?.value).toBe("ann");
    expect((await client.get("/").send()).headerAll("set-cookie")).toEqual([]);
    expect(shared.headers).toHaveLength(1);
  });
});

describe("an app", () => {
  const handler = () => Response.empty(204);

  test("stays synchronous for synchronous handlers and layers, errors included", () => {
    const app = new App(undefined)
      .wrap((_req, _conn, next) => next())
      .onError(() => Response.empty(500))
      .get("/", handler)
      .get("/throw", () => {
        throw new Error("x");
      });
    for (const url of ["/", "/throw", "/none"]) {
      expect(app.handle(new Request({ method: "GET", url }))).toBeInstanceOf(Response);
    }
  });

  test("takes the promise of any library", async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
    const thenable = { then: (resolve: (response: Response) => void) => resolve(Response.text(200, "ok")) };
    const app = new App(undefined).get("/", () => thenable as never);
    const answer = await app.handle(new Request({ method: "GET", url: "/" }));
    expect(answer.body).toBe("ok");
  });

  test("lists its routes, those of mounted apps included", () => {
    const app = new App(undefined)
      .get("/", handler)
      .mount("/m", new App(1).all("/:x", handler).get("/", handler));
    expect(app.routes()).toEqual([
      { method: "GET", pattern: "/" },
      { method: "GET", pattern: "/m" },
      { method: "ALL", pattern: "/m/:x" },
    ]);
  });

  test("takes nothing more once it is in use", () => {
    const app = new App(undefined).get("/", handler);
    void app.handle(new Request({ method: "GET", url: "/" }));
    for (const late of [
      () => app.get("/late", handler),
      () => app.wrap((_req, _conn, next) => next()),
      () => app.mount("/m", new App(undefined)),
      () => app.onError(() => undefined),
      () => app.notFound(handler),
    ]) {
      expect(late).toThrow(/in use already/);
    }
  });

  test("refuses what is wrong when it is registered", () => {
    const app = new App(undefined);
    expect(() => app.get("no-slash", handler)).toThrow(/Route pattern "no-slash"/);
    expect(() => app.get("/", "text" as never)).toThrow(/a handler is a function/);
    expect(() => app.wrap("text" as never)).toThrow(/a layer is a function/);
    expect(() => app.mount("/:id", new App(undefined))).toThrow(/has no parameters/);
  });

  test("refuses two routes of one shape before it serves", () => {
    const app = new App(undefined).get("/:a", handler).get("/:b", handler);
    expect(() => app.routes()).toThrow('Route GET "/:b" is registered already, as "/:a"');
  });

  test("tells handlers of the connection", async () => {
    const app = new App(undefined).get("/", (_req, _params, conn) =>
      Response.json(200, [
        conn.client,
        conn.server,
        conn.encrypted,
        conn.scheme,
        conn.host,
        conn.clientIp,
        conn.httpVersion,
        conn.closing,
      ]),
    );
    const conn = new ConnectionInfo({ client: { ip: "192.0.2.1", port: 5 }, encrypted: true });
    const req = new Request({ method: "GET", url: "/", headers: [{ name: "Host", value: "example.org" }] });
    expect(JSON.parse((await app.handle(req, conn)).body as string)).toEqual([
      { ip: "192.0.2.1", port: 5 },
      { ip: "127.0.0.1", port: 0 },
      true,
      "https",
      "example.org",
      "192.0.2.1",
      "1.1",
      false,
    ]);
  });
});

describeEach("behind a proxy", (serve, way) => {
  const app = () =>
    new App(undefined).get("/", (_req, _params, conn) =>
      Response.json(200, [conn.clientIp, conn.scheme, conn.host]),
    );
  const headers = {
    "X-Forwarded-For": "6.6.6.6, 192.0.2.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "a.org",
  };

  test("its word is taken when it is trusted", async () => {
    const client = await serve(app(), { trustProxy: ["127.0.0.1"], headers });
    expect((await client.get("/").send()).json()).toEqual(["192.0.2.7", "https", "a.org"]);
  });

  test("and not otherwise", async () => {
    const client = await serve(app(), { headers });
    expect((await client.get("/").send()).json()).toEqual([
      "127.0.0.1",
      way === "2" ? "https" : "http",
      expect.stringMatching(/^(127|localhost)/),
    ]);
  });
});
