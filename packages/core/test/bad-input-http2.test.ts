// The rows of "What bad input gets", sent over HTTP/2.
import { once } from "node:events";
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from "node:http2";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { selfSignedCertificate } from "../../../scripts/certificate.ts";
import { openSite, type Site } from "./bad-input.ts";

const tls = selfSignedCertificate();

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Ask = (headers: OutgoingHttpHeaders, body?: string | Uint8Array) => Promise<Answer>;

/** What came, or `"cut"` with the reason when the stream or the connection was reset. */
async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Uint8Array) {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const cut = once(stream, "close").then(() => Promise.reject(new Error("cut")));
  cut.catch(() => {});
  const [head] = (await Promise.race([once(stream, "response"), cut])) as [Record<string, unknown>];
  const bytes = await buffer(stream);
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) throw new Error("cut");
  return { status: Number(head[":status"]), headers: head, body: bytes.toString() };
}

const post = (path: string, type: string): OutgoingHttpHeaders => ({
  ":method": "POST",
  ":path": path,
  "content-type": type,
});
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
const PROBLEM = "application/problem+json";

const tell = ({ status, headers }: Answer, ...names: string[]) =>
  [status, ...names.map((name) => headers[name])].join(" ");

const rows: readonly [string, string, (ask: Ask, site: Site) => Promise<string>][] = [
  ["no route", "404", async (get) => tell(await get({ ":path": "/none" }))],
  [
    "known path, other method",
    "405 GET, HEAD, OPTIONS",
    async (get) => tell(await get({ ":path": "/", ":method": "PUT" }), "allow"),
  ],
  [
    "OPTIONS",
    "204 GET, HEAD, OPTIONS",
    async (get) => tell(await get({ ":path": "/", ":method": "OPTIONS" }), "allow"),
  ],
  ["a method that nobody knows", "405", async (get) => tell(await get({ ":path": "/", ":method": "BREW" }))],
  ["CONNECT", "400", async (get) => tell(await get({ ":method": "CONNECT", ":authority": "a:443" }, ""))],
  [
    "%ZZ in the path",
    `400 ${PROBLEM}`,
    async (get) => tell(await get({ ":path": "/u/%ZZ" }), "content-type"),
  ],
  ["dot segments", "400", async (get) => tell(await get({ ":path": "/u/../x" }))],
  [
    "malformed JSON",
    `400 ${PROBLEM} nothing of the parser`,
    async (get) => {
      const answer = await get(post("/json", JSON_TYPE), '{"a":');
      const leaks = /JSON\.parse|position|token|SyntaxError|at .*:\d+/.test(answer.body);
      return `${tell(answer, "content-type")} ${leaks ? "leaks" : "nothing of the parser"}`;
    },
  ],
  [
    "malformed form",
    `400 ${PROBLEM}`,
    async (get) => tell(await get(post("/form", FORM_TYPE), "a=%ZZ"), "content-type"),
  ],
  [
    "body over the limit, by Content-Length",
    "413",
    async (get) =>
      tell(await get({ ...post("/json", JSON_TYPE), "content-length": "2000000" }, "x".repeat(2_000_000))),
  ],
  [
    "body over the limit, by count",
    "413",
    async (get) => tell(await get(post("/json", JSON_TYPE), "x".repeat(2_000_000))),
  ],
  [
    "a body that is longer than its Content-Length",
    "cut",
    async (get) => tell(await get({ ...post("/json", JSON_TYPE), "content-length": "1" }, "{}")),
  ],
  [
    "a form of 500,000 fields",
    "413",
    async (get) => tell(await get(post("/form", FORM_TYPE), "a&".repeat(500_000))),
  ],
  ["wrong Content-Type for json()", "415", async (get) => tell(await get(post("/json", "text/plain"), "{}"))],
  ["wrong Content-Type for form()", "415", async (get) => tell(await get(post("/form", JSON_TYPE), "{}"))],
  [
    "path parameter over 1024 characters",
    "414",
    async (get) => tell(await get({ ":path": `/u/${"x".repeat(1025)}` })),
  ],
  ["empty segment where a parameter stands", "404", async (get) => tell(await get({ ":path": "/u/" }))],
  ["a path without a slash", "cut", async (get) => tell(await get({ ":path": "u/x" }))],
  [
    "a handler throws null",
    "500 a request id",
    async (get, { reported }) => {
      const { status, body } = await get({ ":path": "/null" });
      const { requestId } = JSON.parse(body) as Record<string, unknown>;
      return `${status} ${typeof requestId === "string" && reported.length === 1 ? "a request id" : "nothing"}`;
    },
  ],
  [
    "a handler throws a string",
    "500 not told",
    async (get) => {
      const { status, body } = await get({ ":path": "/text" });
      return `${status} ${body.includes("secret") ? "told" : "not told"}`;
    },
  ],
  ["a handler returns no Response", "500", async (get) => tell(await get({ ":path": "/nothing" }))],
  ["response stream fails midway", "cut", async (get) => tell(await get({ ":path": "/midway" }))],
  [
    "a head that is too large",
    "431",
    async (get) => tell(await get({ ":path": "/", x: "x".repeat(17_000) })),
  ],
  [
    "more fields than anybody sends",
    "431",
    async (get) => {
      const many = Object.fromEntries(
        Array.from({ length: 900 }, (_, index) => [`x-${index}`, "some value"]),
      );
      return tell(await get({ ":path": "/", ...many }));
    },
  ],
  ["two hosts", "400", async (get) => tell(await get({ ":path": "/", ":authority": "a", host: "b" }))],
];

test.each(rows)("over HTTP/2, %s gets %s", async (_input, promise, observe) => {
  const site = await openSite({ tls, http2: true });
  const session = connect(site.server.url, {
    ca: tls.cert,
    maxSessionMemory: 1000,
    maxSendHeaderBlockLength: 1e6,
  });
  session.on("error", () => {});
  try {
    const seen = await observe((headers, body) => ask(session, headers, body), site).catch((error: Error) =>
      /cut|NGHTTP2|Session closed/.test(error.message) ? "cut" : error.message,
    );
    expect(seen).toBe(promise);
    const next = session.closed || session.destroyed ? connect(site.server.url, { ca: tls.cert }) : session;
    expect((await ask(next, { ":path": "/" })).body).toBe("ok");
    next.close();
  } finally {
    session.destroy();
    await site.server.close({ graceMs: 100 });
  }
});
