// Bodies: forms, JSON and multipart, as handlers read them.
import assert from "node:assert/strict";
import { HttpError, Request } from "@hatcheck/core";
import type { Chance } from "../random.ts";
import { inputOf } from "./inputs.ts";
import type { Target } from "./target.ts";

const ALLOWED = [400, 413, 415];

/** Reads a body; an answer that a client's mistake gets is fine, any other error is not. */
async function read(
  type: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  how: (req: Request) => Promise<void>,
): Promise<void> {
  const headers = [{ name: "Content-Type", value: type }];
  try {
    await how(new Request({ method: "POST", url: "/", headers, body }));
  } catch (error) {
    assert.ok(error instanceof HttpError && ALLOWED.includes(error.statusCode), String(error));
  }
}

const form: Target = {
  name: "`application/x-www-form-urlencoded` body",
  promise: "400, 413 or what the web platform makes of it",
  make: (chance) => inputOf(chance, ["a=1", "&", "=", "a[]=", "+", "%20", "%E2%82%AC", "__proto__=1", "a"]),
  check: (input) =>
    read(
      "application/x-www-form-urlencoded",
      Buffer.from(input, input.length % 2 === 0 ? "latin1" : "utf8"),
      async (req) => {
        const fields = [...(await req.form())];
        const text = await req.text();
        // Node itself gets a malformed encoding beside other letters than those of latin1 wrong, but here there is none.
        assert.deepEqual(fields, [...new URLSearchParams(`&${text}`)]);
      },
    ),
};

const json: Target = {
  name: "`application/json` body",
  promise: "400 or a value; prototypes stay as they are",
  make: (chance) =>
    inputOf(chance, [
      '{"a":',
      "1",
      "}",
      "[",
      "]",
      ",",
      '"__proto__":',
      '"constructor":{"prototype":',
      '"\\u005f_proto__":',
      "null",
      '"',
      "{",
      "1e999",
      "-0",
      "true",
    ]),
  check: (input) =>
    read("application/json", Buffer.from(input, input.length % 3 === 0 ? "latin1" : "utf8"), async (req) => {
      const value = await req.json();
      if (typeof value === "object" && value !== null) assert.ok(!Object.hasOwn(value, "__proto__"));
      assert.ok(!("polluted" in {}));
    }),
};

const HEAD = 'Content-Disposition: form-data; name="a"';
const PIECES = [
  "--b",
  "--b\r\n",
  "\r\n--b\r\n",
  "\r\n--b--\r\n",
  "\r\n",
  "\r\n\r\n",
  `${HEAD}\r\n\r\n`,
  `${HEAD}; filename="f"\r\n\r\n`,
  `${HEAD}; filename="../../etc/passwd"\r\n\r\n`,
  "Content-Type: text/plain\r\n",
  "value",
  "--",
  "X: y\r\n",
  "\n",
  'name="',
  "filename*=utf-8''a",
  "--b\r\n" + HEAD + "\r\n\r\nvalue\r\n",
];

/** Chunks as a socket may deliver them: the cuts follow from the input. */
async function* chunksOf(input: string): AsyncGenerator<Uint8Array, void, void> {
  const bytes = Buffer.from(input, "latin1");
  const step = 1 + (input.length % 3 > 0 ? bytes.length : (input.length * 7919) % 97);
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

const multipart: Target = {
  name: "`multipart/form-data` body, in chunks",
  promise: "400, 413 or parts; file names have no path",
  make: (chance: Chance) =>
    (chance.oneIn(2) ? "--b\r\n" : "") +
    inputOf(chance, PIECES).slice(0, 2048) +
    (chance.oneIn(2) ? "\r\n--b--\r\n" : ""),
  check: (input) =>
    read(`multipart/form-data; boundary=b`, chunksOf(input), async (req) => {
      for await (const part of req.multipart()) {
        if (part.kind === "field") continue;
        assert.doesNotMatch(part.filename, /[/\\\0-\x1f]/);
        if (input.length % 2 === 0) await part.bytes();
      }
    }),
};

export const bodies: readonly Target[] = [form, json, multipart];
