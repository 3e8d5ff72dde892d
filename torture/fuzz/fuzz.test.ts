import { expect, test } from "vitest";
import { fuzz, targets } from "./fuzz.ts";

test.each(targets)("$name: $promise", async (target) => {
  expect((await fuzz(target, "short", 1)).problems).toEqual([]);
});
