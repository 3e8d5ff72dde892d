import { describe, expect, test } from "vitest";
import { describeEach } from "../../test/harness.ts";
import { App } from "../app.ts";
import { Response } from "../message/response.ts";
import { crossOriginProtection, type CrossOriginProtectionOptions } from "./cross-origin-protection.ts";

const TRUSTED = "https://partner.example";
const EVIL = "https://evil.example";

function appWith(options?: CrossOriginProtectionOptions): App<object> {
  const hooks = App.withState({}).all("/:name", () => Response.text(200, "hook"));
  return App.withState({})
    .wrap(crossOriginProtection(options))
    .all("/", () => Response.text(200, "done"))
    .mount("/hooks", hooks);
}

describeEach("cross-origin protection", (serve) => {
  test("lets safe methods pass, whoever sends them", async () => {
    const client = await serve(appWith());
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      const answer = await client
        .request(method, "/")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Origin", EVIL)
        .send();
      expect(answer.status).toBe(200);
    }
  });

  test("lets a bearer token pass: no browser adds one by itself", async () => {
    const client = await serve(appWith());
    const post = (authorization: string) =>
      client
        .post("/")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Origin", EVIL)
        .header("Authorization", authorization)
        .send();
    for (const [authorization, status] of [
      ["Bearer abc", 200],
      ["bearer abc", 200],
      ["Basic YTpi", 403],
      ["Bearer", 403],
      ["Bearer ", 403],
      ["Bearerabc", 403],
    ] as const) {
      expect([authorization, (await post(authorization)).status]).toEqual([authorization, status]);
    }
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("decides %s by Sec-Fetch-Site", async (method) => {
    const client = await serve(appWith());
    for (const [site, status] of [
      ["same-origin", 200],
      ["none", 200],
      ["same-site", 403],
      ["cross-site", 403],
      ["Same-Origin", 403],
      ["anything", 403],
    ] as const) {
      const answer = await client.request(method, "/").header("Sec-Fetch-Site", site).send();
      expect([site, answer.status]).toEqual([site, status]);
    }
  });

  test("compares Origin with Host where a browser predates Sec-Fetch-Site", async () => {
    const client = await serve(appWith());
    const post = async (origin: string, host: string) =>
      (await client.post("/").header("Origin", origin).header("Host", host).send()).status;
    expect(await post("https://shop.example", "shop.example")).toBe(200);
    expect(await post("http://shop.example", "shop.example")).toBe(200);
    expect(await post("https://shop.example", "SHOP.example:443")).toBe(200);
    expect(await post("http://shop.example:8080", "shop.example:8080")).toBe(200);
    expect(await post("http://[::1]:8080", "[::1]:8080")).toBe(200);
    expect(await post("https://shop.example:8443", "shop.example")).toBe(403);
    expect(await post("https://shop.example", "shop.example:80")).toBe(403);
    expect(await post("https://www.shop.example", "shop.example")).toBe(403);
    expect(await post("https://shop.example.evil.example", "shop.example")).toBe(403);
    expect(await post("https://evil.example/shop.example", "shop.example")).toBe(403);
    expect(await post("https://shop.example@evil.example", "shop.example")).toBe(403);
    expect(await post("null", "shop.example")).toBe(403);
    expect(await post("null", "null")).toBe(403);
    expect(await post("file://", "shop.example")).toBe(403);
  });

  test("lets requests without either field pass: no browser sends them", async () => {
    const client = await serve(appWith());
    expect((await client.post("/").send()).status).toBe(200);
  });

  test("does not let Origin speak against Sec-Fetch-Site", async () => {
    const client = await serve(appWith());
    const post = (site: string, origin: string) =>
      client
        .post("/")
        .header("Sec-Fetch-Site", site)
        .header("Origin", origin)
        .header("Host", "shop.example")
        .send();
    expect((await post("cross-site", "https://shop.example")).status).toBe(403);
    expect((await post("same-origin", EVIL)).status).toBe(200);
  });

  test("lets trusted origins and bypassed routes pass, and nothing near them", async () => {
    const client = await serve(appWith({ trustedOrigins: [TRUSTED], bypass: ["/hooks/:name"] }));
    const post = async (path: string, headers: Record<string, string>) => {
      const request = client.post(path);
      for (const [name, value] of Object.entries(headers)) request.header(name, value);
      return (await request.send()).status;
    };
    expect(await post("/", { Origin: TRUSTED })).toBe(200);
    expect(await post("/", { Origin: TRUSTED, "Sec-Fetch-Site": "cross-site" })).toBe(200);
    expect(await post("/", { Origin: `${TRUSTED}.evil.example` })).toBe(403);
    expect(await post("/", { "Sec-Fetch-Site": "cross-site" })).toBe(403);
    expect(await post("/hooks/paid", { Origin: EVIL, "Sec-Fetch-Site": "cross-site" })).toBe(200);
    expect(await post("/hooks/paid/more", { Origin: EVIL })).toBe(403);
    expect(await post("/?/hooks/paid", { Origin: EVIL })).toBe(403);
  });

  test("asks trusted proxies for the host, and believes nobody else", async () => {
    const app = appWith();
    const proxied = await serve(app, { trustProxy: 1 });
    const direct = await serve(appWith());
    const status = async (client: typeof proxied) =>
      (
        await client
          .post("/")
          .header("Origin", "https://shop.example")
          .header("Host", "internal:3000")
          .header("X-Forwarded-Host", "shop.example")
          .send()
      ).status;
    expect(await status(proxied)).toBe(200);
    expect(await status(direct)).toBe(403);
  });

  test("answers as errors are answered, and the error handler sees it", async () => {
    const seen: unknown[] = [];
    const app = appWith().onError((error) => {
      seen.push(error);
      return undefined;
    });
    const client = await serve(app);
    const answer = await client.post("/").header("Origin", EVIL).header("Accept", "application/json").send();
    expect(answer.status).toBe(403);
    expect(answer.json()).toMatchObject({ status: 403, title: "Forbidden" });
    expect(seen).toEqual([expect.objectContaining({ statusCode: 403 })]);
  });
});

describe("the cross-origin layer", () => {
  test.each(["partner.example", "https://partner.example/", "https://PARTNER.example", "*", "null", ""])(
    "refuses %j as a trusted origin at start-up",
    (origin) => {
      expect(() => crossOriginProtection({ trustedOrigins: [origin] })).toThrow(TypeError);
    },
  );

  test.each(["hooks", "/hooks/*", "/hooks/:", "/(.*)"])("refuses %j as a bypass at start-up", (pattern) => {
    expect(() => crossOriginProtection({ bypass: [pattern] })).toThrow(TypeError);
  });
});
