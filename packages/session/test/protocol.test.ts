// What a browser's parallel requests see of one session: L1 to L12 of docs/sessions.md, one test for each case that was wrong once.
// The kit in the testkit tries the orders of all steps; these say by name what they come to.
import { setImmediate as nextTurn } from "node:timers/promises";
import { App, Request, RequestKey, Response, TestClient, timeout } from "@hatcheck/core";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  RequestSession,
  Session,
  SessionEndedError,
  sessionLayer,
  SessionStore,
  type Store,
  type StoreOptions,
} from "../src/index.ts";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import { openPostgres, openRedis } from "./remote-stores.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis, type TestServer } from "./servers.ts";
import { later } from "./wrapped-stores.ts";

/** Cases of a test that not every store can be tried with; one that is skipped counts as left out. */
const where = (isMeant: boolean): true[] => (isMeant ? [true] : []);

interface Data {
  name: string;
  count: number;
  token: string;
}

type Options = Partial<StoreOptions<Data>>;

interface Kind {
  readonly name: string;
  readonly isThere: boolean;
  /** Whether its time is that of this process, which a test may set. */
  readonly isLocal: boolean;
  open(options?: Options): Store<Data> | Promise<Store<Data>>;
}

const local = { isThere: true, isLocal: true };
const remote = { isLocal: false };
const closing: (() => Promise<void>)[] = [];
let redis: TestServer | undefined;
let postgres: TestServer | undefined;
let number = 0;

const KINDS: Kind[] = [
  { name: "memory", ...local, open: (options) => new SessionStore<Data>({ ttl: 3600, ...options }) },
  {
    name: "SQLite",
    ...local,
    open: (options) => new SqliteSessionStore<Data>(":memory:", { ttl: 3600, ...options }),
  },
  {
    name: "a store that answers later",
    ...local,
    open: (options) => later(new SessionStore<Data>({ ttl: 3600, ...options })),
  },
  {
    name: "Redis",
    isThere: hasRedis,
    ...remote,
    open: async () => {
      const prefix = `p${(number += 1)}:`;
      const { store, close } = await openRedis("node-redis", [redis?.port as number], { ttl: 3600, prefix });
      closing.push(close);
      return store as unknown as Store<Data>;
    },
  },
  {
    name: "Postgres",
    isThere: hasPostgres,
    ...remote,
    open: async () => {
      const table = `p${(number += 1)}`;
      const { store, close } = await openPostgres(postgres?.port as number, { ttl: 3600, table });
      closing.push(close);
      await store.migrate();
      return store as unknown as Store<Data>;
    },
  },
];

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
beforeAll(async () => {
  redis = hasRedis ? await startRedis() : undefined;
  postgres = hasPostgres ? await startPostgres() : undefined;
});
afterAll(async () => {
  await redis?.close();
  await postgres?.close();
});

type AnySession = RequestSession<Data>;

/** One request of a browser that is held between its steps, so that others come in between. */
interface Paused {
  readonly session: AnySession;
  /** Lets the handler answer, and gives what the browser gets. */
  answer(body?: string): Promise<Response>;
}

/** A browser without a jar: it is told which cookie each request carries. */
class Browser {
  readonly store: Store<Data>;
  readonly errors: unknown[] = [];
  readonly #app: App<unknown>;
  /** What the handler of a request does once it has opened its session. */
  readonly #handlers = new RequestKey<(session: AnySession) => Promise<Response>>();

  constructor(store: Store<Data>) {
    this.store = store;
    const sessions = sessionLayer(store);
    this.#app = App.withState<unknown>({})
      .onError((error) => void this.errors.push(error))
      .wrap(sessions)
      .post("/", async (req) => {
        const session: AnySession = await sessions.of(req);
        return (this.#handlers.get(req) as (session: AnySession) => Promise<Response>)(session);
      });
  }

  async send(id: string | undefined, init: { signal?: AbortSignal } = {}): Promise<Paused> {
    const headers = id === undefined ? [] : [{ name: "Cookie", value: `sid=${id}` }];
    const req = new Request({ method: "POST", url: "/", headers, ...init });
    const opened = Promise.withResolvers<AnySession>();
    const made = Promise.withResolvers<Response>();
    this.#handlers.set(req, (session) => {
      opened.resolve(session);
      return made.promise;
    });
    const answered = Promise.resolve(this.#app.handle(req));
    const session = await opened.promise;
    return {
      session,
      answer: (body = "done") => {
        made.resolve(Response.text(200, body));
        return answered;
      },
    };
  }

