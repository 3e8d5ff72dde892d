// Visitors who write down what they were promised. Each does one thing after the other; whatever was answered with success
// must be found afterwards, and whatever was not answered may have happened or not.
import { Agent, request as httpRequest } from "node:http";
import { CookieJar } from "@hatcheck/core";
import { Chance } from "../random.ts";

interface Answer {
  readonly status: number;
  readonly text: string;
  /** The id in a `Set-Cookie`; "" when it is to be forgotten. */
  readonly id: string | undefined;
}

/** Nothing may take longer, whatever is broken. */
const PATIENCE_MS = 15_000;

/** A line of the log: what was acknowledged. */
type Promised = string;

/** What visitors saw all together. */
export interface Tally {
  requests: number;
  unavailable: number;
  /** Connections that were refused or cut. */
  cut: number;
  slowestMs: number;
  readonly problems: string[];
  /** Append-only: what was acknowledged, in order. */
  readonly acknowledged: Promised[];
}

export function newTally(): Tally {
  return { requests: 0, unavailable: 0, cut: 0, slowestMs: 0, problems: [], acknowledged: [] };
}

const agent = new Agent({ keepAlive: true });

function ask(url: string, method: string, path: string, cookie: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = cookie === undefined ? {} : { Cookie: `sid=${cookie}` };
    const outgoing = httpRequest(new URL(path, url), { method, headers, agent, timeout: PATIENCE_MS });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", reject).on("response", (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      incoming.on("error", reject).on("end", () => {
        const set = incoming.headers["set-cookie"]?.[0];
        const id = set === undefined ? undefined : CookieJar.parse(set).get("sid")?.value;
        resolve({ status: incoming.statusCode ?? 0, text, id });
      });
    });
    outgoing.end();
  });
}

/** A value of a key, and what else it may be, since a write was not answered. */
class Known {
  certain: string | undefined;
  readonly possible = new Set<string>();

  promise(value: string): void {
    this.certain = value;
    this.possible.clear();
  }

  allows(value: string | undefined): boolean {
    return value === this.certain || (value !== undefined && this.possible.has(value));
  }
}

export class Visitor {
  readonly #name: string;
  readonly #urls: () => readonly string[];
  readonly #tally: Tally;
  readonly #chance: Chance;
  /** The id of the present session; `undefined` when there is none. */
  #id: string | undefined;
  /** A login or logout of it was not answered, so it may be over. */
  #mayBeOver = false;
  /** All of its data is there, or none. */
  #mayBeEmpty = false;
  #data = new Map<string, Known>();
  #count = { least: 0, most: 0 };
  readonly #dead: string[] = [];
  #step = 0;

  constructor(name: string, urls: () => readonly string[], tally: Tally, seed: number) {
    this.#name = name;
    this.#urls = urls;
    this.#tally = tally;
    this.#chance = new Chance(seed);
  }

