// Whether the sessions are in the end what the model says, for everybody who holds an id, and for the browser.
import { isDeepStrictEqual } from "node:util";
import { find, lives, type Sessions } from "./model.ts";
import type { Content, Sight } from "./sight.ts";

/** What is wrong; `undefined` when nothing is. */
export function ending(sight: Sight, sessions: Sessions): string | undefined {
  return everyId(sight, sessions) ?? everyUser(sight, sessions) ?? theBrowser(sight, sessions);
}

/** Ids by the request that made them: what has ended opens nothing, what lives opens what it should. */
function everyId({ ids }: Sight, sessions: Sessions): string | undefined {
  for (const by of new Set(ids.map((id) => id.by))) {
    const index = find(sessions, by);
    const entry = index === undefined ? undefined : sessions.entries[index];
    const wanted = entry && { user: entry.user, data: entry.data };
    const opening = ids.filter((id) => id.by === by && id.opens !== undefined).map(({ opens }) => opens);
    const isAsWanted =
      wanted === undefined ? opening.length === 0 : opening.length === 1 && isSame(opening[0], wanted);
    if (!isAsWanted) {
      return `The id of ${nameOf(by)} opens ${JSON.stringify(opening[0])} in the end, instead of ${JSON.stringify(wanted)}`;
    }
  }
  return undefined;
}

function everyUser({ counts, names }: Sight, { entries, now }: Sessions): string | undefined {
  for (const key of ["user", "otherUser"] as const) {
    const wanted = entries.filter((entry) => entry.user === names[key] && lives(entry, now)).length;
    if (counts[key] !== wanted)
      return `${key} has ${counts[key]} sessions in the end, instead of ${wanted} (L2)`;
  }
  return undefined;
}

/** A browser that got the id of a session which lives must hold an id, and not one that was replaced. */
function theBrowser({ browser, ids, requests }: Sight, { entries, now }: Sessions): string | undefined {
  const hasLeft = requests.some(
    ({ ask, status, change }) =>
      (status === 200 || change.kind === "clear") && (ask.do.kind === "logout" || ask.do.kind === "endMine"),
  );
  if (hasLeft) return undefined;
  const byOf = (id: string | undefined): number | undefined => ids.find((it) => it.id === id)?.by;
  const held = byOf(browser.cookie);
  // The cookie of a session that has ended is no loss: it was that session's until then.
  if (entries.some(({ id }) => id === held)) return undefined;
  const received = browser.received.map(byOf);
  if (!entries.some((entry) => lives(entry, now) && received.includes(entry.id))) return undefined;
  return "The browser's cookie opens nothing in the end, although its session lives (L5)";
}

/** Whether what was seen is what the model has; a key without a value is none. */
export function isSame(seen: Content | undefined, wanted: Content | undefined): boolean {
  const plain = wanted && (JSON.parse(JSON.stringify(wanted)) as object);
  return isDeepStrictEqual(
    seen && { ...seen, user: seen.user ?? undefined },
    wanted && { user: undefined, ...plain },
  );
}

function nameOf(by: number): string {
  return by < 0 ? (by === -1 ? "the first session" : "the other device") : `request ${"ABCDEFGH"[by]}`;
}
