import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { App, type Handler, HttpError, Response, TestClient } from "@hatcheck/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Mode, type RequestSession, sessionLayer, type Store } from "../src/index.ts";
import { STORE_KINDS, type StorePair } from "./store-pairs.ts";

type AnySession = RequestSession<Record<string, string>, Mode>;

/** A site whose every path does one thing with its session. */
function siteOn(store: Store<Record<string, string>, Mode>): App<object> {
  const sessions = sessionLayer(store);
  const does =
    (act: (session: AnySession, param: string) => unknown): Handler<object, "/:param"> =>
    async (req, { param }) =>
      Response.json(200, (await act(await sessions.of(req), param)) ?? null);
  return App.withState({})
    .wrap(sessions)
    .get("/", async (req) => {
      const session = await sessions.of(req);
      const { userId = null, actor = null } = session;
      const withPassword = session.authenticatedWithin(3600);
      return Response.json(200, {
        userId,
        actor: actor?.userId ?? null,
        withPassword,
        note: session.get("note") ?? null,
      });
    })
    .post(
      "/login/:param",
      does((session, userId) => session.login(userId)) as Handler<object, "/login/:param">,
    )
    .post(
      "/note/:param",
      does((session, note) => session.set("note", note)) as Handler<object, "/note/:param">,
    )
    .post(
      "/as/:param",
      does((session, userId) => session.impersonate(userId)) as Handler<object, "/as/:param">,
    )
    .post("/back", async (req) => {
      const session = await sessions.of(req);
      const isBack = await session.endImpersonation();
      if (isBack) session.set("note", "back");
      return Response.json(200, isBack);
    })
    .post("/back/fails", async (req) => {
      await (await sessions.of(req)).endImpersonation();
      throw new HttpError(500);
    })
    .post("/renew", does((session) => session.renew()) as Handler<object, "/renew">)
    .post("/logout", does((session) => session.logout()) as Handler<object, "/logout">)
    .post("/everywhere", does((session) => session.destroyByUser()) as Handler<object, "/everywhere">)
    .get("/devices", does((session) => session.listByUser()) as Handler<object, "/devices">);
}

interface Who {
  readonly userId: string | null;
  readonly actor: string | null;
  readonly withPassword: boolean;
  readonly note: string | null;
}

describe.each(STORE_KINDS)("Impersonation on $name", ({ isHere, open }) => {
  let pair: StorePair;
  let app: App<object>;
  let other: App<object>;
  beforeAll(async () => {
    if (!isHere) return;
    pair = await open();
    [app, other] = pair.stores.map(siteOn) as [App<object>, App<object>];
  });
  afterAll(() => pair?.close());

  const post = async (browser: TestClient, path: string) => (await browser.post(path).send()).status;
  const who = async (browser: TestClient) => (await browser.get("/").send()).json<Who>();
  const devices = async (browser: TestClient) => (await browser.get("/devices").send()).json<unknown[]>();

  let people = 0;
  /** An administrator who acts as a user, and that user. */
  async function acting(): Promise<{ admin: TestClient; adminId: string; user: TestClient; userId: string }> {
    people += 1;
    const [adminId, userId] = [`admin ${people}`, `user ${people}`];
    const [admin, user] = [new TestClient(app), new TestClient(other)];
    await post(user, `/login/${userId}`);
    await post(user, "/note/mine");
    await post(admin, `/login/${adminId}`);
    await post(admin, "/note/admins");
    expect(await post(admin, `/as/${userId}`)).toBe(200);
    return { admin, adminId, user, userId };
  }

  test.skipIf(!isHere)(
    "is a session of its own: empty, without a password, and it says who acts",
    async () => {
      const { admin, adminId, userId, user } = await acting();
      expect(await who(admin)).toEqual({ userId, actor: adminId, withPassword: false, note: null });
      expect(await who(user)).toMatchObject({ userId, actor: null, withPassword: true, note: "mine" });
      expect(await devices(user)).toHaveLength(1);
      expect(await devices(admin)).toHaveLength(1);
    },
  );

  test.skipIf(!isHere)("goes back to the actor's own session, with all that it holds", async () => {
    const { admin, adminId } = await acting();
    expect((await admin.post("/back").send()).json()).toBe(true);
    expect(await who(admin)).toEqual({ userId: adminId, actor: null, withPassword: true, note: "back" });
    expect((await admin.post("/back").send()).status).toBe(500);
  });

  test.skipIf(!isHere)("a renewed id of it goes back too", async () => {
    const { admin, adminId } = await acting();
    expect(await post(admin, "/renew")).toBe(200);
    expect((await admin.post("/back").send()).json()).toBe(true);
    expect((await who(admin)).userId).toBe(adminId);
  });

  test.skipIf(!isHere)("a handler that fails has gone back all the same", async () => {
    const { admin, adminId } = await acting();
    expect(await post(admin, "/back/fails")).toBe(500);
    expect(await who(admin)).toMatchObject({ userId: adminId, actor: null, note: "admins" });
  });

  test.skipIf(!isHere)("ends with the actor's sessions, wherever they are ended", async () => {
    const { admin, adminId, user, userId } = await acting();
    const elsewhere = new TestClient(other);
    await post(elsewhere, `/login/${adminId}`);
    expect((await elsewhere.post("/everywhere").send()).json()).toBe(2);
    expect(await who(admin)).toMatchObject({ userId: null, actor: null });
    expect((await admin.post("/back").send()).status).toBe(500);
    expect((await who(user)).userId).toBe(userId);
  });

  test.skipIf(!isHere)("ends with the user's sessions", async () => {
    const { admin, user } = await acting();
    await post(user, "/everywhere");
    expect(await who(admin)).toMatchObject({ userId: null });
  });

  test.skipIf(!isHere)("a logout ends the actor's session as well, and so does a login", async () => {
    for (const leave of ["/logout", "/login/somebody", "/everywhere"]) {
      const { admin, adminId } = await acting();
      expect(await post(admin, leave)).toBe(200);
      const elsewhere = new TestClient(other);
      await post(elsewhere, `/login/${adminId}`);
      expect(await devices(elsewhere)).toHaveLength(1);
    }
  });

  test.skipIf(!isHere)("is begun by nobody who is not logged in, not twice, and not as oneself", async () => {
    const stranger = new TestClient(app);
    expect(await post(stranger, "/as/ada")).toBe(500);
    expect((await who(stranger)).userId).toBe(null);
    const { admin, adminId, userId } = await acting();
    expect(await post(admin, "/as/ada")).toBe(500);
    expect(await who(admin)).toMatchObject({ userId, actor: adminId });
    const self = new TestClient(app);
    await post(self, "/login/self");
    expect(await post(self, "/as/self")).toBe(500);
  });

  test.skipIf(!isHere)("events name both, and carry no id", async () => {
    const seen: [string, unknown][] = [];
    const names = ["hatcheck.session.impersonated", "hatcheck.session.impersonation-ended"];
    const note = (event: unknown, name: string | symbol): void => void seen.push([String(name), event]);
    for (const name of names) subscribe(name, note);
    const { admin, adminId, userId } = await acting();
    await post(admin, "/back");
    for (const name of names) unsubscribe(name, note);
    expect(seen.map(([name, event]) => [name, event])).toEqual(
      names.map((name) => [
        name,
        { handle: expect.any(String), userId, actor: { userId: adminId, handle: expect.any(String) } },
      ]),
    );
  });
});
