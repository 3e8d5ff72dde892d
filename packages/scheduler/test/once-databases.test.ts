/**
 * What every kind of `once` promises, tried on all of them.
 */
import { Redis } from "ioredis";
import { Pool } from "pg";
import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Lease, Once, Slot } from "../src/index.ts";
import { postgresOnce } from "../src/once/postgres.ts";
import { redisOnce } from "../src/once/redis.ts";
import type { OnceOptions } from "../src/once/shared-options.ts";
import { isReachable, POSTGRES_URL, REDIS_URL, uniqueName } from "./servers.ts";

const HOUR = 3_600_000;

/** Makes as many as are asked for, over one database, with options of their own. */
type MakeOnces = (options: readonly OnceOptions[]) => Promise<Once[]>;

const nodeRedis: MakeOnces = async (options) => {
  const client = createClient({ url: REDIS_URL });
  await client.connect();
  const prefix = `${uniqueName("redis")}:`;
  onTestFinished(async () => {
    const keys = await client.keys(`${prefix}*`);
    if (keys.length > 0) await client.del(keys);
    client.destroy();
  });
  return options.map((option) => redisOnce(client, { ...option, prefix }));
};

const ioredis: MakeOnces = async (options) => {
  const client = new Redis(REDIS_URL);
  const prefix = `${uniqueName("ioredis")}:`;
  onTestFinished(async () => {
    const keys = await client.keys(`${prefix}*`);
    if (keys.length > 0) await client.del(keys);
    client.disconnect();
  });
  return options.map((option) => redisOnce(client, { ...option, prefix }));
};

const postgres: MakeOnces = async (options) => {
  const pool = new Pool({ connectionString: POSTGRES_URL, max: 8 });
  const table = uniqueName("pg");
  onTestFinished(async () => {
    await pool.query(`DROP TABLE IF EXISTS ${table}, ${table}_lease`);
    await pool.end();
  });
  const onces = options.map((option) => postgresOnce(pool, { ...option, table }));
  await onces[0]?.migrate();
  return onces;
};

let claimants = 0;
/** A slot as one claimant asks for it: due now, unless said otherwise. */
function slot(more: Partial<Slot> & { ageMs?: number } = {}): Slot {
  const { ageMs = 0, ...rest } = more;
  claimants += 1;
  return {
    name: "purge",
    scheduledAt: new Date(Date.now() - ageMs),
    keepMs: HOUR,
    claimant: `claimant-${claimants}`,
    ...rest,
  };
}

async function lease(once: Once, asked: Slot): Promise<Lease> {
  const answer = await once.claimExclusive?.(asked);
  if (typeof answer !== "object") throw new Error(`no lease, but ${answer}`);
  return answer;
}

const redisIsUp = await isReachable(REDIS_URL);
const postgresIsUp = await isReachable(POSTGRES_URL);

