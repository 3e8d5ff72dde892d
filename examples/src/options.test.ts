import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

const DEFAULTS = {
  store: "sqlite:.data/site.sqlite",
  host: "127.0.0.1",
  port: 7878,
  trustProxy: 0,
  admin: "",
  tls: "",
};

test("without a word it is SQLite in the data folder, on this machine alone", () => {
  expect(readOptions([], {})).toEqual(DEFAULTS);
});

test("the environment is heard, and the command line goes before it", () => {
  const env = {
    HATCHECK_STORE: "memory",
    PORT: "81",
    HOST: "::1",
    HATCHECK_TRUST_PROXY: "1",
    HATCHECK_ADMIN: "Ada",
  };
  expect(readOptions([], env)).toEqual({
    store: "memory",
    port: 81,
    host: "::1",
    trustProxy: 1,
    admin: "Ada",
    tls: "",
  });
  const args = [
    "--store",
    "sqlite:a b.db",
    "--port=0",
    "--host",
    "0.0.0.0",
    "--trust-proxy",
    "2",
    "--admin",
    "Bo",
  ];
  expect(readOptions(args, env)).toEqual({
    store: "sqlite:a b.db",
    port: 0,
    host: "0.0.0.0",
    trustProxy: 2,
    admin: "Bo",
    tls: "",
  });
});

test("TLS is with the certificate of a folder, which need not be named", () => {
  expect(readOptions(["--tls"], {})).toMatchObject({ tls: ".data/tls" });
  expect(readOptions(["--tls", "--port", "0"], {})).toMatchObject({ tls: ".data/tls", port: 0 });
  expect(readOptions(["--tls", "certificates", "--port=0"], {})).toMatchObject({ tls: "certificates" });
  expect(readOptions([], { HATCHECK_TLS: "certificates" })).toMatchObject({ tls: "certificates" });
});

test("an empty variable is none", () => {
  expect(readOptions([], { HATCHECK_STORE: "", PORT: "", HOST: "" })).toEqual(DEFAULTS);
});

test.each(["memory", "sqlite:x", "redis://h", "rediss://u:p@h:1/2", "postgres://h/db", "postgresql://h/db"])(
  "the store %s is taken",
  (store) => expect(readOptions(["--store", store], {})).toMatchObject({ store }),
);

test("help goes before everything else that is right", () => {
  expect(readOptions(["--port", "1", "--help"], {})).toBe("help");
});

test.each([
  [
    ["--store", "mysql://h"],
    '--store must be memory, sqlite:FILE, redis://… or postgres://…, not "mysql://h".',
  ],
  [["--store", "memory2"], '--store must be memory, sqlite:FILE, redis://… or postgres://…, not "memory2".'],
  [["--store", "sqlite:"], '--store must be memory, sqlite:FILE, redis://… or postgres://…, not "sqlite:".'],
  [["--port", "http"], '--port must be a whole number from 0 to 65535, not "http".'],
  [["--port", "65536"], '--port must be a whole number from 0 to 65535, not "65536".'],
  [["--port", "1.5"], '--port must be a whole number from 0 to 65535, not "1.5".'],
  [["--trust-proxy", "all"], '--trust-proxy must be a whole number from 0 to 100, not "all".'],
  [["--port"], "--port needs a value; see --help."],
  [["--store="], "--store needs a value; see --help."],
  [
    ["--prot", "1"],
    "There is no option --prot; there are --store, --port, --host, --trust-proxy, --admin, --tls and --help.",
  ],
  [
    ["-p", "1"],
    "There is no option -p; there are --store, --port, --host, --trust-proxy, --admin, --tls and --help.",
  ],
  [["memory"], '"memory" is no option; see --help.'],
])("%j is refused in one line that says what is allowed", (args, message) => {
  expect(() => readOptions(args, {})).toThrow(message);
});

test("a wrong variable is named as the variable that it is", () => {
  expect(() => readOptions([], { PORT: "http" })).toThrow(
    'PORT must be a whole number from 0 to 65535, not "http".',
  );
  expect(() => readOptions([], { HATCHECK_STORE: "x" })).toThrow("HATCHECK_STORE must be memory,");
});
