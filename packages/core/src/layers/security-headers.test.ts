import { describe, expect, test } from "vitest";
import { describeEach } from "../../test/harness.ts";
import { App } from "../app.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { cspNonce, NONCE, securityHeaders, type SecurityHeadersOptions } from "./security-headers.ts";

function appWith(options?: SecurityHeadersOptions): App<object> {
  return App.withState({})
    .wrap(securityHeaders(options))
    .get("/", () => Response.html(200, "<p>hello</p>"))
    .get("/nonce", (req) => Response.text(200, cspNonce(req)))
    .get("/own", () =>
      Response.text(200, "own")
        .setHeader("x-frame-options", "DENY")
        .setHeader("content-security-policy", "default-src 'none'"),
    );
}

describeEach("security headers", (serve, way) => {
  test("are set on every answer, errors included", async () => {
    const client = await serve(appWith());
    for (const path of ["/", "/nowhere"]) {
      const answer = await client.get(path).send();
      expect(answer.header("x-content-type-options")).toBe("nosniff");
      expect(answer.header("referrer-policy")).toBe("strict-origin-when-cross-origin");
      expect(answer.header("x-frame-options")).toBe("SAMEORIGIN");
      expect(answer.header("cross-origin-opener-policy")).toBe("same-origin");
      expect(answer.header("cross-origin-resource-policy")).toBe("same-origin");
      expect(answer.header("content-security-policy")).toBe(
        "base-uri 'self'; frame-ancestors 'self'; object-src 'none'",
      );
      expect(answer.header("permissions-policy")).toBeUndefined();
    }
  });

  test("leave a handler's own as they are", async () => {
    const client = await serve(appWith());
    const answer = await client.get("/own").send();
    expect(answer.headerAll("x-frame-options")).toEqual(["DENY"]);
    expect(answer.headerAll("content-security-policy")).toEqual(["default-src 'none'"]);
    expect(answer.headerAll("x-content-type-options")).toEqual(["nosniff"]);
  });

  test("speak of transport security over https alone, also when a trusted proxy ends it", async () => {
    const direct = await serve(appWith());
    const own = (await direct.get("/").send()).header("strict-transport-security");
    expect(own).toBe(way === "2" ? "max-age=31536000" : undefined);
    const spoofed = await direct.get("/").header("X-Forwarded-Proto", "https").send();
    expect(spoofed.header("strict-transport-security")).toBe(own);
    const proxied = await serve(appWith(), { trustProxy: 1 });
    const answer = await proxied.get("/").header("X-Forwarded-Proto", "https").send();
    expect(answer.header("strict-transport-security")).toBe("max-age=31536000");
  });

  test("can be changed and switched off one by one", async () => {
    const client = await serve(
      appWith({
        contentSecurityPolicy: {
          "default-src": ["'self'", "https://cdn.example"],
          "upgrade-insecure-requests": [],
        },
        reportOnly: true,
        referrerPolicy: "no-referrer",
        frameOptions: false,
        crossOriginOpenerPolicy: false,
        crossOriginResourcePolicy: "cross-origin",
        permissionsPolicy: "camera=()",
        strictTransportSecurity: { maxAge: 63_072_000, includeSubDomains: true, preload: true },
      }),
      { trustProxy: 1 },
    );
    const answer = await client.get("/").header("X-Forwarded-Proto", "https").send();
    expect(answer.header("content-security-policy")).toBeUndefined();
    expect(answer.header("content-security-policy-report-only")).toBe(
      "default-src 'self' https://cdn.example; upgrade-insecure-requests",
    );
    expect(answer.header("referrer-policy")).toBe("no-referrer");
    expect(answer.header("x-frame-options")).toBeUndefined();
    expect(answer.header("cross-origin-opener-policy")).toBeUndefined();
    expect(answer.header("cross-origin-resource-policy")).toBe("cross-origin");
    expect(answer.header("permissions-policy")).toBe("camera=()");
    expect(answer.header("strict-transport-security")).toBe("max-age=63072000; includeSubDomains; preload");
  });

  test("carry a nonce that is new for each request and the same within one", async () => {
    const client = await serve(
      appWith({ contentSecurityPolicy: { "script-src": [NONCE, "'strict-dynamic'"], "style-src": [NONCE] } }),
    );
    const nonces = new Set<string>();
    for (let index = 0; index < 5; index += 1) {
      const answer = await client.get("/nonce").send();
      const nonce = answer.text();
      expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
      expect(answer.header("content-security-policy")).toBe(
        `script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'nonce-${nonce}'`,
      );
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(5);
  });
});

describe("the security-headers layer", () => {
  test.each<[string, SecurityHeadersOptions]>([
    [
      "a source that ends its directive",
      { contentSecurityPolicy: { "script-src": ["'self'; object-src *"] } },
    ],
    ["sources in one string", { contentSecurityPolicy: { "script-src": ["'self' https://a.example"] } }],
    ["a directive that is none", { contentSecurityPolicy: { "script src": [] } }],
    ["a line break in a value", { referrerPolicy: "no-referrer\r\nX-Evil: 1" }],
    ["a fraction of a second", { strictTransportSecurity: { maxAge: 1.5 } }],
    ["preload without subdomains", { strictTransportSecurity: { preload: true } }],
  ])("refuses %s at start-up", (_what, options) => {
    expect(() => securityHeaders(options)).toThrow(/^securityHeaders: |^Value of header /);
  });

  test("keeps a synchronous answer synchronous, and a shared response as it was", () => {
    const shared = Response.text(200, "ok");
    const app = App.withState({})
      .wrap(securityHeaders())
      .get("/", () => shared);
    const answer = app.handle(new Request({ method: "GET", url: "/" }));
    expect(answer).toBeInstanceOf(Response);
    expect(shared.headers).toHaveLength(1);
  });
});
