// Holds what a client sent against a schema: what comes out is typed, and what does not fit is said issue by issue.
import { HttpError } from "../http/http-error.ts";
import type { SchemaIssue, StandardSchema } from "./standard-schema.ts";

/** Most issues that are told: a body of a megabyte can have half a million. */
const MOST_ISSUES = 1000;

/** Issues that the detail spells out, for whoever reads no problem documents. */
const ISSUES_IN_DETAIL = 3;

/** @throws TypeError for what is no Standard Schema. */
export function assertSchema(caller: string, schema: unknown): void {
  const standard = (schema as Partial<StandardSchema> | null)?.["~standard"];
  if (typeof standard?.validate === "function") return;
  throw new TypeError(
    `${caller}: the schema is no Standard Schema; pass one of zod, valibot, arktype or another library of standardschema.dev`,
  );
}

/**
 * The value as the schema puts it out.
 *
 * @throws HttpError 422 whose member `errors` holds `{ detail, pointer }` for each issue, as the example of RFC 9457 does.
 * @see https://www.rfc-editor.org/rfc/rfc9457#section-3
 */
export async function validate<Output>(schema: StandardSchema<Output>, value: unknown): Promise<Output> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const { issues } = result;
  const told = issues.slice(0, MOST_ISSUES).map((issue) => {
    const path = pathOf(issue);
    return { detail: String(issue.message), pointer: pointerTo(path), path };
  });
  const spelt = told
    .slice(0, ISSUES_IN_DETAIL)
    .map(({ detail, path }) => (path.length === 0 ? detail : `${path.join(".")}: ${detail}`));
  if (issues.length > ISSUES_IN_DETAIL) spelt.push(`and ${issues.length - ISSUES_IN_DETAIL} more`);
  throw new HttpError(422, `The body is not valid. ${spelt.join("; ")}`, {
    members: {
      errors: told.map(({ detail, pointer }) => ({ detail, pointer })),
      ...(issues.length > told.length && { errorsLeftOut: issues.length - told.length }),
    },
  });
}

function pathOf({ path }: SchemaIssue): string[] {
  return (path ?? []).map((segment) => String(typeof segment === "object" ? segment.key : segment));
}

/** A JSON Pointer as the fragment of a URI. @see https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function pointerTo(path: readonly string[]): string {
  const tokens = path.map(
    (key) => `/${encodeURIComponent(key.toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1"))}`,
  );
  return `#${tokens.join("")}`;
}

/** The fields of a form as an object: a string each, or a list where a field came more than once. */
export function objectOf(form: URLSearchParams): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of form) {
    if (name === "__proto__")
      throw new HttpError(400, `The form holds the field "__proto__", which is not accepted.`);
    const earlier = fields.get(name);
    if (earlier === undefined) fields.set(name, value);
    else if (typeof earlier === "string") fields.set(name, [earlier, value]);
    else earlier.push(value);
  }
  return Object.fromEntries(fields);
}