  /** A whole request. */
  async ask(id: string | undefined, act: (session: AnySession) => unknown): Promise<Response> {
    const paused = await this.send(id);
    await act(paused.session);
    return paused.answer();
  }

  /** The id of a session that a request has made. */
  async begin(act: (session: AnySession) => unknown): Promise<string> {
    return idOf(await this.ask(undefined, act)) as string;
  }
}

function idOf(answer: Response): string | undefined {
  return /^sid=([^;]+)/.exec(answer.header("set-cookie") ?? "")?.[1];
}

afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0)) await close();
});

describe.each(KINDS.filter(({ isThere }) => isThere))("in $name", ({ open, isLocal }) => {
  test("L1. a change that was not stored, because the session had ended meanwhile, is answered 409 without a cookie", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.login("42"));
    const slow = await browser.send(id);
    await browser.ask(id, (session) => session.logout());
    slow.session.set("name", "late");
    const answer = await slow.answer();
    expect([answer.statusCode, answer.header("set-cookie")]).toEqual([409, undefined]);
    expect(answer.header("content-type")).toContain("problem+json");
    expect(browser.errors).toEqual([expect.any(SessionEndedError)]);
  });

  test("L1. onError may send the visitor to the login page instead", async () => {
    const store = await open();
    const sessions = sessionLayer(store);
    const app = App.withState({})
      .onError((error) => (error instanceof SessionEndedError ? Response.redirect(303, "/login") : undefined))
      .wrap(sessions)
      .post("/", async (req) => {
        const session = await sessions.of(req);
        session.set("name", "late");
        await store.destroy(session.id as string);
        return Response.text(200, "done");
      });
    const { id } = await store.create();
    const answer = await new TestClient(app).setCookie("sid", id).post("/").send();
    expect([answer.status, answer.header("location")]).toEqual([303, "/login"]);
  });

  test("L1. what was asked for at once and not waited for is done before the answer, or the answer says that it was not", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.set("count", 1));
    const hasty = await browser.send(id);
    const waiting = hasty.session.update("count", (count = 0) => count + 1);
    expect((await hasty.answer()).statusCode).toBe(200);
    expect((await browser.store.load(id))?.get("count")).toBe(2);
    expect(await waiting).toBe(2);
    const late = await browser.send(id);
    await browser.store.destroy(id);
    const refused = Promise.resolve()
      .then(() => late.session.update("count", () => 9))
      .catch((error: unknown) => error);
    expect((await late.answer()).statusCode).toBe(409);
    expect(await refused).toBeInstanceOf(SessionEndedError);
  });

  test("L2. a logout ends the session whatever its id has become in a parallel request", async () => {
    for (const move of ["regenerate", "renew", "login"] as const) {
      const browser = new Browser(await open());
      const id = await browser.begin((session) => session.login("42"));
      const leaving = await browser.send(id);
      const moved = await browser.ask(id, (session) =>
        move === "login" ? session.login("42") : session[move](),
      );
      leaving.session.logout();
      await leaving.answer();
      expect(await browser.store.load(idOf(moved) as string)).toBeUndefined();
      expect(await browser.store.listByUser("42")).toEqual([]);
    }
  });

  test("L2. a login that is under way when the session is ended does not bring its user back", async () => {
    const ends: ((browser: Browser, id: string) => unknown)[] = [
      ({ store }) => store.destroyByUser("42"),
      ({ store }, id) => store.destroy(id),
      (browser, id) => browser.ask(id, (session) => session.logout()),
      (browser, id) => browser.ask(id, async (session) => session.destroyByUser()),
      (browser, id) => browser.ask(id, async (session) => session.destroyByHandle(session.handle as string)),
    ];
    for (const end of ends) {
      const browser = new Browser(await open());
      const id = await browser.begin((session) => session.login("42"));
      const again = await browser.send(id);
      const other = await browser.send(id);
      const leaving = await browser.send(id);
      await end(browser, id);
      again.session.login("42");
      other.session.login("43");
      leaving.session.logout();
      leaving.session.login("42");
      for (const paused of [again, other, leaving]) {
        const answer = await paused.answer();
        expect([answer.statusCode, idOf(answer)]).toEqual([409, undefined]);
      }
      expect(await browser.store.len()).toBe(0);
    }
  });

  test("L2. who ends all their sessions may log in anew in the same request", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.login("42"));
    const answer = await browser.ask(id, async (session) => {
      expect(await session.destroyByUser()).toBe(1);
      session.login("42");
    });
    expect(answer.statusCode).toBe(200);
    expect((await browser.store.load(idOf(answer) as string))?.userId).toBe("42");
    expect(await browser.store.len()).toBe(1);
  });

  test("L2. of two logins of one anonymous visit at once, both log in", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.set("name", "ann"));
    const [one, two] = [await browser.send(id), await browser.send(id)];
    one.session.login("42");
    two.session.login("42");
    for (const paused of [one, two]) {
      const opened = idOf(await paused.answer());
      expect((await browser.store.load(opened as string))?.userId).toBe("42");
    }
  });

  test("L3. who logs in as another user gets an empty session, and the former one has ended", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => {
      session.login("42");
      session.set("count", 7);
    });
    const answer = await browser.ask(id, (session) => {
      session.set("name", "of 42");
      session.login("43");
      expect([session.get("count"), session.get("name"), session.keys()]).toEqual([undefined, undefined, []]);
      session.set("name", "of 43");
    });
    const now = await browser.store.load(idOf(answer) as string);
    expect([now?.userId, now?.keys(), now?.get("name")]).toEqual(["43", ["name"], "of 43"]);
    expect(await browser.store.load(id)).toBeUndefined();
    expect(await browser.store.listByUser("42")).toEqual([]);
    expect(await browser.store.len()).toBe(1);
  });

  test("L3. an anonymous visitor and the same user keep what they have", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.set("count", 7));
    const first = idOf(await browser.ask(id, (session) => session.login("42"))) as string;
    const second = idOf(await browser.ask(first, (session) => session.login("42"))) as string;
    expect((await browser.store.load(second))?.get("count")).toBe(7);
    for (const dead of [id, first]) expect(await browser.store.load(dead)).toBeUndefined();
  });

  test("L4. a login whose password was checked before it changed does not survive the end of all sessions", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.set("name", "ann"));
    const [stored, fresh] = [await browser.send(id), await browser.send(undefined)];
    // Here the password is changed.
    await browser.store.destroyByUser("42", { stamp: "2" });
    stored.session.login("42", { stamp: "1" });
    fresh.session.login("42", { stamp: "1" });
    for (const paused of [stored, fresh]) {
      const answer = await paused.answer();
      expect([answer.statusCode, idOf(answer)]).toEqual([409, undefined]);
    }
    expect(await browser.store.listByUser("42")).toEqual([]);
    const answer = await browser.ask(id, (session) => session.login("42", { stamp: "2" }));
    expect((await browser.store.load(idOf(answer) as string))?.get("name")).toBe("ann");
  });

  test("L5. six parallel requests that each renew leave the browser with one new cookie, which works", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => {
      session.login("42");
      session.set("name", "ann");
    });
    const paused = [];
    for (let count = 0; count < 6; count += 1) paused.push(await browser.send(id));
    for (const { session } of paused) session.renew({ extend: true });
    const answers = await Promise.all(paused.map((it) => it.answer()));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 200]);
    const ids = answers.map(idOf).filter((it) => it !== undefined);
    expect(ids).toHaveLength(1);
    expect((await browser.store.load(ids[0] as string))?.get("name")).toBe("ann");
    // Whoever was on the way meanwhile keeps its place, and is told of no cookie, whatever it asks for.
    for (const act of [
      (session: AnySession) => session.set("count", 1),
      (session: AnySession) => session.renew(),
      (session: AnySession) => session.update("count", (count = 0) => count + 1),
    ]) {
      const answer = await browser.ask(id, act);
      expect([answer.statusCode, answer.header("set-cookie")]).toEqual([200, undefined]);
    }
    expect((await browser.store.load(ids[0] as string))?.get("count")).toBe(2);
    for (const act of [
      (session: AnySession) => session.regenerate(),
      (session: AnySession) => session.login("42"),
    ]) {
      const answer = await browser.ask(id, act);
      expect([answer.statusCode, answer.header("set-cookie")]).toEqual([409, undefined]);
    }
    const left = await browser.ask(id, (session) => session.logout());
    expect([left.statusCode, left.header("set-cookie")]).toEqual([200, undefined]);
    expect(await browser.store.load(ids[0] as string)).toBeUndefined();
  });

  test.for(where(isLocal))(
    "L5. renewing by age renews once: renewedWithin counts from the id, not from the login",
    async () => {
      vi.useFakeTimers({ toFake: ["Date"] });
      const browser = new Browser(await open({ ttl: 7200 }));
      const renewIfOld = (session: AnySession): void => {
        if (!session.renewedWithin(900)) session.renew();
      };
      const id = await browser.begin((session) => session.login("42"));
      expect(idOf(await browser.ask(id, renewIfOld))).toBeUndefined();
      vi.setSystemTime(Date.now() + 901_000);
      const next = idOf(await browser.ask(id, renewIfOld)) as string;
      expect(next).toBeDefined();
      expect(idOf(await browser.ask(next, renewIfOld))).toBeUndefined();
      vi.setSystemTime(Date.now() + 31_000);
      expect(await browser.store.load(id)).toBeUndefined();
    },
  );

  test.for(where(isLocal))("L5. renew creates nothing, and its new lifetime is a user's alone", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const browser = new Browser(await open());
    const empty = await browser.ask(undefined, (session) => session.renew({ extend: true }));
    expect([empty.header("set-cookie"), await browser.store.len()]).toEqual([undefined, 0]);
    const anonymous = await browser.begin((session) => session.set("name", "ann"));
    const user = await browser.begin((session) => session.login("42"));
    vi.setSystemTime(Date.now() + 600_000);
    const maxAge = async (id: string) =>
      /Max-Age=(\d+)/.exec(
        (await browser.ask(id, (session) => session.renew({ extend: true }))).header("set-cookie") ?? "",
      )?.[1];
    expect([await maxAge(anonymous), await maxAge(user)]).toEqual(["3000", "3600"]);
  });

  test("L5. a request that comes by an id which a login has replaced overwrites no cookie with an anonymous one", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.set("name", "ann"));
    await browser.ask(id, (session) => session.login("42"));
    const answer = await browser.ask(id, (session) => session.set("count", 1));
    expect([answer.statusCode, answer.header("set-cookie")]).toEqual([409, undefined]);
    expect(await browser.store.len()).toBe(1);
    // Reading is no reason to refuse, and neither is a login.
    expect((await browser.ask(id, (session) => session.get("count"))).statusCode).toBe(200);
    expect(idOf(await browser.ask(id, (session) => session.login("42")))).toBeDefined();
  });

  test.for(where(isLocal))(
    "L6. the idle timeout sets no cookie, so that a login which overtakes it is not overwritten",
    async () => {
      vi.useFakeTimers({ toFake: ["Date"] });
      const browser = new Browser(await open({ idle: 100 }));
      const id = await browser.begin((session) => session.set("name", "ann"));
      vi.setSystemTime(Date.now() + 50_000);
      const reading = await browser.send(id);
      const login = await browser.ask(id, (session) => session.login("42"));
      expect((await reading.answer()).header("set-cookie")).toBeUndefined();
      expect(login.header("set-cookie")).toContain("Max-Age=3600;");
    },
  );

  test("L6. a login may have a lifetime and a persistence of its own, and the cookie says so", async () => {
    const browser = new Browser(await open());
    const remembered = await browser.ask(undefined, (session) =>
      session.login("42", { ttl: 30 * 86_400, persistent: true }),
    );
    expect(remembered.header("set-cookie")).toContain("Max-Age=2592000;");
    const renewed = await browser.ask(idOf(remembered), (session) => session.renew());
    expect(renewed.header("set-cookie")).toMatch(/Max-Age=25(92000|91999);/);
    const brief = await browser.ask(undefined, (session) => session.login("43", { persistent: false }));
    expect(brief.header("set-cookie")).not.toContain("Max-Age");
    expect((await browser.ask(idOf(brief), (session) => session.renew())).header("set-cookie")).not.toContain(
      "Max-Age",
    );
  });

  test("L7. a client that has left gets no session and no new id; its logout is carried out all the same", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => {
      session.login("42");
      session.set("name", "ann");
    });
    const acts: ((session: AnySession) => unknown)[] = [
      (session) => session.regenerate(),
      (session) => session.renew(),
      (session) => session.login("42"),
      (session) => session.login("43"),
    ];
    for (const act of acts) {
      const leaving = new AbortController();
      const paused = await browser.send(id, { signal: leaving.signal });
      act(paused.session);
      leaving.abort();
      expect((await paused.answer()).header("set-cookie")).toBeUndefined();
      expect((await browser.store.load(id))?.get("name")).toBe("ann");
    }
    const leaving = new AbortController();
    const created = await browser.send(undefined, { signal: leaving.signal });
    created.session.login("44");
    const out = await browser.send(id, { signal: leaving.signal });
    out.session.logout();
    leaving.abort();
    await created.answer();
    await out.answer();
    expect(await browser.store.len()).toBe(0);
  });

  test("L7. a login commits nothing after the 503 of a timeout around the sessions", async () => {
    const store = await open();
    const sessions = sessionLayer(store);
    const released = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const app = App.withState({})
      .onError(() => undefined)
      .wrap(timeout(20))
      .wrap(async (_req, _conn, next) => {
        const answer = await next();
        ended.resolve();
        return answer;
      })
      .wrap(sessions)
      .post("/:what", async (req, { what }) => {
        const session = await sessions.of(req);
        await released.promise;
        if (what === "login") session.login("42");
        else session.logout();
        session.set("name", "late");
        return Response.empty(204);
      });
    const { id } = await store.create({ data: { name: "ann" } });
    const answer = await new TestClient(app).setCookie("sid", id).post("/login").send();
    expect([answer.status, answer.header("set-cookie")]).toEqual([503, undefined]);
    released.resolve();
    await ended.promise;
    for (let turns = 0; turns < 5; turns += 1) await nextTurn();
    expect((await store.load(id))?.get("name")).toBe("ann");
    expect([await store.len(), await store.listByUser("42")]).toEqual([1, []]);
  });

  test.for(where(!isLocal))(
    "L9. all times are the store's, on a machine whose clock is ten minutes off",
    async () => {
      const browser = new Browser(await open());
      for (const minutes of [-10, 10]) {
        vi.useFakeTimers({
          toFake: ["Date"],
          now: performance.timeOrigin + performance.now() + minutes * 60_000,
        });
        const off = minutes * 60_000;
        const login = await browser.ask(undefined, (session) => {
          session.login("42");
          expect(session.authenticatedWithin(60)).toBe(true);
        });
        expect(login.header("set-cookie")).toContain("Max-Age=3600;");
        const id = idOf(login) as string;
        await browser.ask(id, (session) => {
          const at = session.authenticatedAt as number;
          expect(Math.abs(at - (Date.now() - off))).toBeLessThan(60_000);
          expect([session.authenticatedWithin(120), session.authenticatedWithin(0)]).toEqual([true, false]);
          expect(session.renewedWithin(120)).toBe(true);
        });
        const renewed = await browser.ask(id, (session) => session.renew());
        expect(Number(/Max-Age=(\d+)/.exec(renewed.header("set-cookie") ?? "")?.[1])).toBeGreaterThan(3500);
        expect(Math.abs(browser.store.now() - (Date.now() - off))).toBeLessThan(60_000);
      }
    },
  );

  test("L10. update works on what was set, removed or taken before it in the same request", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => {
      session.set("count", 5);
      session.set("name", "ann");
    });
    const count = (value: number = 0): number => value + 1;
    await browser.ask(id, async (session) => {
      session.set("count", 10);
      expect(await session.update("count", count)).toBe(11);
      expect(session.get("count")).toBe(11);
    });
    expect((await browser.store.load(id))?.get("count")).toBe(11);
    await browser.ask(id, async (session) => {
      session.remove("count");
      expect(await session.update("count", count)).toBe(1);
    });
    expect((await browser.store.load(id))?.get("count")).toBe(1);
    await browser.ask(id, async (session) => {
      expect(await session.take("count")).toBe(1);
      expect(await session.update("count", count)).toBe(1);
      session.set("count", 7);
    });
    expect((await browser.store.load(id))?.get("count")).toBe(7);
  });

  test("L10. a token is given to one of all requests that take it, even where they have opened before", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.set("token", "once"));
    const paused = [];
    for (let count = 0; count < 5; count += 1) paused.push(await browser.send(id));
    const taken = await Promise.all(paused.map(async ({ session }) => session.take("token")));
    expect(taken.filter((it) => it !== undefined)).toEqual(["once"]);
    for (const it of paused) expect((await it.answer()).statusCode).toBe(200);
    const mine = await browser.ask(id, async (session) => {
      session.set("token", "mine");
      expect([await session.take("token"), await session.take("token")]).toEqual(["mine", undefined]);
    });
    expect(mine.statusCode).toBe(200);
    expect((await browser.store.load(id))?.contains("token")).toBe(false);
  });

  test("L10. session.id is none while the next one is not made yet, instead of the one about to die", async () => {
    const browser = new Browser(await open());
    const id = await browser.begin((session) => session.set("name", "ann"));
    for (const act of [
      (session: AnySession) => session.login("42"),
      (session: AnySession) => session.regenerate(),
      (session: AnySession) => session.renew(),
    ]) {
      const paused = await browser.send(id);
      expect(paused.session.id).toBe(id);
      act(paused.session);
      expect(paused.session.id).toBeUndefined();
      expect(paused.session.handle).toBe(id.slice(0, 22));
    }
  });
});

