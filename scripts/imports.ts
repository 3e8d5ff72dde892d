/**
 * Looks at every import between files: no circle anywhere, and within a package imports run one way, from its upper rooms
 * (folders) to its lower ones. `pnpm lint` runs it.
 *
 *     node scripts/imports.ts          # names each offender
 *     node scripts/imports.ts --tree   # also prints the rooms of each package, with what they import
 */
import { join } from "node:path";
import { circles } from "./imports/circles.ts";
import { readGraph } from "./imports/graph.ts";
import { roomProblems, roomTree } from "./imports/rooms.ts";

const root = join(import.meta.dirname, "..");
const graph = readGraph(root);
const problems = [
  ...circles(graph).map((circle) => `A circle of imports: ${circle.join(" → ")}`),
  ...roomProblems(graph),
];
if (process.argv.includes("--tree")) console.log(roomTree(graph));
for (const problem of problems) console.error(problem);
let edges = 0;
for (const targets of graph.values()) edges += targets.length;
console.log(`${graph.size} files, ${edges} imports between them, ${problems.length} problems.`);
process.exitCode = problems.length === 0 ? 0 : 1;
