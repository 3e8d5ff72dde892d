// The session layer, through an app: what a browser sees, and what the store is asked.
import { App, ConnectionInfo, type Handler, HttpError, Request, Response, TestClient } from "@hatcheck/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  sessionLayer,
  type SessionLayerOptions,
  SessionStore,
  SessionStoreUnavailableError,
  type Store,
} from "../src/index.ts";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import { type Calls, counting, later } from "./wrapped-stores.ts";

interface Data {
  name: string;
  count: number;
  cart: string[];
  flash: string;
}

/** The same promises with a store that answers at once, and with one that answers later. */
const KINDS: [string, (store: SessionStore<Data>) => Store<Data>][] = [
  ["a synchronous store", (store) => store],
  ["an asynchronous store", (store) => later(store)],
];

interface Site {
  readonly app: App<unknown>;
  readonly memory: SessionStore<Data>;
  readonly calls: Calls;
  readonly browser: () => TestClient;
}

const SESSION_COOKIE = /^sid=[\w-]{22}\.[\w-]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/;

function siteOf(wrap: (store: SessionStore<Data>) => Store<Data>, options: SessionLayerOptions = {}): Site {
  const memory = new SessionStore<Data>(3600);
  const { store, calls } = counting(wrap(memory));
  const sessions = sessionLayer(store, options);
  const json = (value: unknown) => Response.json(200, value ?? null);
  const app = App.withState<unknown>({})
    .wrap(sessions)
    .onError(() => undefined)
    .get("/plain", () => Response.text(200, "plain"))
    .get("/read", async (req) => json((await sessions.of(req)).get("name")))
    .post("/set/:name", async (req, { name }) => {
      (await sessions.of(req)).set("name", name);
      return Response.redirect(303, "/read");
    })
    .post("/count", async (req) => {
      const session = await sessions.of(req);
      return json(await session.update("count", (count = 0) => count + 1));
    })
    .post("/flash", async (req) => {
      (await sessions.of(req)).set("flash", "Saved.");
      return Response.redirect(303, "/flash");
    })
    .get("/flash", async (req) => json(await (await sessions.of(req)).take("flash")))
    .post("/login/:user", async (req, { user }) => {
      (await sessions.of(req)).login(user);
      return Response.redirect(303, "/me");
    })
    .get("/me", async (req) => {
      const session = await sessions.of(req);
      const { userId, handle, isNew } = session;
      return json({ userId, handle, isNew, recent: session.authenticatedWithin(60), keys: session.keys() });
    })
    .post("/logout", async (req) => {
      (await sessions.of(req)).logout();
      return Response.redirect(303, "/me");
    })
    .post("/regenerate", async (req) => {
      (await sessions.of(req)).regenerate();
      return Response.empty(204);
    })
    .get("/devices", async (req) => json(await (await sessions.of(req)).listByUser()))
    .post("/devices/:handle/end", async (req, { handle }) =>
      json(await (await sessions.of(req)).destroyByHandle(handle)),
    )
    .post("/end-others", async (req) =>
      json(await (await sessions.of(req)).destroyByUser({ exceptThis: true })),
    )
    .post("/end-all", async (req) => json(await (await sessions.of(req)).destroyByUser()))
    .post("/fail/:how", async (req, { how }) => {
      const session = await sessions.of(req);
      session.set("name", "half-done");
      if (how === "logout") session.logout();
      if (how === "regenerate") session.regenerate();
      if (how === "login") session.login("42");
      throw how === "http" ? new HttpError(422, "No.") : new Error("broken");
    })
    .post("/large", async (req) => {
      (await sessions.of(req)).set("name", "x".repeat(70_000));
      return Response.text(200, "stored");
    });
  return { app, memory, calls, browser: () => new TestClient(app) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe.each(KINDS)("with %s", (_kind, wrap) => {
  test("a route that never asks for the session costs no store call and sets no cookie", async () => {
    const { browser, calls } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    calls.clear();
    const answer = await client.get("/plain").send();
    expect(calls.total()).toBe(0);
    expect(answer.header("set-cookie")).toBeUndefined();
    expect(answer.header("vary")).toBeUndefined();
  });

  test("a session that stays empty is not stored, and sets no cookie", async () => {
    const { browser, memory, calls } = siteOf(wrap);
    const answer = await browser().get("/read").send();
    expect(answer.header("set-cookie")).toBeUndefined();
    expect(memory.len()).toBe(0);
    expect(calls.total()).toBe(0);
  });

  test("removing from an empty session stores nothing", async () => {
    const { browser, memory } = siteOf(wrap);
    await browser().get("/flash").send();
    expect(memory.len()).toBe(0);
  });

  test("the first value creates the session, and its cookie is hidden from scripts and other sites", async () => {
    const { browser, memory } = siteOf(wrap);
    const answer = await browser().post("/set/ann").send();
    expect(answer.headerAll("set-cookie")).toEqual([expect.stringMatching(SESSION_COOKIE)]);
    expect(memory.len()).toBe(1);
  });

  test("the session is stored when the redirect arrives", async () => {
    const { browser } = siteOf(wrap);
    const answer = await browser().post("/set/ann").follow().send();
    expect(answer.json()).toBe("ann");
  });

  test("the cookie is set once, not on every response", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    for (const request of [client.get("/read"), client.post("/set/bob"), client.get("/me")]) {
      expect((await request.send()).header("set-cookie")).toBeUndefined();
    }
    expect((await client.get("/read").send()).json()).toBe("bob");
  });

  test("reading costs one store call, changing one more", async () => {
    const { browser, calls } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    calls.clear();
    await client.get("/read").send();
    expect(calls.list()).toEqual(["load"]);
    calls.clear();
    await client.post("/set/bob").send();
    expect(calls.list()).toEqual(["load", "save"]);
  });

  test("a response that read the session varies by cookie; one that sets it is not stored by caches", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    const writing = await client.post("/set/ann").send();
    expect(writing.header("cache-control")).toBe("no-store");
    expect(writing.header("vary")).toBe("Cookie");
    const reading = await client.get("/read").send();
    expect(reading.header("cache-control")).toBeUndefined();
    expect(reading.header("vary")).toBe("Cookie");
  });

  test("logging in gives another id, keeps the data, and the id from before opens nothing", async () => {
    const { browser, app } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    const before = client.cookie("sid") as string;
    await client.post("/login/42").send();
    expect(client.cookie("sid")).not.toBe(before);
    expect((await client.get("/me").send()).json()).toMatchObject({
      userId: "42",
      recent: true,
      keys: ["name"],
    });
    const planted = await new TestClient(app).get("/me").header("Cookie", `sid=${before}`).send();
    expect(planted.json()).toMatchObject({ isNew: true });
  });

  test("logging in without a session creates one", async () => {
    const { browser } = siteOf(wrap);
    const answer = await browser().post("/login/42").follow().send();
    expect(answer.json()).toMatchObject({ userId: "42" });
  });

  test("an id that the store does not know is never taken over", async () => {
    const { app, memory } = siteOf(wrap);
    const client = new TestClient(app);
    const planted = `${"A".repeat(22)}.${"B".repeat(43)}`;
    client.setCookie("sid", planted);
    await client.post("/login/42").send();
    expect(client.cookie("sid")).not.toBe(planted);
    expect(memory.load(planted)).toBeUndefined();
  });

  test("logging out ends the session and clears the cookie", async () => {
    const { browser, memory } = siteOf(wrap);
    const client = browser();
    await client.post("/login/42").send();
    const answer = await client.post("/logout").send();
    expect(answer.header("set-cookie")).toBe("sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    expect(client.cookie("sid")).toBeUndefined();
    expect(memory.len()).toBe(0);
  });

  test("logging out with a cookie that opens nothing clears it; without a cookie nothing is sent", async () => {
    const { app } = siteOf(wrap);
    const stale = new TestClient(app).setCookie("sid", `${"A".repeat(22)}.${"B".repeat(43)}`);
    expect((await stale.post("/logout").send()).header("set-cookie")).toContain("Max-Age=0");
    expect((await new TestClient(app).post("/logout").send()).header("set-cookie")).toBeUndefined();
  });

  test("regenerating gives another id for the same data, and the handle stays", async () => {
    const { browser, memory } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    const before = client.cookie("sid") as string;
    const { handle } = (await client.get("/me").send()).json<{ handle: string }>();
    await client.post("/regenerate").send();
    expect(memory.load(before)).toBeUndefined();
    expect((await client.get("/me").send()).json()).toMatchObject({ handle, keys: ["name"] });
  });

  test("a server error saves nothing and sets no cookie", async () => {
    const { browser, memory } = siteOf(wrap);
    const client = browser();
    for (const how of ["error", "login"]) {
      const answer = await client.post(`/fail/${how}`).send();
      expect(answer.status).toBe(500);
      expect(answer.header("set-cookie")).toBeUndefined();
    }
    expect(memory.len()).toBe(0);
    await client.post("/set/ann").send();
    await client.post("/fail/error").send();
    expect((await client.get("/read").send()).json()).toBe("ann");
  });

  test("an error of the client's saves what was set", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    expect((await client.post("/fail/http").send()).status).toBe(422);
    expect((await client.get("/read").send()).json()).toBe("half-done");
  });

  test("who logs out is out, even when the handler fails afterwards", async () => {
    const { browser, memory } = siteOf(wrap);
    const client = browser();
    await client.post("/login/42").send();
    const answer = await client.post("/fail/logout").send();
    expect(answer.status).toBe(500);
    expect(answer.header("set-cookie")).toContain("Max-Age=0");
    expect(memory.len()).toBe(0);
  });

  test("a regeneration that was asked for happens even when the handler fails, without its changes", async () => {
    const { browser, memory } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    const before = client.cookie("sid") as string;
    expect((await client.post("/fail/regenerate").send()).status).toBe(500);
    expect(memory.load(before)).toBeUndefined();
    expect((await client.get("/read").send()).json()).toBe("ann");
  });

  test("data that are too large are 500 without a cookie, and nothing is lost", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    const first = await client.post("/large").send();
    expect(first.status).toBe(500);
    expect(first.header("set-cookie")).toBeUndefined();
    expect(first.text()).not.toContain("stored\n");
    await client.post("/set/ann").send();
    expect((await client.post("/large").send()).status).toBe(500);
    expect((await client.get("/read").send()).json()).toBe("ann");
  });

  test("an unknown cookie costs one look-up, and is neither echoed nor cleared", async () => {
    const { app, calls } = siteOf(wrap);
    const client = new TestClient(app).setCookie("sid", `${"A".repeat(22)}.${"B".repeat(43)}`);
    const answer = await client.get("/read").send();
    expect(calls.list()).toEqual(["load"]);
    expect(answer.header("set-cookie")).toBeUndefined();
  });

  test.each([
    ["empty", ""],
    ["too long", "x".repeat(257)],
    ["quoted", '"abc"'],
    ["percent-encoded", "%2e%2e"],
    ["not a token", "a,b"],
  ])("a cookie that cannot be an id (%s) costs no look-up", async (_what, value) => {
    const { app, calls } = siteOf(wrap);
    const answer = await new TestClient(app).get("/read").header("Cookie", `sid=${value}`).send();
    expect(answer.status).toBe(200);
    expect(calls.total()).toBe(0);
  });

  test("an expired session is a new visit", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { browser } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    const cookie = `sid=${client.cookie("sid")}`;
    vi.setSystemTime(Date.now() + 3_600_000);
    const answer = await client.get("/read").header("Cookie", cookie).send();
    expect(answer.json()).toBeNull();
    expect(answer.header("set-cookie")).toBeUndefined();
  });

  test("parallel requests of one browser that change different keys both win", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    await Promise.all([
      client.post("/flash").send(),
      client.post("/set/bob").send(),
      client.post("/count").send(),
    ]);
    expect((await client.get("/me").send()).json<{ keys: string[] }>().keys.toSorted()).toEqual([
      "count",
      "flash",
      "name",
    ]);
    expect((await client.get("/read").send()).json()).toBe("bob");
  });

  test("update counts every one of many parallel requests", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    await client.post("/set/ann").send();
    await Promise.all(Array.from({ length: 50 }, () => client.post("/count").send()));
    expect((await client.post("/count").send()).json()).toBe(51);
  });

  test("update on a visit that has no session yet creates one", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    expect((await client.post("/count").send()).json()).toBe(1);
    expect((await client.post("/count").send()).json()).toBe(2);
  });

  test("a flash message is shown once", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    expect((await client.post("/flash").follow().send()).json()).toBe("Saved.");
    expect((await client.get("/flash").send()).json()).toBeNull();
  });

  test("a save that comes after another tab's logout brings nothing back", async () => {
    const { browser, memory, app } = siteOf(wrap);
    const client = browser();
    await client.post("/login/42").send();
    const cookie = `sid=${client.cookie("sid")}`;
    const late = new Request({
      method: "POST",
      url: "/set/late",
      headers: [{ name: "Cookie", value: cookie }],
    });
    // With the synchronous store there is no moment in between; with the other one there is.
    const [, out] = await Promise.all([app.handle(late), client.post("/logout").send()]);
    expect(out.status).toBe(303);
    expect(memory.len()).toBe(0);
  });

  test("a login whose session was ended meanwhile still logs in, with none of the old data", async () => {
    const memory = new SessionStore<Data>(3600);
    const sessions = sessionLayer(wrap(memory));
    const app = App.withState({})
      .wrap(sessions)
      .post("/login", async (req) => {
        const session = await sessions.of(req);
        memory.destroy(session.id as string);
        session.login("42");
        return Response.empty(204);
      });
    const { id } = memory.create({ data: { name: "old" } });
    const client = new TestClient(app).setCookie("sid", id);
    await client.post("/login").send();
    const now = memory.load(client.cookie("sid") as string);
    expect(now?.userId).toBe("42");
    expect(now?.keys()).toEqual([]);
  });

  test("a user sees their own devices, and ends one, all others, or all", async () => {
    const { app } = siteOf(wrap, { recordClient: true });
    const devices = ["laptop", "phone", "tablet"].map(
      (name) => new TestClient(app, { headers: { "User-Agent": name } }),
    );
    for (const device of devices) await device.post("/login/42").send();
    const [laptop, phone, tablet] = devices as [TestClient, TestClient, TestClient];
    type Entry = { handle: string; userAgent: string; ip: string; current: boolean };
    const list = (await laptop.get("/devices").send()).json<Entry[]>();
    expect(list.map(({ userAgent }) => userAgent).toSorted()).toEqual(["laptop", "phone", "tablet"]);
    expect(list.filter(({ current }) => current).map(({ userAgent, ip }) => [userAgent, ip])).toEqual([
      ["laptop", "127.0.0.1"],
    ]);

    const { handle } = list.find(({ userAgent }) => userAgent === "phone") as Entry;
    expect((await laptop.post(`/devices/${handle}/end`).send()).json()).toBe(true);
    expect((await phone.get("/me").send()).json()).not.toHaveProperty("userId");
    expect((await laptop.post("/end-others").send()).json()).toBe(1);
    expect((await tablet.get("/me").send()).json()).not.toHaveProperty("userId");
    expect((await laptop.get("/me").send()).json()).toHaveProperty("userId", "42");

    const answer = await laptop.post("/end-all").send();
    expect(answer.header("set-cookie")).toContain("Max-Age=0");
    expect((await laptop.get("/me").send()).json()).not.toHaveProperty("userId");
  });

  test("logging in and out everywhere else in one request leaves the new login alone", async () => {
    const memory = new SessionStore<Data>(3600);
    const sessions = sessionLayer(wrap(memory));
    const app = App.withState({})
      .wrap(sessions)
      .post("/reset-password", async (req) => {
        const session = await sessions.of(req);
        session.login("42");
        return Response.json(200, await session.destroyByUser({ exceptThis: true }));
      });
    memory.create({ userId: "42" });
    memory.create({ userId: "42" });
    const client = new TestClient(app);
    expect((await client.post("/reset-password").send()).json()).toBe(2);
    expect(memory.listByUser("42")).toHaveLength(1);
    expect(memory.load(client.cookie("sid") as string)?.userId).toBe("42");
  });

  test("nobody ends the session of another user by its handle", async () => {
    const { app } = siteOf(wrap);
    const [ann, bob] = [new TestClient(app), new TestClient(app)];
    await ann.post("/login/ann").send();
    await bob.post("/login/bob").send();
    const { handle } = (await ann.get("/me").send()).json<{ handle: string }>();
    expect((await bob.post(`/devices/${handle}/end`).send()).json()).toBe(false);
    expect((await new TestClient(app).post(`/devices/${handle}/end`).send()).json()).toBe(false);
    expect((await ann.get("/me").send()).json()).toHaveProperty("userId", "ann");
  });

  test("ending one's own session by its handle is a logout", async () => {
    const { browser } = siteOf(wrap);
    const client = browser();
    await client.post("/login/42").send();
    const { handle } = (await client.get("/me").send()).json<{ handle: string }>();
    const answer = await client.post(`/devices/${handle}/end`).send();
    expect(answer.json()).toBe(true);
    expect(answer.header("set-cookie")).toContain("Max-Age=0");
  });

  test("the cookie lives as long as the session may at most, and is not sent again when it was seen", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const store = new SessionStore<Data>({ ttl: 3600, idle: 100 });
    const sessions = sessionLayer(wrap(store));
    const app = App.withState({})
      .wrap(sessions)
      .post("/set", async (req) => {
        (await sessions.of(req)).set("name", "ann");
        return Response.empty(204);
      })
      .get("/", async (req) => Response.text(200, (await sessions.of(req)).get("name") ?? "nobody"));
    const client = new TestClient(app);
    expect((await client.post("/set").send()).header("set-cookie")).toContain("; Max-Age=3600;");
    for (let count = 0; count < 3; count += 1) {
      vi.setSystemTime(Date.now() + 60_000);
      const answer = await client.get("/").send();
      expect([answer.text(), answer.header("set-cookie")]).toEqual(["ann", undefined]);
    }
    vi.setSystemTime(Date.now() + 100_000);
    expect((await client.get("/").send()).text()).toBe("nobody");
  });

  test("a streamed response has its session stored before the first byte, and a later change throws", async () => {
    const memory = new SessionStore<Data>(3600);
    const sessions = sessionLayer(wrap(memory));
    const problems: unknown[] = [];
    const app = App.withState({})
      .wrap(sessions)
      .get("/", async (req) => {
        const session = await sessions.of(req);
        session.set("name", "ann");
        async function* body(): AsyncGenerator<string> {
          yield `${memory.len()}`;
          try {
            session.set("name", "late");
          } catch (error) {
            problems.push(error);
          }
          try {
            await session.update("count", () => 1);
          } catch (error) {
            problems.push(error);
          }
        }
        return Response.stream(200, body(), "text/plain");
      });
    const answer = await new TestClient(app).get("/").send();
    expect(answer.text()).toBe("1");
    expect(answer.header("set-cookie")).toMatch(SESSION_COOKIE);
    expect(problems.map(String)).toEqual(Array(2).fill(expect.stringContaining("when the response began")));
    expect(memory.load(answer.cookie("sid")?.value as string)?.get("name")).toBe("ann");
  });
});

