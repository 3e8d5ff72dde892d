// The rows of "What bad input gets": what is sent, over a real socket, and what must come back.
import { App, HttpError, type ListenOptions, Response, type Server } from "../src/index.ts";
import { openRaw, parseAnswers, type RawAnswer, sendRaw } from "./raw.ts";

export interface Row {
  readonly input: string;
  /** What the design promises. */
  readonly promise: string;
  /** Sends it, and tells what was seen. */
  readonly observe: (site: Site) => Promise<string>;
}

/** A server, and what its application noticed. */
export interface Site {
  readonly server: Server;
  readonly reported: unknown[];
  readonly aborted: string[];
}

/** @param options beside the times that its rows count on */
export async function openSite(options: ListenOptions = {}): Promise<Site> {
  const reported: unknown[] = [];
  const aborted: string[] = [];
  async function* failing() {
    yield "a";
    throw new Error("midway");
  }
  const app = new App(undefined)
    .onError((error) => {
      if (!(error instanceof HttpError)) reported.push(error);
      return undefined;
    })
    .get("/", () => Response.text(200, "ok"))
    .get("/u/:id", (_req, { id }) => Response.text(200, id))
    .post("/json", async (req) => Response.json(200, await req.json()))
    .post("/form", async (req) => Response.json(200, [...(await req.form())]))
    .get("/null", () => {
      throw null;
    })
    .get("/text", () => {
      throw "a secret";
    })
    .get("/nothing", () => undefined as never)
    .get("/midway", () => Response.stream(200, failing()))
    .get("/wait", async (req) => {
      await new Promise((resolve) => req.signal.addEventListener("abort", resolve));
      aborted.push("req.signal");
      throw new Error("because the client left");
    })
    .get("/slow", async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return Response.text(200, "finished");
    });
  const server = await app.listen({ port: 0, headersTimeoutMs: 400, requestTimeoutMs: 400, ...options });
  return { server, reported, aborted };
}

const lines = (...all: string[]) => `${all.join("\r\n")}\r\nHost: a\r\n`;

/** Sends a request that asks for no more after it. */
async function ask({ server }: Site, head: string, body = ""): Promise<RawAnswer> {
  const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
  const bytes = Buffer.from(`${lines(head)}${length}Connection: close\r\n\r\n${body}`, "latin1");
  const text = await sendRaw(server.url, bytes);
  return parseAnswers(text)[0] as RawAnswer;
}

function tell({ status, headers }: RawAnswer, ...names: string[]): string {
  const fields = names.map((name) => `${name}: ${headers.get(name) ?? "(none)"}`);
  return [String(status), ...fields].join(", ");
}

const json = (type: string) => `POST /json HTTP/1.1\r\nContent-Type: ${type}`;
const form = "POST /form HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded";
const row = (input: string, promise: string, observe: Row["observe"]): Row => ({ input, promise, observe });

