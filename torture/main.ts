// `pnpm torture`: everything, or what is named. Each area that ran writes its part of docs/reliability.md.
//
//     pnpm torture [--short] [--only fuzz,linear,races,protocol,faults,fleet,sockets,flood,secrets] [--seed 1] [--targets accept]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { temporaryFolderUntilExit } from "../scripts/temporary-folder.ts";
import { faults, shortFaults } from "./faults/faults.ts";
import { fleets, shortFleets } from "./fleet/fleet.ts";
import { floods } from "./flood/flood.ts";
import { growths } from "./linear/growth.ts";
import { regexes } from "./linear/regexes.ts";
import { fuzz, targets } from "./fuzz/fuzz.ts";
import { layer, opening } from "./protocol/layer.ts";
import { model } from "./protocol/model.ts";
import { compareInMemory, compareOverTcp } from "./lane/lane.ts";
import { raceLayer } from "./races/layer.ts";
import { engines, raceStore } from "./races/races.ts";
import { type Finding, keep, keepPart, type Size } from "./report.ts";
import { secrets } from "./secrets/secrets.ts";
import { sockets } from "./sockets/sockets.ts";

temporaryFolderUntilExit();
const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    targets: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const size: Size = values.short ? "short" : "full";
const seed = Number(values.seed);

/** Of the parsers that are fuzzed, those whose names match `--targets`. */
const isWanted = (name: string): boolean =>
  values.targets === undefined || new RegExp(values.targets, "i").test(name);

type Experiment = () => Promise<Finding>;

const areas: Readonly<Record<string, { title: string; experiments: readonly Experiment[] }>> = {
  faults: {
    title: "Faults",
    experiments: (size === "full" ? faults : shortFaults).map((run) => () => run(size)),
  },
  fleet: {
    title: "Fleet",
    experiments: (size === "full" ? fleets : shortFleets).map((run) => () => run(size)),
  },
  races: {
    title: "Races",
    experiments: [
      ...Object.keys(engines).map((engine) => () => raceStore(engine, size, seed)),
      ...Object.keys(engines).map((engine) => () => raceLayer(engine, size, seed)),
    ],
  },
  protocol: {
    title: "Protocol",
    experiments: [
      () => model(size),
      ...Object.keys(opening).map((engine) => () => layer(engine, size, seed)),
    ],
  },
  fuzz: {
    title: "Fuzz",
    experiments: targets.filter(({ name }) => isWanted(name)).map((target) => () => fuzz(target, size, seed)),
  },
  lane: {
    title: "Fast lane",
    experiments: [() => compareInMemory(size, seed), () => compareOverTcp(size, seed)],
  },
  linear: {
    title: "Linear time",
    experiments: [...growths(size, seed), () => regexes(size)],
  },
  sockets: { title: "Raw sockets", experiments: sockets.map((run) => () => run(size)) },
  flood: { title: "Flood", experiments: floods.map((run) => () => run(size)) },
  secrets: { title: "Secrets", experiments: [() => secrets(size)] },
};

/** Those that only compute go side by side, each in a process; where times are measured, nothing else runs. */
const FIRST = ["fuzz", "races"];

async function runAlone(area: string): Promise<boolean> {
  const args = [
    import.meta.filename,
    "--only",
    area,
    "--seed",
    String(seed),
    ...(values.short ? ["--short"] : []),
  ];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0;
}

/** Gives how many problems there were. */
async function runArea(name: string): Promise<number> {
  const area = areas[name];
  if (area === undefined) throw new Error(`--only ${name}: there are ${Object.keys(areas).join(", ")}`);
  const started = performance.now();
  const findings: Finding[] = [];
  for (const run of area.experiments) {
    const found = await run();
    findings.push(found);
    const verdict = found.problems.length === 0 ? "ok  " : "FAIL";
    console.log(`${verdict} ${found.area}: ${found.tried}: ${found.count} ${found.unit}; ${found.outcome}`);
    for (const problem of found.problems) console.log(`       ${problem}`);
  }
  if (size === "full" && values.targets !== undefined) keepPart(area.title, findings);
  else if (size === "full") keep(area.title, (performance.now() - started) / 1000, findings);
  return findings.reduce((sum, { problems }) => sum + problems.length, 0);
}

let broken = 0;
if (values.only === undefined) {
  const ended = await Promise.all(FIRST.map((area) => runAlone(area)));
  broken += ended.filter((isGood) => !isGood).length;
}
for (const name of values.only?.split(",") ?? Object.keys(areas).filter((area) => !FIRST.includes(area))) {
  broken += await runArea(name);
}
console.log(broken === 0 ? "Nothing broke." : "Something broke: see above.");
process.exit(broken === 0 ? 0 : 1);
