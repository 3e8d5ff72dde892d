// Attacks on device-bound sessions, by a client that speaks their protocol. The owner goes on in each of them: that is what
// `expectOwnerGoesOn` asks last. docs/device-bound-sessions.md has them as a table.
import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { TestResponse } from "@hatcheck/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cookieHashOf } from "../src/layer/device/device-record.ts";
import { stateOf } from "../src/model/session.ts";
import { SessionStore } from "../src/index.ts";
import { DeviceBrowser, type KeyPair, makeKey, makeProof } from "./device-browser.ts";
import { BOUND, deviceSite, type Me, SID } from "./device-site.ts";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const seconds = (count: number): void => {
  vi.setSystemTime(Date.now() + count * 1000);
};

interface Scene {
  readonly store: SessionStore;
  readonly app: ReturnType<typeof deviceSite>;
  /** Ann, whose session is bound. */
  readonly owner: DeviceBrowser;
  readonly handle: string;
  /** Somebody else, with a client of their own. */
  readonly thief: DeviceBrowser;
}

async function scene(): Promise<Scene> {
  const store = new SessionStore(86_400);
  const app = deviceSite(store);
  const owner = new DeviceBrowser(app);
  await owner.logIn("/login/ann");
  return { store, app, owner, handle: owner.bound?.identifier ?? "", thief: new DeviceBrowser(app) };
}

const challengeOf = (answer: TestResponse): string =>
  /^"([^"]+)"/.exec(answer.header("secure-session-challenge") ?? "")?.[1] ?? "";

/** A refresh of the owner's session with all of its cookies, and this for a proof. */
function refreshWith({ owner, handle, thief }: Scene, proof: string): Promise<TestResponse> {
  return thief.send("POST", "/device-bound/refresh", {
    ...owner.steal(SID, BOUND),
    "Sec-Secure-Session-Id": handle,
    "Secure-Session-Response": proof,
  });
}

/** The owner's challenge, as whoever has the cookies can ask for it. */
async function freshChallenge({ owner, handle, thief }: Scene): Promise<string> {
  const fields = { ...owner.steal(SID), "Sec-Secure-Session-Id": handle };
  return challengeOf(await thief.send("POST", "/device-bound/refresh", fields));
}

const gainOf = (answer: TestResponse) => [answer.status, answer.header("set-cookie")];
/** Asked again, and given nothing. */
const NOTHING = [403, undefined];

