// Gives the same bytes, whole and cut at every place, to the fast lane and to node:http: every request must be the same, in
// the same order, and every byte of the answers.
import { Chance } from "../random.ts";
import { figure, type Finding, type Size } from "../report.ts";
import { makeInput } from "./requests.ts";
import { CORPUS } from "./corpus.ts";
import { FakeSocket, openSite, overTcp, type Seen, type Site, turns } from "./sites.ts";

const COUNT = { short: 10_000, full: 10_000_000 };
const TCP_COUNT = { short: 100, full: 20_000 };
/** Connections that are tried side by side. */
const AT_ONCE = 400;
const MOST_PROBLEMS = 5;
/** No longer input is cut at every place. */
const MOST_CUT = 600;

/** What is sent over one connection, and how. */
interface Trial {
  readonly input: string;
  readonly chunks: readonly Buffer[];
  /** Whether the client closes its side at the end. */
  readonly end: boolean;
  /** Whether the chunks come in turns of their own. */
  readonly apart: boolean;
  /** Whether the client's system takes answers in a later turn only. */
  readonly slow: boolean;
}

/** @param seed the same gives the same inputs */
export async function compareInMemory(
  size: Size,
  seed: number,
  { most = COUNT[size], mostProblems = MOST_PROBLEMS }: { most?: number; mostProblems?: number } = {},
): Promise<Finding> {
  return compare(
    "in memory",
    most,
    trials(new Chance(seed)),
    AT_ONCE,
    async (site, batch) => {
      const sockets = batch.map(({ slow }, index) => new FakeSocket(index + 1, slow));
      for (const socket of sockets) site.http.emit("connection", socket);
      await turns(1);
      const steps = Math.max(...batch.map(({ chunks }) => chunks.length));
      for (let step = 0; step < steps; step += 1) {
        let waits = false;
        for (const [index, { chunks, apart }] of batch.entries()) {
          if (apart) {
            if (chunks[step] !== undefined) sockets[index]?.push(chunks[step]);
            waits = true;
          } else if (step === 0) for (const chunk of chunks) sockets[index]?.push(chunk);
        }
        if (waits) await turns(6);
      }
      await turns(12);
      for (const [index, { end }] of batch.entries()) if (end) sockets[index]?.push(null);
      await turns(4);
      const seen = sockets.map(({ remotePort, answers, isOver }) => {
        return { ...site.heardFrom(remotePort), answers, closed: isOver };
      });
      for (const socket of sockets) socket.destroy();
      return seen;
    },
    mostProblems,
  );
}

export async function compareOverTcp(size: Size, seed: number): Promise<Finding> {
  return compare("over TCP", TCP_COUNT[size], trials(new Chance(seed + 1), 25), 100, (site, batch) =>
    Promise.all(batch.map(({ chunks, end }) => overTcp(site, chunks, end))),
  );
}

type Send = (site: Site, batch: readonly Trial[]) => Promise<readonly Seen[]>;

