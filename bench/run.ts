/**
 * pnpm bench [--quick] [--starts N] [--rounds N] [--seconds N] [--only NAME,…] [--scenarios NAME,…] [--no-latency]
 *
 * Every server in every scenario: checked first, then timed in rounds that go from server to server, so that what else the
 * machine does meets all of them alike. A ratio is that of one round; what is printed is the median of the rounds.
 */
import "./temporary-folder.ts";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { chartOf, shareOf } from "./chart.ts";
import { type Contestant, CONTESTANTS, versionsOf, YARDSTICK } from "./contestants.ts";
import { CONNECTIONS, LOAD, measureLoad, writeRequests } from "./load.ts";
import {
  doubtOf,
  type Figure,
  figureOf,
  type Latency,
  median,
  type Results,
  type Round,
  tableOf,
} from "./results.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { canPin, cpuMicrosOf, pinned, type ServerProcess, startServer } from "./server-process.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    seconds: { type: "string" },
    starts: { type: "string" },
    only: { type: "string" },
    scenarios: { type: "string" },
    "no-latency": { type: "boolean", default: false },
    port: { type: "string", default: "17800" },
  },
});
// Many short rounds, because what disturbs a machine often lasts for seconds.
const rounds = Number(options.rounds ?? (options.quick ? 2 : 25));
const seconds = Number(options.seconds ?? 1);
/** A server that has started anew has compiled itself anew, not always alike: each is started so often. */
const starts = Number(options.starts ?? (options.quick ? 1 : 3));
/** Standard error of the medians; where it is more, the figures are not worth a chart. */
const MOST_DOUBT = 0.05;
const LATENCY_SECONDS = 3;
/** The compiler of V8 is busy with a server for about its first hundred thousand requests. */
const WARM_UP_SECONDS = options.quick ? 2 : 5;
const withLatency = !options.quick && !options["no-latency"];
// A name may have a comma in it.
const isChosen = (list: string | undefined, name: string) =>
  list === undefined || `,${list},`.includes(`,${name},`);
const contestants = CONTESTANTS.filter(({ name }) => name === YARDSTICK || isChosen(options.only, name));
const scenarios = SCENARIOS.filter(({ name }) => isChosen(options.scenarios, name));
let port = Number(options.port);

const measured: { name: string; figures: Figure[] }[] = [];
for (const scenario of scenarios) {
  console.log(`\n${scenario.name}`);
  measured.push({ name: scenario.name, figures: await measure(scenario) });
}

const results: Results = {
  date: new Date().toISOString(),
  node: process.versions.node,
  cpu: cpus()[0]?.model ?? "unknown",
  pinned: canPin,
  load: LOAD,
  connections: CONNECTIONS,
  rounds,
  seconds,
  versions: Object.fromEntries(contestants.map((each) => [each.name, versionsOf(each)])),
  scenarios: measured,
};
console.log(
  `\nRequests a second, as a share of bare node:http: median of ${rounds} rounds of ${seconds} s\n`,
);
console.log(tableOf(results, ({ ratio }) => shareOf(ratio)));
console.log("\nQuartiles of the rounds\n");
console.log(tableOf(results, ({ lower, upper }) => `${shareOf(lower)}–${shareOf(upper)}`));
console.log("\nThe same by CPU time of the server for a request\n");
console.log(tableOf(results, ({ cpuRatio }) => (cpuRatio === undefined ? "" : shareOf(cpuRatio))));
if (withLatency) {
  console.log("\nLatency at half of each server's maximum, in ms: p50 / p99 / p99.9\n");
  console.log(
    tableOf(results, ({ latency: it }) =>
      it ? [it.p50, it.p99, it.p999].map((ms) => ms.toFixed(2)).join(" / ") : "",
    ),
  );
}
for (const each of contestants) {
  const versions = Object.entries(versionsOf(each)).map(([name, version]) => `${name} ${version}`);
  console.log(`${each === contestants[0] ? "\n" : ""}${each.name}: ${versions.join(", ")}`);
}
const doubt = median(measured.flatMap(({ figures }) => figures.slice(1).map(doubtOf)));
console.log(`\nStandard error of these medians: ${(doubt * 100).toFixed(1)} %`);
const isWhole = scenarios.length === SCENARIOS.length && contestants.length === CONTESTANTS.length;
const root = `${import.meta.dirname}/..`;
mkdirSync(`${root}/bench/results`, { recursive: true });
writeFileSync(`${root}/bench/results/latest.json`, `${JSON.stringify(results, undefined, 2)}\n`);
if (doubt > MOST_DOUBT) {
  console.log("This machine had other work: no chart is drawn. Repeat it.");
} else if (isWhole && !options.quick) {
  // A chart of a part, of a quick run or of noise would say less than the one that is there.
  writeFileSync(`${root}/docs/bench.svg`, chartOf(results));
}

