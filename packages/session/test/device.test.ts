// Device-bound sessions, as a browser meets them that speaks the protocol.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { TestResponse } from "@hatcheck/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SessionStore, type Store } from "../src/index.ts";
import { BOUND, deviceSite, type Me, SID } from "./device-site.ts";
import { DeviceBrowser, makeKey, makeProof } from "./device-browser.ts";
import { counting, later } from "./wrapped-stores.ts";

const KINDS: [string, (store: SessionStore) => Store][] = [
  ["a synchronous store", (store) => store],
  ["an asynchronous store", (store) => later(store)],
];

const me = (answer: TestResponse): Me => answer.json<Me>();
const seconds = (count: number): void => {
  vi.setSystemTime(Date.now() + count * 1000);
};

/** What a channel publishes while something runs. */
async function published(name: string, run: () => Promise<unknown>): Promise<unknown[]> {
  const messages: unknown[] = [];
  const note = (message: unknown): void => {
    messages.push(message);
  };
  subscribe(name, note);
  try {
    await run();
  } finally {
    unsubscribe(name, note);
  }
  return messages;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(KINDS)("with %s", (_kind, wrap) => {
  const open = (options: Parameters<typeof deviceSite>[1] = {}) => {
    const memory = new SessionStore(86_400);
    const { store, calls } = counting(wrap(memory));
    const app = deviceSite(store, options);
    return { memory, calls, app, browser: new DeviceBrowser(app) };
  };

  describe("registration", () => {
    test.each(["ES256", "RS256"] as const)("binds a login over TLS to a key, in %s", async (alg) => {
      const { app } = open();
      const browser = new DeviceBrowser(app, { key: makeKey(alg) });
      const login = await browser.post("/login/ann");
      expect(login.header("secure-session-registration")).toMatch(
        /^\(ES256 RS256\);path="\/device-bound\/register";challenge="[\w.-]+"$/,
      );
      expect(me(await browser.get("/me")).deviceBound).toBe(false);
      const answer = await browser.register();
      expect(answer.status).toBe(200);
      expect(me(await browser.get("/me"))).toMatchObject({ userId: "ann", deviceBound: true });
    });

    test("is answered as the draft says", async () => {
      const { browser } = open();
      const answer = await browser.logIn("/login/ann");
      const [, value = ""] = /^__Host-sid-device=([\w-]{43});/.exec(answer.header("set-cookie") ?? "") ?? [];
      const identifier = browser.bound?.identifier ?? "";
      expect(answer.json()).toEqual({
        session_identifier: identifier,
        refresh_url: "/device-bound/refresh",
        scope: { origin: "https://localhost", include_site: false, scope_specification: [] },
        credentials: [{ type: "cookie", name: BOUND, attributes: "Path=/; HttpOnly; Secure; SameSite=Lax" }],
      });
      // The attributes are those of the cookie, but for its life.
      expect(answer.header("set-cookie")).toBe(
        `${BOUND}=${value}; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax`,
      );
      expect(answer.header("cache-control")).toBe("no-store");
      expect(answer.header("cross-origin-resource-policy")).toBe("same-origin");
      // The identifier is the handle, which opens nothing.
      expect(browser.client.cookie(SID)?.startsWith(`${identifier}.`)).toBe(true);
    });

    test("is not offered without TLS, to nobody, or again to who is bound", async () => {
      const { app, browser } = open();
      const plain = new DeviceBrowser(app, { peer: { encrypted: false } });
      expect((await plain.post("/login/ann")).header("secure-session-registration")).toBe(undefined);
      expect((await browser.post("/set/x")).header("secure-session-registration")).toBe(undefined);
      await browser.logIn("/login/ann");
      expect((await browser.post("/login/ann")).header("secure-session-registration")).toBe(undefined);
      expect(me(await browser.get("/me")).deviceBound).toBe(true);
    });

    test("costs a browser that cannot nothing: its session is an ordinary one", async () => {
      const { app } = open();
      const firefox = new DeviceBrowser(app);
      await firefox.post("/login/ann");
      seconds(80_000);
      expect(me(await firefox.get("/me"))).toMatchObject({ userId: "ann", deviceBound: false });
    });

    test("leaves requests that were under way their session: a bound cookie comes with the login", async () => {
      const { browser } = open();
      await browser.post("/login/ann");
      const underWay = browser.steal(SID, BOUND);
      await browser.register();
      expect(
        me(
          await browser.client
            .get("/me")
            .header("Cookie", underWay.Cookie ?? "")
            .send(),
        ).userId,
      ).toBe("ann");
    });

    test("is offered again to a browser that could and did not, a few times", async () => {
      const { app } = open();
      const chromium = new DeviceBrowser(app, { headers: { "Sec-CH-UA": '"Chromium";v="156"' } });
      const offers: number[] = [];
      await chromium.post("/login/ann");
      for (let second = 1; second < 2000; second += 1) {
        seconds(1);
        if ((await chromium.get("/me")).header("secure-session-registration") !== undefined)
          offers.push(second);
      }
      expect(offers).toEqual([15, 75, 315]);
      expect((await chromium.register()).status).toBe(403);
    });

    test("that is offered again is taken", async () => {
      const { app } = open();
      const chromium = new DeviceBrowser(app, { headers: { "Sec-CH-UA": '"Chromium";v="156"' } });
      await chromium.post("/login/ann");
      seconds(20);
      await chromium.get("/me");
      expect((await chromium.register()).status).toBe(200);
      expect(me(await chromium.get("/me")).deviceBound).toBe(true);
    });

    test("whose answer was lost is offered and taken again, as long as the cookie of the login is good", async () => {
      const { app } = open();
      const chromium = new DeviceBrowser(app, { headers: { "Sec-CH-UA": '"Chromium";v="156"' } });
      await chromium.post("/login/ann");
      // Sent from elsewhere, so that the browser hears nothing of the answer.
      const lost = makeProof(chromium.key, chromium.registration?.challenge ?? "", {
        header: { jwk: chromium.key.jwk },
      });
      const cookies = chromium.steal(SID, BOUND);
      const answer = await new DeviceBrowser(app).send("POST", "/device-bound/register", {
        ...cookies,
        "Secure-Session-Response": lost,
      });
      expect(answer.status).toBe(200);
      seconds(16);
      expect((await chromium.get("/me")).header("secure-session-registration")).toBeDefined();
      expect((await chromium.register()).status).toBe(200);
      seconds(900);
      expect(me(await chromium.get("/me"))).toMatchObject({ userId: "ann", deviceBound: true });
      expect((await chromium.get("/me")).header("secure-session-registration")).toBe(undefined);
    });
  });

  describe("refresh", () => {
    test("begins with 403 and a challenge that names its session, and ends with another cookie", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      const first = browser.client.cookie(BOUND);
      const asked = await browser.prove(undefined);
      expect(asked.status).toBe(403);
      expect(asked.header("secure-session-challenge")).toMatch(
        new RegExp(`^"[\\w.-]+";id="${browser.bound?.identifier}"$`),
      );
      const answer = await browser.refresh();
      expect(answer.status).toBe(200);
      expect(answer.json()).toMatchObject({ session_identifier: browser.bound?.identifier });
      expect(browser.client.cookie(BOUND)).not.toBe(first);
      expect(me(await browser.get("/me")).deviceBound).toBe(true);
    });

    test("needs no 403 with the challenge that was sent ahead", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      for (let times = 1; times <= 5; times += 1) {
        seconds(601);
        const challenge = browser.bound?.challenge ?? "";
        expect((await browser.prove(makeProof(browser.key, challenge))).status).toBe(200);
      }
      expect(me(await browser.get("/me"))).toMatchObject({ userId: "ann", deviceBound: true });
    });

    test("goes on for the whole life of the session", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      for (let hour = 1; hour < 24; hour += 1) {
        seconds(3600);
        expect(me(await browser.get("/me")).userId).toBe("ann");
      }
      seconds(3600);
      expect(me(await browser.get("/me")).userId).toBe(null);
    });

    test("leaves the cookies before it good until their end: what is under way keeps its session", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      const before = browser.steal(SID, BOUND);
      seconds(590);
      for (let times = 1; times <= 8; times += 1) await browser.refresh();
      expect(me(await browser.send("GET", "/me", before)).userId).toBe("ann");
      seconds(11);
      expect(me(await browser.send("GET", "/me", before)).userId).toBe(null);
    });

    test("goes on after the session has got another id", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      for (const target of ["/renew", "/regenerate", "/login/ann"]) {
        await browser.post(target);
        seconds(601);
        expect(me(await browser.get("/me"))).toMatchObject({ userId: "ann", deviceBound: true });
      }
    });

    test("under an id that was replaced a moment ago ends nothing: it is 503", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      const before = browser.steal(SID);
      await browser.post("/regenerate");
      const identifier = browser.bound?.identifier ?? "";
      const fields = { ...before, "Sec-Secure-Session-Id": identifier };
      const answer = await browser.send("POST", "/device-bound/refresh", fields);
      expect([answer.status, answer.header("retry-after")]).toEqual([503, "1"]);
    });

    test("of two that race one is done, and the other is asked again", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      const proof = makeProof(browser.key, browser.bound?.challenge ?? "");
      const answers = await Promise.all([browser.prove(proof), browser.prove(proof), browser.prove(proof)]);
      expect(answers.map((it) => it.status).toSorted((a, b) => a - b)).toEqual([200, 403, 403]);
      expect((await browser.refresh()).status).toBe(200);
    });

    test("after a logout, or after all sessions were ended, tells the browser to forget its key", async () => {
      for (const target of ["/logout", "/end-all"]) {
        const { browser } = open();
        await browser.logIn("/login/ann");
        const identifier = browser.bound?.identifier;
        await browser.post(target);
        expect(browser.client.cookie(BOUND)).toBe(undefined);
        await browser.get("/me");
        expect(browser.last?.status).toBe(200);
        expect(browser.last?.json()).toEqual({ session_identifier: identifier, continue: false });
        expect(browser.bound).toBe(undefined);
      }
    });

    test("of another session than the cookie's tells the browser to forget that one", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      const answer = await browser.prove(undefined, "somebodyelseshandle000");
      expect(answer.json()).toEqual({ session_identifier: "somebodyelseshandle000", continue: false });
    });
  });

  describe("a bound session", () => {
    test("costs no store call more than any other", async () => {
      const { browser, calls } = open();
      await browser.logIn("/login/ann");
      calls.clear();
      await browser.get("/me");
      expect(calls.list().filter((name) => name !== "now")).toEqual(["load"]);
    });

    test("does not open with the long-lived cookie alone, from the moment of the registration", async () => {
      const { app, browser, memory } = open();
      await browser.post("/login/ann");
      const stolen = browser.steal(SID);
      const thief = new DeviceBrowser(app);
      expect(me(await thief.send("GET", "/me", stolen)).userId).toBe("ann");
      await browser.register();
      const refused = await published("hatcheck.session.refused", async () => {
        expect(me(await thief.send("GET", "/me", stolen))).toEqual({
          userId: null,
          deviceBound: false,
          name: null,
        });
      });
      expect(refused).toEqual([{ handle: browser.bound?.identifier, reason: "device" }]);
      // And its owner goes on.
      expect(me(await browser.get("/me")).userId).toBe("ann");
      expect(memory.len()).toBe(1);
    });

    test("opens with both cookies until the bound one has run out", async () => {
      const { app, browser } = open();
      await browser.logIn("/login/ann");
      const stolen = browser.steal(SID, BOUND);
      const thief = new DeviceBrowser(app);
      seconds(600);
      expect(me(await thief.send("GET", "/me", stolen)).userId).toBe("ann");
      seconds(1);
      expect(me(await thief.send("GET", "/me", stolen)).userId).toBe(null);
      expect(me(await browser.get("/me")).userId).toBe("ann");
    });

    test("cannot be changed, renewed or ended by who is refused", async () => {
      const { app, browser, memory } = open();
      await browser.logIn("/login/ann");
      const stolen = browser.steal(SID);
      const thief = new DeviceBrowser(app);
      for (const target of ["/set/mallory", "/renew", "/regenerate", "/logout", "/end-all"]) {
        await thief.send("POST", target, stolen);
      }
      expect(me(await browser.get("/me"))).toEqual({ userId: "ann", deviceBound: true, name: null });
      expect(memory.listByUser("ann")).toHaveLength(1);
    });

    test("stays closed to a layer that does not bind", async () => {
      const { browser, memory } = open();
      await browser.logIn("/login/ann");
      const other = deviceSite(memory, { deviceBound: false });
      const visitor = new DeviceBrowser(other);
      expect(me(await visitor.send("GET", "/me", browser.steal(SID))).userId).toBe(null);
      expect(me(await visitor.send("GET", "/me", browser.steal(SID, BOUND))).userId).toBe("ann");
    });

    test("shows in the list of devices, which holds none of its secrets", async () => {
      const { app, browser, memory } = open();
      await browser.logIn("/login/ann");
      await new DeviceBrowser(app).post("/login/ann");
      const devices = (await browser.get("/devices")).json<Record<string, unknown>[]>();
      expect(devices.map(({ deviceBound, current }) => [deviceBound, current])).toContainEqual([true, true]);
      expect(devices.map(({ deviceBound, current }) => [deviceBound, current])).toContainEqual([
        false,
        false,
      ]);
      expect(devices.map((it) => Object.keys(it))).not.toContainEqual(expect.arrayContaining(["device"]));
      expect(memory.listByUser("ann").filter((it) => it.deviceBound)).toHaveLength(1);
    });

    test("is what requireDevice wants", async () => {
      const { app, browser } = open();
      await browser.post("/login/ann");
      expect((await browser.get("/vault")).status).toBe(403);
      await browser.register();
      expect((await browser.get("/vault")).text()).toBe("gold");
      expect((await new DeviceBrowser(app).send("GET", "/vault", browser.steal(SID))).status).toBe(403);
    });

    test("is another's after another has logged in: nothing of the first is left", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      await browser.post("/set/hers");
      const ann = browser.bound;
      await browser.logIn("/login/bob");
      expect(browser.bound).not.toBe(ann);
      seconds(601);
      expect(me(await browser.get("/me"))).toEqual({ userId: "bob", deviceBound: true, name: null });
    });

    test("is opened by an upload that began while its cookie was good", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      const cookies = browser.steal(SID, BOUND);
      // Covered by the time of arrival, which the layer notes before the handler runs.
      seconds(600);
      expect(me(await browser.send("GET", "/me", cookies)).userId).toBe("ann");
    });
  });

  describe("an impersonation", () => {
    test("is bound by itself, and leaves the actor's binding as it is", async () => {
      const { browser } = open();
      await browser.logIn("/login/admin");
      const actor = browser.bound;
      await browser.post("/as/ann");
      await browser.register();
      const impersonation = browser.bound;
      expect(me(await browser.get("/me"))).toMatchObject({ userId: "ann", deviceBound: true });
      seconds(601);
      // Chromium knows both, and asks for both.
      const answer = await browser.prove(undefined, actor?.identifier);
      expect([answer.status, answer.header("retry-after")]).toEqual([503, "1"]);
      browser.bound = impersonation;
      expect(me(await browser.get("/me"))).toMatchObject({ userId: "ann", deviceBound: true });
      await browser.post("/back");
      expect(browser.client.cookie(BOUND)).toBe(undefined);
      browser.bound = actor;
      expect(me(await browser.get("/me"))).toMatchObject({ userId: "admin", deviceBound: true });
      browser.bound = impersonation;
      expect((await browser.refresh()).json()).toMatchObject({ continue: false });
    });
  });

  test("a login as another user is not bound to the device of the one before, from that moment on", async () => {
    const { browser } = open();
    await browser.logIn("/login/ann");
    expect((await browser.post("/swap/bob")).json()).toEqual([true, false]);
  });

  describe("required", () => {
    test("ends the session of a browser that does not register, a minute after its login", async () => {
      const { browser } = open({ deviceBound: "required" });
      await browser.post("/login/ann");
      seconds(59);
      expect(me(await browser.get("/me")).userId).toBe("ann");
      seconds(2);
      const refused = await published("hatcheck.session.refused", () => browser.get("/me"));
      expect(refused).toMatchObject([{ reason: "device" }]);
      expect(me(await browser.get("/me")).userId).toBe(null);
    });

    test("leaves who registers, and who has not logged in", async () => {
      const { app, browser } = open({ deviceBound: { required: true } });
      const visitor = new DeviceBrowser(app);
      await visitor.post("/set/cart");
      await browser.logIn("/login/ann");
      seconds(3600);
      expect(me(await browser.get("/me")).userId).toBe("ann");
      expect(me(await visitor.get("/me")).name).toBe("cart");
    });

    test("refuses a login without TLS", async () => {
      const { app } = open({ deviceBound: "required" });
      const answer = await new DeviceBrowser(app, { peer: { encrypted: false } }).post("/login/ann");
      expect([answer.status, answer.header("set-cookie")]).toEqual([403, undefined]);
    });
  });

  describe("a browser that could not refresh", () => {
    const SKIPPED = "server_error";

    test("says so, which is published", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      const handle = browser.bound?.identifier ?? "";
      const field = `${SKIPPED};session_identifier="${handle}", quota_exceeded`;
      const skipped = await published("hatcheck.session.skipped", () =>
        browser.send("GET", "/me", { "Secure-Session-Skipped": field }),
      );
      expect(skipped).toEqual([
        { handle, reason: SKIPPED },
        { handle: undefined, reason: "quota_exceeded" },
      ]);
    });

    test("is an anonymous visitor meanwhile, whose session is not replaced by another", async () => {
      const { browser, memory } = open();
      await browser.logIn("/login/ann");
      const handle = browser.bound?.identifier ?? "";
      seconds(601);
      const fields = { "Secure-Session-Skipped": `${SKIPPED};session_identifier="${handle}"` };
      expect(me(await browser.send("GET", "/me", fields)).userId).toBe(null);
      const answer = await browser.send("POST", "/set/x", fields);
      expect([answer.status, answer.header("set-cookie")]).toEqual([503, undefined]);
      expect(memory.len()).toBe(1);
      expect(me(await browser.get("/me")).userId).toBe("ann");
    });
  });

  describe("a page that is asked for from another site", () => {
    const LINK = {
      "Sec-Fetch-Site": "cross-site",
      "Sec-Fetch-Mode": "navigate",
      "Sec-Fetch-Dest": "document",
    };

    test("asks for itself again, since the browser refreshes for our own pages alone", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      seconds(601);
      const answer = await browser.send("GET", "/me", LINK);
      expect([answer.status, answer.header("refresh"), answer.header("cache-control")]).toEqual([
        200,
        "0",
        "no-store",
      ]);
      expect(answer.text()).not.toContain("userId");
      // What follows is a request of our own origin.
      expect(
        me(await browser.request("GET", "/me", { ...LINK, "Sec-Fetch-Site": "same-origin" })).userId,
      ).toBe("ann");
    });

    test("does so once: without a refresh it is an anonymous visit", async () => {
      const { app, browser } = open();
      await browser.logIn("/login/ann");
      const stolen = browser.steal(SID);
      const thief = new DeviceBrowser(app);
      const again = { ...LINK, ...stolen, "Sec-Fetch-Site": "same-origin" };
      expect((await thief.send("GET", "/me", { ...LINK, ...stolen })).header("refresh")).toBe("0");
      expect(me(await thief.send("GET", "/me", again)).userId).toBe(null);
      for (const other of [{ "Sec-Fetch-Mode": "cors" }, { "Sec-Fetch-Dest": "image" }]) {
        expect((await thief.send("GET", "/me", { ...LINK, ...stolen, ...other })).header("refresh")).toBe(
          undefined,
        );
      }
    });

    test("is not asked for again where it is a login: the way back from another site that knows the user", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      seconds(601);
      const answer = await browser.send("GET", "/callback/bob", LINK);
      expect([answer.status, answer.header("refresh")]).toEqual([303, undefined]);
      await browser.register();
      expect(me(await browser.get("/me"))).toMatchObject({ userId: "bob", deviceBound: true });
    });

    test("and whose bound cookie has just run out, wherever it comes from, gives that up and asks again", async () => {
      const { browser } = open();
      await browser.logIn("/login/ann");
      const cookies = browser.steal(SID, BOUND);
      seconds(601);
      const answer = await browser.send("GET", "/me", { ...LINK, ...cookies, "Sec-Fetch-Site": "none" });
      expect(answer.header("refresh")).toBe("0");
      expect(answer.header("set-cookie")).toMatch(/^__Host-sid-device=; Path=\/; Max-Age=0;/);
    });
  });

  test("behind a trusted proxy the origin is the one that the browser sees", async () => {
    const { app } = open();
    const browser = new DeviceBrowser(app, {
      peer: { encrypted: false },
      trustProxy: 1,
      scheme: "https",
      headers: {
        "X-Forwarded-For": "192.0.2.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.example:8443",
      },
    });
    const answer = await browser.logIn("/login/ann");
    expect(answer.json()).toMatchObject({ scope: { origin: "https://shop.example:8443" } });
    expect(me(await browser.get("/me")).deviceBound).toBe(true);
  });

  test("the prefix of the paths, and the life of the bound cookie, are options", async () => {
    const { browser } = open({
      deviceBound: { path: "/account/key", refreshSeconds: 300 },
      cookie: { name: "shop" },
    });
    const answer = await browser.logIn("/login/ann");
    expect(browser.registration?.path).toBe("/account/key/register");
    expect(answer.header("set-cookie")).toMatch(/^__Host-shop-device=[\w-]{43}; Path=\/; Max-Age=300;/);
    expect(answer.json()).toMatchObject({ refresh_url: "/account/key/refresh" });
    seconds(301);
    expect(me(await browser.get("/me")).deviceBound).toBe(true);
  });

  test("a change that comes so late that its cookie has run out costs the browser no session", async () => {
    const { browser, memory } = open();
    await browser.logIn("/login/ann");
    const late = browser.steal(SID, BOUND);
    seconds(601);
    const answer = await browser.send("POST", "/set/x", late);
    expect([answer.status, answer.header("set-cookie")]).toEqual([503, undefined]);
    expect(memory.len()).toBe(1);
    expect(me(await browser.get("/me")).userId).toBe("ann");
  });

  test("only POST is for the protocol's paths, and other paths are the application's", async () => {
    const { browser } = open();
    const answer = await browser.get("/device-bound/refresh");
    expect([answer.status, answer.header("allow")]).toEqual([405, "POST"]);
    expect((await browser.post("/device-bound")).status).toBe(404);
    expect((await browser.post("/device-bound/refresh/x")).status).toBe(404);
  });
});
