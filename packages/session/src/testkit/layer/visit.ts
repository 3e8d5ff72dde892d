// One request of a schedule: what it is sent with, where it stands, and what is seen of it.
import { type App, Header, Request, type Response } from "@hatcheck/core";
import type { Store } from "../../model/store.ts";
import type { AnyData, Clock } from "../kit.ts";
import type { Ask, Names } from "./asks.ts";
import { type Browser, cookieChangeOf } from "./browser.ts";
import { type Fate, Gate, type Step, step } from "./gate.ts";
import { type Phase, type Seen, unseen } from "./sight.ts";
import { type Caller, caller } from "./watched-store.ts";

/** What stands at a gate: a request, or its client that is about to leave. */
export interface Mover {
  readonly visit: Visit;
  readonly gate: Gate;
}

/** What the requests of one schedule share. */
export interface Shared {
  readonly names: Names;
  readonly owners: Map<string, number>;
  readonly browser: Browser;
  readonly device: Browser;
  readonly thief: Browser;
  now: number;
  readonly everyStep: boolean;
  readonly clock: Clock;
}

/** One request of a schedule, from when it is sent until its answer has arrived. */
export class Visit implements Caller {
  readonly seen: Seen;
  readonly names: Names;
  readonly who: number;
  readonly label: string;
  readonly pausesAnswers: boolean;
  fate: Fate = "done";
  phase: Phase = "open";
  readonly #gate = new Gate();
  readonly #shared: Shared;
  readonly #server: App<undefined>;
  readonly #store: Store<AnyData>;
  readonly #client = new AbortController();
  #mayFail: boolean;

  constructor(ask: Ask, who: number, shared: Shared, server: App<undefined>, store: Store<AnyData>) {
    this.who = who;
    this.names = shared.names;
    this.label = `${"ABCDEFGH"[who]} (${ask.name})`;
    this.pausesAnswers = shared.everyStep;
    this.#shared = shared;
    this.#server = server;
    this.#store = store;
    this.#mayFail = ask.outage ?? false;
    this.seen = unseen(ask);
  }

  get ask(): Ask {
    return this.seen.ask;
  }

  get fates(): readonly Fate[] {
    return this.#mayFail ? ["done", "failed", "lost"] : ["done"];
  }

  pause(at: Step): Promise<Fate> {
    return this.#gate.pause(at);
  }

  meet(fate: Fate): void {
    if (fate === "done") return;
    this.#mayFail = false;
    this.seen.outage = { phase: this.phase, fate };
  }

  yield(): void {
    this.#gate.yield();
  }

  mark(): void {
    this.seen.moments[this.phase].push((this.#shared.now += 1));
  }

  saw(id: string): void {
    if (id !== "" && !this.#shared.owners.has(id)) this.#shared.owners.set(id, this.who);
  }

  /** For a handler on a store that answers at once: its own awaits are the steps. */
  async turn(phase: Phase): Promise<void> {
    this.phase = phase;
    if (this.#store.mode === "sync") {
      if (phase !== "open") {
        const store = phase === "commit" || this.ask.atOnce === true;
        this.fate = await this.pause({
          what: phase,
          store,
          jar: "leaves alone",
          fates: store ? this.fates : ["done"],
        });
      }
      this.mark();
    }
    if (phase === "commit") this.seen.handledAt = this.#shared.now;
  }

  start(): Mover[] {
    const movers = [{ visit: this, gate: this.#gate }];
    void this.#run()
      .catch((error: unknown) => {
        this.seen.failure = error;
      })
      .finally(() => this.#gate.end());
    if (this.ask.leaves === true) movers.push({ visit: this, gate: this.#leave() });
    return movers;
  }

  async #run(): Promise<void> {
    const { ask } = this;
    if (ask.do.kind === "pass") {
      await this.pause(step("time passes", { store: true }));
      await this.#shared.clock.advance(ask.do.seconds);
      this.phase = "act";
      this.seen.status = 200;
      this.seen.value = null;
      return this.mark();
    }
    const isOfBrowser = ask.from === "browser";
    const jar = isOfBrowser
      ? this.#shared.browser
      : ask.from === "thief"
        ? this.#shared.thief
        : this.#shared.device;
    await this.pause(
      step("is sent", { jar: isOfBrowser ? "reads" : "leaves alone", store: this.#store.mode === "sync" }),
    );
    this.seen.cookie = ask.from === "operator" ? undefined : jar.cookie;
    const answer = await caller.run(this, async () => this.#server.handle(this.#request()));
    await this.pause(
      step(`is answered ${answer.statusCode}`, { jar: isOfBrowser ? "writes" : "leaves alone" }),
    );
    this.#receive(answer, jar);
  }

  #request(): Request {
    const { cookie } = this.seen;
    const headers = cookie === undefined ? [] : [new Header("Cookie", `sid=${cookie}`)];
    return new Request({ method: "POST", url: "/", headers, signal: this.#client.signal });
  }

  #receive(answer: Response, jar: Browser): void {
    const { seen } = this;
    seen.status = answer.statusCode;
    seen.change = cookieChangeOf(answer);
    seen.cacheControl = answer.header("cache-control");
    if (seen.change.kind === "set") this.saw(seen.change.id);
    if (seen.leftAt !== undefined) return;
    jar.receive(seen.change);
    if (seen.status !== 200) return;
    seen.value = (JSON.parse(String(answer.body)) as { value: unknown }).value;
  }

  #leave(): Gate {
    const gate = new Gate();
    void gate
      .pause(step("client leaves"))
      .then(() => {
        this.seen.leftAt = this.#shared.now += 1;
        return this.#client.abort();
      })
      .finally(() => gate.end());
    return gate;
  }
}
