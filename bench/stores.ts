/**
 * pnpm bench:stores [--only memory,sqlite,redis,postgres] [--most N]
 *
 * What the stores do with many sessions: in memory up to ten million, for which the heap is raised here.
 */
import "./temporary-folder.ts";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs, promisify } from "node:util";

const { values: options } = parseArgs({ options: { only: { type: "string" }, most: { type: "string" } } });
const most = Number(options.most ?? 10_000_000);
const folder = `${import.meta.dirname}/results`;
mkdirSync(folder, { recursive: true });

interface StoreFigures {
  readonly kind: string;
  readonly count: number;
  /** Operations a second. */
  readonly create: number;
  readonly load: number;
  readonly save: number;
  readonly regenerate: number;
  readonly destroy: number;
  readonly purge?: number;
  readonly bytesPerSession?: number;
  readonly longestPauseMs?: number;
  /** The same, without the time in which the system let others work. */
  readonly longestPauseCpuMs?: number;
}

const runs = [
  { kind: "memory", counts: [10_000, 1_000_000, 10_000_000] },
  { kind: "sqlite", counts: [10_000, 1_000_000] },
  { kind: "redis", counts: [10_000, 100_000] },
  { kind: "postgres", counts: [10_000, 100_000] },
].filter(({ kind }) => options.only === undefined || options.only.split(",").includes(kind));

const head = [
  "store",
  "sessions",
  "create",
  "load",
  "save",
  "regenerate",
  "destroy",
  "purge",
  "bytes",
  "pause ms",
  "of CPU",
];
const all: StoreFigures[] = [];
console.log(`Operations a second; bytes of heap a session; longest pause while all are purged in slices\n`);
console.log(
  `| ${head.join(" | ")} |\n|${head.map((_, column) => (column === 0 ? " --- |" : " ---: |")).join("")}`,
);
for (const { kind, counts } of runs) {
  for (const count of counts.filter((each) => each <= most)) {
    const figures = await measure(kind, count);
    all.push(figures);
    write();
    const {
      create,
      load,
      save,
      regenerate,
      destroy,
      purge,
      bytesPerSession,
      longestPauseMs,
      longestPauseCpuMs,
    } = figures;
    const rates = [create, load, save, regenerate, destroy, purge].map((rate) => (rate ? toText(rate) : "–"));
    const rest = [
      bytesPerSession ?? "–",
      longestPauseMs?.toFixed(1) ?? "–",
      longestPauseCpuMs?.toFixed(1) ?? "–",
    ];
    console.log(`| ${[kind, toText(count), ...rates, ...rest].join(" | ")} |`);
  }
}

/** Keeps what was measured so far: the largest take long. */
function write(): void {
  const about = { date: new Date().toISOString(), node: process.versions.node, cpu: cpus()[0]?.model };
  writeFileSync(
    `${folder}/stores.json`,
    `${JSON.stringify({ ...about, stores: merged(all) }, undefined, 2)}\n`,
  );
}

async function measure(kind: string, count: number): Promise<StoreFigures> {
  const here = import.meta.dirname;
  const args = ["--expose-gc", "--max-old-space-size=16384", "--disable-warning=ExperimentalWarning"];
  args.push("--import", `${here}/servers/built.mjs`, `${here}/stores-child.mjs`, kind, String(count));
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as StoreFigures;
}

/** What was measured now, and of an earlier run what was not. */
function merged(now: readonly StoreFigures[]): readonly StoreFigures[] {
  const isNew = ({ kind, count }: StoreFigures): boolean =>
    !now.some((each) => each.kind === kind && each.count === count);
  try {
    const { stores } = JSON.parse(readFileSync(`${folder}/stores.json`, "utf8")) as {
      stores: StoreFigures[];
    };
    return [...stores.filter(isNew), ...now];
  } catch {
    return now;
  }
}

function toText(value: number): string {
  return Math.round(value).toLocaleString("en");
}
