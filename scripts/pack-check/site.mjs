/** Starts the example site with `npx` from its tarball, asks it for pages, and ends it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { environment } from "./run.mjs";

const PATIENCE_MS = 60_000;

/** @param node The Node that the site runs on. */
export async function tryNpx(tarball, node, temp) {
  const cwd = mkdtempSync(join(temp, "site-"));
  const command = `PATH="${node.bin}:$PATH" hatcheck-example --port 0`;
  const words = ["exec", "--yes", `--cache=${join(temp, "npx")}`, `--package=${tarball}`, "--call", command];
  // A group of its own: npm, the shell and the site are ended together.
  const child = spawn("npm", words, { cwd, env: environment, detached: true });
  const exited = once(child, "exit");
  const timer = setTimeout(() => process.kill(-child.pid, "SIGKILL"), PATIENCE_MS);
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  try {
    let url;
    for await (const line of createInterface({ input: child.stdout })) {
      said += `${line}\n`;
      url = line.match(/http:\/\/\S+/)?.[0];
      if (url) break;
    }
    if (!url) throw new Error(`no address was printed:\n${said}`);
    const home = await fetch(url);
    const html = await home.text();
    if (home.status !== 200 || !html.includes("</html>")) throw new Error(`${home.status}:\n${html}`);
    const sheet = html.match(/href="([^"]+\.css[^"]*)"/)?.[1];
    if (sheet === undefined) throw new Error(`no style sheet is named:\n${html}`);
    const { status } = await fetch(new URL(sheet, url));
    if (status !== 200) throw new Error(`${sheet}: ${status}`);
  } finally {
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await exited;
    clearTimeout(timer);
  }
}
