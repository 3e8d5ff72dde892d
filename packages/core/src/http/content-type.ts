// Reading a Content-Type field.
import { splitUnquoted, unquote } from "./split.ts";

export interface ContentType {
  /** In lower case: `application/json`. */
  readonly type: string;
  /** In lower case, when it is named. */
  readonly charset: string | undefined;
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-8.3 */
export function parseContentType(value: string): ContentType {
  const [type = "", ...parameters] = splitUnquoted(value, ";") ?? value.split(";");
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    if (equals === -1 || parameter.slice(0, equals).trim().toLowerCase() !== "charset") continue;
    const charset = unquote(parameter.slice(equals + 1).trim()).toLowerCase();
    return { type: type.trim().toLowerCase(), charset };
  }
  return { type: type.trim().toLowerCase(), charset: undefined };
}
