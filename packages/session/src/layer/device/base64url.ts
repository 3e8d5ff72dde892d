// base64url without padding, where every text of bytes has exactly one form. RFC 4648, section 5; RFC 7515, section 2.

const ALPHABET = /^[A-Za-z0-9_-]+$/;

/** The bytes of a text; `undefined` when it is empty, or not the one form in which they are written. */
export function fromBase64url(text: string): Buffer | undefined {
  if (!ALPHABET.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
