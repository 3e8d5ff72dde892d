// Entity tags: names of a representation, which clients send back to ask whether it still is the same.

/**
 *     entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE
 *     etagc      = %x21 / %x23-7E / obs-text
 */
const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/y;

/** A tag taken apart. */
export interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

/**
 * The tags in an `If-Match` or `If-None-Match` field, `"*"` for any, or `undefined` when it is malformed.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
 */
export function parseEntityTags(field: string): readonly EntityTag[] | "*" | undefined {
  if (field.trim() === "*") return "*";
  const tags: EntityTag[] = [];
  let at = 0;
  for (;;) {
    // A list may have empty members.
    while (at < field.length && " \t,".includes(field.charAt(at))) at += 1;
    if (at === field.length) return tags;
    ENTITY_TAG.lastIndex = at;
    const match = ENTITY_TAG.exec(field);
    if (match === null) return undefined;
    tags.push({ weak: match[1] !== undefined, opaque: match[2] ?? "" });
    at = ENTITY_TAG.lastIndex;
    if (at < field.length && !" \t,".includes(field.charAt(at))) return undefined;
  }
}

/** Whether a text is one entity tag, in quotes. */
export function isEntityTag(text: string): boolean {
  ENTITY_TAG.lastIndex = 0;
  return ENTITY_TAG.test(text) && ENTITY_TAG.lastIndex === text.length;
}

/** Whether a field names this tag; `"*"` names all, also what has no tag. The strong comparison asks for the same bytes, the weak one for the same meaning. */
export function matchesEntityTag(
  field: string,
  etag: string | undefined,
  comparison: "strong" | "weak",
): boolean {
  const tags = parseEntityTags(field);
  if (tags === undefined) return false;
  if (tags === "*") return true;
  if (etag === undefined) return false;
  const weak = etag.startsWith("W/");
  const opaque = etag.slice(weak ? 3 : 1, -1);
  return tags.some((tag) => tag.opaque === opaque && (comparison === "weak" || !(weak || tag.weak)));
}
