// Bytes that no client should send, over real sockets. Every connection is answered or closed, a second request that was
// hidden in the first never reaches a handler, and the next client is served.
import { once } from "node:events";
import { App, Response, type Server } from "@hatcheck/core";
import { openRaw, parseAnswers } from "../../packages/core/test/raw.ts";
import { Chance } from "../random.ts";
import { figure, type Finding, type Size } from "../report.ts";

/** A connection that is still open then was neither answered nor closed. */
const PATIENCE_MS = 8_000;
const AT_ONCE = 50;
/** A request within another. Each has a target of its own, since many connections are open at once. */
const hidden = (index: number): string => `GET /hidden/${index} HTTP/1.1\r\nHost: a\r\n\r\n`;

interface Site {
  readonly server: Server;
  /** Targets that reached a handler. */
  readonly seen: Set<string>;
}

async function openSite(): Promise<Site> {
  const seen = new Set<string>();
  const app = new App(undefined)
    .wrap((req, _conn, next) => {
      seen.add(req.url);
      return next();
    })
    .get("/", () => Response.text(200, "ok"))
    .post("/read", async (req) => Response.text(200, await req.text()))
    .onError(() => undefined);
  const server = await app.listen({ port: 0, headersTimeoutMs: 1000, requestTimeoutMs: 1500 });
  return { server, seen };
}

/** One connection: what is sent, in pieces, how it ends, and what must not come of it. */
interface Case {
  readonly name: string;
  readonly pieces: readonly string[];
  readonly end?: "end" | "destroy" | "resetAndDestroy";
  /** The number of the request within it that must not be served. */
  readonly hides?: number;
  /** What must come back; anything when it is not given. */
  readonly statuses?: readonly number[];
}

async function tryAll(tried: string, cases: readonly Case[], outcome: string): Promise<Finding> {
  const { server, seen } = await openSite();
  const problems: string[] = [];
  const left = [...cases];
  const from = performance.now();
  let answered = 0;
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined && problems.length < 5; next = left.pop()) {
      const text = await send(server.url, next);
      if (text === undefined) {
        problems.push(`${next.name}: neither answered nor closed`);
        continue;
      }
      const statuses = statusesOf(text);
      answered += statuses.length > 0 ? 1 : 0;
      if (next.hides !== undefined && seen.has(`/hidden/${next.hides}`))
        problems.push(`${next.name}: the hidden request was served`);
      // 505 is for a line that names no version of HTTP that we speak.
      if (statuses.some((status) => status >= 500 && status !== 505))
        problems.push(`${next.name}: answered ${statuses.join()}`);
      if (next.statuses !== undefined && next.statuses.join() !== statuses.join()) {
        problems.push(`${next.name}: answered ${statuses.join()}, not ${next.statuses.join()}`);
      }
      const answer = await fetch(server.url).then((it) => it.text(), String);
      if (answer !== "ok") problems.push(`${next.name}: the next client was not served: ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await server.close({ graceMs: 100 });
  const seconds = figure((performance.now() - from) / 1000);
  return {
    area: "Raw sockets",
    tried,
    count: cases.length,
    unit: "connections",
    outcome: `${outcome}; ${figure(answered)} answered, the others closed; the next client served each time (${seconds} s)`,
    problems,
  };
}

/** Gives what came until the connection was closed; `undefined` when it was not. */
async function send(url: string, { pieces, end }: Case): Promise<string | undefined> {
  const { socket, write, closed } = openRaw(url);
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await new Promise((resolve) => setImmediate(resolve));
    if (socket.writable) write(Buffer.from(piece, "latin1"));
  }
  if (end !== undefined) socket[end]();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, undefined);
  });
  const text = await Promise.race([closed, late]);
  clearTimeout(timer);
  socket.destroy();
  return text;
}

function statusesOf(text: string): number[] {
  try {
    return parseAnswers(text).map(({ status }) => status);
  } catch {
    return [];
  }
}

/** Two statements about the length of a body that two servers may read in two ways. */
export function smuggling(size: Size): Promise<Finding> {
  const lengths = [
    "5",
    "05",
    "+5",
    "-5",
    " 5",
    "5 ",
    "5, 5",
    "5,6",
    "0x5",
    "5.0",
    "5e0",
    "",
    "18446744073709551621",
    "\t5",
    "5\x0b",
    "٥",
  ];
  const codings = [
    "chunked",
    "Chunked",
    " chunked",
    "chunked ",
    "\tchunked",
    "\x0bchunked",
    "chunked\x0b",
    "xchunked",
    "identity",
    "chunked, identity",
    "identity, chunked",
    "chunked, chunked",
    "gzip, chunked",
    "chunked;q=1",
    '"chunked"',
    "chu nked",
    "",
    "chunked\x00",
  ];
  const spellings = [
    "Content-Length: ",
    "Content-Length :",
    "Content-Length\t:",
    " Content-Length: ",
    "content-length:",
    "Content_Length: ",
    "Content-Length\x00: ",
  ];
  const ends = ["\r\n", "\n", "\r", "\r\r\n", "\n\r\n"];
  const bodies = ["0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "hello", ""];
  const cases: Case[] = [];
  const add = (fields: string, end: string, body: string, mayHide: boolean): void => {
    const head = `POST /read HTTP/1.1\r\nHost: a${end}${fields}\r\n\r\n`;
    // What follows is served by whoever takes the body for shorter.
    const pieces = [`${head}${body}${hidden(cases.length)}`];
    cases.push({
      name: JSON.stringify(fields + end + body),
      pieces,
      end: "end",
      ...(!mayHide && { hides: cases.length }),
    });
  };
  for (const body of bodies) {
    for (const end of ends) {
      for (const length of lengths) {
        for (const coding of codings)
          add(`Content-Length: ${length}${end}Transfer-Encoding: ${coding}`, end, body, false);
        for (const other of lengths)
          if (other !== length)
            add(`Content-Length: ${length}${end}Content-Length: ${other}`, end, body, false);
      }
      for (const spelling of spellings)
        add(`${spelling}5${end}Transfer-Encoding: chunked`, end, body, mayHideAfter(spelling));
    }
  }
  const every = size === "short" ? 40 : 1;
  const chosen = cases.filter((_, index) => index % every === 0);
  return tryAll(
    "request smuggling: lengths and codings that contradict each other, in all spellings",
    chosen,
    "no hidden request reached a handler",
  );
}

/** A field of another name says nothing about lengths: the body is chunked then, and ends where it says. */
function mayHideAfter(spelling: string): boolean {
  return spelling.startsWith("Content_Length");
}

const WHOLE: readonly { request: string; statuses: readonly number[] }[] = [
  { request: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", statuses: [200] },
  {
    request: "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    statuses: [200],
  },
  {
    request:
      "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    statuses: [200],
  },
  {
    request: `GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    statuses: [200, 404],
  },
];

