// Runs a few requests through the layer in one order of their steps, and tells what was seen.
import { randomUUID } from "node:crypto";
import type { App } from "@hatcheck/core";
import type { Store } from "../../model/store.ts";
import type { AnyData, Clock, Connections } from "../kit.ts";
import type { Ask, Names } from "./asks.ts";
import { Browser } from "./browser.ts";
import { BEGINNING, DEVICE, FIRST } from "./model.ts";
import type { Choice, Pick } from "./orders.ts";
import { serverOf } from "./server.ts";
import { type Content, dataOf, type Sight, type Start } from "./sight.ts";
import { type Mover, type Shared, Visit } from "./visit.ts";

/** Two servers on one store, and what they need to run schedules. */
export class Stage {
  readonly #opened: Connections;
  readonly #clock: Clock;
  readonly #everyStep: boolean;
  readonly #servers: readonly App<undefined>[];

  /** @param everyStep whether an answer of the store waits for a step of its own */
  constructor(opened: Connections, clock: Clock, everyStep: boolean) {
    this.#opened = opened;
    this.#clock = clock;
    this.#everyStep = everyStep;
    this.#servers = [opened.store, opened.other].map(serverOf);
  }

  /** `undefined` when the order was given up. */
  async run(start: Start, asks: readonly Ask[], pick: Pick): Promise<Sight | undefined> {
    const { store, other } = this.#opened;
    const name = randomUUID();
    const user = `user ${name}`;
    const otherUser = `other ${name}`;
    const data = { ...BEGINNING };
    const [first, device] = await Promise.all([
      start === "nobody"
        ? undefined
        : store.create(start === "anonymous" ? { data } : { data, userId: user }),
      other.create({ userId: user }),
    ]);
    const names: Names = { user, otherUser, handle: first?.handle ?? "none" };
    const owners = new Map<string, number>([[device.id, DEVICE]]);
    if (first !== undefined) owners.set(first.id, FIRST);
    const shared: Shared = {
      names,
      owners,
      browser: new Browser(first?.id),
      device: new Browser(device.id),
      thief: new Browser(first?.id),
      now: 0,
      everyStep: this.#everyStep,
      clock: this.#clock,
    };
    const visits = asks.map(
      (ask, who) =>
        new Visit(ask, who, shared, this.#servers[who % 2] as App<undefined>, who % 2 === 0 ? store : other),
    );
    const steps = await perform(
      visits.flatMap((visit) => visit.start()),
      pick,
    );
    if (steps === undefined) return undefined;
    const [ids, ofUser, ofOther] = await Promise.all([
      Promise.all(Array.from(owners, async ([id, by]) => ({ id, by, opens: await contentOf(other, id) }))),
      other.listByUser(user),
      other.listByUser(otherUser),
    ]);
    const counts = { user: ofUser.length, otherUser: ofOther.length };
    const living = ids.filter(({ opens }) => opens !== undefined);
    await Promise.all(living.map(({ id }) => store.destroy(id)));
    const requests = visits.map(({ seen }) => seen);
    return { start, names, requests, steps, ids, counts, browser: shared.browser };
  }
}

/** Takes the steps in the order that is picked, and tells them; `undefined` when it was given up. */
async function perform(movers: readonly Mover[], pick: Pick): Promise<string[] | undefined> {
  const steps: string[] = [];
  for (;;) {
    const choices: Choice[] = [];
    for (const [who, { gate, visit }] of movers.entries()) {
      const next = gate.next;
      if (next !== undefined)
        for (const fate of next.fates) choices.push({ who, request: visit.who, step: next, fate });
    }
    if (choices.length === 0) return steps;
    const chosen = pick(choices);
    if (chosen === undefined) return undefined;
    const { visit, gate } = movers[chosen.who] as Mover;
    steps.push(`${visit.label}: ${chosen.step.what}${chosen.fate === "done" ? "" : ` (${chosen.fate})`}`);
    await gate.advance(chosen.fate);
  }
}

async function contentOf(store: Store<AnyData>, id: string): Promise<Content | undefined> {
  const session = await store.load(id);
  return session && { user: session.userId, data: dataOf(session) };
}
