// Parameters in other characters than those of ASCII, as in filename*=UTF-8''%E2%82%AC.txt.

/**
 * What an extended value says; `undefined` when it is malformed, or in a charset that nobody has to know.
 *
 *     ext-value = charset "'" [ language ] "'" value-chars
 *
 * @see https://www.rfc-editor.org/rfc/rfc8187#section-3.2
 */
export function parseExtValue(value: string): string | undefined {
  const first = value.indexOf("'");
  const second = value.indexOf("'", first + 1);
  if (first === -1 || second === -1) return undefined;
  const charset = value.slice(0, first).toLowerCase();
  const encoded = value.slice(second + 1);
  if (!/^(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-Fa-f]{2})*$/.test(encoded)) return undefined;
  if (charset === "iso-8859-1")
    return encoded.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  if (charset !== "utf-8") return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
