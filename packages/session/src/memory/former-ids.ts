// The ids that a record had a moment ago, as the memory store keeps them with it.
import { isSameId } from "../model/session-id.ts";

/** An id that was replaced. */
export interface FormerId {
  readonly id: string;
  /** When it is forgotten. Milliseconds since the epoch. */
  readonly until: number;
  /** Whether it still opens its record. */
  readonly isGood: boolean;
}

/** Only a loop of renewals has more than a few. */
const MOST = 16;

/** The former ids with one more. After a strict replacement none of them opens anything. */
export function withFormer(
  former: readonly FormerId[] | undefined,
  id: string,
  { now, graceMs, isStrict }: { now: number; graceMs: number; isStrict: boolean },
): readonly FormerId[] | undefined {
  if (graceMs === 0) return undefined;
  const known = (former ?? []).filter(({ until }) => until > now).slice(1 - MOST);
  const kept = isStrict ? known.map((it) => ({ ...it, isGood: false })) : known;
  return [...kept, { id, until: now + graceMs, isGood: !isStrict }];
}

/** What is known of an id: it is good, it was replaced and opens nothing, or nothing. */
export function formerAs(
  former: readonly FormerId[] | undefined,
  id: string,
  now: number,
): "good" | "dead" | undefined {
  const found = former?.find((it) => it.until > now && isSameId(it.id, id));
  return found && (found.isGood ? "good" : "dead");
}
