// Which content coding a client likes best: what compression and precompressed files both ask.
import { parsePreferences } from "./accept.ts";

/**
 * The coding, of those offered, that an `Accept-Encoding` field likes best; the first of equals; `undefined` when the
 * plain form is to be sent. A client that sends no such field would take any coding, but few really can: it gets the
 * plain form.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 */
export function preferredEncoding<Encoding extends string>(
  acceptEncoding: string | undefined,
  offers: readonly Encoding[],
): Encoding | undefined {
  if (acceptEncoding === undefined || acceptEncoding === "") return undefined;
  const preferences = parsePreferences(acceptEncoding);
  const qualityOf = (coding: string) => preferences.find(({ value }) => value === coding)?.quality;
  const others = qualityOf("*") ?? 0;
  let best: Encoding | undefined;
  // A client that names the plain form may like it better than a coding; one that does not name it likes it least.
  let bestQuality = qualityOf("identity") ?? 0;
  for (const offer of offers) {
    const quality = qualityOf(offer) ?? qualityOf(ALIASES[offer] ?? offer) ?? others;
    if (quality > bestQuality || (quality === bestQuality && quality > 0 && best === undefined)) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

/** Names that a coding had before it was registered. */
const ALIASES: Readonly<Record<string, string>> = { gzip: "x-gzip" };