  /** Does something at random. */
  async act(): Promise<void> {
    this.#step += 1;
    if (this.#id === undefined) return this.#login();
    if (this.#mayBeEmpty) return this.#read();
    const choice = this.#chance.below(20);
    if (choice < 8) return this.#set();
    if (choice < 13) return this.#add();
    if (choice < 17) return this.#read();
    if (choice < 18) return this.#tryDead();
    return choice < 19 ? this.#login() : this.#logout();
  }

  /** Compares all that was promised with what is there, when everything runs again. */
  async verify(): Promise<void> {
    if (this.#id !== undefined) {
      const answer = await this.#ask("GET", "/read");
      if (answer === undefined || answer.status === 503) this.#complain("still unavailable after the fault");
      else this.#compare(answer);
    }
    for (const id of this.#dead) {
      const answer = await ask(this.#anyUrl(), "GET", "/read", id);
      if (answer.status !== 401) this.#complain(`a destroyed session answers ${answer.status}`);
    }
  }

  get sessions(): number {
    return this.#dead.length + (this.#id === undefined ? 0 : 1);
  }

  /** For whoever looks into the store itself. */
  get dead(): readonly string[] {
    return this.#dead;
  }

  #anyUrl(): string {
    return this.#chance.pick(this.#urls());
  }

  /** `undefined` when there was no answer. Every other answer than success must be 503, or 401 where that may be. */
  async #ask(method: string, path: string): Promise<Answer | undefined> {
    const tally = this.#tally;
    tally.requests += 1;
    const from = performance.now();
    try {
      const answer = await ask(this.#anyUrl(), method, path, this.#id);
      if (answer.status === 503) tally.unavailable += 1;
      else if (![200, 204, 401].includes(answer.status))
        this.#complain(`${path} was answered ${answer.status}: ${answer.text}`);
      return answer;
    } catch (error) {
      tally.cut += 1;
      if ((error as Error).message === "no answer in time") this.#complain(`${path} got no answer`);
      return undefined;
    } finally {
      tally.slowestMs = Math.max(tally.slowestMs, performance.now() - from);
    }
  }

  async #login(): Promise<void> {
    const before = this.#id;
    const answer = await this.#ask("POST", `/login/${this.#name}`);
    if (answer?.status === 204 && answer.id) {
      if (before !== undefined) {
        this.#dead.push(before);
        // Had it ended already, the login has begun an empty one; else it has kept its data.
        if (this.#mayBeOver) this.#mayBeEmpty = true;
      }
      this.#id = answer.id;
      this.#mayBeOver = false;
      this.#acknowledge(`login`);
    } else if (before !== undefined) this.#mayBeOver = true;
  }

  async #logout(): Promise<void> {
    const before = this.#id as string;
    const answer = await this.#ask("POST", "/logout");
    if (answer?.status === 204) {
      this.#dead.push(before);
      this.#over();
      this.#acknowledge("logout");
    } else this.#mayBeOver = true;
  }

  async #set(): Promise<void> {
    const key = `k${this.#chance.below(5)}`;
    const value = String(this.#step);
    const known = this.#data.get(key) ?? new Known();
    this.#data.set(key, known);
    const answer = await this.#ask("POST", `/set/${key}/${value}`);
    if (answer?.status === 401) return this.#missing();
    if (answer?.status === 204) {
      known.promise(value);
      this.#acknowledge(`${key}=${value}`);
    } else known.possible.add(value);
  }

  async #add(): Promise<void> {
    const answer = await this.#ask("POST", "/add");
    if (answer?.status === 401) return this.#missing();
    this.#count.most += 1;
    if (answer?.status !== 200) return;
    const now = Number(answer.text);
    if (now <= this.#count.least || now > this.#count.most) {
      this.#complain(`the counter is ${now}, not from ${this.#count.least + 1} to ${this.#count.most}`);
    }
    this.#count = { least: now, most: now };
    this.#acknowledge(`count=${now}`);
  }

  async #read(): Promise<void> {
    const answer = await this.#ask("GET", "/read");
    if (answer !== undefined && answer.status !== 503) this.#compare(answer);
  }

  /** A session that has ended must not be there at any time. */
  async #tryDead(): Promise<void> {
    const id = this.#dead.at(-1);
    if (id === undefined) return;
    this.#tally.requests += 1;
    const answer = await ask(this.#anyUrl(), "GET", "/read", id).catch(() => undefined);
    if (answer !== undefined && answer.status !== 401 && answer.status !== 503) {
      this.#complain(`a destroyed session answers ${answer.status}`);
    }
  }

  #compare(answer: Answer): void {
    if (answer.status === 401) return this.#missing();
    const { userId, data } = JSON.parse(answer.text) as { userId: string; data: Record<string, unknown> };
    if (this.#mayBeEmpty && Object.keys(data).length === 0) this.#forget();
    this.#mayBeEmpty = false;
    if (userId !== this.#name) this.#complain(`the session is that of ${userId}`);
    const { count = 0, ...rest } = data;
    if (Number(count) < this.#count.least || Number(count) > this.#count.most) {
      this.#complain(`the counter is ${String(count)}, not from ${this.#count.least} to ${this.#count.most}`);
    }
    for (const key of new Set([...Object.keys(rest), ...this.#data.keys()])) {
      const value = rest[key] as string | undefined;
      const known = this.#data.get(key) ?? new Known();
      if (!known.allows(value))
        this.#complain(`${key} is ${value}, and was acknowledged as ${known.certain}`);
    }
  }

  /** The session is not there: lost, unless a login or a logout that was not answered has ended it. */
  #missing(): void {
    if (!this.#mayBeOver) this.#complain("an acknowledged session is lost");
    this.#over();
  }

  #over(): void {
    this.#id = undefined;
    this.#mayBeOver = false;
    this.#forget();
  }

  #forget(): void {
    this.#mayBeEmpty = false;
    this.#data = new Map();
    this.#count = { least: 0, most: 0 };
  }

  #acknowledge(what: string): void {
    this.#tally.acknowledged.push(`${this.#name} ${this.#step} ${what}`);
  }

  #complain(problem: string): void {
    if (this.#tally.problems.length < 10)
      this.#tally.problems.push(`${this.#name}, step ${this.#step}: ${problem}`);
  }
}
