import { channel, type ChannelListener } from "node:diagnostics_channel";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { App, HttpError, type Request, type RequestEnd, type RequestError, Response } from "../src/index.ts";
import { describeEach, trackServers } from "./harness.ts";

type Event = { name: string; req: Request } & Partial<RequestEnd> & Partial<RequestError>;

const events: Event[] = [];
const listeners = ["start", "end", "error"].map((name) => {
  const listener: ChannelListener = (message) => events.push({ ...(message as Event), name });
  return { it: channel(`hatcheck.request.${name}`), listener };
});

beforeEach(() => {
  events.length = 0;
  for (const { it, listener } of listeners) it.subscribe(listener);
});

afterEach(() => {
  for (const { it, listener } of listeners) it.unsubscribe(listener);
});

const names = (): string[] => events.map(({ name }) => name);

describeEach("diagnostics", (serve) => {
  test("tell the start and the end of each request, with the route", async () => {
    const client = await serve(App.withState({}).get("/users/:id", () => Response.text(201, "ok")));
    await client.get("/users/1").send();
    await vi.waitFor(() => expect(names()).toEqual(["start", "end"]));
    const [start, end] = events as [Event, Event];
    expect(end.req).toBe(start.req);
    expect(end).toMatchObject({ statusCode: 201, completed: true, conn: { clientIp: "127.0.0.1" } });
    expect(end.req.route).toBe("/users/:id");
  });

  test("tell errors before the end, and only those that were not meant for the client", async () => {
    const error = new Error("broken");
    const client = await serve(
      App.withState({})
        .onError(() => undefined)
        .get("/fails", () => {
          throw error;
        })
        .get("/refuses", () => {
          throw new HttpError(422, "No.");
        }),
    );
    await client.get("/fails").send();
    await vi.waitFor(() => expect(names()).toEqual(["start", "error", "end"]));
    expect(events[1]?.error).toBe(error);
    expect(events[2]?.statusCode).toBe(500);
    await client.get("/refuses").send();
    await client.get("/nowhere").send();
    await vi.waitFor(() => expect(names().slice(3)).toEqual(["start", "end", "start", "end"]));
    expect([events[4]?.statusCode, events[6]?.statusCode]).toEqual([422, 404]);
  });
});

describe("the end of a request", () => {
  const open = trackServers();

  test("is when its last byte has been sent", async () => {
    const { promise: more, resolve: goOn } = Promise.withResolvers<void>();
    async function* body() {
      yield "a";
      await more;
      yield "b";
    }
    const server = await open(App.withState({}).get("/", () => Response.stream(200, body())));
    const answer = await fetch(server.url);
    await sleep(20);
    expect(names()).toEqual(["start"]);
    goOn();
    await answer.text();
    await vi.waitFor(() => expect(names()).toEqual(["start", "end"]));
    expect(events[1]).toMatchObject({ statusCode: 200, completed: true });
  });

  test("is when the client leaves, in the middle of an answer or before there is one", async () => {
    const app = App.withState({})
      .get("/endless", () =>
        Response.stream(
          200,
          (async function* () {
            for (;;) {
              yield "x";
              await sleep(1);
            }
          })(),
        ),
      )
      .get("/never", () => new Promise<Response>(() => {}));
    const server = await open(app);
    const leave = async (path: string) => {
      events.length = 0;
      const socket = connect(server.port, "127.0.0.1");
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await vi.waitFor(() => expect(names()).toEqual(["start"]));
      await sleep(20);
      socket.destroy();
      await vi.waitFor(() => expect(names()).toEqual(["start", "end"]));
      return [events[1]?.statusCode, events[1]?.completed];
    };
    expect(await leave("/endless")).toEqual([200, false]);
    expect(await leave("/never")).toEqual([499, false]);
  });

  test("follows the error of a stream that fails midway", async () => {
    async function* body() {
      yield "a";
      throw new Error("midway");
    }
    const app = App.withState({}).onError(() => undefined);
    const server = await open(app.get("/", () => Response.stream(200, body())));
    const answer = await fetch(server.url);
    await expect(answer.text()).rejects.toThrow("terminated");
    await vi.waitFor(() => expect(names()).toEqual(["start", "error", "end"]));
    expect(events[1]?.error).toMatchObject({ message: "midway" });
    expect(events[2]).toMatchObject({ statusCode: 200, completed: false });
  });

  test("is told once for each of several requests on one connection", async () => {
    const server = await open(App.withState({}).get("/:n", (_req, { n }) => Response.text(200, n)));
    const socket = connect(server.port, "127.0.0.1");
    socket.write("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    await vi.waitFor(() => expect(names().filter((name) => name === "end")).toHaveLength(2));
    socket.destroy();
    await sleep(20);
    expect(names().toSorted()).toEqual(["end", "end", "start", "start"]);
  });

  test("of a web-standard request is when its answer is there", async () => {
    const app = App.withState({}).get("/", () => Response.text(200, "ok"));
    await app.fetch(new globalThis.Request("http://localhost/"));
    expect(names()).toEqual(["start", "end"]);
  });
});
