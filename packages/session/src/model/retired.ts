// The ids of a record that were replaced a moment ago, as stores outside of memory keep them: the hash of each with the time
// until which it is remembered. A time below 0 says that the id opens nothing: then it is only known not to be a stranger's.

/** Each costs some sixty bytes, and only a loop of renewals has more than a few. */
const MOST = 16;

/** How a replaced id is remembered. */
export interface Retirement {
  /** The hash of the id that is replaced. */
  readonly secretHash: string;
  readonly now: number;
  readonly graceMs: number;
  /** Whether it opens nothing from now on, and those before it neither. */
  readonly isStrict: boolean;
}

/** The text that is kept of replaced ids, with one more; `null` for none. */
export function retire(text: string | null, retirement: Retirement): string | null {
  const { secretHash, now, graceMs, isStrict } = retirement;
  const known = Object.entries(parse(text)).filter(([, until]) => Math.abs(until) > now);
  if (graceMs > 0) known.push([secretHash, now + graceMs]);
  const kept = known
    .slice(-MOST)
    .map(([hash, until]): [string, number] => [hash, isStrict ? -Math.abs(until) : until]);
  return kept.length === 0 ? null : JSON.stringify(Object.fromEntries(kept));
}

/** What is remembered of an id: it is good, it was replaced and opens nothing, or nothing is known of it. */
export function retiredAs(text: string | null, secretHash: string, now: number): "good" | "dead" | undefined {
  if (text === null) return undefined;
  const until = parse(text)[secretHash] ?? 0;
  if (until > now) return "good";
  return -until > now ? "dead" : undefined;
}

function parse(text: string | null): Record<string, number> {
  return text === null ? {} : (JSON.parse(text) as Record<string, number>);
}
