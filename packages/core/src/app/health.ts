// What load balancers and orchestrators ask: does it live, and may it have work?
import { Application } from "./application.ts";
import { HttpError } from "../http/http-error.ts";
import type { Answer } from "./handler.ts";
import { isThenable } from "../message/thenable.ts";
import { checkOptions, isFunction, milliseconds } from "../options/check.ts";
import { Header } from "../http/header.ts";
import { Response } from "../message/response.ts";

export interface HealthOptions {
  /** Whether what the app depends on is there. What it throws goes to `onError` or the log. */
  ready?: () => boolean | Promise<boolean>;
  /** Milliseconds that `ready` may take; 5,000 unless given. Then the answer is 503, too. */
  timeoutMs?: number;
}

const NO_STORE = Header.constant("Cache-Control", "no-store");
const TEXT = Header.constant("Content-Type", "text/plain; charset=utf-8");

/**
 * An app to mount at `/`: `GET /healthz` is 200 as long as the process answers, `GET /readyz` is 200 while it is ready
 * for work and 503 otherwise, from the moment on at which the server begins to close.
 *
 *     app.mount("/", health({ ready: () => database.isConnected() }));
 */
export function health(options: HealthOptions = {}): Application<undefined> {
  checkOptions("health", options, { ready: isFunction, timeoutMs: milliseconds(1) });
  const { ready, timeoutMs = 5000 } = options;
  return new Application(undefined)
    .get("/healthz", () => say(200, "ok"))
    .get("/readyz", (_req, _params, conn) => {
      if (conn.closing) return say(503, "closing");
      if (ready === undefined) return say(200, "ready");
      return readiness(ready, timeoutMs);
    });
}

/** Ready is what says so, in time. */
function readiness(ready: () => unknown, timeoutMs: number): Answer {
  try {
    const is = ready();
    return isThenable(is) ? inTime(is, timeoutMs).then(sayReady, unknown) : sayReady(is);
  } catch (error) {
    return unknown(error);
  }
}

async function inTime(promise: PromiseLike<unknown>, ms: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`health: ready has not answered within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sayReady(is: unknown): Response {
  return is === true ? say(200, "ready") : say(503, "not ready");
}

function unknown(cause: unknown): never {
  throw new HttpError(503, "Not ready.", { cause, headers: [NO_STORE] });
}

function say(status: number, text: string): Response {
  return new Response(status, [TEXT, NO_STORE], `${text}\n`);
}