async function expectOwnerGoesOn({ owner, store }: Scene): Promise<void> {
  seconds(601);
  expect((await owner.get("/me")).json<Me>()).toMatchObject({ userId: "ann", deviceBound: true });
  expect(store.listByUser("ann").filter((it) => it.deviceBound)).toHaveLength(1);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a refresh is refused", () => {
  test("with alg none", async () => {
    const it = await scene();
    const challenge = await freshChallenge(it);
    for (const alg of ["none", "None", ""]) {
      const text = `${encode({ alg, typ: "dbsc+jwt" })}.${encode({ jti: challenge })}`;
      expect(gainOf(await refreshWith(it, `${text}.`))).toEqual(NOTHING);
      expect(gainOf(await refreshWith(it, text))).toEqual(NOTHING);
      expect(gainOf(await refreshWith(it, `${text}.AAAA`))).toEqual(NOTHING);
    }
    await expectOwnerGoesOn(it);
  });

  test("with HS256 and the public key for a secret", async () => {
    const it = await scene();
    const challenge = await freshChallenge(it);
    const text = `${encode({ alg: "HS256", typ: "dbsc+jwt" })}.${encode({ jti: challenge })}`;
    const key = createPublicKey({ key: it.owner.key.jwk as never, format: "jwk" });
    const secrets = [
      key.export({ type: "spki", format: "pem" }),
      key.export({ type: "spki", format: "der" }),
      JSON.stringify(it.owner.key.jwk),
      "",
    ];
    for (const secret of secrets) {
      expect(
        gainOf(
          await refreshWith(it, `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`),
        ),
      ).toEqual(NOTHING);
    }
    await expectOwnerGoesOn(it);
  });

  test("signed by another key: of the thief, on another curve, in RS256", async () => {
    const it = await scene();
    const other = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const keys: KeyPair[] = [
      makeKey(),
      { alg: "ES256", privateKey: other.privateKey, jwk: {} },
      makeKey("RS256"),
    ];
    for (const key of keys) {
      expect(gainOf(await refreshWith(it, makeProof(key, await freshChallenge(it))))).toEqual(NOTHING);
    }
    await expectOwnerGoesOn(it);
  });

  test("with a jwk of the thief's, or of the owner's", async () => {
    const it = await scene();
    const key = makeKey();
    expect(
      gainOf(await refreshWith(it, makeProof(key, await freshChallenge(it), { header: { jwk: key.jwk } }))),
    ).toEqual(NOTHING);
    const { owner } = it;
    const own = makeProof(owner.key, await freshChallenge(it), { header: { jwk: owner.key.jwk } });
    expect(gainOf(await refreshWith(it, own))).toEqual(NOTHING);
    await expectOwnerGoesOn(it);
  });

  test("with a proof that was used before: the recorded refresh of the owner", async () => {
    const it = await scene();
    const { owner } = it;
    const recorded = makeProof(owner.key, owner.bound?.challenge ?? "");
    expect((await owner.prove(recorded)).status).toBe(200);
    expect(gainOf(await refreshWith(it, recorded))).toEqual(NOTHING);
    // And none that was made before it is good after it.
    const [early, late] = [await freshChallenge(it), await freshChallenge(it)];
    expect((await owner.prove(makeProof(owner.key, late))).status).toBe(200);
    expect(gainOf(await refreshWith(it, makeProof(owner.key, early)))).toEqual(NOTHING);
    await expectOwnerGoesOn(it);
  });

  test("with a challenge that is too old", async () => {
    const it = await scene();
    const proof = makeProof(it.owner.key, await freshChallenge(it));
    seconds(121);
    expect(gainOf(await refreshWith(it, proof))).toEqual(NOTHING);
    await expectOwnerGoesOn(it);
  });

  test("with a challenge that nobody has given out", async () => {
    const it = await scene();
    const [end = "", sum = ""] = (await freshChallenge(it)).split(".");
    const forged = [
      "challenge",
      `${(Date.now() + 3_600_000).toString(36)}.${sum}`,
      `${end}.${"A".repeat(43)}`,
      `${end}.`,
      `${end}.${sum}.${sum}`,
      sum,
    ];
    for (const challenge of forged)
      expect(gainOf(await refreshWith(it, makeProof(it.owner.key, challenge)))).toEqual(NOTHING);
    await expectOwnerGoesOn(it);
  });

  test("with the challenge of another session, or that of a registration", async () => {
    const it = await scene();
    const mallory = new DeviceBrowser(it.app);
    await mallory.post("/login/mallory");
    const ofRegistration = mallory.registration?.challenge ?? "";
    await mallory.register();
    const ofAnother = mallory.bound?.challenge ?? "";
    for (const challenge of [ofAnother, ofRegistration, it.owner.registration?.challenge ?? ""]) {
      expect(gainOf(await refreshWith(it, makeProof(it.owner.key, challenge)))).toEqual(NOTHING);
    }
    await expectOwnerGoesOn(it);
  });

  test("for the session of somebody else: by their identifier with one's own cookie and key", async () => {
    const it = await scene();
    const mallory = new DeviceBrowser(it.app);
    await mallory.logIn("/login/mallory");
    const answer = await mallory.send("POST", "/device-bound/refresh", {
      "Sec-Secure-Session-Id": it.handle,
      "Secure-Session-Response": makeProof(mallory.key, mallory.bound?.challenge ?? ""),
    });
    // The answer tells a browser that this is no session of its own, and nothing else.
    expect(answer.json()).toEqual({ session_identifier: it.handle, continue: false });
    expect(answer.header("set-cookie")).toBe(undefined);
    await expectOwnerGoesOn(it);
  });

  test("without the long-lived cookie, whatever else is right", async () => {
    const it = await scene();
    const { owner, thief, handle } = it;
    const answer = await thief.send("POST", "/device-bound/refresh", {
      ...owner.steal(BOUND),
      "Sec-Secure-Session-Id": handle,
      "Secure-Session-Response": makeProof(owner.key, await freshChallenge(it)),
    });
    expect([answer.json<{ continue: boolean }>().continue, answer.header("set-cookie")]).toEqual([
      false,
      undefined,
    ]);
    await expectOwnerGoesOn(it);
  });

  test("without the field that only a browser can set: what another site makes it send", async () => {
    const it = await scene();
    const answer = await it.owner.send("POST", "/device-bound/refresh");
    expect([answer.status, answer.header("set-cookie")]).toEqual([400, undefined]);
    await expectOwnerGoesOn(it);
  });

  test.each([
    ["oversized", "x".repeat(8000)],
    ["three long parts", `${"a".repeat(1300)}.${"b".repeat(1300)}.${"c".repeat(1300)}`],
    ["nothing", '""'],
    ["dots", ".."],
    ["two proofs", "a.b.c, a.b.c"],
    ["deep JSON", `${Buffer.from(`{"a":${"[".repeat(1000)}`).toString("base64url")}.e30.AAAA`],
    ["quotes", '"a"b"'],
    ["no UTF-8", `${Buffer.from([0xff, 0xfe]).toString("base64url")}.e30.AAAA`],
  ])("with what is no proof at all: %s", async (_, proof) => {
    const it = await scene();
    expect(gainOf(await refreshWith(it, proof))).toEqual(NOTHING);
    await expectOwnerGoesOn(it);
  });
});

