import { describe, expect, test } from "vitest";
import { App, Response, SetCookie, TestClient } from "../src/index.ts";
import { describeEach } from "./harness.ts";

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
