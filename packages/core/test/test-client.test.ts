import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { App, Response, SetCookie, TestClient } from "../src/index.ts";
import { describeEach, trackServers } from "./harness.ts";

const app = () =>
  new App(undefined)
    .post("/login", async (req) =>
      Response.redirect(303, "/profile").appendHeader(
        "Set-Cookie",
        new SetCookie("user", (await req.form()).get("user") ?? "", { path: "/", httpOnly: true }).toString(),
      ),
    )
    .get("/profile", (req) => Response.text(200, req.cookies.get("user")?.value ?? "nobody"))
    .get("/logout", () =>
      Response.redirect(303, "profile").appendHeader("Set-Cookie", "user=; Path=/; Max-Age=0"),
    )
    .get("/secure", () => Response.empty(204).appendHeader("Set-Cookie", "safe=1; Path=/; Secure"))
    .get("/loop", () => Response.redirect(302, "/loop"))
    .get("/away", () => Response.redirect(302, "https://example.org/"))
    .all("/echo", async (req) =>
      Response.json(200, [req.method, await req.text(), req.header("content-type") ?? null]),
    )
    .all("/redirect/:status", (_req, { status }) => Response.redirect(Number(status), "/echo"));

describeEach("a test client", (serve) => {
  test("keeps cookies as a browser does", async () => {
    const client = await serve(app());
    const login = await client.post("/login").form({ user: "ann" }).send();
    expect([login.status, login.header("location")]).toEqual([303, "/profile"]);
    expect(login.cookie("user")?.attributes.has("httponly")).toBe(true);
    expect(client.cookie("user")).toBe("ann");
    expect((await client.get("/profile").send()).text()).toBe("ann");
    expect((await client.get("/profile").header("Cookie", "user=bob").send()).text()).toBe("bob");
    await client.get("/logout").send();
    expect(client.cookie("user")).toBeUndefined();
    expect((await client.setCookie("user", "eve").get("/profile").send()).text()).toBe("eve");
    expect((await client.clearCookies().get("/profile").send()).text()).toBe("nobody");
  });

  test("follows redirects when it is told to, on this server alone and not for ever", async () => {
    const client = await serve(app());
    expect((await client.post("/login").form({ user: "ann" }).follow().send()).text()).toBe("ann");
    expect((await client.get("/logout").follow().send()).text()).toBe("nobody");
    expect((await client.get("/loop").follow(3).send()).status).toBe(302);
    expect((await client.get("/away").follow().send()).header("location")).toBe("https://example.org/");
  });

  test.each([
    ["POST", 301, "GET"],
    ["POST", 302, "GET"],
    ["POST", 303, "GET"],
    ["POST", 307, "POST"],
    ["PUT", 302, "PUT"],
    ["PUT", 303, "GET"],
  ])("%s redirected by %d becomes %s, as in browsers", async (method, status, expected) => {
    const client = await serve(app());
    const answer = await client.request(method, `/redirect/${status}`).json(1).follow().send();
    expect(answer.json()).toEqual(expected === "GET" ? ["GET", "", null] : [method, "1", "application/json"]);
  });

  test("keeps Secure cookies when it speaks https", async () => {
    const plain = await serve(app(), { scheme: "http" });
    await plain.get("/secure").send();
    expect(plain.cookie("safe")).toBeUndefined();
    const secure = await serve(app(), { scheme: "https" });
    await secure.get("/secure").send();
    expect(secure.cookie("safe")).toBe("1");
  });

  test("sends its headers with every request, unless one has its own", async () => {
    const client = await serve(
      new App(undefined).get("/", (req) => Response.json(200, req.headerAll("x-a"))),
      { headers: { "X-A": "1" } },
    );
    expect((await client.get("/").send()).json()).toEqual(["1"]);
    expect((await client.get("/").header("x-a", "2").send()).json()).toEqual(["2"]);
  });

  test("hangs up when its signal aborts", async () => {
    const leaving = new AbortController();
    const aborted = Promise.withResolvers<boolean>();
    const client = await serve(
      new App(undefined).get("/", async (req) => {
        req.signal.addEventListener("abort", () => aborted.resolve(true));
        leaving.abort();
        await aborted.promise;
        throw new Error("not logged, since nobody waits");
      }),
    );
    await client
      .get("/")
      .signal(leaving.signal)
      .send()
      .catch(() => undefined);
    expect(await aborted.promise).toBe(true);
  });

  test("fails when an answer is cut off", async () => {
    async function* broken() {
      yield "a";
      throw new Error("broken");
    }
    const client = await serve(
      new App(undefined).onError(() => undefined).get("/", () => Response.stream(200, broken())),
    );
    await expect(client.get("/").send()).rejects.toThrow(/broken|aborted|INTERNAL_ERROR/);
  });
});

