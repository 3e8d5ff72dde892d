import { describe, expect, test } from "vitest";
import { assertHost } from "./host.ts";

describe("the host of a request", () => {
  test.each([
    "a",
    "localhost:7878",
    "example.com",
    "192.0.2.1:80",
    "[::1]",
    "[2001:db8::1]:8080",
    "x_y.test",
    "",
  ])("may be %j", (host) => {
    expect(() => assertHost(["X", "y", "HOST", host])).not.toThrow();
  });

  test("may be missing, where no HTTP/1.1 is spoken", () => {
    expect(() => assertHost(["X", "y"])).not.toThrow();
  });

  test.each([
    "a b",
    "a,b",
    "a/b",
    "a@b",
    "a?b",
    "a#b",
    "a\\b",
    "a:b",
    "a:123456",
    ":80",
    "[::1",
    "a\tb",
    "é",
    "<a>",
    "%41",
  ])("is not %j", (host) => {
    expect(() => assertHost(["Host", host])).toThrow("The request must name one host.");
  });

  test("is not named twice, even if it is the same", () => {
    expect(() => assertHost(["Host", "a", "X", "y", "host", "a"])).toThrow("The request must name one host.");
    expect(() => assertHost(["Host", "", "Host", ""])).toThrow("The request must name one host.");
  });
});