describe("a registration is refused", () => {
  const registerWith = (it: Scene, cookies: Record<string, string>, challenge: string, key = makeKey()) =>
    it.thief.send("POST", "/device-bound/register", {
      ...cookies,
      "Secure-Session-Response": makeProof(key, challenge, { header: { jwk: key.jwk } }),
    });

  test("over a session that is bound: with its own cookies, its challenge, and a key of the thief's", async () => {
    const it = await scene();
    const { owner } = it;
    const used = owner.registration?.challenge ?? "";
    const challenges = [used, owner.bound?.challenge ?? "", await freshChallenge(it)];
    for (const challenge of challenges) {
      for (const cookies of [owner.steal(SID), owner.steal(SID, BOUND)]) {
        const answer = await registerWith(it, cookies, challenge);
        expect([answer.status, answer.header("set-cookie")]).toEqual([409, undefined]);
      }
    }
    await expectOwnerGoesOn(it);
  });

  test("with the challenge of another login, one that is too old, or one that nobody gave", async () => {
    const it = await scene();
    const victim = new DeviceBrowser(it.app);
    const mallory = new DeviceBrowser(it.app);
    await victim.post("/login/bob");
    await mallory.post("/login/mallory");
    const challenges = [mallory.registration?.challenge ?? "", it.owner.bound?.challenge ?? "", "challenge"];
    for (const challenge of challenges) {
      expect((await registerWith(it, victim.steal(SID, BOUND), challenge)).status).toBe(403);
    }
    seconds(301);
    expect((await victim.register()).status).toBe(403);
    expect((await victim.get("/me")).json<Me>()).toMatchObject({ userId: "bob", deviceBound: false });
  });

  test("with a key that the proof is not signed by, or none", async () => {
    const it = await scene();
    const victim = new DeviceBrowser(it.app);
    await victim.post("/login/bob");
    expect((await victim.register({ key: makeKey().privateKey })).status).toBe(400);
    expect((await victim.register({ header: { jwk: undefined } })).status).toBe(400);
    expect((await victim.register({ header: { alg: "none" } })).status).toBe(400);
    // Its own browser can register still.
    expect((await victim.register()).status).toBe(200);
  });

  test("for who has no session, or none with a user", async () => {
    const it = await scene();
    const visitor = new DeviceBrowser(it.app);
    expect((await visitor.register()).status).toBe(403);
    await visitor.post("/set/cart");
    expect((await visitor.register()).status).toBe(403);
  });

  test("for the second of two that race", async () => {
    const it = await scene();
    const victim = new DeviceBrowser(it.app);
    await victim.post("/login/bob");
    const answers = await Promise.all([victim.register(), victim.register({}, makeKey()), victim.register()]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403, 403]);
    expect((await victim.get("/me")).json<Me>()).toMatchObject({ userId: "bob", deviceBound: true });
  });

  test("to a thief who has the cookie alone, before the owner's browser has registered: the challenge is missing", async () => {
    const it = await scene();
    const victim = new DeviceBrowser(it.app);
    await victim.post("/login/bob");
    expect((await registerWith(it, victim.steal(SID), "challenge")).status).toBe(403);
    // What the thief has is an ordinary stolen cookie, until the owner's browser registers.
    const fields = victim.steal(SID);
    expect((await it.thief.send("GET", "/me", fields)).json<Me>().userId).toBe("bob");
    await victim.register();
    expect((await it.thief.send("GET", "/me", fields)).json<Me>().userId).toBe(null);
  });
});