/** Requests that are cut off after each of their bytes, in three ways. */
export function truncation(size: Size): Promise<Finding> {
  const cases = WHOLE.flatMap(({ request }) =>
    Array.from({ length: request.length }, (_, length) =>
      (["end", "destroy", "resetAndDestroy"] as const).map((end): Case => ({
        name: `${end} after ${length}`,
        pieces: [request.slice(0, length)],
        end,
      })),
    ).flat(),
  );
  const every = size === "short" ? 7 : 1;
  return tryAll(
    "requests that end after each of their bytes, by FIN, close and reset",
    cases.filter((_, index) => index % every === 0),
    "nothing left open",
  );
}

/** Requests in two pieces, cut at each byte, and byte by byte: the answer is that of the whole. */
export function inPieces(size: Size): Promise<Finding> {
  const cases = WHOLE.flatMap(({ request, statuses }): Case[] => [
    { name: "byte by byte", pieces: [...request], statuses },
    ...Array.from({ length: request.length - 1 }, (_, at): Case => ({
      name: `cut at ${at + 1}`,
      pieces: [request.slice(0, at + 1), request.slice(at + 1)],
      statuses,
    })),
  ]);
  const every = size === "short" ? 7 : 1;
  return tryAll(
    "requests in two pieces, and byte by byte",
    cases.filter((_, index) => index % every === 0),
    "answered like the whole",
  );
}

/** Requests with bytes exchanged, left out and doubled. */
export function damage(size: Size): Promise<Finding> {
  const chance = new Chance(1);
  const odd = [
    "\0",
    "\r",
    "\n",
    "\r\n",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "/",
    "\xff",
    "\x7f",
    "%",
    "A",
    "0",
    "\r\n\r\n",
    "HTTP/1.1",
    "Host: b\r\n",
    "Content-Length: 3\r\n",
  ];
  const cases = Array.from({ length: size === "short" ? 300 : 20_000 }, (): Case => {
    let { request } = chance.pick(WHOLE);
    for (let times = 1 + chance.below(4); times > 0; times -= 1) {
      const at = chance.below(request.length);
      request =
        request.slice(0, at) +
        (chance.oneIn(3) ? "" : chance.pick(odd)) +
        request.slice(at + chance.below(3));
    }
    return { name: JSON.stringify(request), pieces: [request], end: "end" };
  });
  return tryAll("requests with bytes exchanged, left out and put in", cases, "no 5xx but 505");
}

