/**
 * Has nothing to do but a scheduler; whether this process ends is what the test looks at.
 */
import { Scheduler } from "../../src/index.ts";

const unref = process.argv[2] === "unref";
new Scheduler({ unref })
  .every({ hours: 1 }, () => {}, { retry: { attempts: 2, backoffMs: 60_000 }, timeoutMs: 60_000 })
  .cron("@daily", () => {})
  .after({ days: 1 }, () => {})
  .start();
process.on("exit", () => console.log("ended"));
