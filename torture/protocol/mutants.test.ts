// The conformance kit of the layer finds each defect that the layer once had, when its fix alone is taken out.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { complaintAbout, type Edit } from "./mutants.ts";

const PLAN = "layer/session-plan.ts";
const REQUEST = "layer/request-session.ts";
const LAYER = "layer/session-layer.ts";
const MEMORY = "memory/memory-store.ts";

/** The defect, how its fix is taken out, and what the kit says first. */
const mutants: [defect: string, edits: readonly Edit[], complaint: RegExp][] = [
  [
    "a logout ends the id that it was sent with, and not the record (L2)",
    [[PLAN, "this.store.destroy(left)", "this.store.destroy(left.id)"]],
    /^The id of request \w opens \{.*\} in the end, instead of undefined/,
  ],
  [
    "a login that is under way when its session ends begins another (L2)",
    [[PLAN, "if (loggedIn !== undefined) throw new SessionEndedError();", ""]],
    /^\w \(login.*\) was answered 200 null, cookie: set; instead of 409, cookie: none/,
  ],
  [
    "who logs in as another user gets the former user's data (L3)",
    [
      [PLAN, "if (userId !== undefined && userId !== login.userId) this.#passOn();", ""],
      [MEMORY, "const isOther = before !== undefined && before.userId !== userId;", "const isOther = false;"],
    ],
    /"token":"only once","count":1\}\} in the end, instead of \{.*"data":\{\}\}|cookie: set; instead of 409/,
  ],
  [
    "a refresh of the idle timeout sets the cookie again (L6)",
    [
      [
        PLAN,
        'if (changesOf(session).size === 0) return "unchanged";',
        'if (changesOf(session).size === 0) return store.idle === undefined ? "unchanged" : "set";',
      ],
    ],
    /^\w \(read\) was answered 200 null, cookie: set; instead of 200, cookie: none/,
  ],
  [
    "an update does not see what its request has set before (L10)",
    [[REQUEST, "const isChanged = absorbChange(session, key);", "const isChanged = false;"]],
    /^\w \(set, then update\) was answered 200 1, cookie: none; instead of 200 11, cookie: none/,
  ],
  [
    "a change that was not stored is answered 200 (L1)",
    [[PLAN, "if (!failed) throw new SessionEndedError();", ""]],
    /^\w \(\w+\) was answered 200 null, cookie: none; instead of 409, cookie: none/,
  ],
  [
    "a renewal costs parallel requests their session (L5)",
    [[MEMORY, "this.#rename(kept, session, now, false);", "this.#rename(kept, session, now, true);"]],
    /^The id of the first session opens undefined in the end, instead of \{/,
  ],
  [
    "a login by old credentials survives the end of all sessions (L4)",
    [[MEMORY, "if (this.#isStale(kept.handle, login, now)) return false;", ""]],
    /^\w \(login with a stamp\) was answered 200 null, cookie: set; instead of 409, cookie: none/,
  ],
  [
    "a client that has left gets a new id all the same (L7)",
    [
      [
        PLAN,
        'return isAbandoned ? "unchanged" : this.#commitLogin(login);',
        "return this.#commitLogin(login);",
      ],
    ],
    /in the end, instead of|when it was opened, instead of/,
  ],
  [
    "an answer that read a logged-in session may be cached (L12)",
    [[LAYER, "if (setsId || plan.isOfUser) makePrivate(answer, setsId);", ""]],
    /is not private \(L12\)/,
  ],
];

describe("without its fix, the kit finds that", () => {
  beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterAll(() => void vi.useRealTimers());
  const clock = { advance: (seconds: number) => void vi.advanceTimersByTime(seconds * 1000) };

  test.each(mutants)("%s", async (_defect, edits, complaint) => {
    expect(await complaintAbout(edits, clock)).toMatch(complaint);
  });
});