describe("a client in process", () => {
  test("comes over the connection that it is told", async () => {
    const client = new TestClient(
      new App(undefined).get("/", (_req, _params, conn) => Response.json(200, [conn.clientIp, conn.scheme])),
      { peer: { client: { ip: "192.0.2.1", port: 1 }, encrypted: true } },
    );
    expect((await client.get("/").send()).json()).toEqual(["192.0.2.1", "https"]);
  });
});

describeEach("a form with files", (serve) => {
  const uploads = new App(undefined).post("/", async (req) => {
    const parts: unknown[] = [];
    for await (const part of req.multipart()) {
      parts.push(
        part.kind === "field"
          ? [part.name, part.value]
          : [part.name, part.filename, part.contentType, Buffer.from(await part.bytes()).toString()],
      );
    }
    return Response.json(200, parts);
  });

  test("is sent as browsers send it", async () => {
    const client = await serve(uploads);
    const answer = await client
      .post("/")
      .multipart({
        name: "Grüße",
        tag: ["a", "b"],
        hat: new File(["felt"], 'a "hat".txt', { type: "text/plain" }),
      })
      .send();
    expect(answer.json()).toEqual([
      ["name", "Grüße"],
      ["tag", "a"],
      ["tag", "b"],
      ["hat", expect.stringMatching(/^a .*hat.*\.txt$/), "text/plain", "felt"],
    ]);
  });

  test("may be a FormData, and is sent as often as it is asked for", async () => {
    const form = new FormData();
    form.set("a", "1");
    const request = (await serve(uploads)).post("/").multipart(form);
    expect((await request.send()).json()).toEqual([["a", "1"]]);
    expect((await request.send()).json()).toEqual([["a", "1"]]);
  });
});

describe("cookies that promise something by their name", () => {
  const site = new App(undefined)
    .get("/", (req) => Response.text(200, req.header("cookie") ?? ""))
    .get("/set", () => Response.empty(204).appendHeader("Set-Cookie", "__Host-a=1; Path=/; Secure"));

  test("are kept over encrypted: true, and can be set", async () => {
    const client = new TestClient(site, { encrypted: true });
    await client.get("/set").send();
    client.setCookie("__Host-b", "2").setCookie("__Secure-c", "3");
    expect((await client.get("/").send()).text()).toBe("__Host-a=1; __Host-b=2; __Secure-c=3");
    expect(client.cookieHeader()).toBe("__Host-a=1; __Host-b=2; __Secure-c=3");
  });

  test("cannot be set without it, and the error says what to do", () => {
    expect(() => new TestClient(site).setCookie("__Host-b", "2")).toThrow(
      'TestClient: no browser keeps a cookie "__Host-b" from http://; give encrypted: true, or scheme: "https"',
    );
  });
});

test("the same browser at another app shares its cookies and its address", async () => {
  const client = new TestClient(
    new App(undefined).get("/", (req) => Response.text(200, req.header("cookie") ?? "")),
    { encrypted: true },
  );
  const door = new App(undefined).get("/", (_req, _params, conn) =>
    Response.text(200, `${conn.scheme}://${conn.host}`).appendHeader(
      "Set-Cookie",
      "__Host-a=1; Path=/; Secure",
    ),
  );
  expect((await client.at(door).get("/").send()).text()).toBe("https://localhost");
  expect((await client.get("/").send()).text()).toBe("__Host-a=1");
});

describe("an upgrade", () => {
  const open = trackServers();

  test("hands over the connection, with the browser's cookies", async () => {
    const server = await open(new App(undefined), {
      upgrade: (req, _conn, { socket }) => {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nSet-Cookie: b=2\r\n\r\n${req.header("cookie")} ${req.header("upgrade")};`,
        );
        socket.pipe(socket);
      },
    });
    const client = TestClient.over(server.url).setCookie("a", "1");
    const { response, socket } = await client.get("/live").upgrade("echo");
    expect([response.status, client.cookie("b")]).toEqual([101, "2"]);
    socket?.end("ping");
    expect(await text(socket as Duplex)).toBe("a=1 echo;ping");
  });

  test("that is refused gives the answer, and no connection", async () => {
    const server = await open(new App(undefined).get("/", () => Response.text(426, "no")));
    const { response, socket } = await TestClient.over(server.url).get("/").upgrade();
    expect([response.status, response.text(), socket]).toEqual([426, "no", undefined]);
  });

  test("needs a connection", async () => {
    await expect(new TestClient(new App(undefined)).get("/").upgrade()).rejects.toThrow("TestClient.over");
  });
});
