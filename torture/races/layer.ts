// Races through the whole app: two browser tabs of one visitor, whose requests meet in the middle, on two servers.
//
// Tabs do to one session what they like at the same time. A change that was answered may be lost only to a logout, a login
// or a new id that ran beside it: those end the id that the change was made under. What was logged out stays out.
import { setImmediate as nextTurn } from "node:timers/promises";
import { App, type Request, Response, TestClient, CookieJar } from "@hatcheck/core";
import { sessionLayer, type Store } from "@hatcheck/session";
import type { AnyData } from "@hatcheck/session/testkit";
import { Chance } from "../random.ts";
import { figure, type Finding, type Size } from "../report.ts";
import { engines, type Opened } from "./races.ts";

const REQUESTS = { short: 1_000, full: 20_000 };
const STEPS = 30;

/** An app whose handlers wait in their middle for a random number of turns, so that they meet in every way. */
function appOf(store: Store<AnyData>, chance: Chance): App<undefined> {
  const sessions = sessionLayer(store);
  const wait = async (): Promise<void> => {
    for (let turns = chance.below(6); turns > 0; turns -= 1) await nextTurn();
  };
  const of = async (req: Request) => {
    await wait();
    const session = await sessions.of(req);
    await wait();
    return session;
  };
  return new App(undefined)
    .wrap(sessions)
    .get("/read", async (req) => {
      const session = await of(req);
      const data = Object.fromEntries(session.keys().map((key) => [key, session.get(key)]));
      return Response.json(200, { userId: session.userId, isNew: session.isNew, data });
    })
    .post("/set/:key/:value", async (req, { key, value }) => {
      const session = await of(req);
      if (session.isNew) return Response.text(401, "no session");
      session.set(key, value);
      return Response.empty(204);
    })
    .post("/add", async (req) => {
      const session = await of(req);
      if (session.isNew) return Response.text(401, "no session");
      const count = await session.update("count", (n) => Number(n ?? 0) + 1);
      return count === undefined ? Response.text(401, "no session") : Response.text(200, String(count));
    })
    .post("/login/:user", async (req, { user }) => {
      (await of(req)).login(user);
      return Response.empty(204);
    })
    .post("/logout", async (req) => {
      (await of(req)).logout();
      return Response.empty(204);
    });
}

type Tab = "set" | "add" | "login" | "logout" | "read";

/** Gives what the race of two tabs broke. */
export async function raceLayer(engine: string, size: Size, seed: number): Promise<Finding> {
  const opened = await (engines[engine] as () => Promise<Opened>)();
  const chance = new Chance(seed);
  const clients = opened.stores
    .map((store) => appOf(store as Store<AnyData>, chance))
    .map((app) => (cookie: string | undefined) => {
      const client = new TestClient(app);
      return async (method: "get" | "post", path: string) => {
        const request = client[method](path);
        const response = await (
          cookie === undefined ? request : request.header("Cookie", `sid=${cookie}`)
        ).send();
        const set = response.headers.find(({ name }) => name.toLowerCase() === "set-cookie")?.value;
        const id = set === undefined ? undefined : CookieJar.parse(set).get("sid")?.value;
        return { status: response.status, id, text: response.text() };
      };
    });
  const problems: string[] = [];
  const started = performance.now();
  let requests = 0;
  const ask = (cookie: string | undefined, method: "get" | "post", path: string) => {
    requests += 1;
    return (clients[chance.below(2)] as (typeof clients)[number])(cookie)(method, path);
  };
  try {
    while (requests < REQUESTS[size] && problems.length === 0) await visit();
  } finally {
    await opened.close();
  }

  async function visit(): Promise<void> {
    let current = (await ask(undefined, "post", "/login/ada")).id as string;
    let known: Record<string, string> = {};
    let count = 0;
    const dead: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const tabs = [choose(), choose()] as const;
      const keys = [`k${chance.below(3)}`, `l${chance.below(3)}`] as const;
      const answers = await Promise.all(
        tabs.map((tab, index) => {
          if (tab === "read") return ask(current, "get", "/read");
          if (tab === "set") return ask(current, "post", `/set/${keys[index]}/${step}`);
          return ask(current, "post", tab === "login" ? "/login/ada" : `/${tab}`);
        }),
      );
      // Whatever renames or ends the session may take what ran beside it along, and then says so.
      const disturbed = tabs.some((tab) => tab === "login" || tab === "logout");
      const allowed = disturbed ? [200, 204, 401, 409] : [200, 204, 401];
      const odd = answers.find(({ status }) => !allowed.includes(status));
      if (odd !== undefined)
        return void problems.push(`${tabs.join(" beside ")} was answered ${odd.status}: ${odd.text}`);
      const out = tabs.includes("logout");
      const renamed = answers
        .filter(({ status }, index) => tabs[index] === "login" && status !== 409)
        .map(({ id }) => id);
      for (const [index, tab] of tabs.entries()) {
        const { status } = answers[index] as { status: number };
        if (tab !== "set" && tab !== "add") continue;
        if (status === 401 && !disturbed) problems.push(`${tab} beside ${tabs[1 - index]} found no session`);
      }
      if (disturbed) dead.push(current);
      if (out) {
        // A login beside it may have come first, then its id is dead; or after, then it is a session of its own.
        current = "";
        for (const id of renamed) if (id !== undefined && (await load(id)) !== undefined) current = id;
        if (current === "") current = (await ask(undefined, "post", "/login/ada")).id as string;
        const now = await load(current);
        known = now?.data ?? {};
        count = Number(known["count"] ?? 0);
      } else {
        if (renamed.length > 0) {
          // Of two logins beside each other, one is told that the session has another id already.
          current = renamed.at(-1) as string;
        }
        const now = await load(current);
        if (now === undefined)
          return void problems.push(`after ${tabs.join(" beside ")} the session is gone`);
        for (const [index, tab] of tabs.entries()) {
          const key = keys[index] as string;
          if (tab === "add" && !disturbed) count += 1;
          if (tab !== "set") continue;
          if (!disturbed) known[key] = String(step);
        }
        if (disturbed) {
          known = now.data;
          count = Number(now.data["count"] ?? 0);
        } else {
          if (count > 0) known["count"] = count as unknown as string;
          const real = JSON.stringify(Object.entries(now.data).toSorted());
          const own = JSON.stringify(Object.entries(known).toSorted());
          if (real !== own)
            return void problems.push(`after ${tabs.join(" beside ")}: ${real}, expected ${own}`);
        }
      }
      const risen = dead.at(-1);
      if (risen !== undefined && (await load(risen)) !== undefined)
        problems.push(`after ${tabs.join(" beside ")} an old id opens a session`);
    }
    for (const id of dead) if ((await load(id)) !== undefined) problems.push("an old id opens a session");
  }

  async function load(id: string): Promise<{ data: Record<string, string> } | undefined> {
    const { text } = await ask(id, "get", "/read");
    const { isNew, data } = JSON.parse(text) as { isNew: boolean; data: Record<string, string> };
    return isNew ? undefined : { data };
  }

  function choose(): Tab {
    return chance.pick(["set", "set", "set", "add", "add", "read", "login", "logout"]);
  }

  const seconds = figure((performance.now() - started) / 1000);
  return {
    area: "Races",
    tried: `${engine}: two tabs of one visitor at once, through the layer, on two servers`,
    count: requests,
    unit: "requests",
    outcome: `both tabs' changes are there; no id that was logged out of or exchanged opens anything (${seconds} s)`,
    problems,
  };
}