export const ROWS: readonly Row[] = [
  row("no route", "404", async (site) => tell(await ask(site, "GET /none HTTP/1.1"))),
  row("known path, other method", "405, allow: GET, HEAD, OPTIONS", async (site) =>
    tell(await ask(site, "PUT / HTTP/1.1"), "allow"),
  ),
  row("`OPTIONS`", "204, allow: GET, HEAD, OPTIONS", async (site) =>
    tell(await ask(site, "OPTIONS / HTTP/1.1"), "allow"),
  ),
  row("`%ZZ` in the path", "400, content-type: application/problem+json", async (site) =>
    tell(await ask(site, "GET /u/%ZZ HTTP/1.1"), "content-type"),
  ),
  row(
    "malformed JSON",
    "400, content-type: application/problem+json, nothing of the parser",
    async (site) => {
      const answer = await ask(site, json("application/json"), '{"a":');
      const leaks = /JSON\.parse|position|token|SyntaxError|at .*:\d+/.test(answer.body);
      return `${tell(answer, "content-type")}, ${leaks ? "leaks" : "nothing of the parser"}`;
    },
  ),
  row("malformed form", "400, content-type: application/problem+json", async (site) =>
    tell(await ask(site, form, "a=%ZZ"), "content-type"),
  ),
  row(
    "wrong charset: bytes that are not in it",
    "400, content-type: application/problem+json",
    async (site) => tell(await ask(site, json("application/json; charset=utf-8"), '"\xff"'), "content-type"),
  ),
  row("a charset that is not UTF-8", "415, content-type: application/problem+json", async (site) =>
    tell(await ask(site, json("application/json; charset=utf-16"), "{}"), "content-type"),
  ),
  row("body over the limit, by `Content-Length`", "413, connection: close", async ({ server }) => {
    const head = `${lines(json("application/json"))}Content-Length: 2000000\r\n\r\n`;
    return tell(
      parseAnswers(await sendRaw(server.url, head + "x".repeat(2_000_000)))[0] as RawAnswer,
      "connection",
    );
  }),
  row("body over the limit, by count", "413, connection: close", async ({ server }) => {
    const chunks = `10000\r\n${"x".repeat(0x10000)}\r\n`.repeat(30);
    const text = await sendRaw(
      server.url,
      `${lines(json("application/json"))}Transfer-Encoding: chunked\r\n\r\n${chunks}`,
    );
    return tell(parseAnswers(text)[0] as RawAnswer, "connection");
  }),
  row("wrong `Content-Type` for `json()`", "415", async (site) =>
    tell(await ask(site, json("text/plain"), "{}")),
  ),
  row("wrong `Content-Type` for `form()`", "415", async (site) =>
    tell(await ask(site, "POST /form HTTP/1.1\r\nContent-Type: application/json", "{}")),
  ),
  row("path parameter over 1024 characters", "414", async (site) =>
    tell(await ask(site, `GET /u/${"x".repeat(1025)} HTTP/1.1`)),
  ),
  row("empty segment where a parameter stands", "404", async (site) =>
    tell(await ask(site, "GET /u/ HTTP/1.1")),
  ),
  row("absolute-form target", "200 x", async (site) => {
    const { status, body } = await ask(site, "GET http://other/u/x HTTP/1.1");
    return `${status} ${body}`;
  }),
  ...["null", "text"].map((thrown) =>
    row(
      `a handler throws ${thrown === "null" ? "`null`" : "a string"}`,
      "500, a request id, onError told",
      async (site) => {
        const { status, body } = await ask(site, `GET /${thrown} HTTP/1.1`);
        const { requestId, ...rest } = JSON.parse(body) as Record<string, unknown>;
        const hasMore = Object.keys(rest).toSorted().join() !== "status,title";
        return `${status}, ${typeof requestId === "string" ? "a" : "no"} request id${hasMore ? " and more" : ""}, onError ${site.reported.length === 1 ? "told" : "not told"}`;
      },
    ),
  ),
  row("a handler returns no `Response`", "500, the log names GET /nothing", async (site) => {
    const { status } = await ask(site, "GET /nothing HTTP/1.1");
    return `${status}, the log names ${/of (GET \S+)/.exec(String(site.reported[0]))?.[1] ?? "nothing"}`;
  }),
  row("response stream fails midway", "connection cut within the body", async ({ server }) => {
    const text = await sendRaw(server.url, `${lines("GET /midway HTTP/1.1")}\r\n`);
    return text.endsWith("0\r\n\r\n") ? "a short 200" : "connection cut within the body";
  }),
  row("client leaves", "req.signal aborts, nothing is an error", async (site) => {
    const { socket, write } = openRaw(site.server.url);
    write(`${lines("GET /wait HTTP/1.1")}\r\n`);
    setTimeout(() => socket.destroy(), 50);
    for (let round = 0; round < 100 && site.aborted.length === 0; round += 1) await pause(10);
    await pause(20);
    return `${site.aborted.join() || "nothing"} aborts, ${site.reported.length === 0 ? "nothing" : "something"} is an error`;
  }),
  row("header too large", "431", async (site) =>
    tell(await ask(site, `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}`)),
  ),
  row("slow headers", "408", async ({ server }) =>
    tell(parseAnswers(await sendRaw(server.url, "GET / HTTP/1.1\r\n"))[0] as RawAnswer),
  ),
  row("slow body", "408", async ({ server }) =>
    tell(
      parseAnswers(
        await sendRaw(server.url, `${lines(json("application/json"))}Content-Length: 9\r\n\r\n`),
      )[0] as RawAnswer,
    ),
  ),
  row(
    "`close()`",
    "in flight 200, connection: close; idle closed at once; new refused",
    async ({ server }) => {
      const idle = openRaw(server.url);
      idle.write(`${lines("GET / HTTP/1.1")}\r\n`);
      await idle.until(/ok$/);
      const busy = sendRaw(server.url, `${lines("GET /slow HTTP/1.1")}\r\n`);
      await pause(50);
      const closed = server.close();
      const first = await Promise.race([
        idle.closed.then(() => "idle closed at once"),
        busy.then(() => "idle kept"),
      ]);
      const refused = await sendRaw(server.url, "").then((text) =>
        text === "" ? "new refused" : "new taken",
      );
      const answer = parseAnswers(await busy)[0] as RawAnswer;
      await closed;
      return `in flight ${tell(answer, "connection")}; ${first}; ${refused}`;
    },
  ),
];

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
