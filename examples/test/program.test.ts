// The program from outside: its options, its four stores, restarts, several processes, and how it ends.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TestClient } from "@hatcheck/core";
import { Pool } from "pg";
import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Program, runProgram, startProgram } from "./program.ts";
import { Visitor } from "./visitor.ts";

const REDIS = process.env.REDIS_URL ?? "redis://127.0.0.1:6379/9";
const POSTGRES = process.env.POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";
const hasRedis = await answers(REDIS, 6379);
const hasPostgres = await answers(POSTGRES, 5432);
const NAME = `Ada ${process.pid}`;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "hatcheck-example-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function start(args: string[], cwd?: string): Promise<Program> {
  const program = await startProgram(args, cwd);
  onTestFinished(() => void program.child.kill("SIGKILL"));
  return program;
}

function visitor(url: string, cookie?: string): Visitor {
  const made = new Visitor(url);
  made.cookie = cookie;
  onTestFinished(() => made.close());
  return made;
}

describe("the command line", () => {
  test("--help shows every option and ends well", async () => {
    const { code, stdout, stderr } = await runProgram(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const word of ["--store", "--port", "--host", "--trust-proxy", "HATCHECK_STORE"]) {
      expect(stdout).toContain(word);
    }
  });

  test("a Node that is too old is told which one it needs, in one line", async () => {
    const older = `Object.defineProperty(process.versions, "node", { value: "20.20.2" })`;
    const old = `data:text/javascript,${encodeURIComponent(older)}`;
    const { code, stderr } = await runProgram([], { NODE_OPTIONS: `--import=${old}` });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^@hatcheck\/example needs Node 22\.13 or newer; this is 20\.20\.2\. Try: npx .*\n$/,
    );
  });

  test.each([
    [["--store", "mysql://h"], {}, "--store must be memory, sqlite:FILE, redis://… or postgres://…"],
    [[], { PORT: "http" }, "PORT must be a whole number from 0 to 65535"],
    [["--store", "sqlite:/dev/null/such.db"], {}, "The file /dev/null/such.db cannot be used: "],
    [["--store", "redis://user:hunter2@127.0.0.1:1"], {}, "redis://127.0.0.1:1 cannot be used: "],
    [["--store", "postgres://user:hunter2@127.0.0.1:1/x"], {}, "postgres://127.0.0.1:1/x cannot be used: "],
    [
      ["--store", "memory", "--host", "203.0.113.1"],
      {},
      "Port 7878 on 203.0.113.1 is no address of this machine",
    ],
  ] as [string[], Record<string, string>, string][])(
    "%j %j ends with one line that says what is wrong",
    async (args, env, message) => {
      const { code, stderr } = await runProgram(args, env);
      expect(stderr).toContain(message);
      expect(stderr.trimEnd()).not.toContain("\n");
      expect(stderr).not.toContain("hunter2");
      expect(code).toBe(1);
    },
  );

  test("a port in use is one clear line", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await runProgram(["--store", "memory", "--port", String(port)]);
    expect(stderr).toBe(`Port ${port} on 127.0.0.1 is in use; stop what listens there or choose another\n`);
    expect(code).toBe(1);
  });
});

test("--tls makes a certificate for this machine once, and binds logins to devices", async () => {
  const cwd = folder();
  const form = { name: NAME, password: "a hat and a coat" };
  for (const target of ["/register", "/login"]) {
    const program = await start(["--tls", "--store", "sqlite:site.sqlite"], cwd);
    expect(program.url).toMatch(/^https:/);
    const ca = readFileSync(join(cwd, ".data/tls/cert.pem"));
    const answer = await TestClient.over(program.url, { tls: { ca } }).post(target).form(form).send();
    expect([answer.status, answer.header("secure-session-registration")]).toEqual([
      303,
      expect.stringContaining("/device-bound/register"),
    ]);
    expect(await program.stop()).toBe(0);
  }
  expect(statSync(join(cwd, ".data/tls/key.pem")).mode & 0o777).toBe(0o600);
});

describe("the default, SQLite in the data folder", () => {
  test("a restart logs nobody out", async () => {
    const cwd = folder();
    const first = await start([], cwd);
    const ada = visitor(first.url);
    await ada.register(NAME);
    await ada.post("/count");
    expect(await first.stop()).toBe(0);
    const second = await start([], cwd);
    const again = visitor(second.url, ada.cookie);
    expect((await again.get("/account")).text).toContain(NAME);
    expect((await again.get("/")).text).toContain('<p class="figure">1</p>');
    expect(await second.stop()).toBe(0);
  });

  test("nobody else on the machine can read it", async () => {
    const cwd = folder();
    await (await start([], cwd)).stop();
    expect(statSync(join(cwd, ".data")).mode & 0o077).toBe(0);
    expect(statSync(join(cwd, ".data/site.sqlite")).mode & 0o077).toBe(0);
    expect(statSync(join(cwd, ".data/site.sqlite-sessions")).mode & 0o077).toBe(0);
  });
});

