// Which steps each state of the protocol allows, and from where it begins.
import {
  edit,
  type Entry,
  type Kind,
  OF_BROWSER,
  OF_DEVICE,
  OF_THIEF,
  type Protocol,
  type Request,
  type State,
  type User,
} from "./protocol.ts";

/** A step: what it leads to, and what it was, for people and for the rules. */
export interface Step {
  readonly what: "send" | "open" | "commit" | "deliver" | "time";
  /** The number of the request; -1 for time. */
  readonly who: number;
  /** Of the answer, where it is a commit. */
  readonly status?: number;
  readonly to: State;
}

export type Company = "thief" | "device";

/** How the browser's session is at first. */
export type Start = "nobody" | "anonymous" | "logged in";

const FIRST_ID = 1;

/** What is forgotten of a request as soon as it plays no part any more, so that states that differ in nothing else are one. */
const BLANK: Omit<Request, "by" | "stage"> = {
  kind: undefined,
  cookie: 0,
  index: -1,
  user: 0,
  stamp: 0,
  isRetired: false,
  sets: 0,
};

export function initial(start: Start, company: Company, requests: number): State {
  const idle: Request = { ...BLANK, by: "browser", stage: "idle" };
  const user: User = start === "logged in" ? 1 : 0;
  const entry: Entry = {
    user,
    stamp: user === 1 ? 1 : 0,
    hasEnded: start === "nobody",
    id: FIRST_ID,
    former: [],
    owners: 1 << user,
  };
  const cookie = start === "nobody" ? 0 : FIRST_ID;
  return {
    entries: [entry],
    requests: [...Array.from({ length: requests }, () => idle), { ...idle, by: "other" }],
    browser: cookie,
    other: company === "thief" ? cookie : 0,
    nextId: FIRST_ID + 1,
    password: 1,
    endedWith: 0,
  };
}

export function* steps(protocol: Protocol, company: Company, state: State): Generator<Step> {
  for (const [who, request] of state.requests.entries()) {
    yield* stepsOf(protocol, company, state, who, request);
  }
  for (const [index, { former, hasEnded }] of state.entries.entries()) {
    if (former.length > 0)
      yield { what: "time", who: -1, to: edit(state, index, { former: former.slice(1) }) };
    if (!hasEnded) yield { what: "time", who: -1, to: edit(state, index, { hasEnded: true }) };
  }
}

function* stepsOf(
  protocol: Protocol,
  company: Company,
  state: State,
  who: number,
  request: Request,
): Generator<Step> {
  const become = (change: Partial<Request>, from: State = state): State => ({
    ...from,
    requests: from.requests.with(who, { ...request, ...change }),
  });
  switch (request.stage) {
    case "idle":
      for (const kind of kindsOf(request, company)) {
        const cookie = request.by === "browser" ? state.browser : state.other;
        yield { what: "send", who, to: become({ stage: "sent", kind, cookie }) };
      }
      return;
    case "sent": {
      const index = protocol.find(state, request.cookie);
      const entry = state.entries[index];
      const isRetired = entry !== undefined && entry.id !== request.cookie;
      // The password is checked now. Whoever changes it does that first, and ends all sessions then.
      const password = request.kind === "changePassword" ? 2 : state.password;
      const opened = { index, isRetired, user: entry?.user ?? 0, stamp: state.password };
      yield { what: "open", who, to: { ...become({ stage: "opened", ...opened }), password } };
      return;
    }
    case "opened": {
      const { state: after, status, sets } = protocol.commit(state, request);
      yield { what: "commit", who, status, to: become({ ...BLANK, stage: "answered", sets }, after) };
      return;
    }
    case "answered": {
      const { sets } = request;
      const over = become({ ...BLANK, stage: "over" });
      const cookie = Math.max(sets, 0);
      if (sets === 0) yield { what: "deliver", who, to: over };
      else if (request.by === "browser") yield { what: "deliver", who, to: { ...over, browser: cookie } };
      else yield { what: "deliver", who, to: { ...over, other: cookie } };
      return;
    }
    case "over":
  }
}

function kindsOf({ by }: Request, company: Company): readonly Kind[] {
  if (by === "browser") return OF_BROWSER;
  return company === "thief" ? OF_THIEF : OF_DEVICE;
}
