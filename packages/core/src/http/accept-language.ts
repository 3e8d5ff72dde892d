// Which language a client likes best.
import { parsePreferences, type Preference } from "./accept.ts";

/**
 * The language, of those offered, that an `Accept-Language` field likes best; `undefined` for none. A range matches what it
 * begins (`en` takes `en-GB`), and, where nothing better is offered, what it begins with (`de-AT` takes `de`): a reader of
 * Austrian German reads German. Of equals the one that the client names first, then the one offered first.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
 * @see https://www.rfc-editor.org/rfc/rfc4647#section-3
 */
export function preferredLanguage<Tag extends string>(
  acceptLanguage: string | undefined,
  offers: readonly Tag[],
): Tag | undefined {
  if (acceptLanguage === undefined) return offers[0];
  const ranges = parsePreferences(acceptLanguage);
  if (ranges.length === 0) return offers[0];
  let best: { offer: Tag; quality: number; at: number } | undefined;
  for (const offer of offers) {
    const at = bestRange(ranges, offer.toLowerCase());
    const quality = ranges[at]?.quality ?? 0;
    if (quality === 0) continue;
    if (best === undefined || quality > best.quality || (quality === best.quality && at < best.at))
      best = { offer, quality, at };
  }
  return best?.offer;
}

/** The index of the range that speaks most precisely of a language; -1 for none. */
function bestRange(ranges: readonly Preference[], tag: string): number {
  let best = -1;
  let precision = 0;
  for (const [index, { value: range }] of ranges.entries()) {
    const found = precisionOf(range, tag);
    if (found > precision) [best, precision] = [index, found];
  }
  return best;
}

/** The same; one that contains it, the closer the better; one that is contained in it; any. */
function precisionOf(range: string, tag: string): number {
  if (range === tag) return Number.POSITIVE_INFINITY;
  if (tag.startsWith(`${range}-`)) return 1000 + range.length;
  if (range.startsWith(`${tag}-`)) return 2;
  return range === "*" ? 1 : 0;
}
