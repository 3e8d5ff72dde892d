// Sessions in WebSockets and event streams: read when the connection is opened, and told when the session ends.
import { once } from "node:events";
import { App, HttpError, Response, type Server, sse, TestClient } from "@hatcheck/core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type Mode, sessionLayer, SessionStore, type Store } from "../src/index.ts";
import { STORE_KINDS, type StorePair } from "./store-pairs.ts";

const WATCH_SECONDS = 0.1;

interface Site {
  readonly app: App<object>;
  listen(): Promise<Server>;
}

function siteOn(store: Store<Record<string, string>, Mode>): Site {
  const sessions = sessionLayer(store, { watchSeconds: WATCH_SECONDS, bearer: true });
  const sockets = new WebSocketServer({ noServer: true });
  const app = App.withState({})
    .wrap(sessions)
    .post("/login/:userId", async (req, { userId }) => {
      const session = await sessions.of(req);
      session.login(userId);
      return Response.empty(204);
    })
    .post("/renew", async (req) => {
      (await sessions.of(req)).renew();
      return Response.empty(204);
    })
    .post("/logout", async (req) => {
      (await sessions.of(req)).logout();
      return Response.empty(204);
    })
    .post("/everywhere", async (req) => {
      await (await sessions.of(req)).destroyByUser();
      return Response.empty(204);
    })
    .get("/events", async (req) => {
      const session = await sessions.of(req);
      const watch = sessions.watch(session);
      return sse(req, async function* () {
        try {
          yield `hello ${session.userId}`;
          await once(watch.signal, "abort");
          yield "bye";
        } finally {
          watch.stop();
        }
      });
    });
  const listen = () =>
    app.listen({
      port: 0,
      async upgrade(req, conn, { incoming, socket, head }) {
        const session = await sessions.read(req, conn);
        if (session?.userId === undefined) throw new HttpError(401);
        const watch = sessions.watch(session);
        sockets.handleUpgrade(incoming, socket, head, (webSocket) => {
          webSocket.on("close", watch.stop);
          watch.signal.addEventListener("abort", () => webSocket.close(4401, "The session has ended."));
          webSocket.send(`hello ${session.userId}`);
        });
      },
    });
  return { app, listen };
}

