import { join } from "node:path";
import { expect, test } from "vitest";
import { circles } from "./circles.ts";
import { type Graph, readGraph, specifiersOf } from "./graph.ts";
import { roomProblems } from "./rooms.ts";

const graphOf = (edges: Record<string, string[]>): Graph => new Map(Object.entries(edges));

test("this repository has no circle of imports, and no import that runs the wrong way", () => {
  const graph = readGraph(join(import.meta.dirname, "../.."));
  expect(graph.size).toBeGreaterThan(300);
  expect([...circles(graph), ...roomProblems(graph)]).toEqual([]);
});

test("imports and exports of every form are seen, types included, and none in comments", () => {
  const text = `
import a from "./a.ts";
import type { B } from './b.ts';
import {
  c,
} from "./c.ts";
import "./d.ts";
export { e } from "./e.ts";
export * from "./f.ts";
const g = await import("./g.ts");
const text = "import x from './x.ts'";
// import { h } from "./h.ts";
 * import { i } from "./i.ts";
`;
  expect(specifiersOf(text)).toEqual("abcdefg".split("").map((letter) => `./${letter}.ts`));
});

test("a circle is told as the shortest way round, and once", () => {
  const graph = graphOf({ a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: ["c", "e"], f: ["a", "node:fs"] });
  expect(circles(graph)).toEqual([
    ["a", "b", "c", "a"],
    ["d", "e", "c", "a", "b", "d"],
  ]);
});

test.each([
  ["packages/core/src/http/a.ts", "packages/core/src/message/b.ts", "http is below message"],
  ["packages/core/src/files/a.ts", "packages/core/src/layers/b.ts", "stand side by side"],
  ["packages/core/src/app/a.ts", "packages/core/src/index.ts", "no room imports what stands above"],
  ["packages/core/src/attic/a.ts", "packages/core/src/http/b.ts", "the room attic has no level yet"],
  ["packages/core/src/http/a.ts", "packages/session/src/model/b.ts", "outside of its package"],
  ["packages/core/src/http/a.ts", "@hatcheck/session", "packages run one way"],
  ["packages/session/src/model/a.ts", "@hatcheck/scheduler/redis", "packages run one way"],
])("%s must not import %s: %s", (file, target, reason) => {
  const [problem, ...others] = roomProblems(graphOf({ [file]: [target], [target]: [] }));
  expect(others).toEqual([]);
  expect(problem).toContain(file);
  expect(problem).toContain(target);
  expect(problem).toContain(reason);
});

test.each([
  ["packages/core/src/message/a.ts", "packages/core/src/http/b.ts"],
  ["packages/core/src/http/a.ts", "packages/core/src/http/b.ts"],
  ["packages/core/src/index.ts", "packages/core/src/testing/b.ts"],
  ["packages/core/src/http/a.test.ts", "packages/core/src/server/b.ts"],
  ["packages/session/src/layer/a.ts", "@hatcheck/core"],
  ["examples/src/a.ts", "@hatcheck/scheduler"],
])("%s may import %s", (file, target) => {
  expect(roomProblems(graphOf({ [file]: [target], [target]: [] }))).toEqual([]);
});
