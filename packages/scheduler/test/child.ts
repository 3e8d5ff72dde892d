/**
 * Starts a file of `children/` in a Node process of its own, and reads it line by line.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Resolves when a line begins with this text, one that was read already included. */
  line(start: string): Promise<string>;
  /** Resolves when it has ended, and all its lines are read. */
  readonly ended: Promise<void>;
}

export function startChild(name: string, ...args: string[]): Child {
  const file = fileURLToPath(new URL(`children/${name}.ts`, import.meta.url));
  // The flag is for Node 22 before 22.18; later ones need none.
  const flags = ["--experimental-strip-types", "--no-warnings"];
  const child = spawn(process.execPath, [...flags, file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  return {
    process: child,
    lines,
    line: (start) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = lines.find((line) => line.startsWith(start));
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        reader.once("close", () => reject(new Error(`${name} ended without "${start}"`)));
        check();
      }),
    ended: once(reader, "close").then(() => {}),
  };
}
