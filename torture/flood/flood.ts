// Very much of what is allowed: does memory come back, and is everybody else still served?
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Store } from "@hatcheck/session";
import type { AnyData } from "@hatcheck/session/testkit";
import { engines, type Opened } from "../races/races.ts";
import { figure, type Finding, type Size } from "../report.ts";

const MIB = 2 ** 20;

interface Stats {
  readonly rss: number;
  readonly heapUsed: number;
  readonly sessions: number;
}

class Flooded {
  readonly url: string;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
    this.port = Number(new URL(url).port);
  }

  static async start(): Promise<Flooded> {
    const flags = ["--expose-gc", "--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
    const child = spawn(process.execPath, [...flags, join(import.meta.dirname, "flood-process.ts")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return new Flooded(child, String(line).trim());
  }

  async stats(): Promise<Stats> {
    return (await (await fetch(`${this.url}/stats`)).json()) as Stats;
  }

  async close(): Promise<void> {
    this.#child.kill();
    await once(this.#child, "exit");
  }
}

/** Somebody else, who wants a page every 20 ms. Gives the median and the longest time until it came. */
async function probe(url: string, until: () => boolean): Promise<{ median: number; longest: number }> {
  const times: number[] = [];
  do {
    const from = performance.now();
    await (await fetch(url)).text();
    times.push(performance.now() - from);
    await sleep(20);
  } while (!until());
  const sorted = times.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? 0, longest: sorted.at(-1) ?? 0 };
}

/** Probes for half a second. */
function calm(url: string): Promise<{ median: number; longest: number }> {
  const end = performance.now() + 500;
  return probe(url, () => performance.now() > end);
}

const LANES = 32;
const PIPELINED = 16;

/** Sends so many requests over a few connections, many at a time, and counts the answers of each status. */
async function pour(port: number, count: number, make: () => string): Promise<Map<string, number>> {
  const statuses = new Map<string, number>();
  let sent = 0;
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect(port, "127.0.0.1");
      let open = 0;
      let rest = "";
      const fill = (): void => {
        let batch = "";
        for (; open < PIPELINED && sent < count; open += 1, sent += 1) batch += make();
        if (batch !== "") socket.write(batch);
        else if (open === 0) {
          socket.destroy();
          resolve();
        }
      };
      socket
        .on("error", reject)
        .on("connect", fill)
        .on("data", (chunk: Buffer) => {
          rest += chunk.toString("latin1");
          let found = 0;
          for (const [, status = ""] of rest.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            found += 1;
          }
          // A status line may be cut in two.
          const last = rest.lastIndexOf("\r\n");
          rest = rest.slice(last + 2).length < 16 ? rest.slice(last + 2) : "";
          open -= found;
          fill();
        });
    });
  await Promise.all(Array.from({ length: LANES }, lane));
  return statuses;
}

/** Whether one flood after another takes more memory each time. */
async function strangers(size: Size): Promise<Finding> {
  const count = size === "short" ? 20_000 : 1_000_000;
  const flooded = await Flooded.start();
  const problems: string[] = [];
  try {
    const make = (): string => {
      const random = randomBytes(48).toString("base64url");
      return `GET / HTTP/1.1\r\nHost: a\r\nCookie: sid=${random.slice(0, 22)}.${random.slice(0, 43)}\r\n\r\n`;
    };
    await pour(flooded.port, 5_000, make);
    const before = await flooded.stats();
    const calmBefore = await calm(flooded.url);
    const from = performance.now();
    let done = false;
    const others = probe(flooded.url, () => done);
    const statuses = await pour(flooded.port, count, make);
    done = true;
    const seconds = (performance.now() - from) / 1000;
    const during = await others;
    const after = await flooded.stats();
    const calmAfter = await calm(flooded.url);
    if (statuses.get("200") !== count) problems.push(`answered ${JSON.stringify([...statuses])}`);
    if (after.sessions !== 0) problems.push(`${after.sessions} sessions were stored`);
    if (after.heapUsed > before.heapUsed + 5 * MIB)
      problems.push(`the heap has grown from ${before.heapUsed} to ${after.heapUsed} bytes`);
    return {
      area: "Flood",
      tried: "anonymous requests with random session cookies",
      count,
      unit: "requests",
      outcome:
        `all answered 200 at ${figure(count / seconds)} a second, none stored; heap ${mib(before.heapUsed)} before, ${mib(after.heapUsed)} after; ` +
        `resident ${mib(before.rss)} before, ${mib(after.rss)} after; ${answerTimes(calmBefore, during, calmAfter)}`,
      problems,
    };
  } finally {
    await flooded.close();
  }
}

