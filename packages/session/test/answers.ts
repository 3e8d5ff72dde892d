// Asks a store again and again while its server fails: every answer must be right, or say that there is none.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { SessionStoreUnavailableError } from "../src/model/errors.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import type { Store } from "../src/model/store.ts";

export interface Answers {
  readonly right: number;
  readonly unavailable: number;
}

/** Reads and writes one session until `during` is over. */
export async function answersOf(
  store: Store<AnyData>,
  id: string,
  during: () => Promise<void>,
): Promise<Answers> {
  const count = { right: 0, unavailable: 0 };
  const stop = new AbortController();
  const ask = async (): Promise<void> => {
    for (let round = 1; !stop.signal.aborted; round += 1) {
      try {
        const session = await store.load(id);
        assert.equal(session?.get("name"), "Ada", "an outage must not look like a session that is gone");
        session?.set("round", round);
        assert.equal(await store.save(session), true);
        count.right += 1;
      } catch (error) {
        if (!(error instanceof SessionStoreUnavailableError)) throw error;
        assert.equal(error.statusCode, 503);
        count.unavailable += 1;
      }
      await sleep(5);
    }
  };
  const asking = Promise.all([ask(), ask(), ask()]);
  // Whatever happens, the asking ends.
  await during().finally(() => stop.abort());
  await asking;
  return count;
}
