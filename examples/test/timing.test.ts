import { setTimeout as sleep } from "node:timers/promises";
import { App, Response, type Server } from "@hatcheck/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Span, traceRequests } from "../src/timing.ts";

const spans: Span[] = [];
let stop: () => void;
let server: Server;

async function* slowly() {
  yield "a";
  await sleep(60);
  yield "b";
}

beforeEach(async () => {
  spans.length = 0;
  stop = traceRequests((span) => void spans.push(span));
  server = await App.withState({})
    .onError(() => undefined)
    .get("/users/:id", (_req, { id }) => Response.text(200, id))
    .get("/slow", () => Response.stream(200, slowly(), "text/plain"))
    .get("/fails", () => {
      throw new RangeError("no");
    })
    .listen({ port: 0 });
});

afterEach(async () => {
  stop();
  await server.close();
});

test("a span has the route for its name, and no data of the user's", async () => {
  await (await fetch(`${server.url}/users/secret?token=secret`)).text();
  await vi.waitFor(() => expect(spans).toHaveLength(1));
  expect(spans[0]).toMatchObject({
    name: "GET /users/:id",
    parentSpanId: undefined,
    failed: false,
    attributes: {
      "http.route": "/users/:id",
      "http.response.status_code": 200,
      "client.address": "127.0.0.1",
    },
  });
  expect(JSON.stringify(spans)).not.toContain("secret");
});

test("a span lasts until the last byte is sent", async () => {
  await (await fetch(`${server.url}/slow`)).text();
  await vi.waitFor(() => expect(spans).toHaveLength(1));
  expect(spans[0]?.durationMs).toBeGreaterThan(50);
});

test("a span continues the caller's trace, if that is well-formed", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  await fetch(`${server.url}/users/1`, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  await fetch(`${server.url}/users/1`, { headers: { traceparent: `00-${"0".repeat(32)}-x-01` } });
  await vi.waitFor(() => expect(spans).toHaveLength(2));
  expect(spans[0]).toMatchObject({ traceId, parentSpanId: "00f067aa0ba902b7" });
  expect(spans[1]).toMatchObject({ traceId: expect.stringMatching(/[1-9a-f]/), parentSpanId: undefined });
});

test("an error is named by its type, not by its message", async () => {
  await fetch(`${server.url}/fails`);
  await vi.waitFor(() => expect(spans).toHaveLength(1));
  expect(spans[0]).toMatchObject({ failed: true, attributes: { "error.type": "RangeError" } });
});

test("what is not found has a span without a route, and none is made after the end", async () => {
  await fetch(`${server.url}/nowhere`);
  await vi.waitFor(() => expect(spans).toHaveLength(1));
  expect(spans[0]).toMatchObject({ name: "GET", failed: false });
  stop();
  await (await fetch(`${server.url}/users/1`)).text();
  expect(spans).toHaveLength(1);
});
