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

type Parse = (bytes: Uint8Array, text: string, start: number, most: number) => ParsedRequest | undefined;

/** A lane that takes what the grammar declines, as if it were written in some other way. */
function lenient(change: (text: string) => string): (parse: Parse) => Parse {
  return (parse) => (bytes, text, start, most) => {
    const changed = change(text);
    return parse(bytes, text, start, most) ?? parse(Buffer.from(changed, "latin1"), changed, start, most);
  };
}

/** A lane that mistakes what it takes. */
function mistaken(
  change: (request: ParsedRequest, bytes: Uint8Array) => Partial<ParsedRequest>,
): (parse: Parse) => Parse {
  return (parse) => (bytes, text, start, most) => {
    const request = parse(bytes, text, start, most);
    return request && { ...request, ...change(request, bytes) };
  };
}

/** Lanes with one bug each. What is changed in a text keeps its length. */
const BUGS: Readonly<Record<string, (parse: Parse) => Parse>> = {
  "skips a body": mistaken(({ bodyStart }) => ({ end: bodyStart })),
  "does not ask for a Host": lenient((text) =>
    text.replace(/^(\w+ \S+ HTTP\/1\.1)\r\n\w{4}: /, "$1\r\nHost: "),
  ),
  "takes a second Host": lenient((text) => text.replace(/(\r\nHost: \w+)\r\nhost:/i, "$1\r\nhest:")),
  "reads a length in hexadecimal": lenient((text) =>
    text.replace(/(\r\nContent-Length: *)0x(\d)/i, "$100$2"),
  ),
  "takes a second length": lenient((text) =>
    text.replace(/(Content-Length: *\d+\r\nContent)-Length/i, "$1-Longth"),
  ),
  "takes a bare LF in a value": lenient((text) => text.replace(/(\w)\n([A-Z])/, "$1 $2")),
  "overlooks Transfer-Encoding": lenient((text) =>
    text.replaceAll(/Transfer-Encoding/gi, "Transfer-Encodong"),
  ),
  "overlooks Expect": lenient((text) => text.replaceAll(/Expect/gi, "Export")),
  "takes HTTP/1.0 for 1.1": lenient((text) => text.replace("HTTP/1.0", "HTTP/1.1")),
  "keeps a connection that is to be closed": mistaken(() => ({ keepAlive: true })),
  "leaves blanks behind a value": mistaken(({ rawHeaders }) => ({
    rawHeaders: rawHeaders.map((each) => (each === "padded" ? "padded\t" : each)),
  })),
  "takes a byte of the next request": mistaken(({ end }, bytes) => ({
    end: Math.min(bytes.length, end + 1),
  })),
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
    expect((await compareWithBug("short", 1, { mostProblems: 1 })).problems).not.toEqual([]);
  });
});
