import { expect, test } from "vitest";
import { preferredLanguage } from "./accept-language.ts";

test.each<[string | undefined, string[], string | undefined]>([
  ["de", ["en", "de"], "de"],
  ["da, en-gb;q=0.8, en;q=0.7", ["en", "en-GB"], "en-GB"],
  ["da, en-gb;q=0.8, en;q=0.7", ["en"], "en"],
  ["en", ["en-GB"], "en-GB"],
  ["en", ["english"], undefined],
  ["de-AT", ["en", "de"], "de"],
  ["de-AT, en;q=0.9", ["en", "de"], "de"],
  ["de-AT;q=0.5, en;q=0.9", ["de", "en"], "en"],
  ["zh-Hant-TW", ["zh-Hans", "zh-Hant", "zh"], "zh-Hant"],
  ["DE-at", ["de-AT"], "de-AT"],
  ["fr, de", ["de", "fr"], "fr"],
  ["*", ["en", "de"], "en"],
  ["fr;q=0.5, *", ["fr", "de"], "de"],
  ["en;q=0, *", ["en", "en-GB", "de"], "de"],
  ["en-GB;q=0, en", ["en-GB", "en-US"], "en-US"],
  ["fr", ["en"], undefined],
  ["fr", [], undefined],
  ["de;q=0", ["de"], undefined],
  ["", ["en", "de"], "en"],
  [undefined, ["en", "de"], "en"],
  [",;,", ["en"], "en"],
])("of Accept-Language %j and %j it is %j", (field, offers, expected) => {
  expect(preferredLanguage(field, offers)).toBe(expected);
});
