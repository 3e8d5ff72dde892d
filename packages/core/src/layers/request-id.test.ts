import { describe, expect, test } from "vitest";
import { describeEach } from "../../test/harness.ts";
import { App } from "../app.ts";
import { Response } from "../message/response.ts";
import { requestId } from "./request-id.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function appWith(layer = requestId()): App<object> {
  return App.withState({})
    .wrap(layer)
    .onError(() => undefined)
    .get("/", (req) => Response.text(200, req.id))
    .get("/fails", () => {
      throw new Error("secret");
    });
}

describeEach("the request id", (serve) => {
  test("is sent with every answer, and is the one that the handler saw", async () => {
    const client = await serve(appWith());
    const answer = await client.get("/").send();
    expect(answer.text()).toMatch(UUID);
    expect(answer.headerAll("x-request-id")).toEqual([answer.text()]);
    expect((await client.get("/nowhere").send()).header("x-request-id")).toMatch(UUID);
  });

  test("of an error is the one that its body names", async () => {
    const client = await serve(appWith());
    const answer = await client.get("/fails").header("Accept", "application/json").send();
    expect(answer.status).toBe(500);
    expect(answer.json()).toMatchObject({ requestId: answer.header("x-request-id") });
    expect(answer.text()).not.toContain("secret");
  });

  test("that a client sends is not taken unless asked for", async () => {
    const client = await serve(appWith());
    const answer = await client.get("/").header("X-Request-Id", "mine").send();
    expect(answer.header("x-request-id")).toMatch(UUID);
  });

  test("that a client sends is taken, when asked for, if it is a short safe token", async () => {
    const client = await serve(appWith(requestId({ acceptIncoming: true, header: "X-Trace" })));
    const sent = async (id: string) => (await client.get("/").header("X-Trace", id).send()).header("x-trace");
    expect(await sent("a-B_3.4")).toBe("a-B_3.4");
    expect(await sent("a".repeat(128))).toBe("a".repeat(128));
    for (const bad of ["", "a".repeat(129), "a b", 'a"b', "<script>", "a/b", "ä", "a\tb", "$(id)", "{}"]) {
      expect(await sent(bad)).toMatch(UUID);
    }
  });
});

describe("the request-id layer", () => {
  test("refuses a field name that is none", () => {
    expect(() => requestId({ header: "X Request Id" })).toThrow(TypeError);
  });
});
