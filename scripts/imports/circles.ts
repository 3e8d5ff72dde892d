/**
 * Circles of imports, each as the shortest way round.
 */
import type { Graph } from "./graph.ts";

/** Every file that can be reached from itself, in circles; each circle once, its first file repeated at the end. */
export function circles(graph: Graph): string[][] {
  const seen = new Set<string>();
  const found: string[][] = [];
  for (const start of graph.keys()) {
    if (seen.has(start)) continue;
    const circle = shortestCircle(graph, start);
    if (circle === undefined) continue;
    for (const file of circle) seen.add(file);
    found.push(circle);
  }
  return found;
}

/** The shortest way from a file back to itself. */
function shortestCircle(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const target of graph.get(file) ?? []) {
      if (target === start) return wayTo(file, cameFrom, start);
      if (!graph.has(target) || cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      queue.push(target);
    }
  }
  return undefined;
}

function wayTo(last: string, cameFrom: ReadonlyMap<string, string>, start: string): string[] {
  const way = [start];
  for (let file: string | undefined = last; file !== undefined && file !== start; file = cameFrom.get(file)) {
    way.unshift(file);
  }
  return [start, ...way];
}
