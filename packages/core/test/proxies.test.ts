// Real proxies in front: what they send to a server, they get the same answers to on the fast lane and off it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, Response, type Server } from "../src/index.ts";
import { sendRaw } from "./raw.ts";

/** Says all that it was asked. */
const site = () =>
  new App(undefined).wrap(async (req, conn) => {
    const fields = req.headers
      .map(({ name, value }) => [name.toLowerCase(), value])
      .filter(([name]) => name !== "host");
    const said = JSON.stringify([req.method, req.url, fields, await req.text(), conn.clientIp, conn.scheme]);
    switch (req.query.get("as")) {
      case "stream":
        return Response.stream(200, pieces(said));
      case "large":
        return Response.text(200, said.repeat(2000));
      case "empty":
        return Response.empty(204);
      default:
        return Response.text(200, said).appendHeader("Set-Cookie", "a=b");
    }
  });

async function* pieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 20) yield text.slice(at, at + 20);
}

const HEAD = "HTTP/1.1\r\nHost: site\r\n";
const FORM = "user=ada&password=correct+horse";
const CONVERSATIONS: Readonly<Record<string, string>> = {
  "one after the other on one connection": `GET / ${HEAD}\r\nGET /a?b=c ${HEAD}Cookie: a=b\r\n\r\nHEAD /h ${HEAD}\r\nGET /last ${HEAD}Connection: close\r\n\r\n`,
  "a form": `POST /login ${HEAD}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${FORM.length}\r\n\r\n${FORM}GET /last ${HEAD}Connection: close\r\n\r\n`,
  "a body in chunks": `POST /c ${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /last ${HEAD}Connection: close\r\n\r\n`,
  "a large body": `PUT /p ${HEAD}Content-Length: 200000\r\n\r\n${"x".repeat(200_000)}GET /last ${HEAD}Connection: close\r\n\r\n`,
  "streams, large and empty answers": `GET /?as=stream ${HEAD}\r\nGET /?as=large ${HEAD}\r\nDELETE /?as=empty ${HEAD}\r\nGET /last ${HEAD}Connection: close\r\n\r\n`,
  "HTTP/1.0": "GET /old HTTP/1.0\r\n\r\n",
  "a body that waits for leave": `POST /e ${HEAD}Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab`,
  "fields that are odd but allowed": `GET /%20?x=[1]&y=%zz ${HEAD}X-Empty:\r\nX-Tab:\ta\tb\t\r\nX-Latin: \u00e9\r\nConnection: close\r\n\r\n`,
};

let folder: string;
const servers: Server[] = [];
const children: ChildProcess[] = [];
/** Where each proxy is reached: before node:http, and before the fast lane. */
const ports: Record<string, { node: number; lane: number }> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hatcheck-proxies-"));
  for (const fastLane of [false, true])
    servers.push(await site().listen({ port: 0, fastLane, trustProxy: 1 }));
  const [node = 0, lane = 0] = servers.map(({ port }) => port);
  const names = ["nginx", "nginx without buffers", "HAProxy"];
  for (const name of names) ports[name] = { node: await freePort(), lane: await freePort() };
  const nginx = join(folder, "nginx.conf");
  writeFileSync(nginx, nginxConf(node, lane));
  start("nginx", ["-p", folder, "-e", join(folder, "error.log"), "-c", nginx]);
  const haproxy = join(folder, "haproxy.cfg");
  writeFileSync(haproxy, haproxyConf(node, lane));
  start("haproxy", ["-f", haproxy]);
  for (const { node: before, lane: after } of Object.values(ports))
    await Promise.all([before, after].map(untilOpen));
});

afterAll(async () => {
  for (const child of children) {
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  }
  await Promise.all(servers.map((server) => server.close({ graceMs: 0 })));
  rmSync(folder, { recursive: true });
});

describe.each(["nginx", "nginx without buffers", "HAProxy"])("behind %s", (name) => {
  test.each(Object.entries(CONVERSATIONS))("%s", async (_what, bytes) => {
    const { node, lane } = ports[name] as { node: number; lane: number };
    const ask = async (port: number): Promise<string> => {
      const answers = await sendRaw(`http://127.0.0.1:${port}`, Buffer.from(bytes, "latin1"));
      // How a proxy cuts a stream into chunks depends on when it was read.
      return answers.replaceAll(/^date: .*\r$/gim, "").replaceAll(/(?:^|\r\n)[0-9a-f]{1,8}\r\n/g, "");
    };
    // Twice, so that the proxy's own connections are used again.
    for (const round of [1, 2]) {
      const [expected, found] = [await ask(node), await ask(lane)];
      expect({ round, answers: found }).toEqual({ round, answers: expected });
      expect(found).toMatch(/^HTTP\/1\.1 (?:100|200) /);
    }
  });
});

function start(command: string, args: readonly string[]): void {
  children.push(spawn(command, args, { stdio: "ignore" }));
}

function nginxConf(node: number, lane: number): string {
  const blocks = [
    ["nginx", "on"],
    ["nginx without buffers", "off"],
  ].flatMap(([name = "", buffering = ""]) =>
    (["node", "lane"] as const).map(
      (upstream) => `
  server {
    listen 127.0.0.1:${ports[name]?.[upstream]};
    client_body_temp_path ${folder}/bodies;
    location / {
      proxy_pass http://${upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_buffering ${buffering};
      proxy_request_buffering ${buffering};
      proxy_temp_path ${folder}/answers;
    }
  }`,
    ),
  );
  return `
user root;
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream node { server 127.0.0.1:${node}; keepalive 8; }
  upstream lane { server 127.0.0.1:${lane}; keepalive 8; }
  ${blocks.join("\n")}
}`;
}

function haproxyConf(node: number, lane: number): string {
  const parts = (["node", "lane"] as const).map(
    (upstream) => `
frontend ${upstream}
  bind 127.0.0.1:${ports["HAProxy"]?.[upstream]}
  default_backend to-${upstream}
backend to-${upstream}
  http-reuse always
  option forwardfor
  server one 127.0.0.1:${upstream === "node" ? node : lane}
`,
  );
  return `
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 10s
${parts.join("")}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilOpen(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
