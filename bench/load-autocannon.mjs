/** What load.lua does, for machines without wrk. Arguments: port, file of requests, seconds, connections. */
import { readFileSync } from "node:fs";
import autocannon from "autocannon";

const [port, file, seconds, connections] = process.argv.slice(2);
const requests = readFileSync(file, "latin1")
  .split("\0")
  .filter(Boolean)
  .map((text) => {
    const [head, body] = text.split("\r\n\r\n");
    const [start, ...fields] = head.split("\r\n");
    const [method, path] = start.split(" ");
    const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/s, 2)));
    return { method, path, headers, body };
  });
const result = await autocannon({
  url: `http://127.0.0.1:${port}`,
  connections: Number(connections),
  duration: Number(seconds),
  requests,
});
console.log(
  JSON.stringify({
    requests: result.requests.total,
    microseconds: result.duration * 1e6,
    errors: result.errors + result.timeouts + result["4xx"] + result["5xx"],
  }),
);
