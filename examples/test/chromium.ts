// Starts the Chromium that this machine has; playwright-core brings none.
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Where it is; `undefined` when there is none. */
export const chromiumPath: string | undefined = CANDIDATES.find((path) => path && existsSync(path));

/** A browser with a profile of its own, which is removed when it is closed. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    // Playwright switches off what keeps pages alive for the back button; people have it on.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Presses a button or a link, and waits for the page that it leads to. */
export async function press(page: Page, role: "button" | "link", name: string): Promise<void> {
  const loaded = page.waitForEvent("load");
  await page.getByRole(role, { name }).click();
  await loaded;
}
