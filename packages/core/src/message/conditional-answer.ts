// What becomes of a 200 whose handler said which version it is: 304 for who has it, the part that was asked for, or 412.
import { isEntityTag } from "../http/etag.ts";
import { isSameName } from "../http/header.ts";
import { HttpError } from "../http/http-error.ts";
import { parseHttpDate } from "../http/http-date.ts";
import { type ByteRange, parseRange } from "../http/range.ts";
import { reasonPhraseOf } from "../http/status.ts";
import { evaluateConditions, rangeApplies, type Validators } from "./conditional.ts";
import type { Request } from "./request.ts";
import type { Body } from "./response.ts";

/** What to answer in place of 200. */
export type Instead =
  | { readonly statusCode: 304 }
  | { readonly statusCode: 412 }
  | { readonly statusCode: 206; readonly range: ByteRange; readonly size: number }
  | { readonly statusCode: 416; readonly size: number };

/** A response in which some things took the place of others. */
interface Part {
  readonly statusCode: number;
  readonly reasonPhrase: string;
  readonly headers: string[];
  readonly body: Body;
}

/** Looks up a field of the response, by its name in lower case. */
type Find = (name: string) => string | undefined;

/**
 * The answer to a GET or HEAD that would be 200; `undefined` when 200 it is. Ranges are for bodies that are there as a
 * whole, and not encoded; not when the response says `Accept-Ranges: none`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13
 */
export function insteadOf200(req: Request, find: Find, body: Body): Instead | undefined {
  const validators = validatorsOf(find);
  const status = evaluateConditions(req, validators);
  if (status !== undefined) return { statusCode: status };
  if (req.method !== "GET" || !(typeof body === "string" || body instanceof Uint8Array)) return undefined;
  const field = req.header("range");
  if (field === undefined || find("content-encoding") !== undefined || find("content-range") !== undefined)
    return undefined;
  if (find("accept-ranges")?.toLowerCase() === "none" || !rangeApplies(req, validators)) return undefined;
  const size = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  const range = parseRange(field, size);
  if (range === undefined) return undefined;
  return range === "unsatisfiable" ? { statusCode: 416, size } : { statusCode: 206, range, size };
}

/**
 * Carries it out: the fields and the body of the 304 or the 206; `undefined` when 200 it is.
 *
 * @param headers names and values in turn
 * @throws HttpError 412 and 416: errors are answered where all others are.
 */
export function conditionalPart(req: Request, headers: string[], body: Body): Part | undefined {
  const find: Find = (name) => findInPairs(headers, name);
  const instead = insteadOf200(req, find, body);
  if (instead === undefined) return undefined;
  if (instead.statusCode === 412) throw new HttpError(412, "This is not the version that was expected.");
  if (instead.statusCode === 416) {
    const range = { name: "Content-Range", value: `bytes */${instead.size}` };
    throw new HttpError(416, undefined, { headers: [range] });
  }
  const reasonPhrase = reasonPhraseOf(instead.statusCode);
  if (instead.statusCode === 304) {
    const kept = headers.filter((_, index) => !isOfContent(headers[index & ~1] ?? ""));
    return { statusCode: 304, reasonPhrase, headers: kept, body };
  }
  const { range, size } = instead;
  headers.push("Content-Range", `bytes ${range.start}-${range.end}/${size}`);
  const bytes = typeof body === "string" ? Buffer.from(body) : (body as Uint8Array);
  return { statusCode: 206, reasonPhrase, headers, body: bytes.subarray(range.start, range.end + 1) };
}

/** What speaks of a body that is not sent stays out of a 304. */
function isOfContent(name: string): boolean {
  return isSameName(name, "content-type") || isSameName(name, "content-encoding");
}

function findInPairs(pairs: readonly string[], name: string): string | undefined {
  for (let index = 0; index < pairs.length; index += 2)
    if (isSameName(pairs[index] ?? "", name)) return pairs[index + 1];
  return undefined;
}

/** A validator that is malformed is none: two of them could be taken for equal. */
function validatorsOf(find: Find): Validators {
  const etag = find("etag");
  return {
    etag: etag !== undefined && isEntityTag(etag) ? etag : undefined,
    lastModified: parseHttpDate(find("last-modified")),
  };
}
