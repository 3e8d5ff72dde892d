// Device-bound sessions in a real Chromium, whose keys are in software: everything else is as people have it.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SessionStoreUnavailableError, type Store } from "@hatcheck/session";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import { TestClient } from "@hatcheck/core";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { selfSignedCertificate } from "../../scripts/certificate.ts";
import { canBind, launchBinding, press } from "./chromium.ts";
import { startSite, type TestSite } from "./site.ts";
import type { SessionData } from "../src/site.ts";

const PASSWORD = "a hat and a coat";
/** Seconds: short, so that the browser refreshes again and again while this runs. */
const REFRESH = 2;
const SID = "__Host-sid";
const BOUND = "__Host-sid-device";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** Says when it happened, with `DEVICE_LOG=1`. */
const began = performance.now();
const say = (what: string): void => {
  if (process.env.DEVICE_LOG)
    console.log(`${((performance.now() - began) / 1000).toFixed(2).padStart(6)} s  ${what}`);
};

/** How often the layer has published something. */
class Counter {
  count = 0;
  readonly #name: string;
  readonly #note = (message: unknown): void => {
    this.count += 1;
    say(`${this.#name} ${JSON.stringify(message)}`);
  };

  constructor(name: string) {
    this.#name = name;
    subscribe(`hatcheck.session.${name}`, this.#note);
  }

  /** Waits for the next one. */
  async next(from = this.count): Promise<void> {
    const until = performance.now() + 10_000;
    while (this.count <= from) {
      if (performance.now() > until) throw new Error(`nothing was published as ${this.#name}`);
      await sleep(10);
    }
  }

  close(): void {
    unsubscribe(`hatcheck.session.${this.#name}`, this.#note);
  }
}

/** A store that can be unreachable. */
function breakable(store: Store<SessionData, "sync">): {
  store: Store<SessionData, "sync">;
  broken: boolean;
} {
  const handle = { store, broken: false };
  handle.store = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (handle.broken && name !== "now") throw new SessionStoreUnavailableError();
        return value.apply(target, args);
      };
    },
  });
  return handle;
}