describe("when the store cannot answer", () => {
  /** A real outage: the store is closed under the app. */
  const closedStore = (): { id: string; file: SqliteSessionStore<Data> } => {
    const file = new SqliteSessionStore<Data>(":memory:", 3600);
    const { id } = file.create({ data: { name: "ann" } });
    file.close();
    return { id, file };
  };
  const outages: [string, (file: SqliteSessionStore<Data>) => Store<Data>][] = [
    ["a synchronous store", (file) => file],
    ["an asynchronous store", (file) => later(file)],
  ];

  test.each(outages)(
    "with %s the answer is 503 with Retry-After, told once, and never an anonymous visit",
    async (_kind, wrap) => {
      const { id, file } = closedStore();
      const sessions = sessionLayer(wrap(file));
      const errors: unknown[] = [];
      const app = App.withState({})
        .wrap(sessions)
        .onError((error) => {
          errors.push(error);
          return undefined;
        })
        .get("/", async (req) => Response.text(200, (await sessions.of(req)).userId ?? "anonymous"));
      const answer = await new TestClient(app).setCookie("sid", id).get("/").send();
      expect(answer.status).toBe(503);
      expect(answer.header("retry-after")).toBe("5");
      expect(answer.header("set-cookie")).toBeUndefined();
      expect(errors).toEqual([expect.any(SessionStoreUnavailableError)]);
    },
  );

  test.each(outages)(
    "with %s a handler that catches the outage cannot turn it into an anonymous 200",
    async (_kind, wrap) => {
      const { id, file } = closedStore();
      const sessions = sessionLayer(wrap(file));
      const app = App.withState({})
        .wrap(sessions)
        .onError(() => undefined)
        .get("/", async (req) => {
          try {
            return Response.text(200, (await sessions.of(req)).userId ?? "anonymous");
          } catch {
            return Response.text(200, "anonymous");
          }
        });
      expect((await new TestClient(app).setCookie("sid", id).get("/").send()).status).toBe(503);
    },
  );

  test.each(outages)(
    "with %s routes that need no session, and visits without a cookie, go on",
    async (_kind, wrap) => {
      const { id, file } = closedStore();
      const sessions = sessionLayer(wrap(file));
      const app = App.withState({})
        .wrap(sessions)
        .get("/plain", () => Response.text(200, "plain"))
        .get("/", async (req) => Response.text(200, (await sessions.of(req)).userId ?? "anonymous"));
      expect((await new TestClient(app).setCookie("sid", id).get("/plain").send()).status).toBe(200);
      expect((await new TestClient(app).get("/").send()).text()).toBe("anonymous");
    },
  );
});

