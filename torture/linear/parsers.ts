// Everything that reads what strangers write, with the pieces that its grammar is made of.
import { App, ConnectionInfo, HttpError, localPath, Request, Response, trustProxy } from "@hatcheck/core";
import { CronSchedule, Scheduler } from "@hatcheck/scheduler";
import { SessionStore, sessionLayer } from "@hatcheck/session";
import { preferredEncoding } from "../../packages/core/src/http/accept-encoding.ts";
import { preferredLanguage } from "../../packages/core/src/http/accept-language.ts";
import { preferredType } from "../../packages/core/src/http/accept.ts";
import { contentDisposition } from "../../packages/core/src/http/content-disposition.ts";
import { parseContentType } from "../../packages/core/src/http/content-type.ts";
import { CookieJar, cookieValue } from "../../packages/core/src/http/cookie.ts";
import { matchesEntityTag } from "../../packages/core/src/http/etag.ts";
import { parseExtValue } from "../../packages/core/src/http/ext-value.ts";
import { parseParameterised } from "../../packages/core/src/http/field-parameters.ts";
import { parseHttpDate } from "../../packages/core/src/http/http-date.ts";
import { parseRange } from "../../packages/core/src/http/range.ts";
import { parseCookieDate } from "../../packages/core/src/testing/cookie-date.ts";
import { parseSetCookie } from "../../packages/core/src/testing/cookie-store.ts";
import { parseProof } from "../../packages/session/src/layer/device/proof.ts";
import { skippedSessions, stringItem } from "../../packages/session/src/layer/device/structured-field.ts";
import { parsePhc } from "../../packages/session/src/password/phc.ts";

export interface Parser {
  readonly name: string;
  /** Longest input that can reach it. */
  readonly bytes: number;
  /** What its grammar knows; inputs are these, repeated. */
  readonly pieces: readonly string[];
  readonly read: (input: string) => unknown;
}

/** Four times what a head may have unless it is set. */
const FIELD = 64 * 1024;
const BODY = 1024 * 1024;

const conn = new ConnectionInfo();
const PROXIES = trustProxy(["10.0.0.0/8"]);
const DOTS = [" ", "\t", '"', "\\", ",", ";", "=", "%", "a", "0"];

function post(type: string, body: string | Uint8Array): Request {
  const headers = [{ name: "Content-Type", value: type }];
  return new Request({ method: "POST", url: "/", headers, body });
}

/** What a client's mistake gets is an answer, too. */
async function orRefused(reading: Promise<unknown>): Promise<void> {
  try {
    await reading;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
  }
}

function orThrow(read: (input: string) => unknown): (input: string) => void {
  return (input) => {
    try {
      read(input);
    } catch {
      // Which error it is, is for the fuzz to say.
    }
  };
}

async function readParts(req: Request): Promise<void> {
  for await (const part of req.multipart()) if (part.kind === "file") await part.bytes();
}

function forwarded(name: string): (input: string) => unknown {
  return (value) =>
    PROXIES?.(new Request({ method: "GET", url: "/", headers: [{ name, value }] }), "10.0.0.1");
}

const sessions = sessionLayer(new SessionStore(3600));
const site = new App(undefined)
  .onError(() => undefined)
  .wrap(sessions)
  .get("/", (req) => Response.text(200, sessions.of(req).isNew ? "new" : "old"))
  .get("/users/:id/posts/:post", (_req, { post: id }) => Response.text(200, id))
  .get("/files/*path", (req) => Response.text(200, req.query.get("a") ?? ""));

const ask = (url: string, field?: { name: string; value: string }) =>
  site.handle(new Request({ method: "GET", url, headers: field === undefined ? [] : [field] }), conn);

const PART = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n';

