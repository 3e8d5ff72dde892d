import { expect, test } from "vitest";
import { describeEach } from "../../test/harness.ts";
import { App } from "../app.ts";
import { cors } from "../layers/cors.ts";
import { requestId } from "../layers/request-id.ts";
import { securityHeaders } from "../layers/security-headers.ts";
import { Response } from "../message/response.ts";
import { withFieldsOf } from "./preserved-fields.ts";

const ORIGIN = "https://app.example.org";

describeEach("a response that cannot be sent", (serve) => {
  test("becomes a 500 that keeps what layers have added", async () => {
    const app = App.withState({})
      .onError(() => undefined)
      .wrap(requestId())
      .wrap(cors({ origins: [ORIGIN] }))
      .wrap(securityHeaders())
      .wrap(async (_req, _conn, next) => (await next()).clone().appendHeader("Set-Cookie", "sid=new; Path=/"))
      .get(
        "/header",
        (req) => new Response(200, [{ name: "X-Name", value: req.query.get("name") ?? "" }], "secret"),
      )
      .get("/status", () => new Response(42, [{ name: "Content-Type", value: "text/html" }], "secret"));
    const client = await serve(app);
    for (const path of ["/header?name=a%0d%0aSet-Cookie:%20admin=1", "/status"]) {
      const answer = await client
        .get(path)
        .header("Origin", ORIGIN)
        .header("Accept", "application/json")
        .send();
      expect(answer.status).toBe(500);
      expect(answer.json()).toMatchObject({ requestId: answer.header("x-request-id") });
      expect(answer.header("access-control-allow-origin")).toBe(ORIGIN);
      expect(answer.header("content-security-policy")).toContain("frame-ancestors");
      expect(answer.headerAll("content-type")).toEqual(["application/json"]);
      expect(answer.header("vary")).toBe("Accept, Origin");
      expect(answer.headerAll("set-cookie")).toEqual(["sid=new; Path=/"]);
      expect(answer.text()).not.toContain("secret");
    }
  });
});

test("the error's own fields go before, and shared responses stay as they were", () => {
  const broken = Response.html(200, "x")
    .appendHeader("ETag", '"1"')
    .appendHeader("Location", "/elsewhere")
    .appendHeader("Retry-After", "9")
    .appendHeader("X-Kept", "yes");
  broken.headers.push({ name: "X-Bad", value: "a\nb" }, { name: "bad name", value: "x" });
  const error = Response.text(500, "500").appendHeader("Retry-After", "1");
  expect(withFieldsOf(broken, error).headers.map(({ name, value }) => `${name}: ${value}`)).toEqual([
    "Content-Type: text/plain; charset=utf-8",
    "Retry-After: 1",
    "X-Kept: yes",
  ]);
  expect(error.headers).toHaveLength(2);

  const garbage = Response.empty(200);
  Object.assign(garbage, { headers: [null, 1, { name: 1 }] });
  expect(withFieldsOf(garbage, error).headers).toEqual(error.headers);
  Object.assign(garbage, { headers: undefined });
  expect(withFieldsOf(garbage, error).headers).toEqual(error.headers);
});
