// Visits all states of the protocol, breadth first, and stops at the first that breaks a rule: the shortest way to it is told.
import { type Fault, Protocol, type Request, type State } from "./protocol.ts";
import { after, brokenBy, brokenIn, type Memory, remember } from "./rules.ts";
import { type Company, initial, type Start, type Step, steps } from "./steps.ts";

export interface Model {
  /** Requests of the browser; the other sends one more. */
  readonly requests: number;
  readonly fault?: Fault;
}

export interface Explored {
  readonly states: number;
  readonly steps: number;
  /** Which rule is broken, and the steps that lead there; `undefined` when none is. */
  readonly broken: { readonly rule: string; readonly way: readonly string[] } | undefined;
}

interface Node {
  readonly company: Company;
  readonly state: State;
  readonly memory: Memory;
  readonly from: Node | undefined;
  readonly by: Step | undefined;
}

const COMPANIES: readonly Company[] = ["thief", "device"];
const STARTS: readonly Start[] = ["nobody", "anonymous", "logged in"];

export function explore({ requests, fault }: Model): Explored {
  const protocol = new Protocol(fault);
  let edge = COMPANIES.flatMap((company) => STARTS.map((start) => beginning(company, start, requests)));
  const seen = new Set(edge.map(keyOf));
  let taken = 0;
  while (edge.length > 0) {
    const next: Node[] = [];
    for (const node of edge) {
      for (const by of steps(protocol, node.company, node.state)) {
        taken += 1;
        const memory = after(node.memory, node.state, by);
        const found: Node = { company: node.company, state: by.to, memory, from: node, by };
        const rule = brokenBy(node.memory, node.state, by) ?? brokenIn(memory, by.to);
        if (rule !== undefined)
          return { states: seen.size, steps: taken, broken: { rule, way: wayTo(found) } };
        const key = keyOf(found);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(found);
      }
    }
    edge = next;
  }
  return { states: seen.size, steps: taken, broken: undefined };
}

function beginning(company: Company, start: Start, requests: number): Node {
  const state = initial(start, company, requests);
  return { company, state, memory: remember(state), from: undefined, by: undefined };
}

/** The same for states that differ in nothing but the order of the browser's requests. */
function keyOf({ company, state, memory }: Node): string {
  const { entries, requests, browser, other, nextId, password, endedWith } = state;
  const own = requests.map(keyOfRequest);
  const key = [
    company,
    ...own.slice(0, -1).toSorted(),
    own.at(-1),
    ...entries.map(({ user, stamp, hasEnded, id, former, owners }) =>
      [user, stamp, Number(hasEnded), id, former.join(":"), owners].join(),
    ),
    [
      browser,
      other,
      nextId,
      password,
      endedWith,
      memory.received,
      Number(memory.hasLeft),
      memory.owed,
    ].join(),
  ];
  return key.join(";");
}

function keyOfRequest({ kind, stage, cookie, index, user, stamp, isRetired, sets }: Request): string {
  return [kind, stage, cookie, index, user, stamp, Number(isRetired), sets].join();
}

function wayTo(node: Node): string[] {
  const way: string[] = [];
  for (let at: Node | undefined = node; at?.by !== undefined; at = at.from) {
    const { what, who, to, status } = at.by;
    const request = at.from?.state.requests[who] ?? to.requests[who];
    const kind = request?.kind ?? to.requests[who]?.kind ?? "";
    const detail = [status, kind].filter((it) => it !== undefined && it !== "").join(" ");
    way.unshift(who === -1 ? "time passes" : `${request?.by} ${who + 1}: ${what} ${detail}`.trim());
  }
  return way;
}
