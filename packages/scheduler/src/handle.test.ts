import { describe, expect, test } from "vitest";
import { FakeClock } from "../test/fake-clock.ts";
import { recordEvents } from "../test/record.ts";
import type { TaskRun } from "./task/options.ts";
import { Scheduler } from "./scheduler.ts";

const START = "2026-01-01T00:00:00.500Z";

describe("stop", () => {
  test("waits for what runs, starts nothing more, and leaves no timer", async () => {
    const clock = new FakeClock(START);
    const order: string[] = [];
    const task = async () => {
      order.push("start");
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 3000));
      order.push("end");
    };
    const jobs = new Scheduler({ clock }).cron("* * * * * *", task, { overlap: "queue" }).start();
    await clock.pass(2000);
    const stopped = jobs.stop().then((result) => order.push("stopped") && result);
    await clock.pass(9000);
    expect(await stopped).toEqual({ unfinished: [] });
    expect(order).toEqual(["start", "end", "stopped"]);
    expect(clock.pending).toBe(0);
    expect(jobs.status()[0]).toMatchObject({ state: "stopped", next: null });
  });

  test("aborts at the end of its grace, and names what did not finish", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const signals: AbortSignal[] = [];
    const task = ({ signal }: TaskRun) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const jobs = new Scheduler({ clock })
      .cron("* * * * * *", task, { name: "stuck", timeoutMs: 60_000 })
      .cron("* * * * * *", () => {}, { name: "quick" })
      .start();
    await clock.pass(500);
    const stopped = jobs.stop({ graceMs: 2000 });
    await clock.pass(1999);
    expect(signals[0]?.aborted).toBe(false);
    await clock.pass(1);
    expect(await stopped).toEqual({ unfinished: ["stuck"] });
    expect(signals[0]?.reason).toMatchObject({ name: "AbortError" });
    expect(events.at(-1)).toEqual({ event: "stopped", unfinished: ["stuck"] });
    expect(clock.pending).toBe(0);
  });

  test("waits 10 s unless told otherwise", async () => {
    const clock = new FakeClock(START);
    const jobs = new Scheduler({ clock }).cron("* * * * * *", () => new Promise(() => {})).start();
    await clock.pass(500);
    let isStopped = false;
    const stopped = jobs.stop().then(() => (isStopped = true));
    await clock.pass(9999);
    expect(isStopped).toBe(false);
    await clock.pass(1);
    expect(await stopped).toBe(true);
  });

  test("can be said twice, and gives the same answer", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const jobs = new Scheduler({ clock }).cron("* * * * * *", () => {}).start();
    expect(jobs.stop()).toBe(jobs.stop({ graceMs: 1 }));
    await jobs.stop();
    expect(events.filter(({ event }) => event === "stopped")).toHaveLength(1);
  });

  test("a task that obeys its signal is not reported as an error", async () => {
    const clock = new FakeClock(START);
    const errors: unknown[] = [];
    const task = ({ signal }: TaskRun) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const jobs = new Scheduler({ clock, onError: (error) => errors.push(error) })
      .cron("* * * * * *", task)
      .start();
    await clock.pass(500);
    const stopped = jobs.stop({ graceMs: 0 });
    await clock.pass(1);
    await stopped;
    await clock.pass(0);
    expect(errors).toEqual([]);
    expect(jobs.status()[0]).toMatchObject({ running: 0, last: { outcome: "cancelled" } });
  });

  test("after it, trigger is skipped", async () => {
    const jobs = new Scheduler().cron("@daily", () => {}, { name: "t" }).start();
    await jobs.stop();
    expect(await jobs.trigger("t")).toBe("skipped");
  });

  test("await using stops at the end of the block", async () => {
    const clock = new FakeClock(START);
    let runs = 0;
    {
      await using jobs = new Scheduler({ clock }).cron("* * * * * *", () => (runs += 1)).start();
      await clock.pass(2500);
      expect(jobs.status()).toHaveLength(1);
    }
    await clock.pass(5000);
    expect(runs).toBe(3);
    expect(clock.pending).toBe(0);
  });
});
