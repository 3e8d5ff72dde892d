import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Request } from "./request.ts";
import type { Response } from "./response.ts";
import { formatEvent, type ServerSentEvent, sse, type SseContext } from "./event-stream.ts";

/** The stream's parser of the HTML standard, section 9.2.6, written anew: what a browser would dispatch. */
function parse(stream: string): { data: string; event: string; id: string }[] {
  const dispatched: { data: string; event: string; id: string }[] = [];
  let data = "";
  let event = "";
  let id = "";
  for (const line of stream.split(/\r\n|\r|\n/)) {
    if (line === "") {
      if (data !== "") dispatched.push({ data: data.slice(0, -1), event: event || "message", id });
      data = "";
      event = "";
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data += `${value}\n`;
    if (field === "event") event = value;
    if (field === "id" && !value.includes("\0")) id = value;
  }
  return dispatched;
}

function get(headers: Record<string, string> = {}, signal?: AbortSignal): Request {
  const fields = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return new Request({ method: "GET", url: "/", headers: fields, ...(signal !== undefined && { signal }) });
}

function read(response: Response): AsyncIterator<string> {
  return (response.body as AsyncIterable<string>)[Symbol.asyncIterator]();
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

describe("the frame of an event", () => {
  test.each<[ServerSentEvent, string]>([
    [{ data: "hello" }, "data: hello\n\n"],
    [{ data: "" }, "data: \n\n"],
    [{ data: "a\nb\r\nc\rd" }, "data: a\ndata: b\ndata: c\ndata: d\n\n"],
    [{ data: " leading" }, "data:  leading\n\n"],
    [{ event: "tick", id: "7", retry: 500, data: "x" }, "event: tick\nid: 7\nretry: 500\ndata: x\n\n"],
    [{ id: "" }, "id: \n\n"],
    [{ retry: 0 }, "retry: 0\n\n"],
  ])("of %j", (event, frame) => {
    expect(formatEvent(event)).toBe(frame);
  });

  test.each<ServerSentEvent>([
    { id: "a\nb" },
    { id: "a\rb" },
    { id: "a\0b" },
    { event: "x\ndata: forged" },
    { event: "x\r" },
    { event: "\0" },
    { retry: -1 },
    { retry: 1.5 },
    { retry: Number.NaN },
  ])("is refused for %j", (event) => {
    expect(() => formatEvent(event)).toThrow(TypeError);
  });

  test("never says more than it was given, whatever the data holds", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", " ", ":", "\n", "\r", "\0", "data: ", "id: 9", "é", ""),
    });
    const line = fc.string({ unit: fc.constantFrom("a", " b", ":", "é"), minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.record({ data: text, event: line, id: line })), (events) => {
        const stream = events.map((event) => formatEvent(event)).join("");
        expect(parse(stream)).toEqual(
          events.map(({ data, event, id }) => ({ data: data.replace(/\r\n|\r/g, "\n"), event, id })),
        );
      }),
    );
  });
});

describe("a stream of events", () => {
  test("hands over Last-Event-ID, sends what the source yields, and ends with it", async () => {
    const contexts: SseContext[] = [];
    const response = sse(get({ "Last-Event-ID": "41" }), async function* (context) {
      contexts.push(context);
      yield { id: "42", data: "answer" };
    });
    expect(response.statusCode).toBe(200);
    expect(response.header("content-type")).toBe("text/event-stream");
    expect(response.header("cache-control")).toBe("no-store");
    expect(response.header("x-accel-buffering")).toBe("no");
    const frames = read(response);
    expect(await frames.next()).toEqual({ done: false, value: "id: 42\ndata: answer\n\n" });
    expect(await frames.next()).toEqual({ done: true, value: undefined });
    expect(contexts).toHaveLength(1);
    expect(contexts[0]?.lastEventId).toBe("41");
  });

  test("keeps the connection with comments while the source is silent, and loses no event", async () => {
    const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
    const frames = read(
      sse(
        get(),
        async function* () {
          await asked;
          yield { data: "late" };
        },
        { heartbeatMs: 5 },
      ),
    );
    expect((await frames.next()).value).toBe(":\n\n");
    expect((await frames.next()).value).toBe(":\n\n");
    answer();
    let { value } = await frames.next();
    while (value === ":\n\n") ({ value } = await frames.next());
    expect(value).toBe("data: late\n\n");
    expect((await frames.next()).done).toBe(true);
  });

  test("asks the source for one event at a time", async () => {
    let made = 0;
    const frames = read(
      sse(get(), async function* () {
        for (;;) yield { data: String((made += 1)) };
      }),
    );
    await frames.next();
    await frames.next();
    await sleep(5);
    expect(made).toBe(2);
    await frames.return?.();
  });

  test("that is left lets a waiting source go at once, with no timer left", async () => {
    const before = timers();
    let aborted = false;
    let letGo = false;
    const frames = read(
      sse(get(), async function* ({ signal }) {
        try {
          yield { data: "first" };
          await new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              aborted = true;
              reject(signal.reason as Error);
            });
          });
        } finally {
          letGo = true;
        }
      }),
    );
    await frames.next();
    const waiting = frames.next();
    await sleep(1);
    expect(timers()).toBe(before + 1);
    await frames.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await frames.next()).toEqual({ done: true, value: undefined });
    await sleep(1);
    expect([aborted, letGo]).toEqual([true, true]);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test("ends when the client leaves, and when its own signal says so", async () => {
    for (const how of ["client", "signal"] as const) {
      const controller = new AbortController();
      const req = how === "client" ? get({}, controller.signal) : get();
      let letGo = false;
      const frames = read(
        sse(
          req,
          async function* ({ signal }) {
            signal.addEventListener("abort", () => (letGo = true));
            yield { data: "first" };
            await new Promise(() => {});
          },
          how === "signal" ? { signal: controller.signal } : {},
        ),
      );
      await frames.next();
      const waiting = frames.next();
      controller.abort();
      expect(await waiting).toEqual({ done: true, value: undefined });
      expect(letGo).toBe(true);
    }
  });

  test("that nobody reads never starts its source, and an iterable's return is called", async () => {
    let started = false;
    const unread = sse(get(), () => {
      started = true;
      return (async function* () {})();
    });
    await read(unread).return?.();
    expect(started).toBe(false);

    let returned = 0;
    const iterable: AsyncIterable<ServerSentEvent> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    const frames = read(sse(get(), iterable));
    void frames.next();
    await frames.return?.();
    await frames.return?.();
    expect(returned).toBe(1);
  });

  test("fails when its source fails or yields what cannot be sent, and lets it go", async () => {
    const broken = read(
      sse(get(), async function* () {
        yield { data: "one" };
        throw new Error("broken");
      }),
    );
    await broken.next();
    await expect(broken.next()).rejects.toThrow("broken");

    let letGo = false;
    const forged = read(
      sse(get(), async function* () {
        try {
          yield { id: "1\ndata: forged" };
        } finally {
          letGo = true;
        }
      }),
    );
    await expect(forged.next()).rejects.toThrow("the id holds a line break");
    expect(letGo).toBe(true);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a heartbeat of %d ms", (heartbeatMs) => {
    expect(() => sse(get(), async function* () {}, { heartbeatMs })).toThrow(
      /^sse: heartbeatMs must be a number of milliseconds/,
    );
  });
});
