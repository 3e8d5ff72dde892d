// The parameters behind a field's value, as in `form-data; name="a"; filename="b"`.

/**
 * One parameter, from its semicolon on.
 *
 *     parameter     = token "=" ( token / quoted-string )
 *     quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.6
 */
const PARAMETER = /\s*;\s*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*)?/suy;

/** A field's value and its parameters, whose names are in lower case. */
export interface ParameterisedValue {
  /** In lower case. */
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Takes a field's value apart; `undefined` when it is malformed or a parameter repeats. */
export function parseParameterised(field: string): ParameterisedValue | undefined {
  const end = field.indexOf(";");
  const value = (end === -1 ? field : field.slice(0, end)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = end === -1 ? field.length : end;
  while (PARAMETER.lastIndex < field.length) {
    const match = PARAMETER.exec(field);
    if (match === null) return undefined;
    const [, name, quoted, bare] = match;
    if (name === undefined) continue;
    if (parameters.has(name.toLowerCase())) return undefined;
    // A path of Windows has backslashes that escape nothing: only what must be escaped is unescaped.
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, "$1") ?? bare ?? "");
  }
  return { value, parameters };
}