describe("the cookie", () => {
  const store = new SessionStore(3600);
  const cookieFor = async (options: SessionLayerOptions, conn?: ConnectionInfo): Promise<string> => {
    const sessions = sessionLayer(store, options);
    const app = App.withState({})
      .wrap(sessions)
      .get("/", (req) => {
        sessions.of(req).set("a", "b");
        return Response.empty(204);
      });
    const answer = await app.handle(new Request({ method: "GET", url: "/" }), conn);
    return (answer.header("set-cookie") as string).replace(/=[^;]+/, "=…");
  };

  test("over TLS it is Secure and has the __Host- prefix; over plain HTTP neither", async () => {
    expect(await cookieFor({}, new ConnectionInfo({ encrypted: true }))).toBe(
      "__Host-sid=…; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax",
    );
    expect(await cookieFor({})).toBe("sid=…; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax");
  });

  test("behind a proxy that is trusted and speaks TLS it is Secure; a client's own word changes nothing", async () => {
    const sessions = sessionLayer(store);
    const app = App.withState({})
      .wrap(sessions)
      .get("/", (req) => {
        sessions.of(req).set("a", "b");
        return Response.empty(204);
      });
    const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1" };
    const trusting = await new TestClient(app, { headers, trustProxy: 1 }).get("/").send();
    expect(trusting.header("set-cookie")).toMatch(/^__Host-sid=.*; Secure;/);
    const wary = await new TestClient(app, { headers }).get("/").send();
    expect(wary.header("set-cookie")).not.toContain("Secure");
  });

  test("over TLS a cookie without the prefix is not believed: any subdomain could have set it", async () => {
    const sessions = sessionLayer(store);
    const app = App.withState({})
      .wrap(sessions)
      .get("/", (req) => Response.text(200, sessions.of(req).isNew ? "new" : "known"));
    const { id } = store.create();
    const ask = async (name: string) => {
      const client = new TestClient(app, { peer: { encrypted: true } });
      return (await client.get("/").header("Cookie", `${name}=${id}`).send()).text();
    };
    expect(await ask("sid")).toBe("new");
    expect(await ask("__Host-sid")).toBe("known");
  });

  test("options change it as they say", async () => {
    expect(await cookieFor({ cookie: { secure: true } })).toMatch(/^__Host-sid=…; .*; Secure;/);
    expect(
      await cookieFor({ cookie: { secure: false } }, new ConnectionInfo({ encrypted: true })),
    ).not.toContain("Secure");
    expect(await cookieFor({ cookie: { name: "ticket", sameSite: "Strict" } })).toBe(
      "ticket=…; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict",
    );
    expect(await cookieFor({ cookie: { secure: true, domain: "example.com" } })).toBe(
      "sid=…; Domain=example.com; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax",
    );
    expect(await cookieFor({ cookie: { secure: true, partitioned: true, sameSite: "None" } })).toBe(
      "__Host-sid=…; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=None; Partitioned",
    );
    expect(await cookieFor({ cookie: { secure: true, path: "/app" } })).toMatch(/^sid=…; Path=\/app;/);
    expect(await cookieFor({ cookie: { persistent: false } })).toBe("sid=…; Path=/; HttpOnly; SameSite=Lax");
  });

  test.each<[string, SessionLayerOptions["cookie"]]>([
    ["SameSite=None that is not always Secure", { sameSite: "None" }],
    ["Partitioned that is not always Secure", { partitioned: true }],
    ["a __Host- name with a domain", { name: "__Host-sid", secure: true, domain: "example.com" }],
    ["a __Host- name that may go over plain HTTP", { name: "__Host-sid" }],
    ["a name that is no token", { name: "my sid" }],
    ["a path that is none", { path: "app" }],
    ["a domain with a semicolon", { domain: "example.com; Secure" }],
    ["a SameSite of no known kind", { sameSite: "lax" as "Lax" }],
  ])("options that contradict each other throw when the layer is made: %s", (_what, cookie) => {
    expect(() => sessionLayer(store, cookie === undefined ? {} : { cookie })).toThrow(TypeError);
  });
});

