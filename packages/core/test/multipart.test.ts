import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  App,
  type MultipartFile,
  type MultipartOptions,
  type MultipartPart,
  Request,
  Response,
} from "../src/index.ts";
import { describeEach } from "./harness.ts";

const BOUNDARY = "----hatcheck";
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

interface Sent {
  name: string;
  filename?: string;
  type?: string;
  content: string | Uint8Array;
}

function encode(parts: readonly Sent[], { preamble = "", epilogue = "\r\n" } = {}): Buffer {
  const pieces: (string | Uint8Array)[] = [preamble];
  for (const { name, filename, type, content } of parts) {
    pieces.push(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`);
    if (filename !== undefined) pieces.push(`; filename="${filename}"`);
    if (type !== undefined) pieces.push(`\r\nContent-Type: ${type}`);
    pieces.push("\r\n\r\n", content, "\r\n");
  }
  pieces.push(`--${BOUNDARY}--`, epilogue);
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
}

function requestOf(body: Uint8Array | AsyncIterable<Uint8Array>, bodyLimit?: number): Request {
  const req = new Request({
    method: "POST",
    url: "/",
    headers: [{ name: "Content-Type", value: TYPE }],
    body,
  });
  if (bodyLimit !== undefined) req.bodyLimit = bodyLimit;
  return req;
}

async function readForm(req: Request, options?: MultipartOptions): Promise<Sent[]> {
  const parts: Sent[] = [];
  for await (const part of req.multipart(options)) {
    const { name } = part;
    if (part.kind === "field") parts.push({ name, content: part.value });
    else {
      const content = Buffer.from(await part.bytes());
      parts.push({ name, filename: part.filename, type: part.contentType, content });
    }
  }
  return parts;
}

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array, void, void> {
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const filler = (size: number) => Buffer.alloc(size, "0123456789abcdef\r\n-");

describe("the parts of a form", () => {
  test("come in the order in which they were sent, fields and files", async () => {
    const sent: Sent[] = [
      { name: "before", content: "1" },
      { name: "photo", filename: "a.png", type: "image/png", content: filler(200_000) },
      { name: "between", content: "" },
      { name: "note", filename: "empty.txt", type: "text/plain", content: Buffer.alloc(0) },
      { name: "after", content: "naïve ✓" },
    ];
    expect(await readForm(requestOf(encode(sent)))).toEqual(sent);
  });

  test("are the same however the body is cut into chunks, and whichever files are read", async () => {
    const part = fc.record({
      isFile: fc.boolean(),
      content: fc.oneof(
        fc.string({ maxLength: 40 }),
        fc.constantFrom("\r\n", "--", `\r\n--${BOUNDARY.slice(0, -1)}`, "\r\n\r\n"),
        fc.nat(200_000).map((size) => filler(size).toString()),
      ),
      action: fc.constantFrom("read", "skip", "begin"),
    });
    const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 70_000 })), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), cuts, async (parts, sizes) => {
        const sent = parts.map(({ isFile, content }, index) => ({
          name: `p${index}`,
          ...(isFile && { filename: "f" }),
          content: Buffer.from(content),
        }));
        const bytes = encode(sent);
        // Single bytes are tried on small forms alone: on large ones they only take time.
        const steps = bytes.length > 5000 ? sizes.map((size) => Math.max(size, 500)) : sizes;
        const seen: string[] = [];
        for await (const found of requestOf(cut(bytes, steps), 10_000_000).multipart({
          maxFieldBytes: 1e6,
        })) {
          const { action, content } = parts[seen.length] as (typeof parts)[number];
          seen.push(found.name);
          const read =
            found.kind === "field" ? found.value : action === "read" ? await found.bytes() : content;
          expect(Buffer.from(read).toString()).toBe(Buffer.from(content).toString());
          if (found.kind === "file" && action === "begin") await found.stream[Symbol.asyncIterator]().next();
        }
        expect(seen).toEqual(sent.map(({ name }) => name));
      }),
      { numRuns: 150 },
    );
  });

  test("may be none at all", async () => {
    expect(await readForm(requestOf(encode([])))).toEqual([]);
  });

  test("stand between a preamble and an epilogue that mean nothing", async () => {
    const body = encode([{ name: "a", content: "1" }], {
      preamble: "ignored\r\n",
      epilogue: "\r\nignored, too",
    });
    expect(await readForm(requestOf(body))).toEqual([{ name: "a", content: "1" }]);
  });

  test("have the names that browsers escape", async () => {
    const body = encode([{ name: "a%22b%0D%0Ac%41", filename: "d%22é.txt", content: "" }]);
    expect(await readForm(requestOf(body))).toMatchObject([{ name: 'a"b\r\nc%41', filename: 'd"é.txt' }]);
  });

  test.each([
    ["../../etc/passwd", "passwd"],
    ["/etc/passwd", "passwd"],
    ["C:\\Users\\ann\\cv.pdf", "cv.pdf"],
    ["..", ""],
    ["a/..", ""],
    ["a\u0000b\u0007.txt", "ab.txt"],
    ["", ""],
  ])("never have a path for a filename: %j is %j", async (filename, expected) => {
    const parts = await readForm(requestOf(encode([{ name: "f", filename, content: "x" }])));
    expect(parts).toMatchObject([{ filename: expected }]);
  });

  test("named __proto__ change nothing but their own value", async () => {
    const parts = await readForm(requestOf(encode([{ name: "__proto__", content: "polluted" }])));
    expect(parts).toEqual([{ name: "__proto__", content: "polluted" }]);
    expect(({} as Record<string, unknown>)["content"]).toBeUndefined();
  });

  test("are read no faster than they are asked for", async () => {
    let taken = 0;
    async function* source() {
      yield encode([{ name: "f", filename: "f", content: "x" }]).subarray(
        0,
        -`\r\n--${BOUNDARY}--\r\n`.length,
      );
      for (let index = 0; index < 100; index += 1) {
        taken += 1;
        yield Buffer.alloc(65_536);
      }
      yield Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
    }
    for await (const part of requestOf(source(), 10_000_000).multipart()) {
      if (part.kind !== "file") continue;
      for await (const chunk of part.stream) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(taken).toBeLessThan(5);
        break;
      }
    }
    expect(taken).toBe(100);
  });
});

describe("a form is refused", () => {
  const error = async (req: Request, options?: MultipartOptions) =>
    readForm(req, options).then(
      () => "no error",
      (thrown: { statusCode?: number }) => thrown.statusCode,
    );
  const file = (content: string) => ({ name: "f", filename: "f", content });
  const field = (content: string) => ({ name: "a", content });

  test.each<[string, Sent[], MultipartOptions]>([
    ["too many files", [file("1"), file("2")], { maxFiles: 1 }],
    ["too many fields", [field("1"), field("2")], { maxFields: 1 }],
    ["too many parts", [field("1"), file("2")], { maxParts: 1 }],
    ["a file that is too large", [file("12345")], { maxFileBytes: 4 }],
    ["a field that is too large", [field("12345")], { maxFieldBytes: 4 }],
    ["a header that is too large", [{ ...field("1"), type: "x".repeat(5000) }], {}],
  ])("with 413 for %s", async (_what, parts, options) => {
    expect(await error(requestOf(encode(parts)), options)).toBe(413);
  });

  test("with 413 when all together is larger than the request's body limit", async () => {
    expect(await error(requestOf(encode([file("x".repeat(1000))]), 500))).toBe(413);
  });

  test("at its limits it is not", async () => {
    const options = { maxFiles: 1, maxFields: 1, maxParts: 2, maxFileBytes: 4, maxFieldBytes: 4 };
    expect(await readForm(requestOf(encode([file("1234"), field("1234")])), options)).toHaveLength(2);
  });

  const whole = encode([{ name: "a", content: "1" }, file("0123456789")]);
  test("with 400 wherever it is cut off", async () => {
    const end = whole.lastIndexOf(`--${BOUNDARY}--`) + BOUNDARY.length + 3;
    const outcomes = Array.from({ length: end }, (_, length) => error(requestOf(whole.subarray(0, length))));
    expect(await Promise.all(outcomes)).toEqual(Array.from({ length: end }, () => 400));
  });

  test("with 400 wherever it is cut off, though its files are passed over", async () => {
    for (const length of [0, 30, 100, whole.indexOf("01234") + 3]) {
      const read = (async () => {
        for await (const part of requestOf(whole.subarray(0, length)).multipart()) void part;
      })();
      await expect(read).rejects.toMatchObject({ statusCode: 400 });
    }
  });

  test.each([
    ["no Content-Disposition", "Content-Type: text/plain\r\n\r\n1"],
    ["another disposition", 'Content-Disposition: attachment; name="a"\r\n\r\n1'],
    ["no name", "Content-Disposition: form-data\r\n\r\n1"],
    ["an unfinished quote", 'Content-Disposition: form-data; name="a\r\n\r\n1'],
    ["two names", 'Content-Disposition: form-data; name="a"; name="b"\r\n\r\n1'],
    ["no header at all", "1"],
    ["a name that is no UTF-8", 'Content-Disposition: form-data; name="\xff"\r\n\r\n1'],
    ["a value that is no UTF-8", 'Content-Disposition: form-data; name="a"\r\n\r\n\xff'],
  ])("with 400 for a part with %s", async (_what, part) => {
    const body = Buffer.from(`--${BOUNDARY}\r\n${part}\r\n--${BOUNDARY}--\r\n`, "latin1");
    expect(await error(requestOf(body))).toBe(400);
  });

  test.each(["", "; boundary=", `; boundary=${"x".repeat(71)}`, '; boundary="a', "; boundary=a; boundary=b"])(
    "with 400 for the parameter %j",
    async (parameter) => {
      const headers = [{ name: "Content-Type", value: `multipart/form-data${parameter}` }];
      expect(await error(new Request({ method: "POST", url: "/", headers, body: whole }))).toBe(400);
    },
  );

  test("with what the body's source threw, also to whoever reads the file in which it happened", async () => {
    const broken = new Error("broken");
    async function* source() {
      yield whole.subarray(0, whole.indexOf("01234") + 3);
      throw broken;
    }
    const parts = requestOf(source()).multipart()[Symbol.asyncIterator]();
    await parts.next();
    const { value } = (await parts.next()) as { value: MultipartPart };
    await expect(value.kind === "file" && value.bytes()).rejects.toBe(broken);
    await expect(parts.next()).rejects.toBe(broken);
  });

  test("never as a crash or a hang, whatever bytes come", async () => {
    const noise = fc.array(
      fc.oneof(
        fc.constantFrom(
          `--${BOUNDARY}`,
          "--",
          "\r\n",
          "\r",
          "\n",
          "\r\n\r\n",
          'Content-Disposition: form-data; name="a"',
          '; filename="b"',
          ":",
        ),
        fc.string({ maxLength: 5 }),
      ),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 1, max: 50 }), async (pieces, size) => {
        const outcome = await error(requestOf(cut(Buffer.from(pieces.join("")), [size])));
        expect([400, "no error"]).toContain(outcome);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a file", () => {
  const two = encode([
    { name: "f", filename: "one", content: "1" },
    { name: "g", filename: "two", content: "2" },
  ]);

  test("is read once", async () => {
    for await (const part of requestOf(two).multipart()) {
      if (part.kind !== "file") continue;
      await part.bytes();
      await expect(async () => part.bytes()).rejects.toThrow("read already");
    }
  });

  test("that was passed over says so to whoever reads it too late", async () => {
    const files: MultipartFile[] = [];
    for await (const part of requestOf(two).multipart()) if (part.kind === "file") files.push(part);
    await expect(async () => files[0]?.bytes()).rejects.toThrow("passed over");
  });

  test("that is still being read when the next part is asked for fails there, and the form goes on", async () => {
    async function* slow() {
      for await (const chunk of cut(two, [10])) {
        await new Promise((resolve) => setImmediate(resolve));
        yield chunk;
      }
    }
    const outcomes: Promise<unknown>[] = [];
    for await (const part of requestOf(slow()).multipart()) {
      if (part.kind === "file") outcomes.push(part.bytes().catch((thrown: Error) => thrown.message));
    }
    expect(outcomes).toHaveLength(2);
    expect(await outcomes[0]).toContain("passed over");
  });
});

describe("saving a file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "hatcheck-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const save = async (body: Uint8Array, path: string, options?: MultipartOptions) => {
    for await (const part of requestOf(body).multipart(options))
      if (part.kind === "file") return await part.saveTo(path);
    return -1;
  };
  const body = encode([{ name: "f", filename: "f", content: filler(300_000) }]);

  test("writes all of it, for this user alone, and counts the bytes", async () => {
    const path = join(folder, "new");
    expect(await save(body, path)).toBe(300_000);
    expect((await readFile(path)).equals(filler(300_000))).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("never writes over what is there", async () => {
    const path = join(folder, "there");
    await writeFile(path, "precious");
    await expect(save(body, path)).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(path, "utf8")).toBe("precious");
  });

  test("leaves nothing behind when the file is too large or cut off", async () => {
    await expect(save(body, join(folder, "a"), { maxFileBytes: 100_000 })).rejects.toMatchObject({
      statusCode: 413,
    });
    await expect(save(body.subarray(0, 200_000), join(folder, "b"))).rejects.toMatchObject({
      statusCode: 400,
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

describeEach("a form that is sent to an app", (serve) => {
  const app = () =>
    new App(undefined)
      .post("/", async (req) => {
        const parts = await readForm(req, { maxFiles: 2 });
        return Response.json(
          200,
          parts.map(({ name, filename, content }) => [name, filename ?? null, content.length]),
        );
      })
      .post("/first", async (req) => {
        for await (const { name } of req.multipart()) return Response.text(200, name);
        return Response.empty(204);
      });
  const form = (count: number, size: number) =>
    encode(
      Array.from({ length: count }, (_, index) => ({
        name: `f${index}`,
        filename: "f",
        content: filler(size),
      })),
    );

  test("is read", async () => {
    const client = await serve(app());
    const answer = await client.post("/").body(form(2, 100_000), TYPE).send();
    expect(answer.json()).toEqual([
      ["f0", "f", 100_000],
      ["f1", "f", 100_000],
    ]);
  });

  test("is 413 over a limit, 400 when malformed and 415 when it is no form; the client is served on", async () => {
    const client = await serve(app());
    expect((await client.post("/").body(form(3, 10), TYPE).send()).status).toBe(413);
    expect((await client.post("/").body("junk", TYPE).send()).status).toBe(400);
    expect((await client.post("/").json({}).send()).status).toBe(415);
    expect((await client.post("/").body(form(1, 10), TYPE).send()).status).toBe(200);
  });

  test("may be left before its end, and the client is served on", async () => {
    const client = await serve(app());
    for (const size of [10, 30_000, 300_000]) {
      expect((await client.post("/first").body(form(3, size), TYPE).send()).text()).toBe("f0");
      expect((await client.post("/").body(form(1, size), TYPE).send()).status).toBe(200);
    }
  });
});