describe.skipIf(!canBind)("in Chromium (skipped without it or certutil)", () => {
  const tls = selfSignedCertificate();
  const folder = mkdtempSync(join(tmpdir(), "hatcheck-device-"));
  const file = join(folder, "sessions.sqlite");
  const counters = {
    bound: new Counter("bound"),
    refreshed: new Counter("refreshed"),
    refused: new Counter("refused"),
    skipped: new Counter("skipped"),
  };
  let sqlite: SqliteSessionStore<SessionData>;
  let sessions: ReturnType<typeof breakable>;
  let site: TestSite;
  let browser: Awaited<ReturnType<typeof launchBinding>>;
  let context: BrowserContext;
  let page: Page;

  async function serve(port = 0): Promise<void> {
    sqlite = new SqliteSessionStore<SessionData>(file, 3600);
    sessions = breakable(sqlite);
    site = await startSite({
      store: sessions.store,
      ...(port !== 0 && { users: site.site.users }),
      deviceBound: { refreshSeconds: REFRESH },
      listen: { port, tls },
    });
  }

  const userName = () => page.locator("h1").textContent();
  const cookie = async (name: string) => {
    const found = (await context.cookies(site.url)).find((it) => it.name === name);
    return found === undefined ? "" : `${name}=${found.value}`;
  };
  /** Lets the bound cookie run out before its time. */
  const runOut = () => context.clearCookies({ name: BOUND });
  /** What somebody with these cookies gets to see of the account, on another machine. */
  const steal = async (...pairs: string[]) => {
    const thief = TestClient.over(site.url, { tls: { ca: tls.cert } });
    const answer = await thief.get("/account").header("Cookie", pairs.join("; ")).send();
    return answer.status === 200 ? "opened" : `${answer.status} ${answer.header("location")}`;
  };
  const register = async (name: string) => {
    await page.goto(`${site.url}/register`);
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    const before = counters.bound.count;
    await press(page, "button", "Register");
    say(`logged in as ${name}`);
    await counters.bound.next(before);
  };

  beforeAll(async () => {
    await serve();
    browser = await launchBinding(tls.cert);
    ({ context } = browser);
    page = context.pages()[0] ?? (await context.newPage());
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close({ graceMs: 0 });
    sqlite?.close();
    for (const counter of Object.values(counters)) counter.close();
    rmSync(folder, { recursive: true });
  });

  test("a login is bound, is refreshed again and again, and shows in the list of devices", async () => {
    await register("Ann");
    const before = counters.refreshed.count;
    for (let times = 0; times < 3; times += 1) {
      await runOut();
      await page.goto(`${site.url}/account`);
      expect(await userName()).toBe("Ann");
    }
    expect(counters.refreshed.count).toBeGreaterThanOrEqual(before + 3);
    await page.goto(`${site.url}/account/devices`);
    expect(await page.getByText("bound to its device").count()).toBe(1);
  });

  test("copied cookies open nothing once the bound one has run out, and the long-lived one alone at once", async () => {
    const [sid, bound] = [await cookie(SID), await cookie(BOUND)];
    expect(await steal(sid)).toBe("303 /login?next=%2Faccount");
    expect(await steal(sid, bound)).toBe("opened");
    await sleep(REFRESH * 1000 + 500);
    expect(await steal(sid, bound)).toBe("303 /login?next=%2Faccount");
    say("stolen cookies opened nothing");
    // The owner has noticed nothing.
    await page.goto(`${site.url}/account`);
    expect(await userName()).toBe("Ann");
  });

  test("tabs in parallel go on while the browser refreshes: none of their requests fails", async () => {
    const tabs = await Promise.all([context.newPage(), context.newPage(), context.newPage()]);
    const refused = counters.refused.count;
    const until = performance.now() + 1.3 * REFRESH * 1000;
    let pages = 0;
    await Promise.all(
      tabs.map(async (tab, index) => {
        while (performance.now() < until) {
          const answer = await tab.goto(`${site.url}/account`);
          expect([answer?.status(), new URL(tab.url()).pathname]).toEqual([200, "/account"]);
          pages += 1;
          // One of them rests until its cookie has run out.
          if (index === 2) await sleep(REFRESH * 1000 + 100);
        }
        await tab.close();
      }),
    );
    say(`${pages} pages in three tabs`);
    expect(counters.refused.count).toBe(refused);
  });

  test("an outage of the store during a refresh is 503, and logs nobody out", async () => {
    await runOut();
    sessions.broken = true;
    expect((await page.goto(`${site.url}/account`))?.status()).toBe(503);
    say("503 while the store is down");
    sessions.broken = false;
    await vi.waitFor(
      async () => {
        await page.goto(`${site.url}/account`);
        expect(await userName()).toBe("Ann");
      },
      { timeout: 10_000, interval: 200 },
    );
  });

  test("a server that starts again between challenge and proof, on the same file, takes the proof", async () => {
    const { port } = new URL(site.url);
    await site.close({ graceMs: 0 });
    sqlite.close();
    await runOut();
    await serve(Number(port));
    say("started again");
    const before = counters.refreshed.count;
    await page.goto(`${site.url}/account`);
    expect(await userName()).toBe("Ann");
    expect(counters.refreshed.count).toBeGreaterThan(before);
  });

  test("a link from another site finds the user logged in, though the bound cookie has run out", async () => {
    const { port } = new URL(site.url);
    await page.route(`http://other.example:${port}/`, (route) =>
      route.fulfill({ contentType: "text/html", body: `<a href="${site.url}/account">there</a>` }),
    );
    await page.goto(`http://other.example:${port}/`);
    await runOut();
    await page.getByText("there").click();
    await page.getByRole("heading", { name: "Ann" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/account");
  });

  test("a logout ends it, in the browser too: the next login is bound anew", async () => {
    const before = counters.bound.count;
    await press(page, "button", "Log out");
    say("logged out");
    expect(await cookie(BOUND)).toBe("");
    expect((await page.goto(`${site.url}/account`))?.url()).toContain("/login");
    await page.getByLabel("Name", { exact: true }).fill("Ann");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await press(page, "button", "Log in");
    await counters.bound.next(before);
    await runOut();
    await page.goto(`${site.url}/account`);
    expect(await userName()).toBe("Ann");
  });

  test("somebody who logs out everywhere else ends it here", async () => {
    const phone = TestClient.over(site.url, { tls: { ca: tls.cert } });
    await phone.post("/login").form({ name: "Ann", password: PASSWORD }).send();
    await phone.post("/account/devices/logout-others").send();
    expect((await page.goto(`${site.url}/account`))?.url()).toContain("/login");
    say("logged out everywhere else");
  });
});
