// What the credentials of users became when all their sessions were ended, for as long as a login may be under way that has
// checked older ones.
import { STAMP_MS } from "../model/login.ts";

/** The stamps that `destroyByUser` was told. */
export class Stamps {
  readonly #byUser = new Map<string, { readonly stamp: string; readonly until: number }>();

  set(userId: string, stamp: string, now: number): void {
    // Behind all others: the first to be forgotten comes first.
    this.#byUser.delete(userId);
    this.#byUser.set(userId, { stamp, until: now + STAMP_MS });
    for (const [other, { until }] of this.#byUser) {
      if (until > now) return;
      this.#byUser.delete(other);
    }
  }

  /** Whether a login with this stamp comes too late. */
  refuses(userId: string, stamp: string, now: number): boolean {
    const known = this.#byUser.get(userId);
    return known !== undefined && known.until > now && known.stamp !== stamp;
  }
}