async function measure(scenario: Scenario): Promise<Figure[]> {
  const runs = contestants.map((contestant): Run => ({ contestant, done: [], latency: undefined }));
  for (let start = 1; start <= starts; start += 1) {
    const share = Math.floor(rounds / starts) + (start <= rounds % starts ? 1 : 0);
    await measureStart(scenario, runs, share, start === starts);
  }
  const yardstick = runs[0]?.done ?? [];
  return runs.map(({ contestant, done, latency }) => {
    const figure = figureOf(contestant.name, done, yardstick, latency);
    const { rate, ratio, lower, upper, cpuMicros, cpuRatio } = figure;
    const spread = `${shareOf(ratio)} (${shareOf(lower)}–${shareOf(upper)})`;
    const cpu = cpuRatio === undefined ? "" : `${cpuMicros?.toFixed(1)} µs of CPU, ${shareOf(cpuRatio)}`;
    console.log(`  ${contestant.name.padEnd(18)} ${String(rate).padStart(7)}/s  ${spread.padEnd(18)} ${cpu}`);
    return figure;
  });
}

/** One contestant in one scenario, over all its starts. */
interface Run {
  readonly contestant: Contestant;
  readonly done: Round[];
  latency: Latency | undefined;
}

async function measureStart(
  scenario: Scenario,
  runs: readonly Run[],
  share: number,
  isLast: boolean,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const servers: { readonly run: Run; readonly server: ServerProcess; readonly requests: string }[] = [];
  for (const run of runs) {
    port += 1;
    const server = stack.use(await startServer(run.contestant, port, scenario.settings));
    const requests = await scenario.prepare(server.port).catch((cause: unknown) => {
      throw new Error(`${run.contestant.name} answers wrongly in "${scenario.name}"`, { cause });
    });
    servers.push({ run, server, requests: writeRequests(requests) });
  }
  const warmUps = servers.map(
    ({ server, requests }) =>
      () =>
        measureLoad(server.port, requests, WARM_UP_SECONDS),
  );
  // A quick run warms all up at once.
  if (options.quick) await Promise.all(warmUps.map((warmUp) => warmUp()));
  else for (const warmUp of warmUps) await warmUp();

  for (let round = 0; round < share; round += 1) {
    for (const { run, server, requests } of servers) run.done.push(await measureRound(server, requests));
  }
  if (!withLatency || !isLast) return;
  for (const { run, server, requests } of servers) {
    const half = median(run.done.map(({ rate }) => rate)) / 2;
    run.latency = await measureLatency(server.port, requests, half);
  }
}

async function measureRound({ port: at, pid }: ServerProcess, requests: string): Promise<Round> {
  const before = cpuMicrosOf(pid);
  const { rate, requests: count } = await measureLoad(at, requests, seconds);
  const after = cpuMicrosOf(pid);
  await untilIdle(pid);
  return { rate, cpuMicros: before && after && (after - before) / Math.max(1, count) };
}

/** A slow server has requests left over when the load has gone; the next must not share its CPU with them. */
async function untilIdle(pid: number): Promise<void> {
  for (let before = cpuMicrosOf(pid); before !== undefined;) {
    await setTimeout(20);
    const now = cpuMicrosOf(pid) ?? before;
    if (now - before < 1000) return;
    before = now;
  }
}

async function measureLatency(serverPort: number, requests: string, rate: number): Promise<Latency> {
  const args = [serverPort, requests, Math.max(1, Math.floor(rate)), LATENCY_SECONDS, CONNECTIONS].map(
    String,
  );
  const [command, words] = pinned(1, process.execPath, [`${import.meta.dirname}/paced.ts`, ...args]);
  const { stdout } = await promisify(execFile)(command, words);
  return JSON.parse(stdout) as Latency;
}
