import {
  App,
  crossOriginProtection,
  Response,
  TestClient,
  type TestRequest,
  type TestResponse,
} from "@hatcheck/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Mode, sessionLayer, SessionStore, type Store } from "../src/index.ts";
import { STORE_KINDS, type StorePair } from "./store-pairs.ts";

function siteOn(store: Store<Record<string, string>, Mode>): App<object> {
  const sessions = sessionLayer(store, { bearer: true });
  return App.withState({})
    .wrap(crossOriginProtection())
    .wrap(sessions)
    .get("/", async (req) => Response.text(200, (await sessions.of(req)).userId ?? "nobody"))
    .post("/web/login", async (req) => {
      (await sessions.of(req)).login("web");
      return Response.empty(204);
    })
    .post("/api/login/:userId", async (req, { userId }) => {
      (await sessions.of(req)).login(userId, { bearer: true });
      return Response.empty(204);
    })
    .post("/set", async (req) => {
      (await sessions.of(req)).set("k", "v");
      return Response.empty(204);
    })
    .post("/renew", async (req) => {
      (await sessions.of(req)).renew();
      return Response.empty(204);
    })
    .post("/logout", async (req) => {
      (await sessions.of(req)).logout();
      return Response.empty(204);
    });
}

/** A client that is no browser: it keeps the token that it is told. */
class ApiClient {
  readonly #client: TestClient;
  token: string | undefined;

  constructor(app: App<object>) {
    this.#client = new TestClient(app);
  }

  get(path: string): Promise<TestResponse> {
    return this.#send(this.#client.get(path));
  }

  post(path: string): Promise<TestResponse> {
    return this.#send(this.#client.post(path));
  }

  async #send(request: TestRequest): Promise<TestResponse> {
    if (this.token !== undefined) request.header("Authorization", `Bearer ${this.token}`);
    const answer = await request.send();
    this.token = answer.header("session-token") ?? this.token;
    return answer;
  }
}

describe.each(STORE_KINDS)("Bearer tokens on $name", ({ isHere, open }) => {
  let pair: StorePair;
  let app: App<object>;
  let other: App<object>;
  beforeAll(async () => {
    if (!isHere) return;
    pair = await open();
    [app, other] = pair.stores.map(siteOn) as [App<object>, App<object>];
  });
  afterAll(() => pair?.close());

  async function loggedIn(): Promise<ApiClient> {
    const client = new ApiClient(app);
    await client.post("/api/login/ada");
    return client;
  }

  test.skipIf(!isHere)("a login tells the client its token, and sets no cookie", async () => {
    const client = new ApiClient(app);
    const answer = await client.post("/api/login/ada");
    expect(answer.header("session-token")).toMatch(/^[\w.~-]{40,}$/);
    expect(answer.header("set-cookie")).toBeUndefined();
    expect(answer.header("cache-control")).toBe("no-store");
    expect((await client.get("/")).text()).toBe("ada");
  });

  test.skipIf(!isHere)("the token opens the session in every process, until the logout", async () => {
    const client = await loggedIn();
    const elsewhere = new ApiClient(other);
    elsewhere.token = client.token;
    const page = await elsewhere.get("/");
    expect(page.text()).toBe("ada");
    expect(page.header("vary")).toBe("Cookie, Authorization");
    expect(page.header("cache-control")).toBe("private");
    const answer = await client.post("/logout");
    expect(answer.header("set-cookie")).toBeUndefined();
    expect((await elsewhere.get("/")).text()).toBe("nobody");
  });

  test.skipIf(!isHere)("a renewal tells the next token, and the old one is good for a moment", async () => {
    const client = await loggedIn();
    const old = client.token;
    await client.post("/renew");
    expect(client.token).not.toBe(old);
    expect((await client.get("/")).text()).toBe("ada");
    client.token = old;
    const late = await client.get("/");
    expect([late.text(), late.header("session-token")]).toEqual(["ada", undefined]);
  });

  test.skipIf(!isHere)("a login with a token ends it, and tells the next", async () => {
    const client = await loggedIn();
    const old = client.token;
    await client.post("/api/login/ada");
    expect(client.token).not.toBe(old);
    const thief = new ApiClient(app);
    thief.token = old;
    expect((await thief.get("/")).text()).toBe("nobody");
  });

  test.skipIf(!isHere)("a request with a token and a cookie is by its token", async () => {
    const browser = new TestClient(app);
    await browser.post("/web/login").send();
    const { token } = await loggedIn();
    const ask = (authorization: string) => browser.get("/").header("Authorization", authorization).send();
    expect((await ask(`Bearer ${token}`)).text()).toBe("ada");
    expect((await ask(`bearer  ${token} `)).text()).toBe("ada");
    // A wrong token is a stranger's, not the cookie's owner's.
    for (const wrong of [
      "Bearer",
      "Bearer ",
      "Bearer nonsense",
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token}=`,
    ]) {
      expect([wrong, (await ask(wrong)).text()]).toEqual([wrong, "nobody"]);
    }
    for (const scheme of [`Basic ${token}`, `Bearer2 ${token}`, ""]) {
      expect([scheme, (await ask(scheme)).text()]).toEqual([scheme, "web"]);
    }
  });

  test.skipIf(!isHere)(
    "cross-origin protection stands not in its way, and still in that of the cookie",
    async () => {
      const browser = new TestClient(app);
      await browser.post("/web/login").send();
      const { token } = await loggedIn();
      const post = () => browser.post("/set").header("Origin", "https://evil.example");
      expect((await post().send()).status).toBe(403);
      expect((await post().header("Authorization", `Bearer ${token}`).send()).status).toBe(204);
    },
  );

  test.skipIf(!isHere)(
    "what a visitor with a token that opens nothing stores, is told as a token",
    async () => {
      const client = new ApiClient(app);
      client.token = "nonsense-nonsense";
      const answer = await client.post("/set");
      expect(answer.header("set-cookie")).toBeUndefined();
      expect(answer.header("session-token")).toBeDefined();
    },
  );
});

test("a layer that takes no tokens looks at none, and cannot tell one", async () => {
  const store = new SessionStore(3600);
  const sessions = sessionLayer(store);
  const { id } = store.create({ userId: "ada" });
  const app = App.withState({})
    .wrap(sessions)
    .get("/", (req) => Response.text(200, sessions.of(req).userId ?? "nobody"))
    .post("/login", (req) => {
      sessions.of(req).login("ada", { bearer: true });
      return Response.empty(204);
    });
  const client = new TestClient(app);
  expect((await client.get("/").header("Authorization", `Bearer ${id}`).send()).text()).toBe("nobody");
  expect((await client.post("/login").send()).status).toBe(500);
});
