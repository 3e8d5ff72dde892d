// Lists in fields, whose members may be quoted and hold what separates them.

/**
 * Splits at a separator, save where it stands within a quoted string; `undefined` when a quoted string has no end.
 *
 *     quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4
 */
export function splitUnquoted(text: string, separator: "," | ";"): string[] | undefined {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (quoted && char === "\\") index += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return quoted ? undefined : parts;
}

/** What a quoted string says; a text that is none is left as it is. */
export function unquote(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/gs, "$1")
    : text;
}
