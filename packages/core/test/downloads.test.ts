import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  App,
  contentDisposition,
  type FileOptions,
  type HttpError,
  Response,
  staticFiles,
} from "../src/index.ts";
import { describeEach } from "./harness.ts";

const THEN = "Sun, 06 Nov 1994 08:49:37 GMT";
const LARGE = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downloads-"));
  writeFileSync(join(folder, "report.csv"), "a,b\n1,2\n");
  utimesSync(join(folder, "report.csv"), new Date(THEN), new Date(THEN));
  writeFileSync(join(folder, "grüße.bin"), LARGE);
  mkdirSync(join(folder, "folder"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const appOf = (name: string, options?: FileOptions) =>
  new App(undefined).get("/", (req) => Response.file(req, join(folder, name), options));

describeEach("Response.file", (serve) => {
  test("sends one file, with its type and its version", async () => {
    const client = await serve(appOf("report.csv"));
    const answer = await client.get("/").send();
    expect([answer.status, answer.text()]).toEqual([200, "a,b\n1,2\n"]);
    const names = [
      "content-type",
      "cache-control",
      "last-modified",
      "x-content-type-options",
      "accept-ranges",
    ];
    expect(names.map((name) => answer.header(name))).toEqual([
      "text/csv; charset=utf-8",
      "no-cache",
      THEN,
      "nosniff",
      "bytes",
    ]);
    const again = client.get("/").header("If-None-Match", answer.header("etag") ?? "");
    expect((await again.send()).status).toBe(304);
    expect(answer.header("content-disposition")).toBeUndefined();
  });

  test("sends a part of a large one, and HEAD its size", async () => {
    const client = await serve(appOf("grüße.bin"));
    const part = await client.get("/").header("Range", "bytes=100000-299998").send();
    expect(part.status).toBe(206);
    expect(Buffer.compare(part.bytes, LARGE.subarray(100_000, 299_999))).toBe(0);
    expect((await client.head("/").send()).header("content-length")).toBe("300000");
    expect((await client.get("/").header("Range", "bytes=300000-").send()).status).toBe(416);
  });

  test("is a download under its own name, or under another", async () => {
    const own = await (await serve(appOf("grüße.bin", { attachment: true }))).get("/").send();
    expect(own.header("content-disposition")).toBe(
      "attachment; filename=\"gr__e.bin\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.bin",
    );
    const options = { attachment: "2026.txt", contentType: "text/plain", cacheControl: "private" };
    const other = await (await serve(appOf("report.csv", options))).get("/").send();
    const names = ["content-disposition", "content-type", "cache-control"];
    expect(names.map((name) => other.header(name))).toEqual([
      'attachment; filename="2026.txt"',
      "text/plain",
      "private",
    ]);
  });

  test.each(["none.txt", "folder", "report.csv/x", "a\0b"])(
    "is 404 where there is no file: %j",
    async (name) => {
      expect((await (await serve(appOf(name))).get("/").send()).status).toBe(404);
    },
  );

  test("is the handler's to catch", async () => {
    const app = new App(undefined).get("/", (req) =>
      Response.file(req, join(folder, "none")).catch((error: HttpError) => Response.text(410, error.detail)),
    );
    expect((await (await serve(app)).get("/").send()).status).toBe(410);
  });
});

describeEach("Response.attachment", (serve) => {
  test("is a download of what a handler made", async () => {
    const app = new App(undefined).get("/", () => Response.attachment(200, "a;b", "rates €.csv"));
    const answer = await (await serve(app)).get("/").send();
    expect([answer.text(), answer.header("content-type"), answer.header("content-disposition")]).toEqual([
      "a;b",
      "text/csv; charset=utf-8",
      "attachment; filename=\"rates _.csv\"; filename*=UTF-8''rates%20%E2%82%AC.csv",
    ]);
  });

  test("keeps a name that was made to break out of its field inside of it", async () => {
    const evil = 'x"; filename="evil.exe\r\nSet-Cookie: a=1\r\n\r\n<script>/..\\..\\pwned.bat';
    const app = new App(undefined).get("/", () => Response.attachment(200, "", evil));
    const answer = await (await serve(app)).get("/").send();
    expect(answer.header("content-disposition")).toBe('attachment; filename="pwned.bat"');
    expect(answer.cookies).toEqual([]);
  });

  test("names what came from a user, when a folder holds it", async () => {
    const files = staticFiles(folder);
    const app = new App(undefined).get("/:name", async (req, { name }) =>
      (await files(req, { path: name })).setHeader(
        "Content-Disposition",
        contentDisposition("attachment", name),
      ),
    );
    const client = await serve(app);
    expect((await client.get("/report.csv").send()).header("content-disposition")).toBe(
      'attachment; filename="report.csv"',
    );
    expect((await client.get("/..%2freport.csv").send()).status).toBe(404);
  });
});
