// Two workers under node:cluster on one SQLite file, one of which is killed under load: what was acknowledged is there.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";

const PROGRAM = [
  "--experimental-strip-types",
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "cluster-program.ts"),
];
const LOGINS = 40;

let folder: string;
let primary: ChildProcess;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hatcheck-cluster-"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  primary = spawn(process.execPath, [...PROGRAM, join(folder, "sessions.db"), String(port)], {
    stdio: "ignore",
  });
});

afterEach(async () => {
  const gone = once(primary, "exit");
  primary.kill("SIGTERM");
  await gone;
  rmSync(folder, { recursive: true });
});

test("a worker that is killed under load takes no session with it", { timeout: 120_000 }, async () => {
  const workers = new Set<string>();
  const logins: { readonly user: string; readonly cookie: string }[] = [];
  let killed: string | undefined;
  let isOver = false;
  const visit = async (visitor: number): Promise<void> => {
    for (let count = 0; !isOver; count += 1) {
      const user = `user-${visitor}-${count}`;
      // A connection of its own, so that both workers get some; those to a worker that dies are lost, and tried again.
      const response = await fetch(`${url}/login`, {
        method: "POST",
        body: new URLSearchParams({ user }),
        headers: { Connection: "close" },
        // A connection that was on its way to the worker that died may be kept open by the primary, and never answered.
        signal: AbortSignal.timeout(2000),
      }).catch(() => undefined);
      const worker = await response?.text().catch(() => undefined);
      if (response === undefined || worker === undefined) {
        await sleep(50);
        continue;
      }
      const [cookie = ""] = response.headers.getSetCookie().map((line) => line.split(";")[0] ?? "");
      logins.push({ user, cookie });
      workers.add(worker);
      if (killed === undefined && workers.size === 2 && logins.length >= LOGINS) {
        killed = worker;
        process.kill(Number(worker), "SIGKILL");
      }
      // Until the worker that came instead has served, too.
      if (workers.size > 2 && logins.length >= 2 * LOGINS) isOver = true;
    }
  };
  await Promise.all([1, 2, 3, 4].map(visit));

  expect(killed).toBeDefined();
  for (const { user, cookie } of logins) {
    const response = await fetch(`${url}/me`, { headers: { Cookie: cookie } });
    expect(await response.text()).toBe(user);
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
