// Five schedulers in processes of their own, and the log of what all of them did.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = join(import.meta.dirname, "fleet-process.ts");
const FLAGS = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
/** How far each clock is off, in milliseconds. */
export const OFFSETS: readonly number[] = [-2000, -1000, 0, 1000, 2000];

/** One run of a slot, as its process told it. Times are the parent's. */
export interface LoggedRun {
  readonly slot: number;
  readonly token: number;
  readonly start: number;
  /** When it ended, or was killed. */
  end: number;
}

/** What one process did. */
interface Log {
  /** Slots it asked for without having been told yet that they are another's, or having run them. */
  readonly open: Set<number>;
  readonly runs: LoggedRun[];
}

interface Member {
  child: ChildProcess;
  log: Log;
}

export class Members {
  readonly #args: readonly string[];
  readonly #logs: Log[] = [];
  readonly #members: Member[] = [];
  #lastRunner = 0;
  /** Slots that some process left out for a reason other than that another has it. */
  readonly leftOut = new Set<number>();
  /** Slots that were asked for by a process that was killed before it knew, or before it had run them. */
  readonly diedWithRunner = new Set<number>();
  kills = 0;
  crashes = 0;

  private constructor(args: readonly string[]) {
    this.#args = args;
  }

  /** @param args the engine, its port, the interval and the mode */
  static async start(engine: string, port: number, interval: number, mode: string): Promise<Members> {
    const members = new Members([engine, String(port), String(interval), mode]);
    await Promise.all(OFFSETS.map((_, index) => members.#launch(index)));
    return members;
  }

  get runs(): LoggedRun[] {
    return this.#logs.flatMap(({ runs }) => runs).toSorted((a, b) => a.start - b.start);
  }

  /** Ends the one that ran a slot last as `kill -9` does, and starts another in its place. */
  async killLastRunner(): Promise<void> {
    const index = this.#lastRunner;
    await this.#kill(index);
    this.kills += 1;
    await this.#launch(index);
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((_, index) => this.#kill(index)));
  }

  async #kill(index: number): Promise<void> {
    const member = this.#members[index];
    if (member === undefined) return;
    const { child, log } = member;
    const closed = once(child, "close");
    child.removeAllListeners("exit");
    child.kill("SIGKILL");
    await closed;
    const now = Date.now();
    for (const slot of log.open) this.diedWithRunner.add(slot);
    for (const run of log.runs) run.end = Math.min(run.end, now);
  }

  async #launch(index: number): Promise<void> {
    const [engine = "", port = "", interval = "", mode = ""] = this.#args;
    const args = [...FLAGS, PROGRAM, engine, port, String(OFFSETS[index]), interval, mode];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    child.once("exit", () => (this.crashes += 1));
    const log: Log = { open: new Set(), runs: [] };
    this.#logs.push(log);
    this.#members[index] = { child, log };
    const ready = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "ready") ready.resolve();
      else this.#read(line, index, log);
    });
    await ready.promise;
  }

  #read(line: string, index: number, log: Log): void {
    const [word, first = "", second = "", third = ""] = line.split(" ");
    const slot = Number(first);
    if (word === "ask") {
      log.open.add(slot);
    } else if (word === "start") {
      this.#lastRunner = index;
      log.open.delete(slot);
      log.runs.push({ slot, token: Number(second), start: Number(third), end: Infinity });
    } else if (word === "end") {
      const run = log.runs.find((one) => one.slot === slot);
      if (run !== undefined) run.end = Number(third);
    } else if (word === "skip") {
      log.open.delete(slot);
      if (second !== "claimed") this.leftOut.add(slot);
    } else if (word === "missed") {
      for (let one = slot; one <= Number(second); one += Number(this.#args[2])) this.leftOut.add(one);
    }
  }
}
