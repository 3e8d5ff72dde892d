// How every store refuses: what cannot be stored, and what has ended.
import { SessionEndedError, SessionTooLargeError } from "./errors.ts";
import { announceRefusal } from "./events.ts";
import type { JsonData } from "./json.ts";
import type { Settings } from "./options.ts";
import { assertConforms } from "./schema.ts";
import { isWellFormedId, recordIdOf } from "./session-id.ts";
import { type Entries, isLarger } from "./session.ts";

/**
 * That a session may hold this, and can be loaded with it again. For stores that answer at once.
 *
 * @throws SessionTooLargeError, SessionSchemaError, which are announced.
 */
export function assertStorable<Data extends JsonData<Data>>(
  { maxBytes, schema }: Settings<Data>,
  handle: string,
  entries: Entries,
): void {
  if (isLarger(entries, maxBytes)) {
    announceRefusal(handle, "too-large");
    throw new SessionTooLargeError(maxBytes, entries);
  }
  assertConforms(schema, handle, entries);
}

/** The answer to a write that has found nothing to write to. */
export function refuseGone({ handle }: { readonly handle: string }): false {
  announceRefusal(handle, "gone");
  return false;
}

/** The same for `update`, which has no answer for it. */
export function refuseUpdate(id: string): never {
  if (isWellFormedId(id)) announceRefusal(recordIdOf(id), "gone");
  throw new SessionEndedError();
}
