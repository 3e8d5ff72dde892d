// The hashes of bound cookies that were found good a moment ago. A browser sends the same one with every request for minutes, and
// hashing it each time would cost more than the rest of what a bound session does.
import { flat } from "../../model/flat-string.ts";
import { cookieHashOf, endOfHash } from "./device-record.ts";

/** So many are remembered at least, and twice as many at most: some 300 bytes each. */
const MANY = 4096;

/** Bound cookies of one layer, as they are asked for. */
export class KnownCookies {
  #recent = new Map<string, string>();
  #former: ReadonlyMap<string, string> = this.#recent;

  /**
   * The end of a bound cookie's life by the text of a record, in milliseconds since the epoch; `undefined` where it is none of that
   * record's. Only one that is gets remembered, so that nobody fills this with cookies of their own making.
   */
  endOf(text: string, cookie: string): number | undefined {
    const known = this.#recent.get(cookie) ?? this.#former.get(cookie);
    const hash = known ?? cookieHashOf(cookie);
    const end = endOfHash(text, hash);
    if (known === undefined && end !== undefined) this.#remember(cookie, hash);
    return end;
  }

  #remember(cookie: string, hash: string): void {
    if (this.#recent.size >= MANY) {
      this.#former = this.#recent;
      this.#recent = new Map();
    }
    // A slice of a request's head would keep all of it.
    this.#recent.set(flat(cookie), flat(hash));
  }
}