describe("around the layer", () => {
  test("with a store that answers at once, a synchronous handler stays synchronous", () => {
    const sessions = sessionLayer(new SessionStore(3600));
    const app = App.withState({})
      .wrap(sessions)
      .get("/", (req) => {
        sessions.of(req).login("42");
        return Response.text(200, "in");
      });
    expect(app.handle(new Request({ method: "GET", url: "/" }))).toBeInstanceOf(Response);
  });

  test("two layers with two cookies stand side by side", async () => {
    const shop = sessionLayer(new SessionStore(3600), { cookie: { name: "shop" } });
    const admin = sessionLayer(new SessionStore(60), { cookie: { name: "admin", sameSite: "Strict" } });
    const app = App.withState({})
      .wrap(shop)
      .wrap(admin)
      .post("/", (req) => {
        shop.of(req).set("a", "1");
        admin.of(req).login("root");
        return Response.empty(204);
      })
      .get("/", (req) => Response.json(200, [shop.of(req).get("a"), admin.of(req).userId]));
    const client = new TestClient(app);
    const answer = await client.post("/").send();
    expect(
      answer
        .headerAll("set-cookie")
        .map((value) => value.split("=")[0])
        .toSorted(),
    ).toEqual(["admin", "shop"]);
    expect((await client.get("/").send()).json()).toEqual(["1", "root"]);
  });

  test("a response that is shared by all requests never carries one client's cookie to another", async () => {
    const shared = Response.text(200, "constant");
    const sessions = sessionLayer(new SessionStore(3600));
    const app = App.withState({})
      .wrap(sessions)
      .get("/login", (req) => {
        sessions.of(req).login("42");
        return shared;
      })
      .get("/", () => shared);
    await new TestClient(app).get("/login").send();
    const answer = await new TestClient(app).get("/").send();
    expect(answer.header("set-cookie")).toBeUndefined();
    expect(shared.headers).toHaveLength(1);
  });

  test("a handler's own Cache-Control is kept", async () => {
    const sessions = sessionLayer(new SessionStore(3600));
    const app = App.withState({})
      .wrap(sessions)
      .get("/", (req) => {
        sessions.of(req).set("a", "b");
        return Response.text(200, "x").setHeader("Cache-Control", "private, max-age=60");
      });
    expect((await new TestClient(app).get("/").send()).headerAll("cache-control")).toEqual([
      "private, max-age=60",
    ]);
  });

  test("asking for a session without the layer says what to do", async () => {
    const sessions = sessionLayer(new SessionStore(3600));
    const handler: Handler = (req) => Response.text(200, String(sessions.of(req).isNew));
    const errors: unknown[] = [];
    const app = App.withState({})
      .get("/", handler)
      .onError((error) => {
        errors.push(error);
        return undefined;
      });
    expect((await new TestClient(app).get("/").send()).status).toBe(500);
    expect(String(errors[0])).toContain("wrap the app in it");
  });

  test("opening a session after the response has begun says so", async () => {
    const sessions = sessionLayer(new SessionStore(3600));
    const requests: Request[] = [];
    const app = App.withState({})
      .wrap(sessions)
      .get("/", (req) => {
        requests.push(req);
        return Response.empty(204);
      });
    await new TestClient(app).get("/").send();
    expect(() => sessions.of(requests[0] as Request)).toThrow("the response has begun");
  });

  test("when the commit fails, the body that is not sent is let go", async () => {
    const sessions = sessionLayer(new SessionStore({ ttl: 3600, maxBytes: 10 }));
    let cancelled = false;
    const app = App.withState({})
      .wrap(sessions)
      .onError(() => undefined)
      .get("/", (req) => {
        sessions.of(req).set("name", "far too long for this");
        return Response.stream(
          200,
          new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) }),
        );
      });
    expect((await new TestClient(app).get("/").send()).status).toBe(500);
    expect(cancelled).toBe(true);
  });

  test("keys and values are checked by the compiler", () => {
    const sessions = sessionLayer(new SessionStore<Data>(3600));
    const check = (req: Request): void => {
      const session = sessions.of(req);
      const count: number | undefined = session.get("count");
      session.set("count", (count ?? 0) + 1);
      // @ts-expect-error the key is unknown
      session.set("nope", 1);
      // @ts-expect-error the value is of another type
      session.set("count", "1");
      // @ts-expect-error a session holds JSON, and a Date is none
      const dates = new SessionStore<{ at: Date }>(3600);
      expect(dates).toBeUndefined();
    };
    expect(check).toBeTypeOf("function");
  });
});
