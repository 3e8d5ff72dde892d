// HTML that is escaped by construction: whatever is put into a template is text, unless it is itself a template.
import { escapeHtml } from "./escape-html.ts";
import { type Place, placesOf } from "./html-places.ts";

let make: (markup: string) => Html;

/** Finished HTML. Only {@link html} and {@link rawHtml} make it, so that no text of a user's can be taken for it. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  static {
    make = (markup) => new Html(markup);
  }

  toString(): string {
    return this.#markup;
  }
}

/** `undefined`, `null` and `false` are nothing, which is what `condition && html…` needs. */
export type HtmlValue = Html | string | number | bigint | false | null | undefined | readonly HtmlValue[];

const known = new WeakMap<TemplateStringsArray, readonly Place[]>();

/**
 * A template of HTML: html`<p title="${title}">${text}</p>`. Text is escaped, wherever it stands; lists are put one after
 * the other.
 *
 * Escaping alone cannot make a text safe everywhere. So attributes must be quoted, and between attributes or within
 * `<script>` and `<style>` only finished HTML may stand. Whether a text is a safe URL (`javascript:` is none) is for you to say.
 *
 * @throws TypeError for a text in such a place, and for values that are neither text nor HTML.
 */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  let places = known.get(strings);
  if (places === undefined) known.set(strings, (places = placesOf(strings)));
  let markup = strings[0] ?? "";
  for (let index = 0; index < values.length; index += 1) {
    markup += markupOf(values[index], places[index] as Place) + (strings[index + 1] ?? "");
  }
  return make(markup);
}

/** HTML that is taken as it is: what a Markdown renderer made, never what came from a user. */
export function rawHtml(markup: string): Html {
  return make(markup);
}

function markupOf(value: HtmlValue, place: Place): string {
  if (value === undefined || value === null || value === false) return "";
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return value.map((item: HtmlValue) => markupOf(item, place)).join("");
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") {
    throw new TypeError(
      `html: a value is ${describe(value)}, which is no text; name the property that is meant`,
    );
  }
  if (place !== "text")
    throw new TypeError(`html: no text is safe ${place}; put it into a quoted attribute or use html\`…\``);
  return escapeHtml(String(value));
}

function describe(value: unknown): string {
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