/** More than there may be, of everything. */
export function oversize(): Promise<Finding> {
  const fill = "x".repeat(70_000);
  const request = (line: string, fields: string, body = ""): string =>
    `${line}\r\nHost: a\r\nConnection: close\r\n${fields}\r\n${body}`;
  const huge = "Content-Length: 99999999999\r\n";
  const cases: Case[] = [
    { name: "target", pieces: [request(`GET /${fill} HTTP/1.1`, "")], statuses: [431] },
    { name: "method", pieces: [request(`${fill} / HTTP/1.1`, "")] },
    { name: "value", pieces: [request("GET / HTTP/1.1", `X: ${fill}\r\n`)], statuses: [431] },
    { name: "name", pieces: [request("GET / HTTP/1.1", `${fill}: x\r\n`)], statuses: [431] },
    { name: "many fields", pieces: [request("GET / HTTP/1.1", "X: y\r\n".repeat(10_000))], statuses: [431] },
    { name: "many fields below the limit", pieces: [request("GET / HTTP/1.1", "a:b\r\n".repeat(2_500))] },
    { name: "announced body", pieces: [request("POST /read HTTP/1.1", huge)], statuses: [413] },
    {
      name: "announced body and the beginning of it",
      pieces: [request("POST /read HTTP/1.1", huge, fill)],
      statuses: [413],
    },
    {
      name: "chunks",
      pieces: [
        request("POST /read HTTP/1.1", "Transfer-Encoding: chunked\r\n", `11170\r\n${fill}\r\n`.repeat(40)),
      ],
      statuses: [413],
    },
    {
      name: "tiny chunks",
      pieces: [
        request(
          "POST /read HTTP/1.1",
          "Transfer-Encoding: chunked\r\n",
          "1\r\nx\r\n".repeat(20_000) + "0\r\n\r\n",
        ),
      ],
      statuses: [200],
    },
    {
      name: "extensions",
      pieces: [request("POST /read HTTP/1.1", "Transfer-Encoding: chunked\r\n", `1;${fill}\r\nx\r\n`)],
      statuses: [413],
    },
    {
      name: "trailers",
      pieces: [request("POST /read HTTP/1.1", "Transfer-Encoding: chunked\r\n", `0\r\nX: ${fill}\r\n\r\n`)],
      statuses: [431],
    },
    { name: "empty lines", pieces: ["\r\n".repeat(50_000)], end: "end" },
    { name: "noise", pieces: [fill], end: "end" },
  ];
  return tryAll("more than there may be of everything", cases, "431, 413, or served where it is allowed");
}

/** Very many clients that never finish, and one that wants something. */
export async function slow(size: Size): Promise<Finding> {
  const { server } = await openSite();
  const count = size === "short" ? 200 : 3000;
  const problems: string[] = [];
  const starts = [
    "",
    "G",
    "GET / HT",
    "GET / HTTP/1.1\r\nHost: a\r\nX: ",
    "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
    "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
  ];
  const connections: { readonly connection: ReturnType<typeof openRaw>; readonly start: string }[] = [];
  for (let index = 0; index < count; index += 1) {
    const connection = openRaw(server.url);
    const start = starts[index % starts.length] as string;
    if (start !== "") connection.write(start);
    connections.push({ connection, start });
    // No more at once than the system keeps for a server that has yet to accept them.
    if (index % 100 === 99) await once(connection.socket, "connect");
  }
  const drip = setInterval(() => {
    for (const { connection, start } of connections)
      if (start !== "" && connection.socket.writable) connection.write("x");
  }, 500);
  const times: number[] = [];
  for (let ask = 0; ask < 40; ask += 1) {
    const from = performance.now();
    if ((await (await fetch(server.url)).text()) !== "ok") problems.push("another client was not served");
    times.push(performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, "late");
  });
  const allClosed = Promise.all(connections.map(({ connection }) => connection.closed));
  if ((await Promise.race([allClosed, late])) === "late") problems.push("slow clients are still connected");
  clearTimeout(timer);
  clearInterval(drip);
  const refused = connections.filter(({ connection }) => statusesOf(connection.received())[0] === 408).length;
  for (const { connection } of connections) connection.socket.destroy();
  await server.close({ graceMs: 100 });
  const [median = 0] = times.toSorted((a, b) => a - b).slice(20);
  return {
    area: "Raw sockets",
    tried:
      "slow clients at once: a byte every half second, in line, field, body and chunk, or nothing at all",
    count,
    unit: "connections",
    outcome: `${figure(refused)} answered 408, all closed; others are served meanwhile, in ${figure(median)} ms by the median`,
    problems,
  };
}

export const sockets: readonly ((size: Size) => Promise<Finding>)[] = [
  smuggling,
  truncation,
  inPieces,
  damage,
  oversize,
  slow,
];
