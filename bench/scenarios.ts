// What is measured: the requests of each scenario, and what a right answer to them is.
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { PAGE, userOf } from "./servers/page.mjs";

/** Sessions that requests are spread over. */
const SESSIONS = 256;

/** One request, as it goes onto the wire. */
export interface WireRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly cookie: string;
  /** A form that is posted. */
  readonly form?: string;
}

export interface Scenario {
  readonly name: string;
  /** Variables that servers are started with. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Checks the answers of a server, and gives the requests for the load. */
  readonly prepare: (port: number) => Promise<readonly WireRequest[]>;
}

/** What a browser sends along, beside its cookies. */
const BROWSER: Readonly<Record<string, string>> = {
  "User-Agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
  "Accept-Encoding": "gzip, deflate, br, zstd",
  Referer: "http://127.0.0.1/news",
  "Sec-Fetch-Dest": "document",
  "Sec-Fetch-Mode": "navigate",
  "Sec-Fetch-Site": "same-origin",
  "Upgrade-Insecure-Requests": "1",
  "Cache-Control": "max-age=0",
};
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
/** Cookies that every site has beside its session. */
const OTHER_COOKIES = "_ga=GA1.1.1893456789.1731331200; theme=dark; consent=analytics%3Dno";

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "hello",
    prepare: async (port) => {
      await expectAnswer(port, { method: "GET", path: "/", cookie: OTHER_COOKIES }, 200, "Hello, world!");
      return [{ method: "GET", path: "/", cookie: OTHER_COOKIES }];
    },
  },
  {
    name: "json",
    prepare: async (port) => {
      const requests = times(SESSIONS, (index) => get(`/users/${index + 1}`));
      const { body, headers } = await ask(port, requests[41] as WireRequest);
      assert.match(headers.get("content-type") ?? "", /^application\/json/);
      assert.deepEqual(JSON.parse(body), userOf("42"));
      return requests;
    },
  },
  {
    name: "session read",
    prepare: async (port) => {
      await expectAnswer(port, get("/session/me"), 401, "nobody");
      const requests = await loggedIn(port, "GET", "/session/me");
      await expectAnswer(port, requests[0] as WireRequest, 200, "user0");
      await expectAnswer(port, requests[255] as WireRequest, 200, "user255");
      return requests;
    },
  },
  {
    // Hatcheck's sessions are bound to a key. The others get the bound cookie too, which is nothing to them.
    name: "session read, device-bound",
    settings: { BENCH_DEVICE_BOUND: "1" },
    prepare: async (port) => {
      const requests = await bound(port, await loggedIn(port, "GET", "/session/me"));
      await expectAnswer(port, requests[0] as WireRequest, 200, "user0");
      await expectAnswer(port, requests[255] as WireRequest, 200, "user255");
      return requests;
    },
  },
  {
    name: "session write",
    prepare: async (port) => {
      const requests = await loggedIn(port, "POST", "/session/visits");
      const first = requests[0] as WireRequest;
      const { headers } = await expectAnswer(port, first, 200, "1");
      // Where the browser holds the data, the count is in the cookie that comes back.
      const second = { ...first, cookie: withCookies(first.cookie, headers) };
      await expectAnswer(port, second, 200, "2");
      await expectAnswer(port, requests[1] as WireRequest, 200, "1");
      return requests;
    },
  },
  {
    name: "login",
    prepare: async (port) => {
      await loggedIn(port, "GET", "/session/me", 2);
      return times(SESSIONS, (index) => login(`user${index}`));
    },
  },
  {
    name: "anonymous",
    prepare: async (port) => {
      const { headers } = await expectAnswer(port, get("/session/page"), 200, PAGE);
      assert.match(headers.get("content-type") ?? "", /^text\/html/);
      return [get("/session/page")];
    },
  },
];

/** A request in bytes. */
export function toWire({ method, path, cookie, form = "" }: WireRequest): string {
  const length = method === "POST" ? { "Content-Length": String(form.length) } : {};
  const fields = Object.entries({
    Host: "127.0.0.1",
    Connection: "keep-alive",
    ...BROWSER,
    Cookie: cookie,
    ...(form !== "" && FORM),
    ...length,
  });
  return `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${form}`;
}

