// A browser's proof that it holds the key: a JWT over a challenge. Read as strictly as the draft writes it, and not a bit
// more: nothing is looked up that the token names, and nothing is trusted before the signature is checked.
// W3C webappsec-dbsc, "DBSC Proof JWT Syntax"; RFC 7515, RFC 7519, RFC 8725.
import { fromBase64url } from "./base64url.ts";
import { type Algorithm, DeviceKey } from "./device-key.ts";

/** Longer than a proof with an RSA key of 4096 bits, in characters. */
export const MAX_PROOF_LENGTH = 4096;
const MAX_CHALLENGE_LENGTH = 128;

/** A proof whose form is right and whose signature is yet to be checked. */
export interface UncheckedProof {
  readonly algorithm: Algorithm;
  /** The challenge that it answers, as it claims. */
  readonly challenge: string;
  /** The key that it brings, as only registrations may. */
  readonly key: DeviceKey | undefined;
  readonly signedText: string;
  readonly signature: Buffer;
}

/**
 * Reads a proof. `undefined` when it is no proof at all, whatever may be wrong: another type or algorithm, a key of another
 * kind, `crit`, a second form of the same bytes, more than {@link MAX_PROOF_LENGTH} characters.
 */
export function parseProof(token: string): UncheckedProof | undefined {
  if (token.length > MAX_PROOF_LENGTH) return undefined;
  const [head = "", body = "", tail = "", ...rest] = token.split(".", 4);
  if (rest.length > 0) return undefined;
  const header = parseObject(head);
  const claims = parseObject(body);
  const signature = fromBase64url(tail);
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  const { alg, typ, crit, jwk } = header;
  const { jti } = claims;
  if ((alg !== "ES256" && alg !== "RS256") || typ !== "dbsc+jwt" || crit !== undefined) return undefined;
  if (typeof jti !== "string" || jti === "" || jti.length > MAX_CHALLENGE_LENGTH) return undefined;
  const key = jwk === undefined ? undefined : DeviceKey.fromJwk(alg, jwk);
  if (jwk !== undefined && key === undefined) return undefined;
  return { algorithm: alg, challenge: jti, key, signedText: `${head}.${body}`, signature };
}

/** Whether a registration's proof is signed by the key that it brings. */
export function isSelfSigned(proof: UncheckedProof): proof is UncheckedProof & { readonly key: DeviceKey } {
  return proof.key !== undefined && proof.key.verify(proof.signedText, proof.signature);
}

/** Whether a refresh's proof is signed by the key that is known, and brings none. */
export function isSignedBy(proof: UncheckedProof, key: DeviceKey): boolean {
  return (
    proof.key === undefined &&
    proof.algorithm === key.algorithm &&
    key.verify(proof.signedText, proof.signature)
  );
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parseObject(part: string): Record<string, unknown> | undefined {
  const bytes = fromBase64url(part);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    // Own members alone: what the prototype has was not signed.
    return isObject ? Object.assign(Object.create(null) as Record<string, unknown>, value) : undefined;
  } catch {
    return undefined;
  }
}
