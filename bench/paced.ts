/**
 * Load at a fixed rate, and how long each answer took. wrk sends as fast as it gets answers, so it cannot say what a server
 * with room to spare feels like. Here requests are due at even distances whatever the server does, and a latency is counted
 * from when its request was due: one that had to wait for a free connection has waited (no coordinated omission).
 *
 * node paced.ts port file-of-requests rate seconds connections; prints one line of JSON, times in milliseconds.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

const [port = 0, , rate = 0, seconds = 0, connections = 0] = process.argv.slice(2).map(Number);
const requests = readFileSync(process.argv[3] ?? "", "latin1")
  .split("\0")
  .filter(Boolean);

const waiting: number[] = [];
const free: Connection[] = [];
const latencies: number[] = [];
let failed = 0;

/** One keep-alive connection with at most one request in flight. */
class Connection {
  readonly #socket: Socket;
  #dueAt = 0;
  #answer = "";

  constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (chunk) => {
      this.#answer += chunk as string;
      if (isWhole(this.#answer)) this.#finish();
    });
  }

  send(request: string, dueAt: number): void {
    this.#dueAt = dueAt;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #finish(): void {
    latencies.push(performance.now() - this.#dueAt);
    if (!/^HTTP\/1\.1 [23]/.test(this.#answer)) failed += 1;
    this.#answer = "";
    free.push(this);
  }
}

/** Whether an answer is complete: by its length, or by the last of its chunks. */
function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf("\r\n\r\n");
  if (headEnd === -1) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer)?.[1];
  if (length === undefined) return answer.endsWith("0\r\n\r\n");
  return answer.length >= headEnd + 4 + Number(length);
}

const all = await Promise.all(
  Array.from({ length: connections }, async () => {
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new Connection(socket);
  }),
);
free.push(...all);

const startedAt = performance.now();
const total = Math.floor(rate * seconds);
let due = 0;
let sent = 0;
await new Promise<void>((resolve) => {
  const turn = (): void => {
    const now = performance.now();
    while (due < total && startedAt + (due * 1000) / rate <= now) {
      waiting.push(startedAt + (due * 1000) / rate);
      due += 1;
    }
    while (sent < waiting.length && free.length > 0) {
      free.pop()?.send(requests[sent % requests.length] as string, waiting[sent] as number);
      sent += 1;
    }
    // A server that cannot keep up is given as long again; what is still missing then counts as failed.
    if (latencies.length === total || now - startedAt > seconds * 2000) resolve();
    else setImmediate(turn);
  };
  turn();
});
for (const connection of all) connection.close();

failed += total - latencies.length;
const warm = latencies.slice(Math.floor(latencies.length / 10)).toSorted((a, b) => a - b);
const at = (share: number): number =>
  warm[Math.min(warm.length - 1, Math.floor(warm.length * share))] ?? Number.NaN;
console.log(JSON.stringify({ rate, p50: at(0.5), p99: at(0.99), p999: at(0.999), failed }));