test("in memory, a restart forgets everybody", async () => {
  const first = await start(["--store", "memory"]);
  const ada = visitor(first.url);
  await ada.register(NAME);
  expect((await ada.get("/account")).status).toBe(200);
  await first.stop();
  const second = await start(["--store", "memory"]);
  expect((await visitor(second.url, ada.cookie).get("/account")).status).toBe(303);
});

describe("two processes share users and sessions", () => {
  test("on one SQLite file", async () => {
    expect(await share(`sqlite:${join(folder(), "shared.sqlite")}`)).toEqual([0, 0]);
  });

  test.skipIf(!hasRedis)("on one Redis (skipped when there is none)", async () => {
    onTestFinished(async () => {
      const client = createClient({ url: REDIS });
      await client.connect();
      await client.flushDb();
      await client.close();
    });
    expect(await share(REDIS)).toEqual([0, 0]);
  });

  test.skipIf(!hasPostgres)("on one Postgres (skipped when there is none)", async () => {
    const database = `hatcheck_example_${process.pid}`;
    const pool = new Pool({ connectionString: POSTGRES });
    await pool.query(`CREATE DATABASE ${database}`);
    onTestFinished(async () => {
      await pool.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await pool.end();
    });
    const url = new URL(POSTGRES);
    url.pathname = `/${database}`;
    expect(await share(url.href)).toEqual([0, 0]);
  });
});

/** Everything that one process does, the other knows at once. Gives the exit codes of both. */
async function share(store: string): Promise<(number | null)[]> {
  const [one, other] = await Promise.all([start(["--store", store]), start(["--store", store])]);
  const atOne = visitor(one.url);
  await atOne.register(NAME);
  const atOther = visitor(other.url, atOne.cookie);
  expect((await atOther.get("/account")).text).toContain(NAME);
  expect((await visitor(other.url).register(NAME.toLowerCase())).text).toContain("This name is taken.");

  await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? atOne : atOther).post("/count")));
  expect((await atOne.get("/")).text).toContain('<p class="figure">20</p>');

  // What no database can hold is nobody's name, and nobody's device.
  expect((await visitor(other.url).login("\0")).status).toBe(422);
  for (const handle of ["%00", "x", "x".repeat(300), "%F0%9F%8E%A9"]) {
    expect((await atOne.post(`/account/devices/${handle}/logout`)).status).toBe(303);
  }

  const phone = visitor(other.url);
  await phone.login(NAME);
  expect((await atOne.get("/account/devices")).text).toContain("You are logged in on 2 devices.");
  await atOne.post("/account/devices/logout-others");
  expect((await phone.get("/account")).status).toBe(303);

  await atOne.post("/account/password", { password: "a new umbrella" });
  expect((await visitor(other.url).login(NAME)).status).toBe(422);
  expect((await visitor(other.url).login(NAME, "a new umbrella")).status).toBe(303);
  atOther.cookie = atOne.cookie;
  await atOther.post("/logout");
  expect((await atOne.get("/account")).status).toBe(303);
  expect((await atOne.get("/readyz")).status).toBe(200);
  return Promise.all([one.stop(), other.stop()]);
}

test("behind a proxy that is trusted, the cookie is that of TLS; the word of anybody else counts for nothing", async () => {
  const forwarded = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" };
  const counted = async (args: string[]) => {
    const { url } = await start(["--store", "memory", ...args]);
    return (await visitor(url).post("/count", {}, forwarded)).headers["set-cookie"];
  };
  expect(await counted(["--trust-proxy", "1"])).toMatch(
    /^__Host-sid=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; Secure; /,
  );
  expect(await counted([])).toMatch(/^sid=/);
});

test("Ctrl-C finishes what is in flight", async () => {
  const program = await start(["--store", "memory"]);
  const { port } = new URL(program.url);
  const socket = connect(Number(port), "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => (answer += String(chunk)));
  const body = "name=Somebody&password=a+hat+and+a+coat";
  const head = `POST /register HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head + body.slice(0, 10));
  await sleep(100);
  const stopped = program.stop();
  await sleep(100);
  await expect(fetch(program.url)).rejects.toThrow("fetch failed");
  socket.write(body.slice(10));
  expect(await stopped).toBe(0);
  expect(answer).toMatch(/^HTTP\/1\.1 303 See Other\r\n/);
  expect(answer).toContain("Set-Cookie: sid=");
});

/** Whether something listens at a store's address. */
function answers(url: string, defaultPort: number): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port) || defaultPort, hostname);
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}
