// One part of one request, as the model has it: what it may lead to, if that is what was seen.
import { isDeepStrictEqual } from "node:util";
import { isSame } from "./ending.ts";
import { act, begin, commit, end, open, type Opening, type Sessions, type Way } from "./model.ts";
import type { Seen, Sight } from "./sight.ts";

/** A part of a request, and when it is carried out. */
export interface Event {
  readonly who: number;
  readonly part: "open" | "begin" | "act" | "commit";
  readonly at: number;
}

/** How far a request has come. */
interface Progress {
  readonly opening: Opening | undefined;
  /** Whether its answer is settled: nothing more is carried out for it. */
  readonly isOver: boolean;
}

export interface State {
  readonly sessions: Sessions;
  readonly progress: readonly Progress[];
}

/** The states that a part may lead to; or why what was seen of it cannot be. */
export function carryOut(sight: Sight, state: State, event: Event): State[] | string {
  const { who, part } = event;
  const seen = sight.requests[who] as Seen;
  const progress = state.progress[who] as Progress;
  if (progress.isOver) return [state];
  if (part === "open") return carryOutOpen(sight, state, who, seen);
  const opening = progress.opening ?? NOBODY;
  const { ask, outage, leftAt } = seen;
  if (part === "begin") {
    const begun = { ...state, sessions: begin(state.sessions, opening, ask) };
    return outage === undefined ? [begun] : [begun, state];
  }
  const unchanged: Way = { sessions: state.sessions, status: 200, cookie: ["none"] };
  let ways =
    part === "act"
      ? [act(state.sessions, opening, ask, sight.names)]
      : commit(state.sessions, opening, ask, who, sight.names);
  if (outage !== undefined) {
    // Whoever wanted to leave has left, also when something else failed before.
    const isDone = outage.phase === part && outage.fate === "failed" ? [] : ways;
    ways = outage.phase === "act" || outage.phase === part ? [...isDone, unchanged] : ways;
    return follow(state, who, ways, false);
  }
  if (leftAt !== undefined) {
    const isTold =
      part === "commit" &&
      leftAt <= Math.max(event.at, ...seen.moments.commit) &&
      !TELLING_NOBODY.includes(ask.do.kind);
    if (isTold && leftAt <= seen.handledAt) ways = [unchanged];
    else if (isTold) {
      // It was on its way to the store: then a session that nobody can hear of is ended again.
      const endedAgain = ways.map((way) => ({ ...way, sessions: end(way.sessions, opening) }));
      ways = [...ways, unchanged, ...endedAgain];
    }
    return follow(state, who, ways, false);
  }
  const matching = ways.filter((way) => isAsSeen(way, seen, part));
  if (matching.length === 0) return mismatch(ways[0] ?? unchanged, seen);
  return follow(
    state,
    who,
    matching,
    matching.some(({ status }) => status !== 200),
  );
}

/** What is carried out although the client has left, since no id comes of it. */
const TELLING_NOBODY: readonly string[] = ["logout", "endMine", "endOthers", "endAll", "endByHandle", "set"];

const NOBODY: Opening = { index: undefined, id: Number.NaN, user: undefined, data: {}, isRetired: false };

function carryOutOpen(sight: Sight, state: State, who: number, seen: Seen): State[] | string {
  const { ask, cookie, outage } = seen;
  if (ask.from === "operator") return [state];
  const by = sight.ids.find(({ id }) => id === cookie)?.by;
  const opening = by === undefined ? NOBODY : open(state.sessions, by);
  if (outage?.phase === "open") return settle(state, who, opening, true);
  const entry = opening.index === undefined ? undefined : state.sessions.entries[opening.index];
  const content = entry && { user: entry.user, data: entry.data };
  if (!isSame(seen.opened, content)) {
    return `found ${JSON.stringify(seen.opened)} when it was opened, instead of ${JSON.stringify(content)}`;
  }
  const isTurnedAway = opening.index === undefined && ask.do.kind !== "login" && ask.do.kind !== "logout";
  if (isTurnedAway && seen.leftAt === undefined && seen.status !== 401) {
    return `was answered ${seen.status} without a session`;
  }
  return settle(state, who, opening, isTurnedAway);
}

function settle(state: State, who: number, opening: Opening | undefined, isOver: boolean): State[] {
  return [{ ...state, progress: state.progress.with(who, { opening, isOver }) }];
}

function follow(state: State, who: number, ways: readonly Way[], isOver: boolean): State[] {
  const opening = state.progress[who]?.opening;
  return ways.map(({ sessions }) => ({
    sessions,
    progress: state.progress.with(who, { opening, isOver }),
  }));
}

/** Whether a part may have gone this way, by the answer. */
function isAsSeen(way: Way, { status, value, change }: Seen, part: Event["part"]): boolean {
  if (part === "act" && way.status === 200) {
    return status !== 200 || way.value === undefined || isDeepStrictEqual(way.value, value);
  }
  return way.status === status && way.cookie.includes(change.kind);
}

function mismatch(way: Way, { status, value, change }: Seen): string {
  const got = status === 200 ? `200 ${JSON.stringify(value)}` : String(status);
  const wanted = way.value === undefined ? String(way.status) : `${way.status} ${JSON.stringify(way.value)}`;
  return `was answered ${got}, cookie: ${change.kind}; instead of ${wanted}, cookie: ${way.cookie.join(" or ")}`;
}
