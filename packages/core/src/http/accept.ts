// Content negotiation: which of our offers a client likes best.
import { splitUnquoted } from "./split.ts";

/** One member of an `Accept`-like field, with its quality from 0 to 1. */
export interface Preference {
  readonly value: string;
  readonly quality: number;
}

/**
 * Parses an `Accept`, `Accept-Encoding` or `Accept-Language` field. Values are in lower case, without parameters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2
 */
export function parsePreferences(header: string): Preference[] {
  const members = splitUnquoted(header, ",") ?? header.split(",");
  return members.flatMap((member) => {
    const [value = "", ...parameters] = splitUnquoted(member, ";") ?? member.split(";");
    const name = value.trim().toLowerCase();
    if (name === "") return [];
    const weight = parameters.map((one) => /^\s*q\s*=\s*(\d(?:\.\d*)?)\s*$/i.exec(one)?.[1]).find(Boolean);
    const quality = weight === undefined ? 1 : Math.min(1, Number(weight));
    return [{ value: name, quality }];
  });
}

/** The media type, of those offered, that an `Accept` field likes best; the first of equals; `undefined` for none. */
export function preferredType<Type extends string>(
  accept: string | undefined,
  offers: readonly Type[],
): Type | undefined {
  if (accept === undefined) return offers[0];
  const preferences = parsePreferences(accept);
  let best: Type | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOfType(preferences, offer);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

/** The most specific range decides. */
function qualityOfType(preferences: readonly Preference[], type: string): number {
  const ranges = [type, `${type.split("/")[0]}/*`, "*/*"];
  for (const range of ranges) {
    const found = preferences.find((preference) => preference.value === range);
    if (found !== undefined) return found.quality;
  }
  return 0;
}
