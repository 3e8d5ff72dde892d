/**
 * The rooms of each package, lowest first: a room may import from lower levels and from itself, never from its own level
 * or a higher one.
 */
import type { Graph } from "./graph.ts";

/** The files beside the folders: `index.ts`, and what joins the rooms. They are above all rooms. */
const TOP = ".";

/** The levels of each package's source, lowest first. */
export const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "packages/core/src": [
    ["options"],
    ["http"],
    ["message"],
    ["app"],
    ["files", "layers", "server"],
    ["testing"],
  ],
  "packages/session/src": [
    ["model"],
    ["memory", "sqlite", "remote", "layer", "password"],
    ["redis", "postgres", "guard", "throttle"],
    ["testkit"],
  ],
  "packages/scheduler/src": [["values"], ["cron", "engine", "once"], ["task"]],
};

/** Which of our packages a package may name. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "packages/core/src": [],
  "packages/scheduler/src": [],
  "packages/session/src": ["@hatcheck/core"],
  "examples/src": ["@hatcheck/core", "@hatcheck/session", "@hatcheck/scheduler"],
};

/** Every import that runs the wrong way, as a line that names it. */
export function roomProblems(graph: Graph): string[] {
  const problems: string[] = [];
  for (const [file, targets] of graph) {
    if (isTest(file)) continue;
    for (const [source, allowed] of Object.entries(ALLOWED)) {
      if (!file.startsWith(`${source}/`)) continue;
      for (const target of targets) {
        const isOutside = !target.startsWith("@") && !target.startsWith(`${source}/`) && graph.has(target);
        const ours = /^@hatcheck\/[^/]+/.exec(target)?.[0];
        if (isOutside) problems.push(`${file} imports ${target}, which is outside of its package`);
        if (ours !== undefined && !allowed.includes(ours))
          problems.push(`${file} imports ${target}; packages run one way: session → core, examples → all`);
      }
    }
    for (const [source, levels] of Object.entries(ROOMS)) {
      if (!file.startsWith(`${source}/`)) continue;
      for (const target of targets) {
        if (!target.startsWith(`${source}/`)) continue;
        const [from, to] = [roomOf(source, file), roomOf(source, target)];
        const problem = from === to ? undefined : wrongWay(levels, from, to);
        if (problem !== undefined) problems.push(`${file} imports ${target}: ${problem}`);
      }
    }
  }
  return problems;
}

function wrongWay(levels: readonly (readonly string[])[], from: string, to: string): string | undefined {
  if (from === TOP) return undefined;
  if (to === TOP) return "no room imports what stands above the rooms";
  const level = (room: string) => levels.findIndex((rooms) => rooms.includes(room));
  for (const room of [from, to]) {
    if (level(room) === -1)
      return `the room ${room} has no level yet; give it one in scripts/imports/rooms.ts`;
  }
  if (level(from) > level(to)) return undefined;
  return level(from) === level(to)
    ? `${from} and ${to} stand side by side and do not know each other`
    : `${from} is below ${to}`;
}

/** The rooms of each package, highest first, with the number of their files and what they import. */
export function roomTree(graph: Graph): string {
  return Object.entries(ROOMS)
    .map(([source, levels]) => {
      const rows = [[TOP], ...levels.toReversed()].flat().map((room) => {
        const files = [...graph.keys()].filter(
          (file) => file.startsWith(`${source}/`) && !isTest(file) && roomOf(source, file) === room,
        );
        const imported = new Set(
          files
            .flatMap((file) => graph.get(file) ?? [])
            .filter((target) => target.startsWith(`${source}/`))
            .map((target) => roomOf(source, target)),
        );
        imported.delete(room);
        const names = room === TOP ? files.map((file) => file.slice(source.length + 1)).join(", ") : "";
        const to = imported.size === 0 ? "" : ` → ${[...imported].toSorted().join(", ")}`;
        return `  ${(room === TOP ? names : `${room}/`).padEnd(16)} ${String(files.length).padStart(2)} files${to}`;
      });
      return [source, ...rows].join("\n");
    })
    .join("\n");
}

function roomOf(source: string, file: string): string {
  const rest = file.slice(source.length + 1);
  return rest.includes("/") ? (rest.split("/")[0] ?? TOP) : TOP;
}

function isTest(file: string): boolean {
  return file.endsWith(".test.ts") || file.includes("/test/");
}
