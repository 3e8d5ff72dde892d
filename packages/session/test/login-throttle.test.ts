import { randomUUID } from "node:crypto";
import { ConnectionInfo, HttpError, type RateLimiter } from "@hatcheck/core";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis } from "rate-limiter-flexible";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LoginThrottle, loginThrottle } from "../src/throttle/login-throttle.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis, type TestServer } from "./servers.ts";

const ACCOUNT = { points: 3, duration: 900 };
const ADDRESS = { points: 5, duration: 900 };

/** Opens a throttle of one more process, over the same counts. */
type Open = () => Promise<LoginThrottle>;

const from = (ip: string) => new ConnectionInfo({ client: { ip, port: 1 } });
const home = from("192.0.2.1");

async function refusalOf(attempt: Promise<unknown>): Promise<HttpError> {
  const thrown: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(HttpError);
  return thrown as HttpError;
}

function valueOf(headers: readonly { name: string; value: string }[], name: string): string[] {
  return headers.filter((header) => header.name === name).map(({ value }) => value);
}

function behaves(open: () => Promise<Open>): void {
  let process: Open;
  beforeAll(async () => {
    process = await open();
  });

  test("an account has so many wrong passwords, from wherever they come and in whichever process", async () => {
    const [one, two] = await Promise.all([process(), process()]);
    const ada = randomUUID();
    await one.attempt(from("198.51.100.1"), ada);
    await two.attempt(from("198.51.100.2"), ada);
    await one.attempt(from("198.51.100.3"), ada);
    const refusal = await refusalOf(two.attempt(from("198.51.100.4"), ada));
    expect(refusal.statusCode).toBe(429);
    expect(valueOf(refusal.headers, "RateLimit-Policy")).toEqual(['"account";q=3;w=900']);
    expect(Number(valueOf(refusal.headers, "Retry-After")[0])).toBeGreaterThan(0);
    expect(Number(valueOf(refusal.headers, "Retry-After")[0])).toBeLessThanOrEqual(900);
    await one.attempt(from("198.51.100.4"), randomUUID());
  });

  test("an address has so many, whatever the accounts; of IPv6 its /64 is one", async () => {
    const throttle = await process();
    const host = randomUUID().slice(0, 4);
    for (let n = 0; n < ADDRESS.points; n += 1) {
      await throttle.attempt(from(`2001:db8:1:${host}::${n}`), randomUUID());
    }
    const refusal = await refusalOf(throttle.attempt(from(`2001:db8:1:${host}:ffff::1`), randomUUID()));
    expect(valueOf(refusal.headers, "RateLimit-Policy")).toEqual(['"address";q=5;w=900']);
  });

  test("a right password counts for nobody, also when it is said twice", async () => {
    const throttle = await process();
    const [account, office] = [randomUUID(), from(`2001:db8:2:${randomUUID().slice(0, 4)}::1`)];
    for (let n = 0; n < 10; n += 1) {
      const attempt = await throttle.attempt(office, account);
      await attempt.succeeded();
      await attempt.succeeded();
    }
    const { headers } = await throttle.attempt(office, account);
    expect(valueOf(headers, "RateLimit").map((value) => value.replace(/;t=\d+$/, ""))).toEqual([
      '"address";r=4',
      '"account";r=2',
    ]);
  });

  test("many at once are many", async () => {
    const throttle = await process();
    const account = randomUUID();
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => throttle.attempt(from(`203.0.113.${n}`), account)),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(ACCOUNT.points);
  });
}

describe("loginThrottle in memory", () => {
  behaves(async () => {
    const [byAccount, byAddress] = [new RateLimiterMemory(ACCOUNT), new RateLimiterMemory(ADDRESS)];
    return async () => loginThrottle({ byAccount, byAddress });
  });

  test("what cannot count is 503, not a free guess", async () => {
    const down: RateLimiter = {
      ...ACCOUNT,
      consume: () => Promise.reject(new Error("connect ECONNREFUSED")),
      reward: () => Promise.reject(new Error("connect ECONNREFUSED")),
    };
    const throttle = loginThrottle({ byAccount: down, byAddress: new RateLimiterMemory(ADDRESS) });
    expect((await refusalOf(throttle.attempt(home, "ada"))).statusCode).toBe(503);
  });

  test.each([
    [{}, "byAccount: a limiter is one of rate-limiter-flexible"],
    [{ byAccount: new RateLimiterMemory(ACCOUNT) }, "byAddress"],
    [{ byAccount: new RateLimiterMemory(ACCOUNT), byAdress: 5 }, 'no option "byAdress"'],
  ])("refuses %j", (options, message) => {
    expect(() => loginThrottle(options as never)).toThrow(message);
  });
});

describe.skipIf(!hasRedis)("loginThrottle over Redis", () => {
  let server: TestServer;
  const clients: Redis[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server.close();
  });
  behaves(async () => async () => {
    const storeClient = new Redis(server.port, "127.0.0.1");
    clients.push(storeClient);
    return loginThrottle({
      byAccount: new RateLimiterRedis({ storeClient, keyPrefix: "account", ...ACCOUNT }),
      byAddress: new RateLimiterRedis({ storeClient, keyPrefix: "address", ...ADDRESS }),
    });
  });
});

describe.skipIf(!hasPostgres)("loginThrottle over Postgres", () => {
  let server: TestServer;
  const pools: Pool[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    await server.close();
  });
  behaves(async () => async () => {
    const storeClient = new Pool({ host: "127.0.0.1", port: server.port, user: "postgres" });
    pools.push(storeClient);
    const limiter = (keyPrefix: string, options: typeof ACCOUNT): Promise<RateLimiter> =>
      new Promise((resolve, reject) => {
        const made = new RateLimiterPostgres(
          { storeClient, tableName: "attempts", keyPrefix, clearExpiredByTimeout: false, ...options },
          (error?: Error) => (error === undefined || error === null ? resolve(made) : reject(error)),
        );
      });
    return loginThrottle({
      byAccount: await limiter("account", ACCOUNT),
      byAddress: await limiter("address", ADDRESS),
    });
  });
});
