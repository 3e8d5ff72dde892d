// Reading a Content-Type field.

export interface ContentType {
  /** In lower case: `application/json`. */
  readonly type: string;
  /** In lower case, when it is named. */
  readonly charset: string | undefined;
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-8.3 */
export function parseContentType(value: string): ContentType {
  const [type = "", ...parameters] = value.split(";");
  let charset: string | undefined;
  for (const parameter of parameters) {
    const match = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(parameter);
    charset ??= match?.[1]?.toLowerCase();
  }
  return { type: type.trim().toLowerCase(), charset };
}