test("whoever sees the login's answer, or gets the offer that is made again, can register first: the owner is logged out, and sees it", async () => {
  const { app, store } = await scene();
  const bob = new DeviceBrowser(app);
  await bob.post("/login/bob");
  // Within minutes of the login, with a client that says it is a Chromium, before the owner's has registered.
  seconds(20);
  const mallory = new DeviceBrowser(app, { headers: { "Sec-CH-UA": '"Chromium";v="156"' } });
  const cookies = bob.steal(SID, BOUND);
  await mallory.send("GET", "/me", cookies);
  const { path, challenge } = mallory.registration ?? { path: "", challenge: "" };
  const proof = makeProof(mallory.key, challenge, { header: { jwk: mallory.key.jwk } });
  const answer = await mallory.send("POST", path, { ...cookies, "Secure-Session-Response": proof });
  expect(answer.status).toBe(200);
  const stolen = { Cookie: `${bob.steal(SID).Cookie}; ${mallory.steal(BOUND).Cookie}` };
  expect((await mallory.send("GET", "/me", stolen)).json<Me>()).toMatchObject({
    userId: "bob",
    deviceBound: true,
  });
  // What the owner had with the login is good for as long as any bound cookie, and nothing renews it.
  seconds(601);
  // His own login does not open any more; after the next one he sees the other in the list, and ends it.
  expect((await bob.get("/me")).json<Me>().userId).toBe(null);
  await bob.logIn("/login/bob");
  expect(store.listByUser("bob")).toHaveLength(2);
  await bob.post("/end-all");
  expect(store.listByUser("bob")).toHaveLength(0);
});

describe("a bound session stays closed", () => {
  test("to its id over plain HTTP", async () => {
    const it = await scene();
    const plain = new DeviceBrowser(it.app, { peer: { encrypted: false } });
    const id = it.owner.client.cookie(SID) ?? "";
    expect((await plain.send("GET", "/me", { Cookie: `sid=${id}` })).json<Me>().userId).toBe(null);
    await expectOwnerGoesOn(it);
  });

  test("to the bound cookie of another session", async () => {
    const it = await scene();
    const mallory = new DeviceBrowser(it.app);
    await mallory.logIn("/login/mallory");
    const Cookie = `${it.owner.steal(SID).Cookie}; ${mallory.steal(BOUND).Cookie}`;
    expect((await it.thief.send("GET", "/me", { Cookie })).json<Me>().userId).toBe(null);
    await expectOwnerGoesOn(it);
  });

  test("to who has read the store, even with the id in hand: it holds no cookie, and nothing to make one from", async () => {
    const it = await scene();
    const { owner, store, thief } = it;
    const id = owner.client.cookie(SID) ?? "";
    const session = store.load(id);
    const text = (session && stateOf(session).device) ?? "";
    const cookie = owner.client.cookie(BOUND) ?? "";
    expect(text).toContain(cookieHashOf(cookie));
    expect(text).not.toContain(cookie);
    for (const part of [...text.split(/[ ,]/), text, cookieHashOf(cookie), ""]) {
      const fields = { Cookie: `${SID}=${id}; ${BOUND}=${encodeURIComponent(part)}` };
      expect((await thief.send("GET", "/me", fields)).json<Me>().userId).toBe(null);
    }
    await expectOwnerGoesOn(it);
  });

  test("when what the store holds of its device cannot be read", async () => {
    const it = await scene();
    const { owner, store } = it;
    const session = store.load(owner.client.cookie(SID) ?? "");
    if (session === undefined) throw new Error("no session");
    for (const damaged of ["", "bound", "{}", "offers"]) {
      expect(store.exchangeDevice(session, stateOf(store.load(session.id) ?? session).device, damaged)).toBe(
        true,
      );
      expect((await owner.send("GET", "/me")).json<Me>().userId).toBe(null);
    }
  });

  test("to refreshes that wear it down: hundreds of wrong proofs change nothing that is stored", async () => {
    const it = await scene();
    const { owner, store } = it;
    const textOf = () => stateOf(store.load(owner.client.cookie(SID) ?? "") ?? fail()).device;
    const before = textOf();
    for (let times = 0; times < 200; times += 1) await refreshWith(it, `a.b.${times}`);
    expect(textOf()).toBe(before);
    await expectOwnerGoesOn(it);
  });
});

function fail(): never {
  throw new Error("there is no session");
}
