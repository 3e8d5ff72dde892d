// Outages of the store while a session is bound and refreshed: 503, which a browser tries again; nobody is logged out by one, be it
// that a command was not carried out, or that it was and its answer was lost.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SessionStore, SessionStoreUnavailableError, type Store } from "../src/index.ts";
import { DeviceBrowser } from "./device-browser.ts";
import { BOUND, deviceSite, type Me } from "./device-site.ts";
import { openRedis } from "./remote-stores.ts";
import { hasRedis, startRedis } from "./servers.ts";
import { later } from "./wrapped-stores.ts";

/** Which call fails next, and whether it is carried out all the same. */
interface Fault {
  method: string | undefined;
  isCarriedOut: boolean;
}

function faulty(store: Store, fault: Fault): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (fault.method !== name) return value.apply(target, args);
        const answer = fault.isCarriedOut ? value.apply(target, args) : undefined;
        const error = new SessionStoreUnavailableError();
        if (target.mode === "sync") throw error;
        return Promise.resolve(answer).then(() => Promise.reject(error));
      };
    },
  });
}

const CHROMIUM = { headers: { "Sec-CH-UA": '"Chromium";v="156"' } };
const seconds = (count: number): void => {
  vi.setSystemTime(Date.now() + count * 1000);
};

describe.each<[string, (store: SessionStore) => Store]>([
  ["a synchronous store", (store) => store],
  ["an asynchronous store", (store) => later(store)],
])("with %s", (_kind, wrap) => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const open = () => {
    const fault: Fault = { method: undefined, isCarriedOut: false };
    const memory = new SessionStore(86_400);
    const app = deviceSite(faulty(wrap(memory), fault));
    const browser = new DeviceBrowser(app, CHROMIUM);
    const me = async () => (await browser.get("/me")).json<Me>();
    return { fault, memory, browser, me };
  };
  const FAULTS = [
    ["load", false],
    ["exchangeDevice", false],
    ["exchangeDevice", true],
  ] as const;

  test.each(FAULTS)(
    "a refresh during an outage of %s (carried out: %s) is 503, and done later",
    async (method, isCarriedOut) => {
      const { fault, browser, me } = open();
      await browser.logIn("/login/ann");
      Object.assign(fault, { method, isCarriedOut });
      for (let times = 1; times <= 3; times += 1) {
        seconds(601);
        const answer = await browser.refresh();
        expect([answer.status, answer.header("retry-after")]).toEqual([503, "5"]);
        expect(answer.header("content-type")).toBe("application/problem+json");
      }
      fault.method = undefined;
      expect(await me()).toMatchObject({ userId: "ann", deviceBound: true });
    },
  );

  test.each(FAULTS)(
    "a registration during an outage of %s (carried out: %s) is 503, and asked for again",
    async (method, isCarriedOut) => {
      const { fault, browser, me } = open();
      await browser.post("/login/ann");
      Object.assign(fault, { method, isCarriedOut });
      expect((await browser.register()).status).toBe(503);
      fault.method = undefined;
      expect((await me()).userId).toBe("ann");
      seconds(16);
      browser.registration = undefined;
      expect((await me()).userId).toBe("ann");
      expect(browser.registration).toBeDefined();
      expect((await browser.register()).status).toBe(200);
      seconds(3600);
      expect(await me()).toMatchObject({ userId: "ann", deviceBound: true });
    },
  );

  test("a login whose offer cannot be stored is a login all the same, which is offered nothing", async () => {
    for (const isCarriedOut of [false, true]) {
      const { fault, browser, me } = open();
      Object.assign(fault, { method: "exchangeDevice", isCarriedOut });
      const answer = await browser.post("/login/ann");
      expect(answer.status).toBe(303);
      expect(answer.header("secure-session-registration")).toBe(undefined);
      expect(browser.client.cookie(BOUND)).toBe(undefined);
      fault.method = undefined;
      expect(await me()).toMatchObject({ userId: "ann", deviceBound: false });
    }
  });

  test("a page is not lost with the offer that was to go with it", async () => {
    const { fault, browser, me } = open();
    await browser.post("/login/ann");
    fault.method = "exchangeDevice";
    seconds(16);
    expect((await me()).userId).toBe("ann");
    fault.method = undefined;
    browser.registration = undefined;
    await me();
    expect(browser.registration).toBeDefined();
  });
});

describe.skipIf(!hasRedis)("with a Redis that crashes and comes back", () => {
  test("refreshes are 503 meanwhile, and the session goes on", async () => {
    const server = await startRedis({ durable: true });
    const { store, close } = await openRedis("node-redis", [server.port], { ttl: 3600, timeoutMs: 300 });
    try {
      const browser = new DeviceBrowser(deviceSite(store as unknown as Store));
      await browser.logIn("/login/ann");
      await server.kill();
      expect((await browser.refresh()).status).toBe(503);
      await server.start();
      await vi.waitFor(async () => expect((await browser.refresh()).status).toBe(200), { timeout: 10_000 });
      expect((await browser.get("/me")).json<Me>()).toMatchObject({ userId: "ann", deviceBound: true });
    } finally {
      await close();
      await server.close();
    }
  });
});
