import { expect, test } from "vitest";
import * as scheduler from "./index.ts";

test("the public values are these, and no others", () => {
  expect(Object.keys(scheduler).toSorted()).toEqual([
    "CronSchedule",
    "LeaseLostError",
    "Scheduler",
    "TaskTimeoutError",
  ]);
});
