// The name under which a browser saves what it downloads.

/** Controls, and the marks that turn the direction of writing: with them `exe.gpj` looks like an image. */
const HIDDEN = /[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/**
 * What every client takes alike within quotes. `%` may be decoded by some, a backslash or a quote may be escaped or not.
 * Beyond ASCII, clients disagree on the charset.
 */
const NOT_PLAIN = /[^\x20-\x7e]|["%\\]/gu;

/**
 * The value of a `Content-Disposition` field. The name may hold any characters: only what follows its last slash is taken,
 * controls are replaced, and a name beyond plain ASCII is sent in two forms, the one that every client understands first.
 *
 *     contentDisposition("attachment", "naïve.txt") // attachment; filename="na_ve.txt"; filename*=UTF-8''na%C3%AFve.txt
 *
 * @throws TypeError when the name is no string.
 * @see https://www.rfc-editor.org/rfc/rfc6266
 * @see https://www.rfc-editor.org/rfc/rfc8187
 */
export function contentDisposition(type: "attachment" | "inline", fileName = ""): string {
  if (typeof fileName !== "string") {
    throw new TypeError(`contentDisposition: the file's name is a ${typeof fileName}; give a string`);
  }
  const name = fileName
    .slice(Math.max(fileName.lastIndexOf("/"), fileName.lastIndexOf("\\")) + 1)
    .toWellFormed()
    .replace(HIDDEN, "_")
    .trim();
  if (name === "") return type;
  const plain = name.replace(NOT_PLAIN, "_");
  const quoted = `${type}; filename="${plain}"`;
  return plain === name ? quoted : `${quoted}; filename*=UTF-8''${encode(name)}`;
}

/** Percent-encodes all but the `attr-char` of RFC 8187. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
