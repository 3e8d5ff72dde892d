// The short form of the comparison, and proof that it finds what it is there for: a lane with a bug is told from node:http.
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ParsedRequest } from "../../packages/core/src/server/fast-lane/parse-request.ts";
import { compareInMemory, compareOverTcp } from "./lane.ts";

const GRAMMAR = "../../packages/core/src/server/fast-lane/parse-request.ts";

test("the fast lane and node:http agree on every input, in memory", async () => {
  expect((await compareInMemory("short", 1)).problems).toEqual([]);
});

test("and over TCP", async () => {
  expect((await compareOverTcp("short", 1)).problems).toEqual([]);
});

type Parse = (text: string, start: number, most: number) => ParsedRequest | undefined;

/** Lanes with one bug each. */
const BUGS: Readonly<Record<string, (parse: Parse) => Parse>> = {
  "skips a body": (parse) => (text, start, most) => {
    const request = parse(text, start, most);
    return request && { ...request, end: request.bodyStart };
  },
  "does not ask for a Host": (parse) => (text, start, most) => {
    const request = parse(text, start, most);
    if (request !== undefined) return request;
    // As if there had been one, behind the first line.
    const at = text.indexOf("\r\n", start) + 2;
    const field = "Host: a\r\n";
    const lenient =
      at > 1 && !/\r\nhost/i.test(text)
        ? parse(text.slice(0, at) + field + text.slice(at), start, most)
        : undefined;
    return (
      lenient && {
        ...lenient,
        rawHeaders: lenient.rawHeaders.slice(2),
        bodyStart: lenient.bodyStart - field.length,
        end: lenient.end - field.length,
      }
    );
  },
  "takes the first of several Hosts": (parse) => (text, start, most) =>
    parse(text, start, most) ?? parse(text.replace(/(\r\nHost: \w+)\r\nhost:/i, "$1\r\nhest:"), start, most),
  "reads a length in hexadecimal": (parse) => (text, start, most) =>
    parse(text, start, most) ?? parse(text.replace(/(\r\nContent-Length: *)0x(\d)/i, "$100$2"), start, most),
  "overlooks a second length": (parse) => (text, start, most) =>
    parse(text, start, most) ??
    parse(text.replace(/(Content-Length: *\d+)\r\nContent-Length/i, "$1\r\nContent-Longth"), start, most),
  "takes a bare LF for the end of a line": (parse) => (text, start, most) =>
    parse(text, start, most) ?? parse(text.replace(/(\w)\n([A-Z])/, "$1 $2"), start, most),
  "overlooks Transfer-Encoding": (parse) => (text, start, most) =>
    parse(text, start, most) ??
    parse(text.replaceAll(/Transfer-Encoding/gi, "Transfer-Encodong"), start, most),
  "keeps a connection that is to be closed": (parse) => (text, start, most) => {
    const request = parse(text, start, most);
    return request && { ...request, keepAlive: true };
  },
  "takes HTTP/1.0 for 1.1": (parse) => (text, start, most) =>
    parse(text, start, most) ?? parse(text.replace("HTTP/1.0", "HTTP/1.1"), start, most),
  "leaves blanks behind a value": (parse) => (text, start, most) => {
    const request = parse(text, start, most);
    return (
      request && {
        ...request,
        rawHeaders: request.rawHeaders.map((each) => (each === "padded" ? "padded\t" : each)),
      }
    );
  },
  "hands over one byte too few": (parse) => (text, start, most) => {
    const request = parse(text, start, most);
    return request && { ...request, end: Math.min(text.length, request.end + 1) };
  },
};

describe("a lane with a bug is found out:", () => {
  afterEach(() => {
    vi.doUnmock(GRAMMAR);
    vi.resetModules();
  });

  test.each(Object.entries(BUGS))("it %s", async (_name, plant) => {
    vi.resetModules();
    vi.doMock(GRAMMAR, async (original) => {
      const { parseRequest } = await original<{ parseRequest: Parse }>();
      return { parseRequest: plant(parseRequest) };
    });
    const { compareInMemory: compareWithBug } = await import("./lane.ts");
    expect((await compareWithBug("short", 1)).problems).not.toEqual([]);
  });
});