async function compare(
  how: string,
  most: number,
  source: Iterator<Trial>,
  atOnce: number,
  send: Send,
  mostProblems: number = MOST_PROBLEMS,
): Promise<Finding> {
  const limits = { headersTimeoutMs: 0, requestTimeoutMs: 0, idleTimeoutMs: 0, keepAliveTimeoutMs: 65_000 };
  const [plain, lane] = [await openSite(false, limits), await openSite(true, limits)];
  const problems: string[] = [];
  const started = performance.now();
  let count = 0;
  while (count < most && problems.length < mostProblems) {
    const batch: Trial[] = [];
    while (batch.length < Math.min(atOnce, most - count)) batch.push(source.next().value as Trial);
    const [expected, found] = await Promise.all([send(plain, batch), send(lane, batch)]);
    for (const [index, trial] of batch.entries()) {
      const difference = differenceOf(expected[index] as Seen, found[index] as Seen, trial.input);
      if (difference !== undefined && problems.length < mostProblems) {
        problems.push(
          `${JSON.stringify(trial.chunks.map((chunk) => chunk.toString("latin1")))}: ${difference}`,
        );
      }
    }
    count += batch.length;
  }
  const { requests, byNode } = lane.count();
  if (plain.count().requests !== requests && problems.length === 0)
    problems.push(`node:http saw ${plain.count().requests} requests, the fast lane ${requests}`);
  await Promise.all([plain.server.close({ graceMs: 0 }), lane.server.close({ graceMs: 0 })]);
  const share = requests === 0 ? 0 : ((requests - byNode) / requests) * 100;
  const seconds = figure((performance.now() - started) / 1000);
  return {
    area: "Fast lane",
    tried: `the same bytes to the fast lane and to node:http, ${how}, whole and cut`,
    count,
    unit: "connections",
    outcome: `the same requests in the same order, and the same bytes as answers; ${figure(share)} % of ${figure(requests)} requests took the lane (${seconds} s)`,
    problems,
  };
}

function differenceOf(expected: Seen, found: Seen, input: string): string | undefined {
  const [wanted, got] = [expected.requests.join("\n"), found.requests.join("\n")];
  if (wanted !== got) return `node:http saw ${wanted}, the fast lane ${got}`;
  // What comes after a request that closes its connection goes unread on the lane; the connection closes either way.
  const goesUnread = expected.refusal === "HPE_CLOSED_CONNECTION" && found.refusal === undefined;
  if (expected.refusal !== found.refusal && !goesUnread)
    return `node:http refuses with ${expected.refusal}, the fast lane with ${found.refusal}`;
  if (hasSameAnswers(expected, found, input)) return undefined;
  let at = 0;
  while (at < expected.answers.length && expected.answers[at] === found.answers[at]) at += 1;
  const from = Math.max(0, at - 60);
  const show = ({ answers, closed }: Seen): string =>
    `${JSON.stringify(answers.slice(from, at + 160))}${closed ? " (closed)" : ""}`;
  return `node:http answers ${show(expected)}, the fast lane ${show(found)}`;
}

/** What node:http cuts a connection for without a word, and with it the answers that are not out yet; on the lane they are. */
const CUT = /CONNECT |PRI /;
/** The rest of a body that is too large is waited for, by the clock: a busy machine sees one connection closed and not the other. */
const WAITS = /length:\s*[1-9]\d{5}/i;

function hasSameAnswers(expected: Seen, found: Seen, input: string): boolean {
  if (expected.closed !== found.closed && !WAITS.test(input)) return false;
  return (
    expected.answers === found.answers || (CUT.test(input) && found.answers.startsWith(expected.answers))
  );
}

/** Without an end: the corpus as it is, then what is made of it, and of the grammar. */
function* trials(chance: Chance, mostCuts: number = MOST_CUT): Generator<Trial, never, void> {
  for (const input of CORPUS) yield* cut(chance, input, 0);
  for (const input of CORPUS) yield* cut(chance, input, mostCuts);
  for (;;) yield* cut(chance, makeInput(chance), mostCuts);
}

/** An input whole, in pieces, and cut at every place or at some. */
function* cut(chance: Chance, input: string, mostCuts: number): Generator<Trial> {
  const bytes = Buffer.from(input, "latin1");
  const trial = (chunks: readonly Buffer[]): Trial => ({
    input,
    chunks,
    end: chance.oneIn(4),
    apart: chance.oneIn(2),
    slow: chance.oneIn(8),
  });
  yield trial([bytes]);
  // One input in many is worth all its cuts: most of them are alike.
  const every = bytes.length <= mostCuts && chance.oneIn(8);
  const places = every
    ? Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1)
    : [1 + chance.below(bytes.length), 1 + chance.below(bytes.length)];
  for (const place of places) yield trial([bytes.subarray(0, place), bytes.subarray(place)]);
  if (chance.oneIn(20))
    yield trial(Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)).slice(0, 200));
}
