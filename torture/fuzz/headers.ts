// The header fields that a client writes, and the one that we write.
import assert from "node:assert/strict";
import { isIP } from "node:net";
import { CookieJar, cookieValue, HttpError, Request, SetCookie, trustProxy } from "@hatcheck/core";
import { preferredEncoding } from "../../packages/core/src/http/accept-encoding.ts";
import { parsePreferences, preferredType } from "../../packages/core/src/http/accept.ts";
import { parseContentType } from "../../packages/core/src/http/content-type.ts";
import { parseParameterised } from "../../packages/core/src/http/field-parameters.ts";
import { parseExtValue } from "../../packages/core/src/http/ext-value.ts";
import { parseCookieDate } from "../../packages/core/src/testing/cookie-date.ts";
import { CookieStore, parseSetCookie } from "../../packages/core/src/testing/cookie-store.ts";
import { assertHost } from "../../packages/core/src/http/host.ts";
import { parseRange } from "../../packages/core/src/http/range.ts";
import type { Chance } from "../random.ts";
import { asHeader, inputOf } from "./inputs.ts";
import type { Target } from "./target.ts";

const from =
  (pieces: readonly string[]) =>
  (chance: Chance): string =>
    asHeader(inputOf(chance, pieces));

const cookie: Target = {
  name: "`Cookie` field",
  promise: "never throws; what the session layer reads is what `req.cookies` shows",
  make: from([
    "sid",
    "__Host-sid",
    "=",
    "; ",
    ";",
    "a",
    "a=1",
    "sid=x",
    " sid = y ",
    '"',
    "sid=",
    "=sid",
    "SID=z",
  ]),
  check(input) {
    const jar = CookieJar.parse(input);
    for (const name of ["sid", "__Host-sid", "a", "__proto__"]) {
      assert.equal(cookieValue(input, name), jar.get(name)?.value, name);
    }
    assert.equal(jar.size, [...jar].length);
  },
};

/** Parts of an input, split at a character that no part is likely to have. */
const parts = (input: string): string[] => input.split("¦");

const setCookie: Target = {
  name: "`Set-Cookie` builder",
  promise:
    "throws TypeError or RangeError, or writes exactly the name, value and attributes that it was given",
  make: (chance) =>
    [
      ["sid", "__Host-sid", "__Secure-a", "a"],
      ["1", "abc.def", "%20", '"q"', "a=b"],
      ["/", "/a", "/a b", "a"],
      ["example.com", ".a", "a.b.", "-"],
      ["Lax", "Strict", "None", "lax"],
      ["0", "-1", "3600", "1e9", "NaN", "1.5"],
    ]
      .map((pieces) => (chance.oneIn(2) ? chance.pick(pieces) : inputOf(chance, pieces)))
      .join("¦"),
  check(input) {
    const [name = "", value = "", path = "", domain = "", sameSite, maxAge] = parts(input);
    const secure = input.length % 2 === 0;
    const attributes = {
      ...(input.length % 3 > 0 && { path }),
      ...(input.length % 5 > 2 && { domain }),
      ...(input.length % 7 > 3 && { sameSite: sameSite as "Lax" }),
      ...(input.length % 7 > 4 && { maxAge: Number(maxAge) }),
      ...(input.length % 11 > 8 && { expires: new Date(Number(maxAge)) }),
      secure,
      partitioned: input.length % 13 > 10,
      httpOnly: true,
    };
    let text: string;
    try {
      text = new SetCookie(name, value, attributes).toString();
    } catch (error) {
      assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
      return;
    }
    assert.match(text, /^[\x20-\x7e]+$/);
    const [pair = "", ...rest] = text.split("; ");
    assert.equal(pair, `${name}=${value}`);
    assert.equal(CookieJar.parse(pair).get(name)?.value, value);
    const expected = Object.values(attributes).filter((it) => it !== false && it !== undefined).length;
    assert.equal(rest.length, expected + (path.split("; ").length - 1) * ("path" in attributes ? 1 : 0));
  },
};

/** The client's address, as the one proxy that stands before us writes it. */
const OWN = "192.0.2.7";
const NETWORK = trustProxy(["10.0.0.0/8"]);
const HOPS = trustProxy(1);
const NAMED = trustProxy({ proxies: 1, header: "forwarded" });

function checkForwarded(name: string, input: string, own: string, sameField: boolean): void {
  const fields = sameField ? [`${input}, ${own}`] : [input, own];
  const headers = fields.map((value) => ({ name, value }));
  const req = new Request({ method: "GET", url: "/", headers });
  for (const trust of name === "Forwarded" ? [NETWORK, HOPS, NAMED] : [NETWORK, HOPS]) {
    const { clientIp, scheme, host } = trust?.(req, "10.0.0.1") ?? {};
    // Nothing that stands left of what our proxy wrote is believed; at worst nothing is.
    if (name === "Forwarded") assert.ok(clientIp === OWN || clientIp === undefined, String(clientIp));
    else assert.equal(clientIp, OWN);
    assert.ok(clientIp === undefined || isIP(clientIp) > 0);
    assert.equal(scheme, undefined);
    assert.equal(host, undefined);
  }
}

