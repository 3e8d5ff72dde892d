import { describe, expect, test } from "vitest";
import { describeEach } from "../../test/harness.ts";
import { App } from "../app.ts";
import { HttpError } from "../http/http-error.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { cors, type CorsOptions } from "./cors.ts";

const APP = "https://app.example.org";

function appWith(options: CorsOptions): App<object> {
  return App.withState({})
    .wrap(cors(options))
    .get("/", () => Response.text(200, "ok").setHeader("Vary", "Cookie"))
    .post("/", () => Response.text(200, "ok"))
    .get("/fails", () => {
      throw new HttpError(422, "No.");
    });
}

describeEach("cors", (serve) => {
  test("lets a listed origin read the answer, errors and 404s included", async () => {
    const client = await serve(appWith({ origins: [APP], credentials: true, exposeHeaders: ["X-Total"] }));
    for (const [path, status] of [
      ["/", 200],
      ["/fails", 422],
      ["/nowhere", 404],
    ] as const) {
      const answer = await client.get(path).header("Origin", APP).send();
      expect(answer.status).toBe(status);
      expect(answer.header("access-control-allow-origin")).toBe(APP);
      expect(answer.header("access-control-allow-credentials")).toBe("true");
      expect(answer.header("access-control-expose-headers")).toBe("X-Total");
      expect(answer.header("vary")).toMatch(/\bOrigin\b/);
    }
  });

  test("tells no other origin anything, and tells caches that it depends", async () => {
    const client = await serve(appWith({ origins: [APP], credentials: true }));
    for (const origin of [
      "https://evil.example",
      "https://app.example.org.evil.example",
      "http://app.example.org",
      "https://app.example.org:8443",
      "https://APP.example.org",
      "null",
      "",
    ]) {
      const answer = await client.get("/").header("Origin", origin).send();
      expect(answer.status).toBe(200);
      expect(answer.headers.filter(({ name }) => /^access-control/i.test(name))).toEqual([]);
      expect(answer.header("vary")).toBe("Cookie, Origin");
    }
    const without = await client.get("/").send();
    expect(without.header("vary")).toBe("Cookie, Origin");
    expect(without.header("access-control-allow-origin")).toBeUndefined();
  });

  test('sends "*" to everyone, without Vary, when everyone may read', async () => {
    const client = await serve(appWith({ origins: "*" }));
    const answer = await client.get("/").header("Origin", "null").send();
    expect(answer.header("access-control-allow-origin")).toBe("*");
    expect(answer.header("vary")).toBe("Cookie");
  });

  test("answers a preflight itself", async () => {
    const client = await serve(
      appWith({ origins: [APP], methods: ["PUT"], allowHeaders: ["X-One", "X-Two"], maxAge: 600 }),
    );
    const answer = await client
      .options("/")
      .header("Origin", APP)
      .header("Access-Control-Request-Method", "PUT")
      .header("Access-Control-Request-Private-Network", "true")
      .send();
    expect(answer.status).toBe(204);
    expect(answer.bytes.byteLength).toBe(0);
    expect(answer.header("access-control-allow-origin")).toBe(APP);
    expect(answer.header("access-control-allow-methods")).toBe("PUT");
    expect(answer.header("access-control-allow-headers")).toBe("X-One, X-Two");
    expect(answer.header("access-control-max-age")).toBe("600");
    expect(answer.header("access-control-allow-private-network")).toBeUndefined();
    expect(answer.header("vary")).toBe("Origin");
  });

  test("allows the fields that a preflight asks for, unless they are listed", async () => {
    const client = await serve(appWith({ origins: [APP] }));
    const preflight = (fields: string) =>
      client
        .options("/")
        .header("Origin", APP)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", fields)
        .send();
    const answer = await preflight("x-one, content-type");
    expect(answer.header("access-control-allow-headers")).toBe("x-one, content-type");
    expect(answer.header("vary")).toBe("Origin, Access-Control-Request-Headers");
    const strange = await preflight("x-one, <script>");
    expect(strange.header("access-control-allow-headers")).toBeUndefined();
  });

  test("answers another origin's preflight without leave", async () => {
    const client = await serve(appWith({ origins: [APP] }));
    const answer = await client
      .options("/")
      .header("Origin", "https://evil.example")
      .header("Access-Control-Request-Method", "DELETE")
      .send();
    expect(answer.status).toBe(204);
    expect(answer.headers.filter(({ name }) => /^access-control/i.test(name))).toEqual([]);
  });

  test("leaves an OPTIONS that is no preflight to the routes", async () => {
    const client = await serve(appWith({ origins: [APP] }));
    const answer = await client.options("/").header("Origin", APP).send();
    expect(answer.header("allow")).toBe("GET, HEAD, OPTIONS, POST");
    expect(answer.header("access-control-allow-origin")).toBe(APP);
  });

  test("asks a function, but never of the opaque origin", async () => {
    const asked: string[] = [];
    const client = await serve(
      appWith({
        credentials: true,
        origins: (origin) => {
          asked.push(origin);
          return origin.endsWith(".example.org");
        },
      }),
    );
    const good = await client.get("/").header("Origin", APP).send();
    expect(good.header("access-control-allow-origin")).toBe(APP);
    const opaque = await client.get("/").header("Origin", "null").send();
    expect(opaque.header("access-control-allow-origin")).toBeUndefined();
    expect(asked).toEqual([APP]);
  });
});

describe("the cors layer", () => {
  test.each<[string, CorsOptions]>([
    ["every site with credentials", { origins: "*", credentials: true }],
    ["a wildcard in a list", { origins: ["*"] }],
    ["the opaque origin", { origins: ["null"] }],
    ["an origin with a path", { origins: [`${APP}/`] }],
    ["a host without a scheme", { origins: ["app.example.org"] }],
    ["an origin in capitals", { origins: ["https://App.example.org"] }],
    ["a default port", { origins: ["https://app.example.org:443"] }],
    ["one origin that is no list", { origins: APP as unknown as string[] }],
    ["a method that is none", { origins: [APP], methods: ["PUT, POST"] }],
    ["a field that ends the header", { origins: [APP], exposeHeaders: ["X-A\r\nX-B"] }],
    ["a wildcard field with credentials", { origins: [APP], credentials: true, allowHeaders: ["*"] }],
    ["half a second", { origins: [APP], maxAge: 0.5 }],
  ])("refuses %s at start-up", (_what, options) => {
    expect(() => cors(options)).toThrow(/^cors: /);
  });

  test("keeps a synchronous answer synchronous, and a shared response as it was", () => {
    const shared = Response.text(200, "ok");
    const app = App.withState({})
      .wrap(cors({ origins: [APP] }))
      .get("/", () => shared);
    const req = new Request({ method: "GET", url: "/", headers: [{ name: "Origin", value: APP }] });
    expect(app.handle(req)).toBeInstanceOf(Response);
    expect(shared.headers).toHaveLength(1);
  });
});
