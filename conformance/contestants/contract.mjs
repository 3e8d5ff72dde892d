// What every contestant is told: where to listen, how long a login lasts, whether a TLS proxy stands in front.
import { setTimeout as sleep } from "node:timers/promises";

export const port = Number(process.env.PORT);
export const ttlSeconds = Number(process.env.TTL_SECONDS);
export const idleSeconds =
  process.env.IDLE_SECONDS === undefined ? undefined : Number(process.env.IDLE_SECONDS);
export const proxied = process.env.PROXIED === "1";
export const store = process.argv[2] ?? "memory";
export const SECRET = "a secret of at least thirty-two characters";
export const PUBLIC = "public, max-age=60";

/** The time that a request takes between opening its session and changing it. */
export const pause = (ms) => sleep(Number(ms ?? 0));

/** Those that know one lifetime only, which each request moves on, are given the idle time as that. */
export const lifetimeSeconds = idleSeconds ?? ttlSeconds;