describe("L10. a session of a store that answers later", () => {
  test("stores with the next save what was set while a save, a regeneration or a login was under way", async () => {
    const store = later(new SessionStore<Data>(3600));
    for (const write of ["save", "regenerate", "renew", "login"] as const) {
      const session = await store.create();
      session.set("name", "first");
      const writing = write === "login" ? store.login(session, "42") : store[write](session);
      session.set("count", 1);
      expect(await writing).toBe(true);
      expect(await store.save(session)).toBe(true);
      const now = await store.load(session.id);
      expect([now?.get("name"), now?.get("count")]).toEqual(["first", 1]);
    }
  });
});

describe("one layer", () => {
  test("around an app and around what is mounted in it is one session with one cookie", async () => {
    const store = new SessionStore<Data>(3600);
    const sessions = sessionLayer(store);
    const inner = App.withState({})
      .wrap(sessions)
      .post("/", (req) => {
        sessions.of(req).set("count", 1);
        return Response.empty(204);
      });
    const outer = App.withState({})
      .wrap(sessions)
      .wrap((req, _conn, next) => {
        sessions.of(req).set("name", "outer");
        return next();
      })
      .mount("/inner", inner);
    const answer = await new TestClient(outer).post("/inner").send();
    expect(answer.headerAll("set-cookie")).toHaveLength(1);
    expect(
      store
        .load(answer.cookie("sid")?.value as string)
        ?.keys()
        .toSorted(),
    ).toEqual(["count", "name"]);
    expect(store.len()).toBe(1);
  });

  test("refuses another around it that has the same cookie", async () => {
    const errors: unknown[] = [];
    const app = App.withState({})
      .onError((error) => void errors.push(error))
      .wrap(sessionLayer(new SessionStore(3600)))
      .wrap(sessionLayer(new SessionStore(60)))
      .get("/", () => Response.empty(204));
    expect((await new TestClient(app).get("/").send()).status).toBe(500);
    expect(String(errors[0])).toContain('two layers around one route have the cookie "sid"');
  });
});

