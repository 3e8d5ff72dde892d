// Two requests of one browser at once, one of which may be of the protocol of devices, paused at each call of the store, in all orders of
// their steps: whatever the order, what is bound stays bound, what has ended stays ended, and no request loses its session.
import { describe, expect, test } from "vitest";
import { SessionStore, type Store } from "../src/index.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import { type Fate, Gate, step } from "../src/testkit/layer/gate.ts";
import { AllOrders, type Choice } from "../src/testkit/layer/orders.ts";
import { type Caller, caller, watched } from "../src/testkit/layer/watched-store.ts";
import { DeviceBrowser, makeKey, makeProof } from "./device-browser.ts";
import { BOUND, deviceSite, type Me, SID } from "./device-site.ts";
import { later } from "./wrapped-stores.ts";

const KEY = makeKey();

/** What the browser asks; whether it ends the session, and whether an outage may meet it. */
interface Ask {
  readonly name: string;
  readonly send: (browser: DeviceBrowser) => Promise<{ status: number; json: <Value>() => Value }>;
  readonly ends?: boolean;
  readonly fails?: boolean;
}

const post = (target: string, more: Partial<Ask> = {}): Ask => ({
  name: `POST ${target}`,
  send: (browser) => browser.send("POST", target),
  ...more,
});
const PAGE: Ask = { name: "a page", send: (browser) => browser.send("GET", "/me") };
const REFRESH: Ask = {
  name: "a refresh",
  send: (browser) => browser.prove(makeProof(KEY, browser.bound?.challenge ?? "")),
};
const REGISTER: Ask = { name: "the registration", send: (browser) => browser.register() };
const OTHERS = [
  PAGE,
  post("/set/x"),
  post("/renew"),
  post("/regenerate"),
  post("/login/ann"),
  post("/logout", { ends: true }),
  post("/end-all", { ends: true }),
];

interface Stage {
  readonly browser: DeviceBrowser;
  readonly thief: DeviceBrowser;
}

const app = deviceSite(
  watched(later(new SessionStore(3600)) as unknown as Store<AnyData>) as unknown as Store,
);

async function begin(isBound: boolean): Promise<Stage> {
  const browser = new DeviceBrowser(app, { key: KEY });
  await browser.post("/login/ann");
  if (isBound) await browser.register();
  return { browser, thief: new DeviceBrowser(app) };
}

/** Sends one request through a gate. */
async function through(
  gate: Gate,
  ask: Ask,
  browser: DeviceBrowser,
): Promise<{ status: number; me: Me | undefined }> {
  const fates: readonly Fate[] = ask.fails ? ["done", "failed", "lost"] : ["done"];
  const by: Caller = {
    pause: (at) => gate.pause(at),
    meet: () => undefined,
    yield: () => gate.yield(),
    fates,
    fate: "done",
    pausesAnswers: false,
    mark: () => undefined,
    saw: () => undefined,
  };
  try {
    return await caller.run(by, async () => {
      await gate.pause(step("sends its cookies", { jar: "reads" }));
      const answer = await ask.send(browser);
      await gate.pause(step("has its answer", { jar: "writes" }));
      return { status: answer.status, me: ask === PAGE ? answer.json<Me>() : undefined };
    });
  } finally {
    gate.end();
  }
}

/** Runs all orders of two requests, and gives how many there were. */
async function tryAll(isBound: boolean, asks: readonly [Ask, Ask]): Promise<number> {
  const orders = new AllOrders(false);
  let count = 0;
  do {
    const { browser, thief } = await begin(isBound);
    const stolen = browser.steal(SID);
    const gates = [new Gate(), new Gate()];
    const running = Promise.all(asks.map((ask, who) => through(gates[who] as Gate, ask, browser)));
    const steps: string[] = [];
    for (;;) {
      const choices: Choice[] = gates.flatMap(({ next }, who) =>
        next === undefined ? [] : next.fates.map((fate) => ({ who, request: who, step: next, fate })),
      );
      if (choices.length === 0) break;
      const taken = orders.pick(choices);
      if (taken === undefined) break;
      steps.push(`${asks[taken.who]?.name}: ${taken.step.what} (${taken.fate})`);
      await gates[taken.who]?.advance(taken.fate);
    }
    const isWhole = gates.every(({ next }) => next === undefined);
    // An order that was tried already is given up, but its requests are not left hanging.
    for (const gate of gates) while (gate.next !== undefined) await gate.advance("done");
    const answers = await running;
    if (!isWhole) continue;
    count += 1;
    const seen = { steps, statuses: answers.map(({ status }) => status) };
    const hasEnded = asks.some(({ ends }, who) => ends === true && (answers[who]?.status ?? 500) < 400);
    for (const { me, status } of answers) {
      if (me !== undefined && !hasEnded && status === 200)
        expect({ ...seen, me }).toMatchObject({ me: { userId: "ann" } });
    }
    if (hasEnded) {
      const opened = (
        await thief.send("GET", "/me", { Cookie: `${stolen.Cookie}; ${browser.steal(BOUND).Cookie}` })
      ).json<Me>();
      expect({ ...seen, user: opened.userId }).toEqual({ ...seen, user: null });
      continue;
    }
    // Whatever happened, the browser goes on, and is bound or can be.
    if (browser.bound === undefined || !(await browser.get("/me")).json<Me>().deviceBound)
      await browser.register();
    const { userId, deviceBound } = (await browser.get("/me")).json<Me>();
    expect({ ...seen, userId, deviceBound }).toEqual({ ...seen, userId: "ann", deviceBound: true });
    const opened = (await thief.send("GET", "/me", { Cookie: browser.steal(SID).Cookie ?? "" })).json<Me>();
    expect({ ...seen, thief: opened.userId }).toEqual({ ...seen, thief: null });
  } while (orders.next());
  return count;
}

describe("in all orders of their steps", () => {
  let count = 0;
  const tryMore = async (isBound: boolean, asks: readonly [Ask, Ask]) => {
    const more = await tryAll(isBound, asks);
    count += more;
    return more;
  };

  test.each([...OTHERS, REFRESH])("a refresh and $name", async (other) => {
    expect(await tryMore(true, [REFRESH, other])).toBeGreaterThan(1);
  });

  test.each([...OTHERS, REGISTER])("the registration and $name", async (other) => {
    expect(await tryMore(false, [REGISTER, other])).toBeGreaterThan(1);
  });

  test.each([PAGE, REFRESH])("a refresh that an outage meets, and $name", async (other) => {
    expect(await tryMore(true, [{ ...REFRESH, fails: true }, other])).toBeGreaterThan(10);
  });

  test("there are hundreds of them", () => {
    console.log(`${count} orders of steps`);
    expect(count).toBeGreaterThan(200);
  });
});
