import { describe, expect, test } from "vitest";
import { explore } from "./explore.ts";
import type { Fault } from "./protocol.ts";

describe("the model of the layer's protocol", () => {
  test("has no state that breaks a rule, and this many states", () => {
    expect(explore({ requests: 1 })).toEqual({ states: 5_421, steps: 13_044, broken: undefined });
    expect(explore({ requests: 2 })).toEqual({ states: 141_207, steps: 454_085, broken: undefined });
  });

  /** Each is something that the layer once did, or that an implementation may get wrong. */
  const faults: [Fault, rule: string][] = [
    ["an unstored change is answered 200", "L1: a change that was not stored was acknowledged"],
    ["a 409 sets a cookie", "L1: what was not done sets a cookie"],
    ["logout ends the id alone", "L2: a session outlives its logout"],
    ["login begins anew after an end", "L2: a login brings back a session that had ended"],
    ["login keeps another user's data", "L3: a user sees another's data"],
    ["login keeps the id", "L3: an id from before the login opens the session after it"],
    ["stamps are ignored", "L4: a login by old credentials survives their change"],
    ["a retired id gets a cookie", "L5: a request under a retired id sets a cookie"],
    ["renew is strict", "L5: a renewal has cost another request its session"],
    ["regenerate is lenient", "L5: the id before a regeneration opens the session after it"],
    ["an answer repeats the cookie", "L6: a cookie is set although the id has not changed"],
  ];

  test.each(faults)("finds that %s", (fault, rule) => {
    expect(explore({ requests: 2, fault }).broken?.rule).toBe(rule);
  });

  test("tells the shortest way to what is broken", () => {
    expect(explore({ requests: 2, fault: "logout ends the id alone" }).broken?.way).toEqual([
      "browser 1: send login",
      "browser 1: open login",
      "browser 2: send logout",
      "browser 2: open logout",
      "browser 1: commit 200 login",
      "browser 2: commit 200 logout",
    ]);
  });
});
