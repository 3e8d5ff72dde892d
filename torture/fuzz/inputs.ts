// Makes inputs: what the grammar knows, put together as it never is, and then damaged.
import type { Chance } from "../random.ts";

/** Bytes that headers may carry beyond ASCII, white space of all kinds, and what ends something somewhere. */
const ODD = [
  "",
  " ",
  "\t",
  '"',
  "\\",
  ",",
  ";",
  "=",
  "%",
  "/",
  "?",
  "#",
  "\xa0",
  "\xff",
  "\0",
  "\r",
  "\n",
  "\u2028",
  "é",
  "€",
  "𝄞",
  "\ud800",
  "__proto__",
  "constructor",
  "-",
  "+",
  ".",
  ":",
  "0",
  "9".repeat(400),
  "%00",
  "%2e",
  "%2F",
  "%25",
  "%ZZ",
  "%c0%af",
  "%e2%82",
];

/** A node:http server lets no longer header through. */
const LONGEST = 16 * 1024;

/** An input of these pieces. One in a hundred has a piece, or all of it, so often that it is as long as a header may be. */
export function inputOf(chance: Chance, pieces: readonly string[]): string {
  let text = "";
  for (let left = 1 + chance.below(9); left > 0; left -= 1) {
    let piece = chance.oneIn(5) ? chance.pick(ODD) : chance.pick(pieces);
    if (chance.oneIn(900)) piece = piece.repeat(Math.ceil(LONGEST / (piece.length + 1)));
    text += piece;
  }
  if (chance.oneIn(1000)) text = text.repeat(Math.ceil(LONGEST / (text.length + 1)));
  if (chance.oneIn(3)) text = damage(chance, text);
  return text.slice(0, LONGEST);
}

/** Cuts, doubles or exchanges something. */
function damage(chance: Chance, text: string): string {
  const at = chance.below(text.length + 1);
  const to = at + chance.below(4);
  switch (chance.below(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(to);
    case 2:
      return text.slice(0, to) + text.slice(at);
    default:
      return (
        text.slice(0, at) + String.fromCharCode(chance.below(chance.oneIn(4) ? 65_536 : 256)) + text.slice(to)
      );
  }
}

/** What of a text can arrive in a header: latin1 without what ends the field. */
export function asHeader(text: string): string {
  return text.replace(/[\0-\x08\x0a-\x1f\x7f]/g, "").replace(/[^\t\x20-\xff]/g, "ÿ");
}
