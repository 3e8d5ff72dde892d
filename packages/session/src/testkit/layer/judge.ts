// Whether what was seen of a schedule can be explained: each part of each request is carried out at one moment, at which one
// of its calls of the store was, and the model says what comes of it.
import { carryOut, type Event, type State } from "./carry-out.ts";
import { ending } from "./ending.ts";
import { BEGINNING, DEVICE, FIRST, TTL } from "./model.ts";
import { labelOf, type Seen, type Sight } from "./sight.ts";

const MINUTE = 60;
const PARTS: readonly Event["part"][] = ["open", "begin", "act", "commit"];

/** What is wrong with what was seen; `undefined` when it is as it should be. */
export function judge(sight: Sight): string | undefined {
  return each(sight, plainly) ?? together(sight) ?? each(sight, personally);
}

function each({ requests }: Sight, check: (seen: Seen) => string | undefined): string | undefined {
  for (const [who, seen] of requests.entries()) {
    const complaint = check(seen);
    if (complaint !== undefined) return `${labelOf(seen, who)} ${complaint}`;
  }
  return undefined;
}

function together(sight: Sight): string | undefined {
  const complaints: string[] = [];
  for (const events of orders(sight.requests)) {
    const complaint = explain(sight, events);
    if (complaint === undefined) return undefined;
    complaints.push(complaint);
  }
  return complaints[0];
}

/** What must be of each answer, whatever the others are. */
function plainly({ change, status, failure, outage }: Seen): string | undefined {
  if (failure !== undefined) return `failed: ${String(failure)}`;
  if (status === 500) return "was answered 500";
  if (outage !== undefined && status !== 503) return `met an outage, and was answered ${status} (L8)`;
  if (change.kind === "set" && status !== 200) return `was answered ${status}, with a new cookie (L1)`;
  if (change.kind === "set" && !(change.maxAge <= TTL && change.maxAge > TTL - 2 * MINUTE)) {
    return `got a cookie for ${change.maxAge} s, which is not the lifetime (L6)`;
  }
  return undefined;
}

/** What must be of an answer that read the session of somebody who has logged in. */
function personally({ status, cacheControl = "", opened, isRecent }: Seen): string | undefined {
  if (opened?.user === undefined) return undefined;
  if (!isRecent) return "has just logged in, and is told otherwise (L9)";
  if (status === 200 && !/\b(?:private|no-store)\b/.test(cacheControl)) {
    return "read a logged-in session, and its answer is not private (L12)";
  }
  return undefined;
}

/** The orders that the parts may have been carried out in: mostly one, since mostly a part is one call of the store. */
function orders(requests: readonly Seen[]): Event[][] {
  const choices = requests.map((seen, who) =>
    momentsOf(seen).map((moments) => PARTS.map((part, index) => ({ who, part, at: moments[index] ?? 0 }))),
  );
  const all = choices.reduce<Event[][]>(
    (before, own) => before.flatMap((events) => own.map((its) => [...events, ...its])),
    [[]],
  );
  return all.map((events) => events.toSorted((a, b) => a.at - b.at));
}

/** When a request's parts may have been carried out. */
function momentsOf({ moments, handledAt, ask }: Seen): number[][] {
  const opens = moments.open.length > 0 ? moments.open : [0];
  // A token may be taken at once, or with the rest of what the handler asked for.
  const acting = ask.do.kind === "take" ? [...moments.act, ...moments.commit] : moments.act;
  return opens.flatMap((opening) =>
    (acting.length > 0 ? acting : [opening]).flatMap((acted) => {
      const commits = moments.commit.length > 0 ? moments.commit : [handledAt];
      return commits.map((committed) => [opening, acting[0] ?? acted, acted, Math.max(acted, committed)]);
    }),
  );
}

/** Plays the model in this order, and gives what it cannot explain. */
function explain(sight: Sight, events: readonly Event[]): string | undefined {
  let states: State[] = [beginning(sight)];
  for (const event of events) {
    const complaints: string[] = [];
    states = states.flatMap((state) => {
      const next = carryOut(sight, state, event);
      if (typeof next !== "string") return next;
      complaints.push(next);
      return [];
    });
    if (states.length === 0) {
      return `${labelOf(sight.requests[event.who] as Seen, event.who)} ${complaints[0]}`;
    }
  }
  const complaints = states.map(({ sessions }) => ending(sight, sessions));
  return complaints.includes(undefined) ? undefined : complaints[0];
}

function beginning({ start, names, requests }: Sight): State {
  const entry = { former: [], expiresAt: TTL, hasEnded: false, data: {} };
  const user = start === "logged in" ? names.user : undefined;
  return {
    sessions: {
      now: 0,
      entries: [
        { ...entry, id: FIRST, user, data: BEGINNING, hasEnded: start === "nobody" },
        { ...entry, id: DEVICE, user: names.user },
      ],
      stamps: {},
    },
    progress: requests.map(() => ({ opening: undefined, isOver: false })),
  };
}
