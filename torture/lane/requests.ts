// Makes inputs: valid requests, nearly valid ones, and what smuggling is made of, alone and one behind the other.
import type { Chance } from "../random.ts";
import { CORPUS } from "./corpus.ts";

const METHODS = ["GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS"];
const ODD_METHODS = [
  "get",
  "GETS",
  "G",
  "",
  "TRACE",
  "CONNECT",
  "PROPFIND",
  "M-SEARCH",
  "QUERY",
  "PRI",
  "GE T",
];
const TARGETS = [
  "/",
  "/a",
  "/a/b?c=d",
  "/?as=bytes",
  "/?as=stream",
  "/?as=empty",
  "/?as=moved",
  "/x%20y",
  "/[1]",
];
const ODD_TARGETS = [
  "*",
  "",
  "a",
  "http://a/",
  "//",
  "/#",
  '/"',
  "/\\",
  "/{}",
  "/|",
  "/\xe9",
  "/\x7f",
  "/a\tb",
  "/^`",
  "/<>",
];
const ODD_VERSIONS = [
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/2.0",
  "http/1.1",
  "HTTP/1.1 ",
  "HTTP/1.11",
  "HTTP/11",
  "",
  "ICE/1.1",
];
const ENDS = ["\n", "\r", "\r\r\n", "\n\r", "\r\n ", "\r\n\t", "\0\r\n"];
const NAMES = [
  "Accept",
  "Cookie",
  "Link",
  "X",
  "x-y_z",
  "User-Agent",
  "Via",
  "!#$%&'*+-.^_`|~",
  "Keep-Alive",
  "TE",
  "Date",
  "Trailer",
];
const VALUES = ["", "a", "a=b; c=d", "\t", "x\ty", "\x80\xff", '"q"', "a,b", "  padded\t", "GET / HTTP/1.1"];
const ODD_VALUES = ["\0", "a\x01", "\x7f", "a\rb", "a\nb", "\x0b", "\r"];
const ODD_NAMES = ["", "a b", "a:", "a\t", "\xe9", "(a)", "a/b", "Host ", " Host", "Content-Length\0"];
const CONNECTIONS = [
  "keep-alive",
  "close",
  "Keep-Alive",
  "CLOSE",
  "keep-alive, close",
  "upgrade",
  "",
  "close\t",
  "te",
  "keep-alive,",
];
const LENGTHS = [
  "0",
  "1",
  "3",
  "00",
  "03",
  "3 ",
  "3,3",
  "+3",
  "-1",
  "0x3",
  "3.",
  "",
  " ",
  "1e1",
  "9".repeat(9),
  "9".repeat(30),
  "3\t",
];
const CODINGS = [
  "chunked",
  "identity",
  "gzip, chunked",
  "chunked, gzip",
  "Chunked",
  "chunked ",
  "xchunked",
  "",
  "\tchunked",
  "chunked,",
];
const CHUNKS = [
  "0\r\n\r\n",
  "3\r\nabc\r\n0\r\n\r\n",
  "3;x\r\nabc\r\n0\r\n\r\n",
  "g\r\n",
  "3\r\nabcd\r\n0\r\n\r\n",
  "3\nabc\n0\n\n",
];
const BODIES = [
  "abc",
  "a",
  "",
  "\r\n\r\n",
  "GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n",
  "\0\xff",
  "user=ada&password=b",
];
const PIECES = [
  "\r\n",
  "\r",
  "\n",
  " ",
  "\t",
  "\0",
  ":",
  ",",
  ";",
  "\xff",
  "\x7f",
  "0",
  "A",
  "Host: b\r\n",
  "Content-Length: 3\r\n",
];

/** One in so many parts is odd. */
const ODDITY = 40;

/** One input: the bytes that a client sends over one connection. */
export function makeInput(chance: Chance): string {
  let input = "";
  if (chance.oneIn(4)) input = chance.pick(CORPUS);
  else for (let left = 1 + chance.below(3); left > 0; left -= 1) input += makeRequest(chance);
  const times = chance.oneIn(3) ? 1 + chance.below(3) : 0;
  for (let left = times; left > 0; left -= 1) input = damage(chance, input);
  return input;
}

function makeRequest(chance: Chance): string {
  const odd = <Value>(usual: readonly Value[], unusual: readonly Value[]): Value =>
    chance.pick(chance.oneIn(ODDITY) ? unusual : usual);
  const end = (): string => odd(["\r\n"], ENDS);
  const method = odd(METHODS, ODD_METHODS);
  const fields: string[] = [];
  const add = (name: string, value: string): void => {
    const space = odd([" ", " ", "", "\t", "  "], [" \t ", "\r\n ", "\0"]);
    fields.splice(
      chance.below(fields.length + 1),
      0,
      `${spelled(chance, name)}${odd([":"], [" :", "", "::", ":\r"])}${space}${value}`,
    );
  };
  for (let left = chance.below(5); left > 0; left -= 1) add(odd(NAMES, ODD_NAMES), odd(VALUES, ODD_VALUES));
  for (let hosts = odd([1], [0, 2]); hosts > 0; hosts -= 1)
    add("Host", odd(["a", "a:80", "[::1]"], ["", "a b", "a/b", "a,b", "é"]));
  if (chance.oneIn(4)) add("Connection", odd(["keep-alive", "close"], CONNECTIONS));
  if (chance.oneIn(ODDITY)) add("Connection", chance.pick(CONNECTIONS));
  if (chance.oneIn(ODDITY))
    add(
      chance.pick(["Upgrade", "Expect", "Proxy-Connection"]),
      chance.pick(["h2c", "100-continue", "close"]),
    );
  let body = "";
  if (method.startsWith("P") ? !chance.oneIn(4) : chance.oneIn(10)) {
    body = chance.pick(BODIES);
    if (chance.oneIn(5)) {
      add("Transfer-Encoding", odd(["chunked"], CODINGS));
      body = chance.pick(CHUNKS);
      if (chance.oneIn(5)) add("Content-Length", String(body.length));
    } else add("Content-Length", odd([String(body.length)], LENGTHS));
    if (chance.oneIn(ODDITY)) add("Content-Length", chance.pick(LENGTHS));
    if (chance.oneIn(ODDITY)) add("Transfer-Encoding", chance.pick(CODINGS));
  }
  const line = `${method} ${odd(TARGETS, ODD_TARGETS)} ${odd(["HTTP/1.1"], ODD_VERSIONS)}`;
  return `${line}${end()}${fields.map((field) => field + end()).join("")}${end()}${body}`;
}

function spelled(chance: Chance, name: string): string {
  if (chance.oneIn(4)) return name.toLowerCase();
  return chance.oneIn(10) ? name.toUpperCase() : name;
}

/** Puts something in, leaves something out, doubles or exchanges it. */
function damage(chance: Chance, text: string): string {
  const at = chance.below(text.length + 1);
  const to = Math.min(text.length, at + 1 + chance.below(chance.oneIn(4) ? 40 : 3));
  switch (chance.below(5)) {
    case 0:
      return text.slice(0, at) + text.slice(to);
    case 1:
      return text.slice(0, to) + text.slice(at);
    case 2:
      return text.slice(0, at) + String.fromCharCode(chance.below(256)) + text.slice(at + 1);
    case 3:
      return text.slice(0, at);
    default:
      return text.slice(0, at) + chance.pick(PIECES) + text.slice(at);
  }
}
