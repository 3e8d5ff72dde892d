// Takes the pictures of every page in docs/screenshots: `pnpm --filter @hatcheck/example screenshots`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchChromium, press } from "./chromium.ts";
import { startSite } from "./site.ts";

const FOLDER = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const DESKTOP = { viewport: { width: 1100, height: 760 } };
const PHONE = { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true };
const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1";

const NAMES: Record<string, string> = { desktop: "Ada Lovelace", phone: "Grace Hopper", dark: "Hedy Lamarr" };

mkdirSync(FOLDER, { recursive: true });
const site = await startSite();
const browser = await launchChromium();
try {
  await tour(browser, "desktop", { ...DESKTOP, colorScheme: "light" });
  await tour(browser, "phone", { ...PHONE, colorScheme: "light" });
  await tour(browser, "dark", { ...DESKTOP, colorScheme: "dark" });
} finally {
  await browser.close();
  await site.close({ graceMs: 0 });
}

/** Walks through the site as somebody new, and takes a picture wherever it looks different. */
async function tour(on: Browser, kind: string, options: BrowserContextOptions): Promise<void> {
  const context = await on.newContext({ baseURL: site.url, ...options });
  const page = await context.newPage();
  const shot = async (name: string) => {
    // The night changes colours and nothing else: three pages show it.
    if (kind === "dark" && !["home", "register", "devices"].includes(name)) return;
    await page.screenshot({ path: `${FOLDER}${name}-${kind}.png`, fullPage: true });
  };
  const name = NAMES[kind] ?? kind;

  await page.goto("/");
  for (let clicks = 0; clicks < 3; clicks += 1) await press(page, "button", "Count one more");
  await shot("home");
  await page.goto("/register");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill("short");
  await press(page, "button", "Register");
  await shot("register");
  await page.getByLabel("Password").fill("a hat and a coat");
  await press(page, "button", "Register");
  await shot("profile");
  await logIn(on, name, FIREFOX);
  await logIn(on, name, IPHONE);
  await page.goto("/account/devices");
  await shot("devices");
  await page.goto("/account/confirm");
  await shot("confirm");
  await page.goto("/account/password");
  await shot("password");
  await page.goto("/");
  await shot("home-logged-in");
  await page.goto("/nowhere");
  await shot("not-found");
  await page.goto("/");
  await press(page, "button", "Log out");
  await page.goto("/login");
  await shot("login");
  await context.close();
}

async function logIn(on: Browser, name: string, userAgent: string): Promise<Page> {
  const context = await on.newContext({ baseURL: site.url, userAgent });
  const page = await context.newPage();
  await page.goto("/login");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill("a hat and a coat");
  await press(page, "button", "Log in");
  return page;
}
