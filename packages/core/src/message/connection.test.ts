import { expect, test } from "vitest";
import { ConnectionInfo } from "./connection.ts";
import { Request } from "./request.ts";
import { trustProxy } from "../server/trust-proxy.ts";

const request = (headers: Record<string, string> = {}) =>
  new Request({
    method: "GET",
    url: "/",
    httpVersion: "1.0",
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
  });

test("a connection that nothing is known of is one over loopback", () => {
  const conn = new ConnectionInfo();
  expect([conn.client.ip, conn.server.ip, conn.encrypted, conn.scheme]).toEqual([
    "127.0.0.1",
    "127.0.0.1",
    false,
    "http",
  ]);
  expect([conn.host, conn.clientIp, conn.httpVersion, conn.sniHostname, conn.closing]).toEqual([
    "",
    "127.0.0.1",
    "1.1",
    undefined,
    false,
  ]);
});

test("one connection carries many requests, each with its own host and proxies", () => {
  const conn = new ConnectionInfo({ trust: trustProxy(1), encrypted: true });
  const first = conn.forRequest(request({ Host: "a.org", "X-Forwarded-For": "192.0.2.1" }));
  const second = conn.forRequest(request({ Host: "b.org", "X-Forwarded-Proto": "http" }));
  expect([first.host, first.clientIp, first.scheme, first.httpVersion]).toEqual([
    "a.org",
    "192.0.2.1",
    "https",
    "1.0",
  ]);
  expect([second.host, second.clientIp, second.scheme]).toEqual(["b.org", "127.0.0.1", "http"]);
});

test("the same request keeps the same connection", () => {
  const req = request();
  const conn = new ConnectionInfo({}, req);
  expect(conn.forRequest(req)).toBe(conn);
});
