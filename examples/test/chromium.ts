// Starts the Chromium that this machine has; playwright-core brings none.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Where it is; `undefined` when there is none. */
export const chromiumPath: string | undefined = CANDIDATES.find((path) => path && existsSync(path));

/** Whether there is one, and `certutil`, without which it cannot be told to trust a certificate. */
export const canBind: boolean =
  chromiumPath !== undefined &&
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "certutil")));

const OPTIONS = {
  ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
  // Playwright switches off what keeps pages alive for the back button; people have it on.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
};
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with a profile of its own, which is removed when it is closed. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ ...OPTIONS, args: ARGS });
}

/**
 * A browser that binds sessions to keys, in software, and trusts a certificate: it does nothing of the kind on a site whose
 * certificate it was told to ignore. It refreshes as often as a test wants, which one for people does not.
 */
export async function launchBinding(
  certificate: string,
): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const home = mkdtempSync(join(tmpdir(), "hatcheck-chromium-"));
  try {
    const database = join(home, ".pki/nssdb");
    const file = join(home, "certificate.pem");
    mkdirSync(database, { recursive: true });
    writeFileSync(file, certificate);
    const certutil = (...args: string[]) =>
      execFileSync("certutil", ["-d", `sql:${database}`, ...args], { stdio: "pipe" });
    certutil("-N", "--empty-password");
    certutil("-A", "-t", "C,,", "-n", "test", "-i", file);
    const features = [
      "DeviceBoundSessions:RequireOriginTrialTokens/false/RefreshQuota/false",
      "EnableBoundSessionCredentialsSoftwareKeysForManualTesting",
    ];
    const context = await chromium.launchPersistentContext(join(home, "profile"), {
      ...OPTIONS,
      env: { ...process.env, HOME: home },
      args: [
        ...ARGS,
        // Another site on this machine, for links that lead here from there.
        "--host-resolver-rules=MAP other.example 127.0.0.1",
        `--enable-features=${features.join(",")}`,
        ...(process.env.NETLOG ? [`--log-net-log=${process.env.NETLOG}`] : []),
      ],
    });
    const close = async () => {
      await context.close();
      // Its processes write for a moment more.
      rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    };
    return { context, close };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** Presses a button or a link, and waits for the page that it leads to. */
export async function press(page: Page, role: "button" | "link", name: string): Promise<void> {
  const loaded = page.waitForEvent("load");
  await page.getByRole(role, { name }).click();
  await loaded;
}
