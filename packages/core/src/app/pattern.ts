// Route patterns: what may be registered, and the parameters that their handlers get, as types.

/** The names of the parameters in a pattern: `"/users/:id/files/*path"` has `"id" | "path"`. */
export type ParamName<Pattern extends string> = Pattern extends `${infer Segment}/${infer Rest}`
  ? ParamOfSegment<Segment> | ParamName<Rest>
  : ParamOfSegment<Pattern>;

type ParamOfSegment<Segment extends string> = Segment extends `:${infer Name}`
  ? Name
  : Segment extends `*${infer Name}`
    ? Name
    : never;

/** The parameters of a pattern that is known when compiling; a record of strings when it is not. */
export type Params<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamName<Pattern>]: string };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A pattern taken apart. */
export interface ParsedPattern {
  /** Names of the parameters, from left to right. */
  readonly names: readonly string[];
  /** The name that the wildcard captures under, if there is one. */
  readonly wildcard: string | undefined;
  /** The pattern without its names: two patterns of one shape match the same paths. */
  readonly shape: string;
}

/**
 * Takes a pattern apart: `/literal`, `/:name` for one segment, `/*name` for all the rest.
 *
 * @throws TypeError that names the pattern and says what is wrong with it.
 */
export function parsePattern(pattern: string): ParsedPattern {
  const refuse = (problem: string): never => {
    throw new TypeError(`Route pattern ${JSON.stringify(pattern)}: ${problem}`);
  };
  if (typeof pattern !== "string" || !pattern.startsWith("/")) refuse('a pattern starts with "/"');
  const names: string[] = [];
  let wildcard: string | undefined;
  const segments = pattern.slice(1).split("/");
  const shape = segments.map((segment, index) => {
    const last = index === segments.length - 1;
    const sigil = segment[0];
    if (sigil === ":" || sigil === "*") {
      const name = segment.slice(1);
      if (!NAME.test(name) || name === "__proto__") {
        refuse(
          `"${segment}" needs a name of letters, digits and "_" that fills its segment, such as "${sigil}id"`,
        );
      }
      if (names.includes(name)) refuse(`the parameter "${name}" appears twice`);
      if (sigil === "*" && !last) refuse(`the wildcard "${segment}" must be the last segment`);
      if (sigil === "*") wildcard = name;
      names.push(name);
      return sigil;
    }
    if (segment === "" && !last) refuse("it holds an empty segment");
    if (segment === "." || segment === "..") refuse("dot segments never match");
    if (/[:*?#()\\]/.test(segment)) {
      refuse(
        `"${segment}" is not a literal; regular expressions, optional parts and suffixes are not supported`,
      );
    }
    if (segment.includes("%")) refuse("write it decoded: paths are matched after percent-decoding");
    return segment;
  });
  return { names, wildcard, shape: `/${shape.join("/")}` };
}