async function logins(size: Size): Promise<Finding> {
  const count = size === "short" ? 3_000 : 100_000;
  const flooded = await Flooded.start();
  const problems: string[] = [];
  try {
    const make = (): string => "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    const before = await flooded.stats();
    const calmBefore = await calm(flooded.url);
    let done = false;
    const others = probe(flooded.url, () => done);
    const statuses = await pour(flooded.port, count, make);
    done = true;
    const during = await others;
    const full = await flooded.stats();
    const login = await fetch(`${flooded.url}/login`, { method: "POST" });
    const cookie = (login.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const from = performance.now();
    const ended = await (
      await fetch(`${flooded.url}/logout-everywhere`, { method: "POST", headers: { cookie } })
    ).text();
    const took = performance.now() - from;
    const after = await flooded.stats();
    const calmAfter = await calm(flooded.url);
    if (statuses.get("204") !== count) problems.push(`answered ${JSON.stringify([...statuses])}`);
    if (full.sessions !== count) problems.push(`${full.sessions} sessions for ${count} logins`);
    if (Number(ended) !== count + 1 || after.sessions !== 0)
      problems.push(`${ended} ended, ${after.sessions} left`);
    const each = (full.heapUsed - before.heapUsed) / count;
    return {
      area: "Flood",
      tried: "logins of one user, in memory, over HTTP; then out everywhere",
      count,
      unit: "logins",
      outcome:
        `all answered; ${figure(each)} bytes each on the heap, ${mib(after.heapUsed)} when all had left (${mib(before.heapUsed)} before); ` +
        `ending all took ${figure(took)} ms; ${answerTimes(calmBefore, during, calmAfter)}`,
      problems,
    };
  } finally {
    await flooded.close();
  }
}

/** The same for the stores that are not in memory, without HTTP before them. */
const storedLogins =
  (engine: string) =>
  async (size: Size): Promise<Finding> => {
    const count = size === "short" ? 1_000 : 100_000;
    const opened = await (engines[engine] as () => Promise<Opened>)();
    const problems: string[] = [];
    try {
      const store = opened.stores[0] as Store<AnyData>;
      const from = performance.now();
      let begun = 0;
      const lane = async (): Promise<void> => {
        for (; begun < count;) {
          begun += 1;
          await store.create({ userId: "ada" });
        }
      };
      await Promise.all(Array.from({ length: 20 }, lane));
      const seconds = (performance.now() - from) / 1000;
      const [listing, listed] = await timed(async () => (await store.listByUser("ada")).length);
      const [ending, ended] = await timed(async () => store.destroyByUser("ada"));
      const left = await store.len();
      if (listed !== count || ended !== count || left !== 0)
        problems.push(`${listed} listed, ${ended} ended, ${left} left`);
      return {
        area: "Flood",
        tried: `${engine}: logins of one user, then a list of them, then out everywhere`,
        count,
        unit: "logins",
        outcome: `${figure(count / seconds)} logins a second; listing took ${figure(listing)} ms, ending all ${figure(ending)} ms, and none was left`,
        problems,
      };
    } catch (error) {
      return {
        area: "Flood",
        tried: `${engine}: logins of one user`,
        count,
        unit: "logins",
        outcome: "",
        problems: [String(error)],
      };
    } finally {
      await opened.close();
    }
  };

async function idle(size: Size): Promise<Finding> {
  const most = Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" })) - 500;
  const count = Math.min(size === "short" ? 1_000 : 10_000, most);
  const flooded = await Flooded.start();
  const problems: string[] = [];
  try {
    const before = await flooded.stats();
    const calmBefore = await calm(flooded.url);
    const sockets: Socket[] = [];
    const closed = { silent: 0, others: 0 };
    for (let index = 0; index < count; index += 1) {
      const socket = connect(flooded.port, "127.0.0.1");
      const kind = index % 2 === 0 ? "others" : "silent";
      socket.on("error", () => undefined).on("close", () => (closed[kind] += 1));
      sockets.push(socket);
      // Half of them have asked for something once, as browsers do; the others have only connected.
      if (index % 2 === 0) socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      socket.resume();
      if (index % 100 === 99) await once(socket, "connect");
    }
    await sleep(200);
    const held = await flooded.stats();
    const during = await calm(flooded.url);
    // Whoever connects and says nothing for 10 s is closed: that is the limit for a request's head.
    const { silent, others } = closed;
    if (others > 0) problems.push(`${others} connections were closed`);
    for (const socket of sockets) socket.destroy();
    await sleep(1000);
    const after = await flooded.stats();
    const calmAfter = await calm(flooded.url);
    if (after.heapUsed > before.heapUsed + 10 * MIB)
      problems.push(`the heap has grown from ${before.heapUsed} to ${after.heapUsed} bytes`);
    return {
      area: "Flood",
      tried: "idle connections, half of them after a request",
      count,
      unit: "connections",
      outcome:
        `${figure(count - silent)} held, ${figure(silent)} that had said nothing for 10 s closed; ${figure((held.rss - before.rss) / (count - silent) / 1024)} KiB resident each; heap ${mib(before.heapUsed)} before, ${mib(held.heapUsed)} with them, ${mib(after.heapUsed)} after; ` +
        answerTimes(calmBefore, during, calmAfter),
      problems,
    };
  } finally {
    await flooded.close();
  }
}

async function timed<Value>(run: () => Promise<Value>): Promise<[number, Value]> {
  const from = performance.now();
  const value = await run();
  return [performance.now() - from, value];
}

type Times = Awaited<ReturnType<typeof probe>>;

function answerTimes(before: Times, during: Times, after: Times): string {
  const of = ({ median, longest }: Times): string => `${figure(median)} (longest ${figure(longest)})`;
  return `others answered in ${of(before)} ms before, ${of(during)} during, ${of(after)} after`;
}

function mib(bytes: number): string {
  return `${figure(bytes / MIB)} MiB`;
}

export const floods: readonly ((size: Size) => Promise<Finding>)[] = [
  strangers,
  logins,
  ...["SQLite", "Redis", "Postgres"].map((engine) => storedLogins(engine)),
  idle,
];
