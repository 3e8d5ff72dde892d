// A device's public key: taken from the JWK of a registration, kept as short text, and asked whether it made a signature.
import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { fromBase64url } from "./base64url.ts";

/** The algorithms of the draft that sign; its third, "none", binds nothing. */
export type Algorithm = "ES256" | "RS256";

/** The smallest and the largest modulus that is taken, in bits; TPMs make 2048. */
const LEAST_RSA_BITS = 2048;
const MOST_RSA_BITS = 4096;

/**
 * A public key on the curve P-256, or an RSA key of 2048 to 4096 bits with the exponent 65537.
 *
 * @see RFC 7517 and RFC 7518, section 6
 */
export class DeviceKey {
  readonly algorithm: Algorithm;
  /** As it is kept in the record: the algorithm's letter, and the parameters of the JWK. */
  readonly text: string;
  readonly #key: KeyObject;

  private constructor(algorithm: Algorithm, text: string, key: KeyObject) {
    this.algorithm = algorithm;
    this.text = text;
    this.#key = key;
  }

  /** The key of a JWK; `undefined` when it is no public key of this algorithm. */
  static fromJwk(algorithm: Algorithm, jwk: unknown): DeviceKey | undefined {
    if (typeof jwk !== "object" || jwk === null) return undefined;
    const { kty, crv, x, y, n, e, d } = jwk as Record<string, unknown>;
    // Whoever sends a private key has lost it.
    if (d !== undefined) return undefined;
    if (algorithm === "ES256") {
      if (kty !== "EC" || crv !== "P-256" || typeof x !== "string" || typeof y !== "string") return undefined;
      return x.length === 43 && y.length === 43 ? DeviceKey.fromText(`E${x}${y}`) : undefined;
    }
    if (kty !== "RSA" || e !== "AQAB" || typeof n !== "string") return undefined;
    return DeviceKey.fromText(`R${n}`);
  }

  /** The key of a text that {@link text} has given; `undefined` when it is none. */
  static fromText(text: string): DeviceKey | undefined {
    const algorithm = text.startsWith("E") ? "ES256" : "RS256";
    const jwk = algorithm === "ES256" ? ellipticJwk(text) : rsaJwk(text);
    if (jwk === undefined) return undefined;
    try {
      // It also refuses a point that is not on the curve.
      return new DeviceKey(algorithm, text, createPublicKey({ key: jwk, format: "jwk" }));
    } catch {
      return undefined;
    }
  }

  /** Whether this key has signed the text. */
  verify(text: string, signature: Buffer): boolean {
    const data = Buffer.from(text);
    try {
      return this.algorithm === "ES256"
        ? verify("sha256", data, { key: this.#key, dsaEncoding: "ieee-p1363" }, signature)
        : verify("sha256", data, { key: this.#key, padding: constants.RSA_PKCS1_PADDING }, signature);
    } catch {
      return false;
    }
  }
}

function ellipticJwk(text: string): Record<string, string> | undefined {
  const x = text.slice(1, 44);
  const y = text.slice(44);
  if (fromBase64url(x)?.length !== 32 || fromBase64url(y)?.length !== 32) return undefined;
  return { kty: "EC", crv: "P-256", x, y };
}

function rsaJwk(text: string): Record<string, string> | undefined {
  const n = text.slice(1);
  if (!text.startsWith("R") || n.length > Math.ceil((MOST_RSA_BITS * 4) / 3 / 8)) return undefined;
  const modulus = fromBase64url(n);
  if (modulus === undefined) return undefined;
  const first = modulus[0] ?? 0;
  const bits = modulus.length * 8 - (Math.clz32(first) - 24);
  const isOdd = ((modulus.at(-1) ?? 0) & 1) === 1;
  // A leading zero would be a second way to write the same key.
  if (first === 0 || !isOdd || bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS) return undefined;
  return { kty: "RSA", n, e: "AQAB" };
}
