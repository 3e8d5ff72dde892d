// HTML that is escaped by construction: whatever is put into the template is text, unless it is itself a template.
import { escapeHtml } from "@hatcheck/core";

/** Finished HTML. Only `html` makes it, so that no text of a user's can be taken for it. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  static fromTemplate(strings: readonly string[], values: readonly HtmlValue[]): Html {
    return new Html(strings.map((part, index) => part + markupOf(values[index])).join(""));
  }

  toString(): string {
    return this.#markup;
  }
}

/** `undefined` and `false` are nothing, which is what `condition && html…` needs. */
export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[];

/** A template of HTML: html`<p title="${title}">${text}</p>`. Attributes must be quoted. */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  return Html.fromTemplate(strings, values);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return value.map(markupOf).join("");
  if (typeof value === "object")
    throw new TypeError("html: an object is no text; name the property that is meant");
  return escapeHtml(String(value));
}