function get(path: string): WireRequest {
  return { method: "GET", path, cookie: OTHER_COOKIES };
}

/** The form that a login page posts. No server checks the password: hashing it would hide everything else. */
function login(user: string): WireRequest {
  const form = `user=${user}&password=correct+horse+battery&next=%2Fsession%2Fme`;
  return { method: "POST", path: "/session/login", cookie: OTHER_COOKIES, form };
}

function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Logs users in, and gives a request of each. */
async function loggedIn(
  port: number,
  method: "GET" | "POST",
  path: string,
  count = SESSIONS,
): Promise<WireRequest[]> {
  const requests: WireRequest[] = [];
  const seen = new Set<string>();
  for (let index = 0; index < count; index += 1) {
    const { status, headers } = await ask(port, login(`user${index}`));
    assert.equal(status, 303, "login redirects");
    assert.equal(headers.get("location"), "/session/me");
    const [setCookie = ""] = headers.getSetCookie();
    assert.match(setCookie, /;\s*httponly/i, "the session's cookie is HttpOnly");
    assert.match(setCookie, /;\s*samesite=lax/i, "the session's cookie is SameSite=Lax");
    const cookie = withCookies(OTHER_COOKIES, headers);
    assert.ok(!seen.has(cookie), "every login gets a cookie of its own");
    seen.add(cookie);
    requests.push({ method, path, cookie });
  }
  return requests;
}

/** Binds the sessions of these requests, where the server does, as the proxy before it would see a browser do it. */
async function bound(port: number, requests: readonly WireRequest[]): Promise<WireRequest[]> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const done: WireRequest[] = [];
  // Hatcheck hears the proxy at a port of its own.
  const front = (await isOpen(port + 20_000)) ? port + 20_000 : port;
  for (const [index, request] of requests.entries()) {
    const { headers } = await ask(front, { ...login(`user${index}`), cookie: request.cookie }, PROXIED);
    const registration = headers.get("secure-session-registration");
    const before = withCookies(request.cookie, headers);
    if (registration === null) {
      done.push({ ...request, cookie: `${before}; __Host-sid-device=${"x".repeat(43)}` });
      continue;
    }
    const [, path = "", challenge = ""] = /path="([^"]*)";challenge="([^"]*)"/.exec(registration) ?? [];
    const proof = proofOf(privateKey, { alg: "ES256", typ: "dbsc+jwt", jwk }, challenge);
    const fields = { ...PROXIED, "Secure-Session-Response": proof };
    const registered = await ask(front, { method: "POST", path, cookie: before }, fields);
    assert.equal(registered.status, 200, registered.body);
    done.push({ ...request, cookie: withCookies(before, registered.headers) });
    const alone = (done.at(-1)?.cookie ?? "").replace(/__Host-sid-device=[^;]*/, "x=y");
    if (index === 0) await expectAnswer(port, { ...request, cookie: alone }, 401, "nobody");
  }
  return done;
}

function isOpen(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    ({ ok }) => ok,
    () => false,
  );
}

const PROXIED = { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https" };

function proofOf(key: KeyObject, header: object, challenge: string): string {
  const text = [header, { jti: challenge }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

/** A Cookie field with what an answer has set. */
function withCookies(cookie: string, headers: Headers): string {
  const jar = new Map(cookie.split("; ").map((pair) => [pair.slice(0, pair.indexOf("=")), pair]));
  for (const line of headers.getSetCookie()) {
    const pair = line.slice(0, line.indexOf(";"));
    jar.set(pair.slice(0, pair.indexOf("=")), pair);
  }
  return [...jar.values()].join("; ");
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

async function ask(
  port: number,
  { method, path, cookie, form }: WireRequest,
  fields: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...BROWSER, Cookie: cookie, ...(form !== undefined && FORM), ...fields },
    ...(form !== undefined && { body: form }),
    redirect: "manual",
  });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

async function expectAnswer(
  port: number,
  request: WireRequest,
  status: number,
  body: string,
): Promise<Reply> {
  const reply = await ask(port, request);
  assert.deepEqual(
    { status: reply.status, body: reply.body },
    { status, body },
    `${request.method} ${request.path}`,
  );
  return reply;
}
