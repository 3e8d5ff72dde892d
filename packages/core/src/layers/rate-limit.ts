// A limit on how often somebody may ask. The counting is done by rate-limiter-flexible or anything of its shape, in memory,
// Redis or Postgres; this says whom it counts and what the client is told.
import { isIPv6 } from "node:net";
import type { Layer } from "../app/handler.ts";
import { Header } from "../http/header.ts";
import { HttpError } from "../http/http-error.ts";
import type { ConnectionInfo } from "../message/connection.ts";
import type { Request } from "../message/request.ts";
import { type Checks, checkOptions, isFunction, isString, show } from "../options/check.ts";
import { atOnce } from "../message/thenable.ts";
import { after } from "./after.ts";

/** What a limiter says of a key, when it lets it pass and, as a rejection, when it does not. */
export interface RateLimiterResult {
  readonly remainingPoints: number;
  /** Milliseconds until the key starts anew. */
  readonly msBeforeNext: number;
}

/** What counts: `RateLimiterMemory`, `RateLimiterRedis`, `RateLimiterPostgres` and others of `rate-limiter-flexible`. */
export interface RateLimiter {
  /** How many points a key has in a window. */
  readonly points: number;
  /** Seconds of a window. */
  readonly duration: number;
  consume(key: string): Promise<RateLimiterResult>;
  /** Gives points back. */
  reward(key: string, points?: number): Promise<unknown>;
}

/** Options of {@link rateLimit}. */
export interface RateLimitOptions {
  limiter: RateLimiter;
  /** Whom a request counts for; the client's address unless given, see {@link addressKey}. `undefined` counts nobody. */
  key?: (req: Request, conn: ConnectionInfo) => string | undefined;
  /** The policy's name in the `RateLimit` fields; `default` unless given. */
  name?: string;
}

const OPTIONS: Checks = { limiter: () => {}, key: isFunction, name: isString };

/**
 * A layer that answers 429 with `Retry-After` when somebody asks too often, and 503 when the limiter cannot count. Every answer
 * says how much is left, in the fields `RateLimit` and `RateLimit-Policy`.
 *
 *     const limiter = new RateLimiterMemory({ points: 100, duration: 60 });
 *     App.withState({}).wrap(rateLimit({ limiter }))
 *
 * @throws TypeError when the limiter is none, or the name is no token.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function rateLimit(options: RateLimitOptions): Layer {
  checkOptions("rateLimit", options, OPTIONS);
  const { limiter, key = byAddress, name = "default" } = options;
  assertLimiter("rateLimit()", limiter);
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
    throw new TypeError(
      `rateLimit(): name is of lower case letters, digits and "-", got ${JSON.stringify(name)}.`,
    );
  }
  return async (req, conn, next) => {
    const counted = atOnce(key(req, conn), "rateLimit: key");
    if (counted === undefined) return next();
    if (typeof counted !== "string")
      throw new TypeError(`rateLimit: key must give a string or undefined, got ${show(counted)}`);
    const fields = await takePoint(limiter, name, counted);
    return after(next(), (response) => {
      const answer = response.clone();
      answer.headers.push(...fields);
      return answer;
    });
  };
}

/**
 * Takes one point of a key, before whatever it stands for is done: a hundred at once are a hundred. Gives the fields that tell
 * the client what is left.
 *
 * @throws HttpError 429 when none is left, 503 when the limiter cannot count.
 */
export async function takePoint(limiter: RateLimiter, name: string, key: string): Promise<Header[]> {
  try {
    return fieldsOf(limiter, name, await limiter.consume(key));
  } catch (refusal) {
    if (!isResult(refusal)) {
      throw new HttpError(503, "This cannot be answered for the moment; try again shortly.", {
        headers: [new Header("Retry-After", "5")],
        cause: refusal,
      });
    }
    const seconds = secondsOf(refusal);
    throw new HttpError(429, `There were too many attempts. Try again in ${inWords(seconds)}.`, {
      headers: [new Header("Retry-After", String(seconds)), ...fieldsOf(limiter, name, refusal)],
    });
  }
}

/**
 * An address as a key: of IPv6 the first 64 bits, since that is what one customer gets; an IPv4 address that is written as
 * IPv6 is itself.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6177
 */
export function addressKey(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const [address = ""] = ip.split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [front = "", back] = address.split("::");
  const groups = front === "" ? [] : front.split(":");
  const behind =
    back === undefined || back === "" ? 0 : back.split(":").length + (back.includes(".") ? 1 : 0);
  const zeros = back === undefined ? 0 : 8 - groups.length - behind;
  const whole = [...groups, ...Array<string>(zeros).fill("0"), ...(back ?? "").split(":")];
  const network = whole.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}

/** @throws TypeError when it cannot count. */
export function assertLimiter(where: string, limiter: RateLimiter): void {
  const { points, duration, consume, reward } = (limiter ?? {}) as Partial<RateLimiter>;
  const counts = typeof consume === "function" && typeof reward === "function";
  if (counts && Number(points) > 0 && Number(duration) > 0) return;
  throw new TypeError(
    `${where}: a limiter is one of rate-limiter-flexible, such as new RateLimiterMemory({ points: 10, duration: 60 }), with points and a duration above 0.`,
  );
}

const byAddress = (_req: Request, conn: ConnectionInfo): string => addressKey(conn.clientIp);

function fieldsOf({ points, duration }: RateLimiter, name: string, result: RateLimiterResult): Header[] {
  const remaining = Math.max(0, result.remainingPoints);
  return [
    new Header("RateLimit-Policy", `"${name}";q=${points};w=${duration}`),
    new Header("RateLimit", `"${name}";r=${remaining};t=${secondsOf(result)}`),
  ];
}

function secondsOf({ msBeforeNext }: RateLimiterResult): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1000));
}

function inWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? "a minute" : `${minutes} minutes`;
}

/** What a limiter rejects with when it has counted; everything else is a failure. */
function isResult(thrown: unknown): thrown is RateLimiterResult {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    !(thrown instanceof Error) &&
    Number.isFinite((thrown as Partial<RateLimiterResult>).msBeforeNext)
  );
}
