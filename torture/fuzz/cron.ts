// Cron expressions: what an application's settings may hold.
import assert from "node:assert/strict";
import { CronSchedule } from "@hatcheck/scheduler";
import type { Chance } from "../random.ts";
import { inputOf } from "./inputs.ts";
import type { Target } from "./target.ts";

const FIELDS = [
  "*",
  "0",
  "5",
  "59",
  "23",
  "31",
  "30",
  "29",
  "12",
  "2",
  "7",
  "*/5",
  "1-5",
  "10-40/10",
  "1,2,3",
  "L",
  "15W",
  "5L",
  "5#2",
  "MON",
  "FEB",
  "MON-FRI",
  "?",
  "*/0",
  "60",
  "5-1",
  "1-",
  "W",
  "#",
];
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"];
const NOW = Date.UTC(2026, 1, 28, 23, 59, 59);

const cron: Target = {
  name: "cron expressions",
  promise: "SyntaxError, RangeError or a schedule whose next run lies ahead",
  make(chance: Chance) {
    const fields = Array.from({ length: 5 + chance.below(2) }, () =>
      chance.oneIn(6) ? chance.pick(FIELDS) : "*",
    );
    const known = chance.oneIn(2)
      ? fields.join(" ")
      : inputOf(chance, [...FIELDS, " ", " ", "@daily", "@reboot"]).slice(0, 200);
    return `${chance.oneIn(10) ? chance.pick(ZONES) : "UTC"}|${known}`;
  },
  check(input) {
    const bar = input.indexOf("|");
    const timezone = input.slice(0, bar);
    let schedule: CronSchedule;
    try {
      schedule = CronSchedule.parse(input.slice(bar + 1), { timezone, dayMatch: "or" });
    } catch (error) {
      assert.ok(error instanceof SyntaxError || error instanceof RangeError, String(error));
      return;
    }
    const next = schedule.next(new Date(NOW));
    assert.ok(next === null || next.getTime() > NOW, String(next));
  },
};

export const cronTargets: readonly Target[] = [cron];