export const parsers: readonly Parser[] = [
  {
    name: "form",
    bytes: BODY,
    pieces: ["a&", "a=&", "=&", "&", "%61&", "%", "+", "%E2%82%AC", "a=b&", "%ZZ", "__proto__&", "a"],
    read: (input) => orRefused(post("application/x-www-form-urlencoded", input).form()),
  },
  {
    name: "JSON",
    bytes: BODY,
    pieces: [
      "[",
      '{"a":',
      '"',
      "\\",
      "\\u0061",
      "1,",
      "[],",
      '"a",',
      " ",
      "1e9,",
      "-",
      '{"a":[],"\\u0062":1},',
    ],
    read: (input) => orRefused(post("application/json", input).json()),
  },
  {
    name: "multipart form, in one chunk",
    bytes: BODY,
    pieces: [
      "--b",
      "\r\n",
      "\r\n--b\r\n",
      "-",
      "\r",
      "\n",
      PART,
      `${PART}x\r\n`,
      "--b--",
      "X: y\r\n",
      "\r\n--b-",
      "a",
    ],
    read: (input) =>
      orRefused(readParts(post("multipart/form-data; boundary=b", Buffer.from(input, "latin1")))),
  },
  {
    name: "multipart part's header",
    bytes: FIELD,
    pieces: [...DOTS, "filename=", "filename*=utf-8''", 'name="a";', '\\"', "; ", "/", "."],
    read: (input) =>
      orRefused(
        readParts(
          post(
            "multipart/form-data; boundary=b",
            Buffer.from(`--b\r\nContent-Disposition: form-data; ${input}\r\n\r\nx\r\n--b--\r\n`, "latin1"),
          ),
        ),
      ),
  },
  {
    name: "query",
    bytes: FIELD,
    pieces: ["a&", "=", "&", "%61", "%", "+", "%ZZ", "?", "a=b&", "a"],
    read: (input) => ask(`/files/x?${input}`),
  },
  {
    name: "request target",
    bytes: FIELD,
    pieces: [
      "/",
      "/a",
      "/.",
      "..",
      "%2F",
      "%61",
      "%",
      "//",
      "http://a",
      "?",
      "#",
      ":",
      "a",
      "/users/1/posts/",
    ],
    read: (input) => {
      ask(`/${input}`);
      ask(input);
      ask(`http://${input}`);
    },
  },
  {
    name: "Host",
    bytes: FIELD,
    pieces: ["a", ".", "-", "[", ":", "]", "1", "%", "@", " "],
    read: (value) => ask("/", { name: "Host", value }),
  },
  {
    name: "Cookie, and the session's id in it",
    bytes: FIELD,
    pieces: [...DOTS, "sid=", "sid", "__Host-sid=", "; ", "a=b;", "="],
    read: (value) => {
      cookieValue(value, "sid");
      const jar = CookieJar.parse(value);
      jar.get("sid");
      ask("/", { name: "Cookie", value });
      ask("/", { name: "Cookie", value: `sid=${value}` });
    },
  },
  {
    name: "Set-Cookie, in the test client",
    bytes: FIELD,
    pieces: [...DOTS, "Expires=", "Max-Age=", "1", "Path=/", "Domain=.", "; "],
    read: (input) => {
      parseSetCookie(`a=b; ${input}`);
      parseSetCookie(input);
      parseCookieDate(input);
    },
  },
  {
    name: "Accept, Accept-Encoding and Accept-Language",
    bytes: FIELD,
    pieces: [...DOTS, "text/html,", "*/*;", ";q=0.5", "q=", "gzip,", "de-AT,", "-", "*", "/"],
    read: (input) => {
      preferredType(input, ["text/html", "application/json"]);
      preferredEncoding(input, ["br", "gzip"]);
      preferredLanguage(input, ["de-AT", "en"]);
    },
  },
  {
    name: "Content-Type",
    bytes: FIELD,
    pieces: [...DOTS, "charset=", "; charset", "boundary=", "/", '\\"'],
    read: (input) => {
      parseContentType(input);
      parseContentType(`a/b;${input}`);
      parseParameterised(input);
      parseParameterised(`a;${input}`);
    },
  },
  {
    name: "Forwarded",
    bytes: FIELD,
    pieces: [...DOTS, "for=", "for=10.0.0.1,", 'for="[::1]",', "proto=https;", '\\"', ", "],
    read: forwarded("Forwarded"),
  },
  {
    name: "X-Forwarded-For",
    bytes: FIELD,
    pieces: ["10.0.0.1,", "10.0.0.1", ",", " ", "::1,", "[::1]:80,", "1", ".", ":", "a"],
    read: forwarded("X-Forwarded-For"),
  },
  {
    name: "Range",
    bytes: FIELD,
    pieces: ["bytes=", "0-", "-", "1", ",", " ", "\t", "0-0,"],
    read: (input) => {
      parseRange(input, 1000);
      parseRange(`bytes=${input}`, 1000);
    },
  },
  {
    name: "If-Match and If-None-Match",
    bytes: FIELD,
    pieces: ['"', "W/", '"a"', '"a",', ",", " ", "*", "a", "\t"],
    read: (input) => {
      matchesEntityTag(input, '"a"', "weak");
      matchesEntityTag(`"${input}`, '"a"', "strong");
    },
  },
  {
    name: "dates",
    bytes: FIELD,
    pieces: ["Sun, ", "06 ", "Nov ", "1994 ", "08:49:37 ", "GMT", " ", "-", ":", "0"],
    read: parseHttpDate,
  },
  {
    name: "Content-Disposition and extended values",
    bytes: FIELD,
    pieces: ["'", "%41", "%", "utf-8''", "a", "\\", '"', "é", ".", "/", " "],
    read: (input) => {
      parseExtValue(input);
      parseExtValue(`utf-8''${input}`);
      contentDisposition("attachment", input);
    },
  },
  {
    name: "a redirect's target",
    bytes: FIELD,
    pieces: ["/", "\\", "//", "http:", "\t", "é", "%", "?", "#", "@", "a", "."],
    read: orThrow((input) => {
      localPath(input);
      localPath(`/${input}`);
      Response.redirect(303, input);
    }),
  },
  {
    name: "a device's proof and the fields about it",
    bytes: FIELD,
    pieces: [".", "eyJhIjoxfQ", "a", '"', "\\", ";", ",", " ", 'id="a"', "=", "-", "_"],
    read: (input) => {
      parseProof(input);
      stringItem(input, FIELD);
      stringItem(`"${input}`, FIELD);
      skippedSessions(input);
    },
  },
  {
    name: "a password's hash",
    bytes: BODY,
    pieces: ["$", "$scrypt", "ln=17,", "=", ",", "a", "A", "/", "+", "1"],
    read: orThrow((input) => {
      parsePhc(input);
      parsePhc(`$scrypt$${input}`);
    }),
  },
  {
    name: "cron expressions and lengths of time",
    bytes: BODY,
    pieces: ["*", " ", "*/5 ", "1,", "1-5,", "L", "#", "MON,", "?", "W", "10m", "1h ", ".", "0"],
    read: orThrow((input) => {
      orThrow(() => CronSchedule.parse(input))(input);
      orThrow(() => CronSchedule.parse(`* * * * ${input}`))(input);
      new Scheduler().every(input, () => {});
    }),
  },
];
