import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { StreamBody } from "./response.ts";
import { type Chunks, chunksOf } from "./stream.ts";

async function readAll(chunks: Chunks): Promise<string[]> {
  const read: string[] = [];
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return read;
    read.push(Buffer.from(value).toString());
  }
}

async function* words() {
  yield "a";
  yield Buffer.from("b");
}

describe("the chunks of a stream", () => {
  test.each<[string, () => StreamBody]>([
    ["an async iterable", words],
    ["a web stream", () => ReadableStream.from<string | Uint8Array>(words())],
    ["a Node stream", () => Readable.from(words())],
  ])("come as bytes from %s", async (_kind, body) => {
    expect(await readAll(chunksOf(body()))).toEqual(["a", "b"]);
  });

  test.each([[null], [5], [{}], [[1]]])("are refused when they are %j", async (chunk) => {
    await expect(readAll(chunksOf(ReadableStream.from([chunk]) as never))).rejects.toThrow(
      /yield strings or bytes/,
    );
  });

  test("are cancelled at their source, which may refuse, and nothing is thrown", async () => {
    const ended: string[] = [];
    async function* endless() {
      try {
        for (;;) yield "x";
      } finally {
        ended.push("iterable");
      }
    }
    const web = new ReadableStream<string>({
      pull: (controller) => controller.enqueue("x"),
      cancel: () => {
        ended.push("web");
        throw new Error("no");
      },
    });
    const node = new Readable({ read() {}, destroy: (_error, done) => (ended.push("node"), done(null)) });
    const all = [endless(), web, node].map((body) => chunksOf(body as StreamBody));
    await Promise.all(all.slice(0, 2).map((chunks) => chunks.next()));
    for (const chunks of all) chunks.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended.toSorted()).toEqual(["iterable", "node", "web"]);
  });
});