describe("L12. a shared cache", () => {
  const ask = async (cacheControl: string | undefined, act: (session: AnySession) => void, login = false) => {
    const store = new SessionStore<Data>(3600);
    const sessions = sessionLayer(store);
    const app = App.withState({})
      .wrap(sessions)
      .get("/", (req) => {
        act(sessions.of(req));
        const response = Response.text(200, "x");
        return cacheControl === undefined ? response : response.setHeader("Cache-Control", cacheControl);
      });
    const { id } = store.create(login ? { userId: "42" } : {});
    return (await new TestClient(app).setCookie("sid", id).get("/").send()).headerAll("cache-control");
  };
  const read = (session: AnySession): unknown => session.get("name");

  test.each([
    [undefined, ["private"]],
    ["public, max-age=60", ["private, max-age=60"]],
    ["max-age=60", ["private, max-age=60"]],
    ["s-maxage=60", ["private"]],
    ["no-cache", ["private, no-cache"]],
    ["Private, max-age=60", ["Private, max-age=60"]],
    ["no-store", ["no-store"]],
    ["public, no-store", ["no-store"]],
    ['private="x-user", max-age=60', ["private, max-age=60"]],
  ])("keeps no answer that was made for a user (the handler said %s)", async (said, sent) => {
    expect(await ask(said, read, true)).toEqual(sent);
  });

  test.each([
    [undefined, ["no-store"]],
    ["public, max-age=60", ["private, max-age=60"]],
    ["private", ["private"]],
  ])("keeps no answer that sets the cookie (the handler said %s)", async (said, sent) => {
    expect(await ask(said, (session) => session.login("42"))).toEqual(sent);
    expect(await ask(said, (session) => session.regenerate())).toEqual(sent);
  });

  test("may keep what was made for anybody, by its cookie", async () => {
    expect(await ask("public, max-age=60", read)).toEqual(["public, max-age=60"]);
    expect(await ask(undefined, read)).toEqual([]);
  });
});

test("whoever types session. sees what is for them", () => {
  const internal = ["adopt", "written", "saved", "touched", "discard", "changes", "commit", "ticket"];
  for (const { prototype } of [Session, RequestSession]) {
    expect(Object.getOwnPropertyNames(prototype).filter((name) => internal.includes(name))).toEqual([]);
  }
});
