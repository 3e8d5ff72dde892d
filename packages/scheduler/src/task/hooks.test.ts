/* oxlint-disable unicorn/no-thenable */
// Nothing that a user's code does ends the engine, or leaves a task running for good.
import { Console } from "node:console";
import { Writable } from "node:stream";
import { inspect } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { recorder, start } from "../../test/record.ts";
import { Scheduler } from "../scheduler.ts";
import type { SchedulerOptions } from "./options.ts";

const START = "2026-01-01T00:00:00.500Z";

/** Everything that the process would have died of. */
function unhandled(): unknown[] {
  const errors: unknown[] = [];
  const listener = (error: unknown) => errors.push(error);
  process.on("unhandledRejection", listener);
  onTestFinished(() => void process.off("unhandledRejection", listener));
  return errors;
}

const unprintable = new Error("no");
Object.defineProperty(unprintable, inspect.custom, {
  value: () => {
    throw new Error("printing it throws");
  },
});
const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error("looking at it throws");
    },
    getPrototypeOf() {
      throw new Error("asking what it is throws");
    },
  },
);

test.each<[string, SchedulerOptions["onError"]]>([
  [
    "throws",
    () => {
      throw new Error("onError itself");
    },
  ],
  ["rejects", () => Promise.reject(new Error("onError itself"))],
  ["rejects with nothing", () => Promise.reject()],
  ["throws what cannot be printed", () => Promise.reject(unprintable)],
  [
    "gives a thenable that throws",
    () => ({
      then: () => {
        throw new Error("then");
      },
    }),
  ],
  ["gives an object that throws when it is looked at", () => hostile],
  ["is the default", undefined],
])("an onError that %s ends nothing", async (_, onError) => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const errors = unhandled();
  const clock = new FakeClock(START);
  let runs = 0;
  const fail = () => {
    runs += 1;
    throw unprintable;
  };
  const jobs = start(
    clock,
    new Scheduler({ clock, ...(onError !== undefined && { onError }) }).cron("* * * * * *", fail, {
      name: "t",
    }),
  );
  await clock.pass(3000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(runs).toBe(3);
  expect(jobs.status()[0]).toMatchObject({ running: 0, failures: 3, state: "scheduled" });
  expect(errors).toEqual([]);
});

test.each<[string, unknown]>([
  ["that cannot be printed", unprintable],
  ["that throws when it is looked at", hostile],
  [
    "that is a revoked proxy",
    (() => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    })(),
  ],
  ["that is null", null],
])("an error %s is reported on the console, and the task runs again", async (_, error) => {
  // A real console, into nothing: it is the printing that throws.
  const nothing = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }));
  const log = vi.spyOn(console, "error").mockImplementation((...texts) => nothing.error(...texts));
  onTestFinished(() => log.mockRestore());
  const clock = new FakeClock(START);
  const { slots, task } = recorder();
  const fail = (run: { scheduledAt: Date }) => {
    task(run);
    throw error;
  };
  const jobs = start(clock, new Scheduler({ clock }).cron("* * * * * *", fail, { timeoutMs: 100 }));
  await clock.pass(3000);
  expect(slots).toHaveLength(3);
  expect(jobs.status()[0]).toMatchObject({ running: 0, failures: 3 });
});

test("a console that is gone ends nothing", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {
    throw new Error("EPIPE");
  });
  onTestFinished(() => log.mockRestore());
  const clock = new FakeClock(START);
  const jobs = start(
    clock,
    new Scheduler({ clock }).cron("* * * * * *", () => Promise.reject(new Error("no"))),
  );
  await clock.pass(3000);
  expect(jobs.status()[0]?.failures).toBe(3);
});

test("a task that gives a promise of another make, or one that throws, is awaited like any", async () => {
  const clock = new FakeClock(START);
  const thenable = { then: (resolve: () => void) => resolve() };
  const broken = {
    get then(): never {
      throw new Error("no");
    },
  };
  const jobs = start(
    clock,
    new Scheduler({ clock, onError: () => {} })
      .cron("* * * * * *", () => thenable)
      .cron("* * * * * *", () => broken),
  );
  await clock.pass(1000);
  expect(jobs.status().map(({ last }) => last?.outcome)).toEqual(["success", "error"]);
});

test("an alarm that throws is reported, and takes no other with it", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const clock = new FakeClock(START);
  const { slots, task } = recorder();
  const random = vi.spyOn(Math, "random").mockImplementation(() => {
    throw new Error("no luck");
  });
  onTestFinished(() => random.mockRestore());
  const scheduler = new Scheduler({ clock }).cron("* * * * * *", task);
  const jobs = start(clock, scheduler);
  expect(() => jobs.add((tasks) => tasks.every(1000, () => {}, { jitterMs: 5 }))).toThrow("no luck");
  await clock.pass(3000);
  expect(slots).toHaveLength(3);
});
