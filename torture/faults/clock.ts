// Clocks that jump: an administrator corrects the time, a virtual machine wakes up, NTP steps.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Session, SessionStore, type Store } from "@hatcheck/session";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import { Chance } from "../random.ts";
import type { Finding, Size } from "../report.ts";

const TTL = 3600;
const IDLE = 600;

/** Steps the clock of this process to and fro, and uses sessions meanwhile. */
export async function clockSteps(size: Size): Promise<Finding> {
  const steps = size === "short" ? 500 : 20_000;
  const folder = mkdtempSync(join(tmpdir(), "torture-"));
  const memory = new SessionStore({ ttl: TTL, idle: IDLE });
  const sqlite = new SqliteSessionStore(join(folder, "sessions.db"), { ttl: TTL, idle: IDLE });
  const problems: string[] = [];
  const realNow = Date.now;
  try {
    for (const store of [memory, sqlite]) stepClock(store, steps, problems);
  } finally {
    Date.now = realNow;
    sqlite.close();
    rmSync(folder, { recursive: true });
  }
  return {
    area: "Faults",
    tried: "memory and SQLite: clock steps of up to two hours, forward and back",
    count: 2 * steps,
    unit: "steps",
    outcome:
      "none lives longer than its lifetime by the clock, none that was destroyed or purged comes back, none that is used ends early",
    problems,
  };
}

interface Used {
  readonly session: Session;
  readonly endsAt: number;
  /** By the clock, the last time it was loaded. */
  seenAt: number;
  /** The latest that the clock has been since: whoever had ended then may have been purged. */
  latest: number;
}

function stepClock(store: Store<Record<string, string>, "sync">, steps: number, problems: string[]): void {
  const chance = new Chance(steps);
  let now = Date.UTC(2026, 0, 1);
  Date.now = () => now;
  const live: Used[] = [];
  const dead: string[] = [];
  for (let step = 0; step < steps && problems.length < 5; step += 1) {
    now += chance.pick([1, 1000, 59_000, 500_000, 7_200_000, -1, -1000, -59_000, -500_000, -7_200_000, 0]);
    const session = store.create();
    live.push({ session, endsAt: now + TTL * 1000, seenAt: now, latest: now });
    for (const used of live.slice()) {
      used.latest = Math.max(used.latest, now);
      if (!chance.oneIn(3)) continue;
      const found = store.load(used.session.id);
      if (found !== undefined && now >= used.endsAt)
        problems.push(`it lives ${now - used.endsAt} ms after its end`);
      // The store moves "last seen" on in steps of a tenth of the idle time.
      const mayHaveEnded = used.latest >= used.endsAt || used.latest - used.seenAt >= IDLE * 900;
      if (found === undefined && !mayHaveEnded) problems.push("it ended early");
      if (found !== undefined) Object.assign(used, { seenAt: now, latest: now });
      if (found === undefined || chance.oneIn(4)) {
        store.destroy(used.session.id);
        dead.push(used.session.id);
        live.splice(live.indexOf(used), 1);
      }
    }
    if (chance.oneIn(10)) store.purgeExpired();
    if (live.length > 50) {
      const [first] = live.splice(0, 1);
      if (first !== undefined) store.destroy(first.session.id);
    }
    const risen = dead.find((id, index) => index > dead.length - 20 && store.load(id) !== undefined);
    if (risen !== undefined) problems.push("a destroyed session is alive");
  }
}
