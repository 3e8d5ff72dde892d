// The site in a real Chromium, as people use it, and as others try to misuse it.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Scheduler } from "@hatcheck/scheduler";
import axe from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { selfSignedCertificate } from "../../scripts/certificate.ts";
import { chromiumPath, launchChromium, press } from "./chromium.ts";
import { startProgram } from "./program.ts";
import { startSite, type TestSite } from "./site.ts";

const PASSWORD = "a hat and a coat";
const PHONE = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };

describe.skipIf(chromiumPath === undefined)("in Chromium (skipped when there is none)", () => {
  let browser: Browser;
  let site: TestSite;
  let names = 0;
  const someone = () => `Visitor ${(names += 1)}`;

  beforeAll(async () => {
    [browser, site] = await Promise.all([launchChromium(), startSite()]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close({ graceMs: 0 });
  });

  async function open(options: BrowserContextOptions = {}): Promise<{ context: BrowserContext; page: Page }> {
    const context = await browser.newContext({ baseURL: site.url, ...options });
    context.setDefaultTimeout(8000);
    onTestFinished(() => context.close());
    return { context, page: await context.newPage() };
  }

  test("everything works without JavaScript, on a phone", async () => {
    const { page } = await open({ javaScriptEnabled: false, ...PHONE });
    const name = someone();
    await page.goto("/");
    await press(page, "button", "Count one more");
    await press(page, "button", "Count one more");
    expect(await page.locator(".figure").textContent()).toBe("2");
    await press(page, "link", "Create an account");
    await fillIn(page, { name, password: "short" }, "Register");
    expect(await page.getByText("A password has 8 characters or more.").isVisible()).toBe(true);
    expect(await page.getByLabel("Name").inputValue()).toBe(name);
    await fillIn(page, { password: PASSWORD }, "Register");
    expect(new URL(page.url()).pathname).toBe("/account");
    expect(await page.getByRole("status").textContent()).toBe("Your account is ready.");
    await page.reload();
    expect(await page.getByRole("status").count()).toBe(0);
    await press(page, "link", "Change password");
    await fillIn(page, { "New password": "a new umbrella" }, "Change password");
    expect(await page.getByRole("status").textContent()).toContain("Your password is changed");
    await press(page, "button", "Log out");
    expect(await page.getByRole("status").textContent()).toBe("You are logged out.");
    await page.goto("/account/devices");
    expect(new URL(page.url()).pathname).toBe("/login");
    await fillIn(page, { name, password: "a new umbrella" }, "Log in");
    expect(new URL(page.url()).pathname).toBe("/account/devices");
  });

  test("the keyboard alone is enough, beginning with a way past the navigation", async () => {
    const { page } = await open();
    const name = someone();
    await page.goto("/register");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type(name);
    await page.keyboard.press("Tab");
    await page.keyboard.type("short");
    await page.keyboard.press("Enter");
    await page.getByText("A password has 8 characters or more.").waitFor();
    // The field that is wrong has the focus already.
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/account");
    for (let tabs = 0; tabs < 12 && (await focused(page)) !== "Log out"; tabs += 1)
      await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("You are logged out.").waitFor();
  });

  describe("the cookie, as the browser stores it", () => {
    test("without TLS: HttpOnly and SameSite=Lax, out of reach of scripts", async () => {
      const { context, page } = await open();
      await page.goto("/");
      expect(await context.cookies()).toEqual([]);
      await press(page, "button", "Count one more");
      const [cookie, ...others] = await context.cookies();
      expect(others).toEqual([]);
      expect(cookie).toMatchObject({
        name: "sid",
        domain: "127.0.0.1",
        path: "/",
        httpOnly: true,
        sameSite: "Lax",
        secure: false,
      });
      expect(await page.evaluate("document.cookie")).toBe("");
    });

    test("over TLS: Secure, and bound to this very host by its prefix", async () => {
      const secure = await startSite({ listen: { tls: selfSignedCertificate() } });
      onTestFinished(() => secure.close({ graceMs: 0 }));
      const { context, page } = await open({ baseURL: secure.url, ignoreHTTPSErrors: true });
      const answer = await page.goto("/register");
      expect(answer?.headers()["strict-transport-security"]).toMatch(/^max-age=/);
      await fillIn(page, { name: someone(), password: PASSWORD }, "Register");
      await page.waitForURL("**/account");
      const cookies = await context.cookies();
      expect(cookies).toHaveLength(1);
      expect(cookies[0]).toMatchObject({
        name: "__Host-sid",
        domain: "127.0.0.1",
        path: "/",
        httpOnly: true,
        sameSite: "Lax",
        secure: true,
      });
    });
  });

  test("two browsers are two devices, and each can end the other's login", async () => {
    const name = someone();
    const here = await open();
    const there = await open({
      userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Safari/604.1",
    });
    await register(here.page, name);
    await logIn(there.page, name);
    await here.page.goto("/account/devices");
    expect(await here.page.getByRole("listitem").filter({ hasText: "this device" }).count()).toBe(1);
    await press(here.page, "button", "Log out Safari on iPhone");
    await here.page.getByText("That device is logged out.").waitFor();
    await there.page.reload();
    expect(new URL(there.page.url()).pathname).toBe("/login");

    await logIn(there.page, name);
    await there.page.goto("/account/devices");
    await press(there.page, "button", "Log out everywhere else");
    await there.page.getByText("Logged out on 1 other device.").waitFor();
    await here.page.reload();
    expect(new URL(here.page.url()).pathname).toBe("/login");
  });

  test("after the logout, going back shows nothing private", async () => {
    const { page } = await open();
    const name = someone();
    await register(page, name);
    await page.goto("/account/devices");
    await page.goto("/account");
    await press(page, "button", "Log out");
    for (let steps = 0; steps < 2; steps += 1) {
      await page.goBack();
      expect(new URL(page.url()).pathname).toBe("/login");
      expect(await page.content()).not.toContain(name);
    }
  });

  test.each([
    ["another site", "localhost", "cross-site"],
    ["another port of this host, whose requests carry the cookie", "127.0.0.1", "same-site"],
  ])("a form on %s is refused", async (_what, host, fetchSite) => {
    const { context, page } = await open();
    await register(page, someone());
    const target = `${site.url}/logout`;
    const evil = createServer((_req, res) => {
      res.setHeader("Content-Type", "text/html");
      res.end(`<form method="post" action="${target}"><button>Win a hat</button></form>`);
    });
    await new Promise<void>((resolve) => evil.listen(0, host, resolve));
    onTestFinished(() => void evil.close());

    const trap = await context.newPage();
    await trap.goto(`http://${host}:${(evil.address() as AddressInfo).port}/`);
    const sent = trap.waitForRequest(target);
    await trap.getByRole("button").click();
    const answer = await (await sent).response();
    expect(await answer?.request().headerValue("sec-fetch-site")).toBe(fetchSite);
    expect(answer?.status()).toBe(403);
    await trap.getByText("This request came from another site.").waitFor();
    await page.reload();
    expect(new URL(page.url()).pathname).toBe("/account");
  });

  test("a restart of the server in between keeps everybody logged in", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "hatcheck-example-"));
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
    const first = await startProgram(["--port", "0"], cwd);
    onTestFinished(() => void first.child.kill("SIGKILL"));
    const { page } = await open({ baseURL: first.url });
    const name = someone();
    await register(page, name);
    expect(await first.stop()).toBe(0);
    await expect(page.reload()).rejects.toThrow("ERR_CONNECTION_REFUSED");
    const second = await startProgram(["--port", new URL(first.url).port], cwd);
    onTestFinished(() => void second.child.kill("SIGKILL"));
    await page.goto("/account");
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(name);
    expect(await second.stop()).toBe(0);
  });

  test("the administrator sees what the scheduler does, and nobody else", async () => {
    const jobs = new Scheduler({ onError: () => {} })
      .every("1h", () => {}, { name: "purge sessions" })
      .cron("0 0 9 * * *", () => Promise.reject(new Error("a secret")), { name: "mail" })
      .at(new Date("2026-01-01T00:00:00Z"), () => {}, { name: "move house" })
      .start();
    onTestFinished(async () => void (await jobs.stop()));
    await Promise.all([jobs.trigger("purge sessions"), jobs.trigger("mail")]);
    const watched = await startSite({ admin: "Ada Lovelace", tasks: () => jobs.status() });
    onTestFinished(() => watched.close({ graceMs: 0 }));

    const { page } = await open({ baseURL: watched.url, reducedMotion: "reduce" });
    await page.goto("/admin/tasks");
    expect(new URL(page.url()).pathname).toBe("/login");
    await register(page, "ada lovelace");
    await press(page, "link", "Tasks");
    const task = (name: string) => page.getByRole("listitem").filter({ hasText: name }).innerText();
    expect(await task("purge sessions")).toMatch(
      /scheduled.*every 3600000 ms.*Last run.*success in \d+ ms.*Next run.*UTC.*Runs\s+\d+\s+Failures\s+0/s,
    );
    expect(await task("mail")).toMatch(/error in \d+ ms.*Next run.*09:00 UTC.*Failures\s+1/s);
    expect(await task("move house")).toMatch(/done.*none yet.*Missed\s+1/s);
    expect(await page.content()).not.toContain("a secret");
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await violations(page, "color-contrast")).toEqual([]);
    await page.setViewportSize(PHONE.viewport);
    expect(await isTooWide(page)).toBe(false);

    const other = await open({ baseURL: watched.url });
    await register(other.page, someone());
    expect(await other.page.getByRole("link", { name: "Tasks" }).count()).toBe(0);
    expect((await other.page.goto("/admin/tasks"))?.status()).toBe(403);
  });

  test("an error is a page too", async () => {
    const { page } = await open();
    expect((await page.goto("/nowhere"))?.status()).toBe(404);
    await press(page, "link", "To the front page");
    expect(new URL(page.url()).pathname).toBe("/");
  });

  test("axe finds nothing on any page, by day and by night, and no page is wider than a phone", async () => {
    // Without motion: what is half-way from one colour to another has neither's contrast.
    const { page } = await open({ reducedMotion: "reduce" });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    const check = async () => {
      await page.emulateMedia({ colorScheme: "light" });
      const byDay = await violations(page);
      await page.emulateMedia({ colorScheme: "dark" });
      // The night changes colours and nothing else.
      const byNight = await violations(page, "color-contrast");
      await page.setViewportSize(PHONE.viewport);
      const problems = {
        page: new URL(page.url()).pathname,
        byDay,
        byNight,
        isTooWide: await isTooWide(page),
      };
      await page.setViewportSize({ width: 1280, height: 720 });
      expect(problems).toEqual({ page: problems.page, byDay: [], byNight: [], isTooWide: false });
    };
    for (const path of ["/", "/login", "/register", "/nowhere"]) {
      await page.goto(path);
      await check();
    }
    // The browser itself reports what is no 200.
    expect(complaints.splice(0)).toEqual([expect.stringContaining("404")]);
    await page.goto("/register");
    await fillIn(page, { name: someone(), password: "short" }, "Register");
    await page.getByText("A password has 8 characters or more.").waitFor();
    await check();
    expect(complaints.splice(0)).toEqual([expect.stringContaining("422")]);
    const name = "W".repeat(40);
    await register(page, name);
    await check();
    await logIn((await open()).page, name);
    for (const path of ["/", "/account/devices", "/account/confirm", "/account/password"]) {
      await page.goto(path);
      await check();
    }
    expect(complaints).toEqual([]);
  });

  async function register(page: Page, name: string): Promise<void> {
    await page.goto("/register");
    await fillIn(page, { name, password: PASSWORD }, "Register");
    await page.waitForURL("**/account");
  }

  async function logIn(page: Page, name: string): Promise<void> {
    await page.goto("/login");
    await fillIn(page, { name, password: PASSWORD }, "Log in");
    await page.waitForURL("**/account");
  }
});

async function fillIn(page: Page, fields: Record<string, string>, button: string): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
  await press(page, "button", button);
}

function focused(page: Page): Promise<string | undefined> {
  return page.evaluate("document.activeElement?.textContent?.trim()");
}

/** What axe has against a page, in lines: every rule unless one is named. */
async function violations(page: Page, rule?: string): Promise<string[]> {
  // The tools of the browser may do what the policy forbids the page.
  await page.evaluate(axe.source);
  const options = rule === undefined ? {} : { runOnly: [rule] };
  const results = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as axe.AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** Whether one would have to scroll sideways. */
function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
}
