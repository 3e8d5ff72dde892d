import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NodeBody } from "./node-body.ts";

const POST = "POST / HTTP/1.1\r\nHost: a\r\n";

let port: number;
const server = createServer();
beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  ({ port } = server.address() as { port: number });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A request whose bytes are sent piece by piece, each after a turn of the loop. */
async function receive(...pieces: string[]) {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  const arrived = once(server, "request") as Promise<[IncomingMessage, unknown]>;
  socket.write(pieces[0] ?? "");
  const [incoming] = await arrived;
  const sendRest = async (): Promise<void> => {
    for (const piece of pieces.slice(1)) {
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(piece);
    }
  };
  return { incoming, body: new NodeBody(incoming), socket, sendRest };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("a body read whole", () => {
  test("is all its pieces in order, by length and in chunks", async () => {
    const known = await receive(`${POST}Content-Length: 6\r\n\r\nab`, "cd", "ef");
    void known.sendRest();
    expect(text(await known.body.readAll(6))).toBe("abcdef");
    const chunked = await receive(
      `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`,
      "1\r\nc\r\n",
      "0\r\n\r\n",
    );
    void chunked.sendRest();
    expect(text(await chunked.body.readAll(3))).toBe("abc");
  });

  test("is empty where there is none, however late it is read", async () => {
    const { body, incoming } = await receive(`${POST}\r\n`);
    expect(await body.readAll(0)).toHaveLength(0);
    expect(incoming.readableEnded).toBe(true);
    expect(await body.readAll(0)).toHaveLength(0);
  });

  test("is refused as soon as it has more bytes than the limit, and read no further", async () => {
    const { body, incoming, sendRest } = await receive(
      `${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
      "3\r\ndef\r\n",
    );
    void sendRest();
    await expect(body.readAll(5)).rejects.toMatchObject({ statusCode: 413 });
    expect(incoming.isPaused()).toBe(true);
  });

  test("is refused when the client cuts it off, before or after it is asked for", async () => {
    const { body, incoming, socket } = await receive(`${POST}Content-Length: 6\r\n\r\nab`);
    const closed = once(incoming, "close");
    const reading = body.readAll(6);
    socket.destroy();
    await expect(reading).rejects.toMatchObject({ statusCode: 400 });
    await closed.catch(() => {});
    await expect(body.readAll(6)).rejects.toMatchObject({ statusCode: 400 });
  });
});
