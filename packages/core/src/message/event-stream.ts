// Server-sent events: a stream of messages to a browser's EventSource.
import { type Checks, checkOptions, milliseconds, objectThat, show } from "../options/check.ts";
import { atOnce } from "./thenable.ts";
import type { Request } from "./request.ts";
import { Response } from "./response.ts";

/** One event. An event without data is not dispatched, but its `id` and `retry` are taken. */
export interface ServerSentEvent {
  /** The message: a string, which may have several lines, or anything else as JSON. */
  readonly data?: string | number | boolean | null | object | undefined;
  /** The event's type; `message` unless given. */
  readonly event?: string | undefined;
  /** What the browser sends as `Last-Event-ID` when it connects again. */
  readonly id?: string | undefined;
  /** Milliseconds that the browser waits before it connects again. */
  readonly retry?: number | undefined;
}

/** What a source of events is told. */
export interface SseContext {
  /** The id of the last event that the client got before it connected again. */
  readonly lastEventId: string | undefined;
  /** Aborts when nobody reads any more. */
  readonly signal: AbortSignal;
}

/** Events, of which a string is the data of one; or a function that makes them for this client. */
export type SseSource =
  | AsyncIterable<ServerSentEvent | string>
  | ((context: SseContext) => AsyncIterable<ServerSentEvent | string>);

export interface SseOptions {
  /** Milliseconds without an event after which a comment keeps the connection open; 15,000 unless given, 0 for never. */
  heartbeatMs?: number;
  /** Ends the stream in an orderly way. */
  signal?: AbortSignal;
}

const OPTIONS: Checks = {
  heartbeatMs: milliseconds(0),
  signal: objectThat("an AbortSignal", (value) => value instanceof AbortSignal),
};

const HEADERS = [
  { name: "Content-Type", value: "text/event-stream" },
  { name: "Cache-Control", value: "no-store" },
  // Asks nginx not to collect events before it passes them on.
  { name: "X-Accel-Buffering", value: "no" },
];

/**
 * A response that sends events as they come, one at a time: the source is asked for the next when the client has taken
 * the last. When the client leaves or the server closes, the source's `return()` is called and its signal aborts; browsers
 * connect again by themselves.
 *
 *     app.get("/clock", (req) =>
 *       sse(req, async function* ({ signal }) {
 *         for await (const _ of setInterval(1000, undefined, { signal })) yield new Date().toISOString();
 *       }));
 *
 * @throws TypeError or RangeError when `heartbeatMs` is not a number of milliseconds.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function sse(req: Request, source: SseSource, options: SseOptions = {}): Response {
  checkOptions("sse", options, OPTIONS);
  const { heartbeatMs = 15_000, signal } = options;
  const iterator = frames(req, source, heartbeatMs, signal);
  return new Response(200, HEADERS.slice(), { [Symbol.asyncIterator]: () => iterator });
}

/**
 * The bytes of one event.
 *
 * @throws TypeError for an id or a type with a line break or NUL, which would end the field, for a bad `retry`, for data
 * that has no JSON, and for what is no event.
 */
export function formatEvent(item: ServerSentEvent | string): string {
  if (typeof item === "string") return `${dataLines(item)}\n`;
  if (typeof item !== "object" || item === null) {
    throw new TypeError(
      `sse: ${item === null ? "null" : `a ${typeof item}`} is no event; yield a string or { data }`,
    );
  }
  const { data, event, id, retry } = item;
  let frame = "";
  if (event !== undefined) frame += `event: ${oneLine("event", event)}\n`;
  if (id !== undefined) frame += `id: ${oneLine("id", id)}\n`;
  if (retry !== undefined) {
    if (!Number.isSafeInteger(retry) || retry < 0) {
      throw new TypeError(`sse: retry must be a whole number of milliseconds, got ${retry}`);
    }
    frame += `retry: ${retry}\n`;
  }
  if (data !== undefined) frame += dataLines(typeof data === "string" ? data : toJson(data));
  return `${frame}\n`;
}

function dataLines(text: string): string {
  // CR alone ends a line, too.
  return `data: ${text.replace(/\r\n|\r|\n/g, "\ndata: ")}\n`;
}

function toJson(data: unknown): string {
  const text: string | undefined = JSON.stringify(data);
  if (text === undefined) throw new TypeError(`sse: data that is a ${typeof data} has no JSON`);
  return text;
}

function oneLine(field: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new TypeError(`sse: the ${field} holds a line break or NUL`);
  return value;
}

/** An iterator that can be ended while it waits, unlike a generator: then no timer and no listener is left. */
function frames(
  req: Request,
  source: SseSource,
  heartbeatMs: number,
  until: AbortSignal | undefined,
): AsyncIterator<string> {
  const controller = new AbortController();
  let events: AsyncIterator<ServerSentEvent | string> | undefined;
  // Whether the source was asked for its next event, and what came of it; heartbeats may be sent in between.
  let asked = false;
  let outcome: Outcome | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wake: () => void = ignore;
  let forget: () => void = ignore;
  let ended = false;

  const end = (): void => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    forget();
    until?.removeEventListener("abort", end);
    req.signal.removeEventListener("abort", end);
    controller.abort(new Error("The event stream has ended"));
    letGo(events ?? (typeof source === "function" ? undefined : source[Symbol.asyncIterator]()));
    wake();
  };
  const start = (): AsyncIterator<ServerSentEvent | string> => {
    forget = req.onClosing(end);
    until?.addEventListener("abort", end, { once: true });
    req.signal.addEventListener("abort", end, { once: true });
    const lastEventId = req.header("last-event-id");
    if (typeof source !== "function") return source[Symbol.asyncIterator]();
    const iterable: unknown = atOnce(source({ lastEventId, signal: controller.signal }), "sse: the source");
    if (!isAsyncIterable(iterable))
      throw new TypeError(
        `sse: the source returned ${show(iterable)}; it must be an async generator, or return one`,
      );
    return iterable[Symbol.asyncIterator]();
  };
  const settle = (it: Outcome): void => {
    outcome = it;
    wake();
  };
  /** Asks the source once for each event: whoever raced one promise again with each heartbeat would never let go of any. */
  const ask = async (from: AsyncIterator<ServerSentEvent | string>): Promise<void> => {
    asked = true;
    try {
      settle({ result: await from.next() });
    } catch (error) {
      settle({ error });
    }
  };
  /** Resolves when the source has answered, after the heartbeat's time, or when the stream ends. */
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (heartbeatMs > 0) timer = setTimeout(wake, heartbeatMs);
    });

  return {
    next: async () => {
      if (ended || until?.aborted || req.signal.aborted) {
        end();
        return DONE;
      }
      try {
        events ??= start();
        if (!asked) void ask(events);
        if (outcome === undefined) await pause();
        clearTimeout(timer);
        if (ended) return DONE;
        if (outcome === undefined) return { done: false, value: ":\n\n" };
        const { result, error } = outcome;
        asked = false;
        outcome = undefined;
        if (result === undefined) throw error;
        if (!result.done) return { done: false, value: formatEvent(result.value) };
      } catch (error) {
        end();
        throw error;
      }
      end();
      return DONE;
    },
    return: async () => {
      end();
      return DONE;
    },
  };
}

/** What a source's `next()` came to. */
interface Outcome {
  readonly result?: IteratorResult<ServerSentEvent | string>;
  readonly error?: unknown;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<ServerSentEvent | string> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

async function letGo(events: AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await events?.return?.();
  } catch {
    // Nobody is left to be told.
  }
}

function ignore(): void {}