describe.each(STORE_KINDS)("An open connection on $name", ({ isHere, open }) => {
  let pair: StorePair;
  let here: Site;
  let elsewhere: Site;
  let server: Server;
  const opened: WebSocket[] = [];
  beforeAll(async () => {
    if (!isHere) return;
    pair = await open();
    [here, elsewhere] = pair.stores.map(siteOn) as [Site, Site];
    server = await here.listen();
  });
  afterEach(() => {
    for (const socket of opened.splice(0)) socket.terminate();
  });
  afterAll(async () => {
    await server?.close({ graceMs: 0 });
    await pair?.close();
  });

  let people = 0;
  async function loggedIn(): Promise<{
    browser: TestClient;
    atOther: TestClient;
    cookie: string;
    userId: string;
  }> {
    people += 1;
    const userId = `user ${people}`;
    const browser = new TestClient(here.app);
    await browser.post(`/login/${userId}`).send();
    return {
      browser,
      atOther: browser.at(elsewhere.app),
      cookie: `sid=${browser.cookie("sid")}`,
      userId,
    };
  }

  function connect(headers: Record<string, string>): WebSocket {
    const socket = new WebSocket(server.url.replace("http", "ws"), { headers });
    // One that was refused says so once more when it is ended.
    socket.on("error", () => undefined);
    opened.push(socket);
    return socket;
  }

  const greeting = async (socket: WebSocket) => String((await once(socket, "message"))[0]);
  const refusal = async (socket: WebSocket) => {
    const [, answer] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
    return answer.statusCode;
  };

  test.skipIf(!isHere)("is opened with the session of its cookie, or of its token", async () => {
    const { cookie, userId } = await loggedIn();
    expect(await greeting(connect({ cookie }))).toBe(`hello ${userId}`);
    expect(await greeting(connect({ authorization: `Bearer ${cookie.slice(4)}` }))).toBe(`hello ${userId}`);
  });

  test.skipIf(!isHere)("is refused to strangers, and to what another site's page opens", async () => {
    const { cookie } = await loggedIn();
    expect(await refusal(connect({}))).toBe(401);
    expect(await refusal(connect({ cookie: "sid=nonsense-nonsense" }))).toBe(401);
    expect(await refusal(connect({ cookie, origin: "https://evil.example" }))).toBe(403);
    expect(await refusal(connect({ cookie, "sec-fetch-site": "same-site" }))).toBe(403);
    const origin = server.url.replace(/\/$/, "");
    expect(await greeting(connect({ cookie, origin }))).toContain("hello");
  });

  test.skipIf(!isHere)("is told of a logout, in this process and in another", async () => {
    for (const where of ["browser", "atOther"] as const) {
      const visitor = await loggedIn();
      const socket = connect({ cookie: visitor.cookie });
      await greeting(socket);
      const [[code]] = await Promise.all([once(socket, "close"), visitor[where].post("/logout").send()]);
      expect(code).toBe(4401);
    }
  });

  test.skipIf(!isHere)("is told when all sessions of the user are ended elsewhere", async () => {
    const { cookie, userId } = await loggedIn();
    const socket = connect({ cookie });
    await greeting(socket);
    const phone = new TestClient(elsewhere.app);
    await phone.post(`/login/${userId}`).send();
    const [[code]] = await Promise.all([once(socket, "close"), phone.post("/everywhere").send()]);
    expect(code).toBe(4401);
  });

  test.skipIf(!isHere)("goes on when the session gets another id", async () => {
    const { atOther, browser, cookie } = await loggedIn();
    const socket = connect({ cookie });
    await greeting(socket);
    await atOther.post("/renew").send();
    // Two rounds of asking later it is still open.
    await new Promise((resolve) => setTimeout(resolve, 2.5 * WATCH_SECONDS * 1000));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    await Promise.all([once(socket, "close"), browser.post("/logout").send()]);
  });

  test.skipIf(!isHere)("as an event stream, too", async () => {
    const { atOther, cookie, userId } = await loggedIn();
    const answer = await fetch(`${server.url.replace(/\/$/, "")}/events`, { headers: { cookie } });
    const reader = answer.body?.getReader();
    const next = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await next()).toContain(`hello ${userId}`);
    const [end] = await Promise.all([next(), atOther.post("/logout").send()]);
    expect(end).toContain("bye");
    expect((await reader?.read())?.done).toBe(true);
  });
});

test("an outage ends no connection, and nobody is asked once all are closed", async () => {
  const store = new SessionStore(3600);
  let calls = 0;
  store.listByUser = () => {
    calls += 1;
    throw new Error("away");
  };
  const sessions = sessionLayer(store, { watchSeconds: 0.02 });
  const session = store.create({ userId: "ada" });
  const watch = sessions.watch(session);
  await expect.poll(() => calls).toBeGreaterThan(1);
  expect(watch.signal.aborted).toBe(false);
  watch.stop();
  watch.stop();
  const before = calls;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(calls).toBe(before);
});

test("many connections of one user cost one call a round", async () => {
  const store = new SessionStore(3600);
  const { listByUser } = store;
  let calls = 0;
  store.listByUser = (userId) => {
    calls += 1;
    return listByUser.call(store, userId);
  };
  const sessions = sessionLayer(store, { watchSeconds: 0.05 });
  const session = store.create({ userId: "ada" });
  const watches = Array.from({ length: 1000 }, () => sessions.watch(session));
  await expect.poll(() => calls).toBeGreaterThan(0);
  expect(calls).toBeLessThan(10);
  store.destroy(session);
  expect(watches.every(({ signal }) => signal.aborted)).toBe(true);
});

test("a session that nobody is logged in to cannot be watched", () => {
  const store = new SessionStore(3600);
  expect(() => sessionLayer(store).watch(store.create())).toThrow("nobody is logged in");
});
