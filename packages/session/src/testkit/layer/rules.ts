// Which rules of the layer have something to say of a meeting of requests.
import type { Ask } from "./asks.ts";
import type { Meeting } from "./explore.ts";

/** The rules of the layer, as docs/sessions.md numbers them. */
export type Rule = "L1" | "L2" | "L3" | "L4" | "L5" | "L6" | "L7" | "L8" | "L9" | "L10" | "L12";

export function rulesOf({ start, asks }: Meeting): Rule[] {
  const kinds = asks.map((ask) => ask.do.kind);
  const has = (...some: readonly Ask["do"]["kind"][]): boolean => kinds.some((kind) => some.includes(kind));
  const stamped = asks.filter((ask) => "stamp" in ask.do);
  const rules: [Rule, boolean][] = [
    ["L1", kinds.some((kind) => kind !== "read" && kind !== "pass")],
    ["L2", has("logout", "endMine", "endOthers", "endAll", "endByHandle", "pass")],
    ["L3", has("login")],
    ["L4", new Set(stamped.map(({ from }) => from)).size > 1],
    ["L5", has("regenerate", "renew", "login")],
    ["L6", true],
    ["L7", asks.some(({ leaves }) => leaves)],
    ["L8", asks.some(({ outage }) => outage)],
    ["L9", start === "logged in" || has("login")],
    ["L10", has("take", "update", "sequence")],
    ["L12", start === "logged in"],
  ];
  return rules.flatMap(([rule, holds]) => (holds ? [rule] : []));
}
