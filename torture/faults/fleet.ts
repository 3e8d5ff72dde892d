// Three server processes over one store, any of which can be killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname, "app-process.ts");
const FLAGS = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];

interface Member {
  child: ChildProcess;
  url: string;
}

export class Fleet {
  readonly #args: readonly string[];
  readonly #prefix: readonly string[];
  readonly #members: Member[] = [];
  #restarts = 0;

  private constructor(args: readonly string[], prefix: readonly string[]) {
    this.#args = args;
    this.#prefix = prefix;
  }

  /**
   * @param args of the program: the engine, and where it is
   * @param prefix a command that starts it, such as one that sets a limit
   */
  static async start(args: readonly string[], prefix: readonly string[] = []): Promise<Fleet> {
    const fleet = new Fleet(args, prefix);
    fleet.#members.push(...(await Promise.all([1, 2, 3].map(() => fleet.#launch()))));
    return fleet;
  }

  get urls(): string[] {
    return this.#members.map(({ url }) => url);
  }

  /** How many processes had to be started again: only those that were killed. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Whether a process ended that nobody has killed. */
  get hasCrashed(): boolean {
    return this.#members.some(({ child }) => child.exitCode !== null || child.signalCode !== null);
  }

  /** Ends one as `kill -9` does, and starts another in its place. */
  async kill(index: number): Promise<void> {
    const member = this.#members[index] as Member;
    member.child.kill("SIGKILL");
    await once(member.child, "exit");
    Object.assign(member, await this.#launch());
    this.#restarts += 1;
  }

  async close(): Promise<void> {
    for (const { child } of this.#members) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }

  async #launch(): Promise<Member> {
    const [command = "", ...args] = [...this.#prefix, process.execPath, ...FLAGS, PROGRAM, ...this.#args];
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    return { child, url: String(line).trim() };
  }
}
