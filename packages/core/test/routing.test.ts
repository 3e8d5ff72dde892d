import { expect, test } from "vitest";
import { App, Response } from "../src/index.ts";
import { describeEach } from "./harness.ts";

const echo = (app: App<undefined>, ...patterns: string[]) => {
  for (const pattern of patterns) {
    app.get(pattern, (req, params) => Response.json(200, { pattern: req.route, params, path: req.path }));
  }
  return app;
};

describeEach("a route", (serve) => {
  test("gets its parameters, decoded once", async () => {
    const client = await serve(echo(new App(undefined), "/users/:id/files/*path"));
    expect((await client.get("/users/a%2Fb/files/c/d%20e?f=g").send()).json()).toEqual({
      pattern: "/users/:id/files/*path",
      params: { id: "a/b", path: "c/d e" },
      path: "/users/a%2Fb/files/c/d e",
    });
  });

  test("of every method is found", async () => {
    const methods = ["get", "head", "post", "put", "patch", "delete", "options"] as const;
    const app = new App(undefined);
    for (const method of methods)
      app[method]("/", (req) => Response.empty(200).setHeader("X-Method", req.method));
    const client = await serve(app);
    for (const method of methods) {
      expect((await client[method]("/").send()).header("x-method")).toBe(method.toUpperCase());
    }
  });

  test("for all methods leaves those that have a route of their own", async () => {
    const app = new App(undefined)
      .all("/", (req) => Response.text(200, `all ${req.method}`))
      .get("/", () => Response.text(200, "get"));
    const client = await serve(app);
    expect((await client.get("/").send()).text()).toBe("get");
    expect((await client.delete("/").send()).text()).toBe("all DELETE");
    expect((await client.options("/").send()).text()).toBe("all OPTIONS");
  });

  test("is 404 for another path, with a slash at the end or doubled too", async () => {
    const client = await serve(echo(new App(undefined), "/a/b", "/u/:id"));
    for (const path of ["/", "/a/b/", "//a/b", "/a//b", "/A/B", "/u/", "/u", "/a%2Fb"]) {
      expect((await client.get(path).send()).status).toBe(404);
    }
  });

  test("is 400 for a malformed path and 414 for a parameter that is too long", async () => {
    const client = await serve(echo(new App(undefined), "/u/:id"));
    for (const path of ["/u/%ZZ", "/u/%", "/u/%ff", "/u/..", "/u/%2e%2e/x"]) {
      expect((await client.get(path).send()).status).toBe(400);
    }
    expect((await client.get(`/u/${"x".repeat(1024)}`).send()).status).toBe(200);
    expect((await client.get(`/u/${"x".repeat(1025)}`).send()).status).toBe(414);
  });

  test("is the same for a guard and for the router, however its path is spelt", async () => {
    const app = echo(new App(undefined), "/admin!/:rest").wrap((req, _conn, next) =>
      req.path.startsWith("/admin!/") ? Response.empty(403) : next(),
    );
    const client = await serve(app);
    for (const path of ["/admin!/a", "/%61dmin!/a", "/admin%21/a", "/%61%64min%21/%61"]) {
      expect((await client.get(path).send()).status).toBe(403);
    }
    expect((await client.get("/admin%2521/a").send()).status).toBe(404);
  });
});

describeEach("HEAD", (serve) => {
  test("is answered by GET, with its length and without its body", async () => {
    const client = await serve(new App(undefined).get("/", () => Response.text(200, "héllo")));
    const answer = await client.head("/").send();
    expect([answer.status, answer.header("content-length"), answer.bytes.length]).toEqual([200, "6", 0]);
  });

  test("of a stream lets go of its source, which is never asked", async () => {
    let cancelled = false;
    const body = () =>
      new ReadableStream<string>({ cancel: () => void (cancelled = true) }, { highWaterMark: 0 });
    const client = await serve(new App(undefined).get("/", () => Response.stream(200, body())));
    expect((await client.head("/").send()).status).toBe(200);
    expect(cancelled).toBe(true);
  });
});

describeEach("a method that a path does not have", (serve, way) => {
  const app = () =>
    echo(new App(undefined), "/a")
      .post("/a", () => Response.empty(204))
      .put("/:x", () => Response.empty(204));

  test("is 405 with those that it has", async () => {
    const client = await serve(app());
    const answer = await client.delete("/a").send();
    expect([answer.status, answer.header("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST, PUT"]);
  });

  test("is answered by itself for OPTIONS", async () => {
    const client = await serve(app());
    const answer = await client.options("/a").send();
    expect([answer.status, answer.header("allow"), answer.text()]).toEqual([
      204,
      "GET, HEAD, OPTIONS, POST, PUT",
      "",
    ]);
    expect((await client.options("/a/b").send()).status).toBe(404);
  });

  test("of the server as a whole are told by OPTIONS *, for which nothing else is allowed", async () => {
    const client = await serve(app());
    const answer = await client.options("*").send();
    expect([answer.status, answer.header("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST, PUT"]);
    // HTTP/2 itself refuses it.
    const seen = await client
      .get("*")
      .send()
      .then(({ status }) => status, String);
    expect(seen).toSatisfy((it) => (way === "2" ? /PROTOCOL_ERROR/.test(it) : it === 404));
  });

  test("is not served by a wildcard for OPTIONS *", async () => {
    const client = await serve(new App(undefined).options("/*path", () => Response.text(200, "wrong")));
    expect((await client.options("*").send()).status).toBe(204);
  });
});
