import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, staticFiles, type StaticFilesOptions } from "../src/index.ts";
import { describeEach } from "./harness.ts";

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "static-options-"));
  const files = {
    "index.html": "<h1>home</h1>",
    "about.html": "<h1>about</h1>",
    "about.txt": "about",
    "docs/index.html": "<h1>docs</h1>",
    "docs.html": "<h1>docs page</h1>",
    "guide/index.html": "<h1>guide</h1>",
    ".well-known/acme/token": "token",
    ".env": "secret",
    "docs/.git/config": "secret",
    "fresh.js": "fresh",
    "stale.js": "new",
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  writeFileSync(join(root, "fresh.js.gz"), gzipSync("fresh"));
  writeFileSync(join(root, "stale.js.gz"), gzipSync("old"));
  const [now, before] = [new Date(), new Date(Date.now() - 5000)];
  for (const name of ["fresh.js", "fresh.js.gz", "stale.js"]) utimesSync(join(root, name), now, now);
  utimesSync(join(root, "stale.js.gz"), before, before);
});
afterAll(() => rmSync(root, { recursive: true }));

const appOf = (options: StaticFilesOptions) => new App(undefined).get("/*path", staticFiles(root, options));

describeEach("static files", (serve) => {
  test.each([
    ["/about", "<h1>about</h1>", "text/html; charset=utf-8"],
    ["/about.txt", "about", "text/plain; charset=utf-8"],
    // A page goes before the folder of its name.
    ["/docs", "<h1>docs page</h1>", "text/html; charset=utf-8"],
    ["/docs/", "<h1>docs</h1>", "text/html; charset=utf-8"],
  ])("with extensions find %s", async (path, text, type) => {
    const client = await serve(appOf({ extensions: ["html", "txt"] }));
    const answer = await client.get(path).send();
    expect([answer.text(), answer.header("content-type")]).toEqual([text, type]);
  });

  test.each(["/none", "/about/", "/.env", "/about%2ehtml/"])(
    "with extensions still have no %s",
    async (path) => {
      const client = await serve(appOf({ extensions: ["html"] }));
      expect((await client.get(path).send()).status).toBe(404);
    },
  );

  test("with a fallback send it for pages, and 404 for everything else that is missing", async () => {
    const client = await serve(appOf({ fallback: "index.html", cacheControl: (path) => `x-${path}` }));
    const html = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (const path of ["/orders/7", "/orders/", "/", "/x%20y"]) {
      const page = await client.get(path).header("Accept", html).send();
      expect([page.status, page.text(), page.header("cache-control")]).toEqual([
        200,
        "<h1>home</h1>",
        "x-index.html",
      ]);
    }
    const statusOf = async (path: string, accept: string) =>
      (await client.get(path).header("Accept", accept).send()).status;
    expect(await statusOf("/assets/app.js", html)).toBe(404);
    expect(await statusOf("/.env", html)).toBe(404);
    expect(await statusOf("/orders/7", "application/json")).toBe(404);
    expect(await statusOf("/about.txt", html)).toBe(200);
    expect(await statusOf("/docs", html)).toBe(301);
    expect((await client.head("/orders/7").send()).status).toBe(200);
  });

  test("redirect a folder without its slash, unless they are told not to", async () => {
    const answer = await (await serve(appOf({}))).get("/guide?a=1").send();
    expect([answer.status, answer.header("location")]).toEqual([301, "./guide/?a=1"]);
    expect((await (await serve(appOf({ redirect: false }))).get("/guide").send()).status).toBe(404);
  });

  test("redirect their own root to its slash, where a route says so", async () => {
    const files = staticFiles(root);
    const client = await serve(new App(undefined).get("/site/*path", files).get("/site", files));
    const answer = await client.get("/site?a=1").send();
    expect([answer.status, answer.header("location")]).toEqual([301, "./site/?a=1"]);
    expect((await client.get("/site").follow().send()).text()).toBe("<h1>home</h1>");
  });

  test("say so when their wildcard has another name", async () => {
    const errors: unknown[] = [];
    const app = new App(undefined)
      .get("/*rest", staticFiles(root) as never)
      .onError((error) => void errors.push(error));
    expect((await (await serve(app)).get("/about.txt").send()).status).toBe(500);
    expect(String(errors[0])).toContain('the wildcard of "/*rest" must be called *path');
  });

  test("show those names with a dot that they are told to", async () => {
    const statuses = async (options: StaticFilesOptions) => {
      const client = await serve(appOf(options));
      const paths = ["/.well-known/acme/token", "/.env", "/docs/.git/config", "/..%2f.env"];
      return Promise.all(paths.map(async (path) => (await client.get(path).send()).status));
    };
    expect(await statuses({})).toEqual([404, 404, 404, 404]);
    expect(await statuses({ dotfiles: (path) => path.startsWith(".well-known/") })).toEqual([
      200, 404, 404, 404,
    ]);
    expect(await statuses({ dotfiles: true })).toEqual([200, 200, 200, 404]);
  });

  test("leave out what was compressed before the file last changed", async () => {
    const client = await serve(appOf({ precompressed: true }));
    const get = (path: string) => client.get(path).header("Accept-Encoding", "gzip").send();
    expect((await get("/fresh.js")).header("content-encoding")).toBe("gzip");
    const stale = await get("/stale.js");
    expect([stale.header("content-encoding"), stale.text(), stale.header("vary")]).toEqual([
      undefined,
      "new",
      "Accept-Encoding",
    ]);
  });
});

describe("options of static files", () => {
  test.each<[Record<string, unknown>, string]>([
    [{ dotfile: true }, 'unknown option "dotfile"; did you mean "dotfiles"?'],
    [{ precompressed: "yes" }, "precompressed must be a boolean"],
    [{ extensions: "html" }, "extensions must be a list"],
    [{ extensions: [".html"] }, "extensions[0] is no extension"],
    [{ extensions: ["../x"] }, "extensions[0] is no extension"],
    [{ index: true }, "index must be"],
    [{ fallback: 1 }, "fallback must be a string"],
    [{ dotfiles: "allow" }, "dotfiles must be a boolean"],
    [{ cacheControl: 60 }, "cacheControl must be a string"],
  ])("%j are refused", (options, message) => {
    expect(() => staticFiles(root, options)).toThrow(message);
  });

  test("name a fallback that is there", () => {
    expect(() => staticFiles(root, { fallback: "none.html" })).toThrow(
      'staticFiles: fallback "none.html" is no file',
    );
  });
});
