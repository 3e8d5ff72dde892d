import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Header } from "../http/header.ts";
import { Request } from "../message/request.ts";
import type { Forwarding } from "../message/connection.ts";
import { trustProxy, type TrustProxy } from "./trust-proxy.ts";

function forwarding(
  rule: TrustProxy,
  headers: Record<string, string | string[]>,
  peer = "10.0.0.1",
): Forwarding {
  const fields = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => new Header(name, value)),
  );
  return trustProxy(rule)?.(new Request({ method: "GET", url: "/", headers: fields }), peer) ?? {};
}

const ip = fc.ipV4().filter((address) => !address.startsWith("10."));
const junk = fc.constantFrom(
  "unknown",
  "",
  "10.0.0.9",
  "1.2.3.4",
  "_hidden",
  '"',
  "for=1.2.3.4",
  "::1",
  "x:y",
);

describe("nobody is trusted", () => {
  test("unless it is said, or when the peer is no proxy of ours", () => {
    const headers = { "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https" };
    expect(forwarding(false, headers)).toEqual({});
    expect(forwarding(["10.0.0.0/8"], headers, "192.0.2.1")).toEqual({});
    expect(forwarding(["10.0.0.0/8"], headers, "")).toEqual({});
  });
});

describe("X-Forwarded-*", () => {
  test("behind one proxy tells client, scheme and host", () => {
    const headers = {
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Proto": "HTTPS",
      "X-Forwarded-Host": "example.org:8443",
    };
    const expected = { clientIp: "192.0.2.7", scheme: "https", host: "example.org:8443" };
    expect(forwarding(1, headers)).toEqual(expected);
    expect(forwarding(["10.0.0.0/8"], headers)).toEqual(expected);
  });

  test("never believes what the client wrote to the left, however long it is", () => {
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 5 }), ip, fc.nat(3), (spoofed, client, inner) => {
        const proxies = Array.from({ length: inner }, (_, index) => `10.0.1.${index}`);
        const list = [...spoofed, client, ...proxies];
        for (const rule of [inner + 1, ["10.0.0.0/8"]]) {
          expect(forwarding(rule, { "X-Forwarded-For": list.join(", ") }).clientIp).toBe(client);
          expect(forwarding(rule, { "X-Forwarded-For": list }).clientIp).toBe(client);
        }
      }),
    );
  });

  test("with fewer hops than expected gives the outermost", () => {
    expect(forwarding(3, { "X-Forwarded-For": "192.0.2.7" }).clientIp).toBe("192.0.2.7");
  });

  test("takes the scheme and the host of the same hop as the address", () => {
    const headers = {
      "X-Forwarded-For": "6.6.6.6, 192.0.2.7, 10.0.0.2",
      "X-Forwarded-Proto": "http, https, http",
      "X-Forwarded-Host": "evil.example, good.example, inner",
    };
    expect(forwarding(2, headers)).toEqual({ clientIp: "192.0.2.7", scheme: "https", host: "good.example" });
  });

  test.each(["evil example", "a/b", "a@b", "<script>", "a:99999999", ""])("has no host %j", (host) => {
    expect(forwarding(1, { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Host": host })).toEqual({
      clientIp: "192.0.2.7",
    });
  });

  test("has no scheme but http and https", () => {
    expect(forwarding(1, { "X-Forwarded-Proto": "javascript" })).toEqual({});
  });

  test.each([
    ["192.0.2.7:1234", "192.0.2.7"],
    ["[2001:db8::1]:80", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["unknown", undefined],
    ["192.0.2.300", undefined],
  ])("%s is the address %s", (value, expected) => {
    expect(forwarding(1, { "X-Forwarded-For": value }).clientIp).toBe(expected);
  });
});

describe("Forwarded", () => {
  test("is read with quotes, ports and IPv6", () => {
    const value = 'for=1.1.1.1, for="[2001:db8::7]:99";proto=https;host="example.org", for=10.0.0.2';
    expect(forwarding(2, { Forwarded: value })).toEqual({
      clientIp: "2001:db8::7",
      scheme: "https",
      host: "example.org",
    });
  });

  test("never believes what the client wrote to the left, whatever quotes it leaves open", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('for="', "for=6.6.6.6", "a", '"', "\\", ";", "proto=https"), {
          maxLength: 4,
        }),
        ip,
        (spoofed, client) => {
          const { clientIp } = forwarding(1, { Forwarded: [...spoofed, `for=${client}`] });
          expect([client, undefined]).toContain(clientIp);
        },
      ),
    );
  });

  test.each([
    'for=6.6.6.6;x="',
    'for=6.6.6.6;proto=https;host=evil.example;x="\\',
    'for=6.6.6.6;x="a\\"',
    'for="6.6.6.6',
  ])("is not believed when the client left a quote open before what our proxy wrote: %s", (open) => {
    for (const own of ["for=192.0.2.7", 'for="[2001:db8::7]"', 'for=192.0.2.7;host="example.org"']) {
      expect(forwarding(1, { Forwarded: [open, own] })).toEqual({});
      expect(forwarding(["10.0.0.0/8"], { Forwarded: `${open}, ${own}` })).toEqual({});
    }
  });

  test("is not looked at beside X-Forwarded-For unless it is named", () => {
    const headers = { "X-Forwarded-For": "192.0.2.7", Forwarded: "for=192.0.2.8" };
    expect(forwarding(1, headers).clientIp).toBe("192.0.2.7");
    expect(forwarding({ proxies: 1, header: "forwarded" }, headers).clientIp).toBe("192.0.2.8");
    expect(forwarding({ proxies: 1, header: "x-forwarded" }, { Forwarded: "for=1.1.1.1" })).toEqual({});
  });
});

describe("a rule", () => {
  test("by network knows IPv6 and IPv4 within IPv6", () => {
    const headers = { "X-Forwarded-For": "192.0.2.7" };
    expect(forwarding(["10.0.0.0/8"], headers, "::ffff:10.1.2.3").clientIp).toBe("192.0.2.7");
    expect(forwarding(["fd00::/8"], headers, "fd12::1").clientIp).toBe("192.0.2.7");
    expect(forwarding(["::1"], headers, "::1").clientIp).toBe("192.0.2.7");
    expect(forwarding(["::1"], headers, "::2")).toEqual({});
  });

  test.each<TrustProxy>([
    0,
    -1,
    1.5,
    Number.NaN,
    ["10.0.0.0/33"],
    ["10.0.0.0/"],
    ["::/129"],
    ["proxy"],
    ["10.0.0.0/x"],
    ["10/8"],
  ])("%j is refused", (rule) => {
    expect(() => trustProxy(rule)).toThrow(/^trustProxy: /);
  });
});
