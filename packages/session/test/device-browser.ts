// A browser that speaks the protocol of device-bound sessions, for tests: as Chromium does, and as no browser would.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type App, type InProcessOptions, TestClient, type TestResponse } from "@hatcheck/core";

/** Parts of a proof, each of which may be wrong. */
export interface ProofParts {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  key?: KeyObject;
}

export interface KeyPair {
  readonly alg: "ES256" | "RS256";
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

export function makeKey(alg: "ES256" | "RS256" = "ES256"): KeyPair {
  const { privateKey, publicKey } =
    alg === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { alg, privateKey, jwk: publicKey.export({ format: "jwk" }) as Record<string, unknown> };
}

/** A JWT of these parts, signed. */
export function makeProof({ alg, privateKey }: KeyPair, challenge: string, parts: ProofParts = {}): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = encode({ alg, typ: "dbsc+jwt", ...parts.header });
  const text = `${head}.${encode({ jti: challenge, ...parts.claims })}`;
  const key = parts.key ?? privateKey;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

/** What a browser knows of a session that it has bound. */
interface Bound {
  readonly identifier: string;
  readonly refreshUrl: string;
  readonly cookie: string;
  readonly attributes: string;
  challenge: string | undefined;
}

interface Instructions {
  session_identifier: string;
  refresh_url?: string;
  continue?: boolean;
  scope?: { origin: string; include_site: boolean };
  credentials?: { type: string; name: string; attributes: string }[];
}

const REGISTRATION = /^\(ES256 RS256\);path="([^"]+)";challenge="([^"]+)"$/;
const CHALLENGE = /^"([^"]+)";id="([^"]+)"$/;
/** Chromium's: so many requests in one refresh. */
const MOST_TRIES = 5;

export class DeviceBrowser {
  readonly client: TestClient;
  readonly key: KeyPair;
  /** The registration that the server last asked for. */
  registration: { path: string; challenge: string } | undefined;
  bound: Bound | undefined;
  /** The last answer of the protocol. */
  last: TestResponse | undefined;

  constructor(app: App<unknown>, { key = makeKey(), ...options }: InProcessOptions & { key?: KeyPair } = {}) {
    this.client = new TestClient(app, { peer: { encrypted: true }, ...options });
    this.key = key;
  }

  get(target: string): Promise<TestResponse> {
    return this.request("GET", target);
  }

  post(target: string): Promise<TestResponse> {
    return this.request("POST", target);
  }

  /** Refreshes first where the bound cookie is missing, as a browser does. */
  async request(
    method: string,
    target: string,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<TestResponse> {
    if (this.bound !== undefined && this.client.cookie(this.bound.cookie) === undefined) await this.refresh();
    return this.send(method, target, fields);
  }

  /** Sends a request as it is, and notes what the answer says of a device. */
  async send(
    method: string,
    target: string,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<TestResponse> {
    const request = this.client.request(method, target);
    for (const [name, value] of Object.entries(fields)) request.header(name, value);
    const answer = await request.send();
    const registration = REGISTRATION.exec(answer.header("secure-session-registration") ?? "");
    if (registration !== null) {
      const [, path = "", challenge = ""] = registration;
      this.registration = { path, challenge };
    }
    this.#noteChallenge(answer);
    return answer;
  }

  /** Logs in, and registers as it is asked to. */
  async logIn(target: string): Promise<TestResponse> {
    await this.post(target);
    return this.register();
  }

  /** Answers the registration that the server has asked for. */
  async register(parts: ProofParts = {}, key = this.key): Promise<TestResponse> {
    const { path, challenge } = this.registration ?? { path: "/device-bound/register", challenge: "none" };
    const proof = makeProof(key, challenge, { ...parts, header: { jwk: key.jwk, ...parts.header } });
    return this.#converse(path, { "Secure-Session-Response": proof });
  }

  /** Refreshes as Chromium does: with the challenge that it has, or else it asks for one. */
  async refresh(): Promise<TestResponse> {
    const { bound } = this;
    if (bound === undefined) throw new Error("nothing is bound");
    for (let tries = 1; ; tries += 1) {
      const { challenge } = bound;
      bound.challenge = undefined;
      const answer = await this.prove(challenge === undefined ? undefined : makeProof(this.key, challenge));
      if (answer.status !== 403 || tries === MOST_TRIES) return answer;
    }
  }

  /** One request of a refresh. */
  prove(proof: string | undefined, identifier = this.bound?.identifier ?? ""): Promise<TestResponse> {
    const fields: Record<string, string> = { "Sec-Secure-Session-Id": identifier };
    if (proof !== undefined) fields["Secure-Session-Response"] = proof;
    return this.#converse(this.bound?.refreshUrl ?? "/device-bound/refresh", fields);
  }

  /** Takes on what another client has of cookies: the theft. */
  steal(...names: string[]): Record<string, string> {
    const pairs = names.map((name) => `${name}=${this.client.cookie(name) ?? ""}`);
    return { Cookie: pairs.join("; ") };
  }

  async #converse(path: string, fields: Readonly<Record<string, string>>): Promise<TestResponse> {
    const answer = await this.send("POST", path, fields);
    this.last = answer;
    if (answer.status !== 200) {
      // As the draft says: 403 is asked again, from 500 on it is for later, and all other errors end the session.
      if (answer.status < 500 && ![403, 407, 429].includes(answer.status)) this.#end(fields);
      return answer;
    }
    const instructions = answer.json<Instructions>();
    const [credential] = instructions.credentials ?? [];
    if (instructions.continue === false || credential === undefined) {
      this.#end(fields);
      return answer;
    }
    this.bound = {
      identifier: instructions.session_identifier,
      refreshUrl: instructions.refresh_url ?? path,
      cookie: credential.name,
      attributes: credential.attributes,
      challenge: this.bound?.challenge,
    };
    this.#noteChallenge(answer);
    return answer;
  }

  /** A refresh that fails for good ends the session in the browser; a registration has none to end. */
  #end(fields: Readonly<Record<string, string>>): void {
    if ("Sec-Secure-Session-Id" in fields) this.bound = undefined;
  }

  #noteChallenge(answer: TestResponse): void {
    const found = CHALLENGE.exec(answer.header("secure-session-challenge") ?? "");
    const [, challenge, identifier] = found ?? [];
    const { bound } = this;
    if (bound !== undefined && bound.identifier === identifier) bound.challenge = challenge;
  }
}
