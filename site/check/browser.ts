/**
 * The site in Chromium, served by Hatcheck itself.
 */
import { fileURLToPath } from "node:url";
import { App, staticFiles } from "@hatcheck/core";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { chromiumPath, launchChromium } from "../../examples/test/chromium.ts";
import { pagesOf } from "./files.ts";

/** Of the reference, one page of each kind stands for all. */
const REFERENCE = [
  "/api/",
  "/api/@hatcheck/core/",
  "/api/@hatcheck/core/classes/App",
  "/api/@hatcheck/core/functions/staticFiles",
  "/api/@hatcheck/session/interfaces/SessionLayerOptions",
];

/** What is wrong, in lines. */
export async function inBrowser(dist: URL): Promise<string[]> {
  if (chromiumPath === undefined) {
    if (process.env["CI"] !== undefined) return ["There is no Chromium, and on CI there must be one"];
    console.log("Skipped: the site in Chromium, because there is none");
    return [];
  }
  const files = staticFiles(fileURLToPath(dist));
  const server = await new App(undefined)
    // Links have no extension, as on the hosts of static sites.
    .get("/*path", (req, { path }) =>
      files(req, { path: /\.\w+$|\/$|^$/.test(path) ? path : `${path}.html` }),
    )
    .listen({ port: 0 });
  const browser = await launchChromium();
  try {
    const context = await browser.newContext({ baseURL: server.url, reducedMotion: "reduce" });
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
    page.on("response", (answer) => {
      if (answer.status() >= 400) problems.push(`${answer.url()} is ${answer.status()}`);
    });
    const guide = pagesOf(dist)
      .map(({ path }) => path)
      .filter((path) => !path.startsWith("/api/") && path !== "/404");
    for (const path of [...guide, ...REFERENCE]) {
      await page.goto(path);
      problems.push(...(await violations(page, path)));
    }
    for (const path of ["/", "/docs/sessions", ...REFERENCE.slice(-1)]) {
      await page.emulateMedia({ colorScheme: "dark" });
      await page.goto(path);
      problems.push(...(await violations(page, `${path} by night`)));
    }
    problems.push(...(await search(page)));
    return problems;
  } finally {
    await browser.close();
    await server.close({ graceMs: 0 });
  }
}

/** Searches as somebody with a keyboard does. */
async function search(page: Page): Promise<string[]> {
  await page.goto("/");
  await page.keyboard.press("Control+k");
  await page.getByRole("searchbox").fill("regenerate");
  await page.locator(".result").first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/regenerate|session|docs/i);
  const found = page
    .locator("main")
    .getByText(/regenerate/i)
    .first();
  const isThere = await found.waitFor({ state: "attached" }).then(
    () => true,
    () => false,
  );
  return isThere ? [] : [`Search for "regenerate" led to ${page.url()}, which does not have it`];
}

async function violations(page: Page, path: string): Promise<string[]> {
  await page.evaluate(axe.source);
  const results = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes
      .slice(0, 3)
      .map(({ html, failureSummary }) => `${path}: ${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
