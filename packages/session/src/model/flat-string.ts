// Text that keeps nothing else alive. V8 does not copy the part of a string that is cut out of a longer one: a token of 32
// characters keeps the megabyte of the form that it came with, for as long as the session lives.

/** V8 copies shorter ones. */
const SHORTEST_SLICE = 13;

/** The same text in memory of its own. */
export function flat(text: string): string {
  // V8 joins the two into one new string before it cuts off the first character.
  return text.length < SHORTEST_SLICE ? text : ` ${text}`.slice(1);
}

/** The same text as a key: in memory of its own, which all sessions share that have this key. */
export function flatKey(key: string): string {
  if (key.length < SHORTEST_SLICE) return key;
  for (const name in { [key]: true }) return name;
  return key;
}
