import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { types } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendRaw } from "../../test/raw.ts";
import { LeanMessage } from "./lean-message.ts";

/** What a request's headers are to whoever looks at them in each way. */
const LOOKS: readonly ((incoming: IncomingMessage) => unknown)[] = [
  ({ headers }) => [headers.host, headers.expect, headers["content-length"], headers["transfer-encoding"]],
  ({ headers }) => headers,
  ({ headers }) => ({ ...headers }),
  ({ headers }) => [
    headers.cookie,
    headers["set-cookie"],
    headers["x-a"],
    headers["nothing"],
    "x-a" in headers,
  ],
  ({ headers }) => [Object.keys(headers), Object.entries(headers), JSON.stringify(headers)],
  ({ headers }) => (
    delete headers["x-a"],
    (headers["x-b"] = "set"),
    [headers, Object.getPrototypeOf(headers)]
  ),
  (incoming) => ((incoming.headers = { host: "other" }), [incoming.headers.host, incoming.headers]),
  ({ headersDistinct, rawHeaders }) => [headersDistinct, rawHeaders],
];

describe("a lean message", () => {
  const seen = { lean: [] as unknown[], plain: [] as unknown[] };
  let look = LOOKS[0] as (typeof LOOKS)[number];
  const answer = (log: unknown[]) => (incoming: IncomingMessage, outgoing: ServerResponse) => {
    log.push(JSON.stringify(look(incoming), (_key, value: unknown) => value ?? `(${value})`));
    outgoing.end("ok");
  };
  const lean = createServer({ IncomingMessage: LeanMessage }, answer(seen.lean));
  const plain = createServer(answer(seen.plain));
  beforeAll(() =>
    Promise.all([lean, plain].map((server) => once(server.listen(0, "127.0.0.1"), "listening"))),
  );
  afterAll(() => {
    lean.close();
    plain.close();
  });

  const requests = [
    "GET / HTTP/1.1\r\nHOST: a\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=b\r\nCookie: c=d\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nhost: b\r\nExpect: 100-continue\r\nContent-Length: 2\r\nSet-Cookie: a\r\n",
    "POST / HTTP/1.1\r\nHost:\r\nExpect: tea\r\nexpect: cake\r\n__proto__: x\r\nconstructor: y\r\n",
    "GET / HTTP/1.1\r\nX: no host\r\n",
    "GET / HTTP/1.0\r\n",
  ];

  test.each(LOOKS.map((each) => ({ each, name: String(each) })))(
    "is what node:http's own is: $name",
    async ({ each }) => {
      look = each;
      for (const head of requests) {
        const bytes = `${head}Connection: close\r\n\r\n${head.includes("Length") ? "ab" : ""}`;
        const ask = async (server: typeof lean) => {
          const { port } = server.address() as AddressInfo;
          return (await sendRaw(`http://127.0.0.1:${port}`, bytes)).replace(/Date: .*/, "");
        };
        expect(await ask(lean)).toBe(await ask(plain));
      }
      expect(seen.lean).toEqual(seen.plain);
    },
  );

  test("makes no dictionary for what node:http itself looks up", async () => {
    const { port } = lean.address() as AddressInfo;
    let kept: unknown;
    look = (incoming) => {
      kept = Object.getOwnPropertySymbols(incoming)
        .map((symbol) => Reflect.get(incoming, symbol))
        .filter((value) => !types.isProxy(value));
      return undefined;
    };
    await (await fetch(`http://127.0.0.1:${port}`, { headers: { "X-Only": "once" } })).text();
    expect(kept).not.toContainEqual(expect.objectContaining({ "x-only": "once" }));
  });
});