describe.each<[string, MakeOnces, boolean]>([
  ["redisOnce with node-redis", nodeRedis, redisIsUp],
  ["redisOnce with ioredis", ioredis, redisIsUp],
  ["postgresOnce with pg", postgres, postgresIsUp],
])("%s", (_kind, makeAll, isUp) => {
  const make = async (options: OnceOptions = {}) => (await makeAll([options]))[0] as Once;

  test.skipIf(!isUp)("grants a slot to one of many claimants", async () => {
    const once = await make();
    const scheduledAt = new Date();
    const claims = Array.from({ length: 50 }, () => once.claim(slot({ scheduledAt })));
    expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
    expect(await once.claim(slot({ scheduledAt: new Date(scheduledAt.getTime() + 1) }))).toBe(true);
    expect(await once.claim(slot({ scheduledAt, name: "other" }))).toBe(true);
  });

  test.skipIf(!isUp)("knows a claimant that asks again, since the answer was lost", async () => {
    const once = await make();
    const first = slot();
    expect(await once.claim(first)).toBe(true);
    expect(await once.claim(first)).toBe(true);
    expect(await once.claim(slot({ scheduledAt: first.scheduledAt }))).toBe(false);
    expect(await once.claim(first)).toBe(true);
  });

  test.skipIf(!isUp)(
    "grants a slot once however late, and not at all when its claim may be forgotten",
    async () => {
      const once = await make();
      const late = slot({ ageMs: 30 * HOUR, keepMs: 40 * HOUR });
      expect(await once.claim(late)).toBe(true);
      expect(await once.claim({ ...late, claimant: "another" })).toBe(false);
      expect(await once.claim(slot({ ageMs: 2 * HOUR, keepMs: HOUR }))).toBe(false);
      expect(await once.claim(slot({ ageMs: HOUR + 1000, keepMs: HOUR }))).toBe(false);
      expect(await once.claim(slot({ ageMs: HOUR - 20_000, keepMs: HOUR }))).toBe(true);
    },
  );

  test.skipIf(!isUp)("takes a slot of the far future, and one that is kept for years", async () => {
    const once = await make();
    const far = slot({ ageMs: -300 * 24 * HOUR, keepMs: 20_000 * 24 * HOUR });
    expect(await once.claim(far)).toBe(true);
    expect(await once.claim({ ...far, claimant: "another" })).toBe(false);
  });

  test.skipIf(!isUp)("keeps applications apart by namespace, whatever the names are", async () => {
    const names = ["a", "a:b", "a%3Ab", "{a}", "ä '\"\\ 🎩"];
    const namespaces = [undefined, "a", "a:b", "b", "{a}"];
    const onces = await makeAll(
      namespaces.map((namespace) => (namespace === undefined ? {} : { namespace })),
    );
    const scheduledAt = new Date();
    for (const once of onces) {
      for (const name of names) {
        expect(await once.claim(slot({ name, scheduledAt }))).toBe(true);
        expect(await once.claim(slot({ name, scheduledAt }))).toBe(false);
        expect(await once.claimExclusive?.(slot({ name, scheduledAt }))).toBe("claimed");
      }
    }
  });

  test.skipIf(!isUp)("gives a lease to one of many, and the slot with it", async () => {
    const once = await make();
    const now = Date.now();
    const asked = Array.from({ length: 40 }, (_, n) => slot({ scheduledAt: new Date(now + (n % 4)) }));
    const answers = await Promise.all(asked.map((one) => once.claimExclusive?.(one)));
    expect(answers.filter((answer) => typeof answer === "object")).toHaveLength(1);
    const winner = asked[answers.findIndex((answer) => typeof answer === "object")] as Slot;
    const others = answers.filter(
      (answer, n) =>
        typeof answer !== "object" && asked[n]?.scheduledAt.getTime() !== winner.scheduledAt.getTime(),
    );
    expect(new Set(others)).toEqual(new Set(["busy"]));
    // What was busy is not claimed: it is there for the next.
    const other = now + ((winner.scheduledAt.getTime() - now + 1) % 4);
    expect(await once.claim(slot({ scheduledAt: new Date(other) }))).toBe(true);
    expect(await once.claim(slot({ scheduledAt: winner.scheduledAt }))).toBe(false);
  });

  test.skipIf(!isUp)("gives a larger fencing token with each lease", async () => {
    const once = await make();
    const tokens: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const held = await lease(once, slot({ scheduledAt: new Date(Date.now() + n) }));
      tokens.push(held.fencingToken);
      await held.release();
    }
    expect(tokens.every(Number.isSafeInteger)).toBe(true);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(new Set(tokens).size).toBe(20);
  });

  test.skipIf(!isUp)("gives the same lease to a claimant that asks again", async () => {
    const once = await make();
    const asked = slot();
    const first = await lease(once, asked);
    expect((await lease(once, asked)).fencingToken).toBe(first.fencingToken);
  });

  test.skipIf(!isUp)("keeps a lease that is renewed, and gives away one that is not", async () => {
    const once = await make({ leaseMs: 300 });
    const [first, second] = [slot(), slot({ ageMs: 1000 })];
    const held = await lease(once, first);
    for (let n = 0; n < 5; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await held.renew()).toBe(true);
    }
    expect(await once.claimExclusive?.(second)).toBe("busy");
    await expect.poll(() => once.claimExclusive?.(second), { timeout: 5000 }).toBeTypeOf("object");
    expect(await held.renew()).toBe(false);
    // What is late gives nothing back that is another's.
    await held.release();
    expect(await once.claimExclusive?.(slot({ ageMs: 2000 }))).toBe("busy");
  });

  test.skipIf(!isUp)("a renewal that arrives after the release takes nothing back", async () => {
    const once = await make();
    const held = await lease(once, slot());
    await held.release();
    expect(await held.renew()).toBe(false);
    await lease(once, slot({ ageMs: 1000 }));
  });

  test.skipIf(!isUp)("does not hold the lease for a slot that is another's", async () => {
    const once = await make();
    const scheduledAt = new Date();
    expect(await once.claim(slot({ scheduledAt }))).toBe(true);
    expect(await once.claimExclusive?.(slot({ scheduledAt }))).toBe("claimed");
    await lease(once, slot({ ageMs: 5000 }));
  });
});

describe.each<[string, (options: never) => unknown]>([
  ["redisOnce", (options) => redisOnce({ eval: () => Promise.resolve() }, options)],
  ["postgresOnce", (options) => postgresOnce({ query: () => Promise.resolve({ rows: [] }) }, options)],
])("%s refuses", (name, make) => {
  test.each([
    [{ nameSpace: "a" }, 'unknown option "nameSpace"; did you mean "namespace"?'],
    [{ namespace: "" }, "namespace must have 1 to 200 characters"],
    [{ namespace: "a\u0000b" }, "none of them a control character"],
    [{ namespace: 5 }, "namespace must be a string; it was 5."],
    [{ exclusive: "yes" }, 'exclusive must be a boolean; it was "yes".'],
    [{ leaseMs: 10 }, "leaseMs must be a whole number, 100 or more; it was 10."],
    [{ leaseMs: Number.NaN }, "leaseMs must be"],
    [null, "its options must be an object"],
  ])("%j", (options, message) => {
    expect(() => make(options as never)).toThrow(`${name}(): `);
    expect(() => make(options as never)).toThrow(message);
  });
});

test("what is no client is refused at once", () => {
  expect(() => redisOnce({} as never)).toThrow(
    "must be a client of node-redis or ioredis; it has no eval().",
  );
  expect(() => postgresOnce(undefined as never)).toThrow("must be a pool or client of pg; it was undefined.");
});
