/**
 * node bench/memory.ts [--minutes N]
 *
 * Visitors log in, read, write, and log out or just leave, for ten minutes. Sessions live for half a tenth of that, so those
 * that were left behind come and go; the heap at the end must be what it was after the first tenth.
 */
import "./temporary-folder.ts";
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const VISITORS = 32;
const { values: options } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const totalMs = Number(options.minutes) * 60_000;
const ttl = Math.max(1, Math.round(totalMs / 20_000));

interface Sample {
  readonly minutes: number;
  readonly heapUsed: number;
  readonly rss: number;
  readonly sessions: number;
}

const here = import.meta.dirname;
const server = fork(`${here}/memory-server.mjs`, [String(ttl)], {
  execArgv: ["--expose-gc", "--import", `${here}/servers/built.mjs`],
  env: { ...process.env, NODE_ENV: "production" },
});
const [{ url }] = (await once(server, "message")) as [{ url: string }];
const agent = new Agent({ keepAlive: true, maxSockets: VISITORS });
const startedAt = performance.now();
let requests = 0;
const visitors = Array.from({ length: VISITORS }, (_, index) => visit(index));

const samples: Sample[] = [];
for (let tenth = 1; tenth <= 10; tenth += 1) {
  await new Promise((resolve) => setTimeout(resolve, startedAt + (totalMs * tenth) / 10 - performance.now()));
  server.send("heap");
  const [answer] = (await once(server, "message")) as [Omit<Sample, "minutes">];
  const sample = { minutes: (Number(options.minutes) * tenth) / 10, ...answer };
  samples.push(sample);
  const { heapUsed, rss, sessions } = sample;
  console.log(
    `${sample.minutes.toFixed(1)} min: heap ${toMiB(heapUsed)}, RSS ${toMiB(rss)}, ${sessions} sessions, ${requests} requests`,
  );
}
await Promise.all(visitors);
server.disconnect();
agent.destroy();
mkdirSync(`${here}/results`, { recursive: true });
const about = {
  date: new Date().toISOString(),
  node: process.versions.node,
  ttl,
  visitors: VISITORS,
  requests,
};
writeFileSync(`${here}/results/memory.json`, `${JSON.stringify({ ...about, samples }, undefined, 2)}\n`);

/** Visits one after the other: each with a login, reads and writes; every other one leaves without logging out. */
async function visit(visitor: number): Promise<void> {
  for (let round = 0; performance.now() - startedAt < totalMs; round += 1) {
    const cookie = await ask("POST", `/login/user${visitor}-${round % 1000}`);
    for (let each = 0; each < 5; each += 1) {
      await ask("GET", "/me", cookie);
      await ask("POST", "/visits", cookie);
    }
    if (round % 2 === 0) await ask("POST", "/logout", cookie);
  }
}

function ask(method: string, path: string, cookie?: string): Promise<string> {
  requests += 1;
  return new Promise((resolve, reject) => {
    const headers = cookie === undefined ? {} : { cookie };
    request(`${url}${path}`, { method, agent, headers }, (response) => {
      response.resume().once("end", () => {
        const [setCookie = ""] = response.headers["set-cookie"] ?? [];
        if ((response.statusCode ?? 500) < 300) resolve(setCookie.split(";", 1)[0] ?? "");
        else reject(new Error(`${method} ${path}: ${response.statusCode}`));
      });
    })
      .once("error", reject)
      .end();
  });
}

function toMiB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