const forwarded: Target = {
  name: "`Forwarded`, left of what our proxy wrote",
  promise: "never throws; the client's own part is never believed",
  make: from([
    "for=",
    "for=6.6.6.6",
    'for="[2001:db8::1]"',
    "proto=https",
    "host=evil",
    ";",
    ",",
    ", ",
    '"',
    '\\"',
    "by=x",
    "for=10.0.0.2",
    "for=10.0.0.3",
  ]),
  check(input) {
    checkForwarded("Forwarded", input, `for=${OWN}`, input.length % 2 === 0);
    checkForwarded("Forwarded", input, `for="${OWN}:99"`, input.length % 2 === 1);
  },
};

const xForwarded: Target = {
  name: "`X-Forwarded-For`, left of what our proxy wrote",
  promise: "never throws; the client's own part is never believed",
  make: from([
    "6.6.6.6",
    "10.0.0.2",
    "::1",
    "[::1]:80",
    "1.2.3.4:5",
    ",",
    ", ",
    "unknown",
    '"',
    ":",
    "::ffff:10.0.0.1",
  ]),
  check: (input) => checkForwarded("X-Forwarded-For", input, OWN, input.length % 2 === 0),
};

const host: Target = {
  name: "`Host` field",
  promise: "400, or one host of plain characters",
  make: from(["a", "example.com", ":80", "[::1]", "@", "/", " ", "<", "'", "a:b", "%61"]),
  check(input) {
    const req = new Request({ method: "GET", url: "/", rawHeaders: ["Host", input] });
    try {
      assertHost(["Host", input]);
      assert.equal(req.path, "/");
    } catch (error) {
      assert.ok(error instanceof HttpError && error.statusCode === 400, String(error));
      return;
    }
    assert.match(input, /^[A-Za-z0-9._~:[\]-]*$/);
  },
};

const range: Target = {
  name: "`Range` field",
  promise: "never throws; a range lies within the file",
  make: from(["bytes=", "0-", "-5", "0-0", "1-2", ",", "99999999999999999999", "-", "items=", " ", "5-1"]),
  check(input) {
    for (const size of [0, 1, 1000]) {
      const found = parseRange(input, size);
      if (found === undefined || found === "unsatisfiable") continue;
      const { start, end } = found;
      assert.ok(Number.isSafeInteger(start) && Number.isSafeInteger(end));
      assert.ok(start >= 0 && start <= end && end < size, `${start}-${end}/${size}`);
    }
  },
};

const accept: Target = {
  name: "`Accept` and `Accept-Encoding`",
  promise: "never throws; only what was offered is chosen, qualities lie from 0 to 1",
  make: from([
    "text/html",
    "*/*",
    "text/*",
    "application/json",
    ";q=",
    ";q=0",
    ";q=0.5",
    ";q=9",
    ",",
    "gzip",
    "br",
    "identity",
    "*",
  ]),
  check(input) {
    for (const { quality, value } of parsePreferences(input)) {
      assert.ok(quality >= 0 && quality <= 1, `${value} ${quality}`);
    }
    const type = preferredType(input, ["text/html", "application/json"]);
    assert.ok(type === undefined || type === "text/html" || type === "application/json");
    const coding = preferredEncoding(input, ["br", "gzip"]);
    assert.ok(coding === undefined || coding === "br" || coding === "gzip");
  },
};

const contentType: Target = {
  name: "`Content-Type` and other parameters",
  promise: "never throws; no parameter twice",
  make: from([
    "text/html",
    "multipart/form-data",
    "; ",
    "boundary=",
    "charset=",
    "utf-8",
    '"',
    '\\"',
    "=",
    "name*=",
    "form-data",
  ]),
  check(input) {
    parseContentType(input);
    const found = parseParameterised(input);
    for (const name of found?.parameters.keys() ?? []) assert.equal(name, name.toLowerCase());
  },
};

const received: Target = {
  name: "`Set-Cookie` in the test client, its dates included",
  promise: "never throws; what is kept goes back as it came, and never to a registry's hosts",
  make: from([
    "a=b",
    "; ",
    "Expires=",
    "Sun, 06 Nov 2094 08:49:37 GMT",
    "Max-Age=",
    "Domain=",
    ".example.org",
    "org",
    "Path=/",
    "Secure",
    "__Host-",
    "__Http-",
    "=",
    '"',
  ]),
  check(input) {
    const url = new URL("https://www.example.org/a/b");
    const store = new CookieStore();
    const { name, value, attributes } = parseSetCookie(input);
    store.receive({ name, value, attributes }, url);
    const sent = store.header(url);
    assert.ok(sent === undefined || sent === (name === "" ? value : `${name}=${value}`), String(sent));
    assert.equal(store.header(new URL("https://other.org/")), undefined);
    const time = parseCookieDate(input);
    assert.ok(time === undefined || Number.isSafeInteger(time));
  },
};

const extended: Target = {
  name: "extended values (`filename*`)",
  promise: "never throws; text without a lone surrogate",
  make: from(["UTF-8''", "iso-8859-1'en'", "'", "%E2%82%AC", "%", "%ZZ", "%c0%af", "a", ".", "utf-8"]),
  check(input) {
    const text = parseExtValue(input);
    assert.ok(text === undefined || text.isWellFormed());
  },
};

export const headers: readonly Target[] = [
  received,
  extended,
  cookie,
  setCookie,
  forwarded,
  xForwarded,
  host,
  range,
  accept,
  contentType,
];
