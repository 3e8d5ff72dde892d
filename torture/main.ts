// `pnpm torture`: everything, or what is named. Each area that ran writes its part of docs/reliability.md.
//
//     pnpm torture [--short] [--only fuzz,races,faults,sockets,flood,secrets] [--seed 1]
import { parseArgs } from "node:util";
import { faults } from "./faults/faults.ts";
import { floods } from "./flood/flood.ts";
import { fuzz, targets } from "./fuzz/fuzz.ts";
import { raceLayer } from "./races/layer.ts";
import { engines, raceStore } from "./races/races.ts";
import { type Finding, keep, type Size } from "./report.ts";
import { secrets } from "./secrets/secrets.ts";
import { sockets } from "./sockets/sockets.ts";

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const size: Size = values.short ? "short" : "full";
const seed = Number(values.seed);

type Experiment = () => Promise<Finding>;

const areas: Readonly<Record<string, { title: string; experiments: readonly Experiment[] }>> = {
  faults: { title: "Faults", experiments: faults.map((run) => () => run(size)) },
  races: {
    title: "Races",
    experiments: [
      ...Object.keys(engines).map((engine) => () => raceStore(engine, size, seed)),
      ...Object.keys(engines).map((engine) => () => raceLayer(engine, size, seed)),
    ],
  },
  fuzz: { title: "Fuzz", experiments: targets.map((target) => () => fuzz(target, size, seed)) },
  sockets: { title: "Raw sockets", experiments: sockets.map((run) => () => run(size)) },
  flood: { title: "Flood", experiments: floods.map((run) => () => run(size)) },
  secrets: { title: "Secrets", experiments: [() => secrets(size)] },
};

const chosen = values.only?.split(",") ?? Object.keys(areas);
let broken = 0;
for (const name of chosen) {
  const area = areas[name];
  if (area === undefined) throw new Error(`--only ${name}: there are ${Object.keys(areas).join(", ")}`);
  const started = performance.now();
  const findings: Finding[] = [];
  for (const run of area.experiments) {
    const found = await run();
    findings.push(found);
    broken += found.problems.length;
    console.log(
      `${found.problems.length === 0 ? "ok  " : "FAIL"} ${found.area}: ${found.tried}: ${found.count} ${found.unit}; ${found.outcome}`,
    );
    for (const problem of found.problems) console.log(`       ${problem}`);
  }
  if (size === "full") keep(area.title, (performance.now() - started) / 1000, findings);
}
console.log(broken === 0 ? "Nothing broke." : `${broken} problems.`);
process.exit(broken === 0 ? 0 : 1);
