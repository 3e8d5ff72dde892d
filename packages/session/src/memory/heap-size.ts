// How much of the heap a session takes, as near as it can be told without asking V8. What counts is that no session takes
// much more than is said here, whatever is in it; heap-size.test.ts holds that against real heaps.
import { type Entries, JsonText } from "../model/session.ts";
import type { Client } from "../model/store.ts";

/** A record with its id, its handle, and its places in the store's orders. */
const RECORD = 450;
/** A user with one session, and what is known of the login. */
const LOGIN = 400;
/** A key and its value stand side by side in an array. */
const PAIR = 16;
const TEXT = 48;
/** One that V8 copies instead of cutting it out of another. */
const SHORT_TEXT = 24;
const OBJECT = 24;
const NUMBER = 16;
/** Up to here it does not pay to find out which characters a text has. */
const UNSEEN = 100;

/** Bytes of a text: V8 takes one for each character, or two when one of them is beyond Latin-1. */
function textSize(text: string): number {
  const { length } = text;
  if (length < 13) return SHORT_TEXT + 2 * length;
  const isAscii = length > UNSEEN && Buffer.byteLength(text) === length;
  return TEXT + (isAscii ? length : 2 * length);
}

/** Bytes of a session's data. */
function entriesSize(entries: Entries): number {
  let size = 0;
  for (let index = 0; index < entries.length; index += 2) {
    size += PAIR + textSize(String(entries[index]));
    const value = entries[index + 1];
    if (typeof value === "string") size += textSize(value);
    else size += value instanceof JsonText ? OBJECT + textSize(value.json) : NUMBER;
  }
  return size;
}

/** Bytes of a session with its data. */
export function recordSize(
  entries: Entries,
  login: { readonly userId: string; readonly client: Client } | undefined,
): number {
  const size = RECORD + entriesSize(entries);
  if (login === undefined) return size;
  const { ip = "", userAgent = "" } = login.client;
  return size + LOGIN + 2 * (login.userId.length + ip.length + userAgent.length);
}
