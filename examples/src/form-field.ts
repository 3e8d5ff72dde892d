// One field of a form, with its label, its hint and what is wrong with it, tied together for screen readers.
import { type Html, html } from "@hatcheck/core";

export interface FormField {
  readonly label: string;
  readonly name: string;
  readonly type?: "text" | "password";
  /** What password managers and keyboards go by: https://html.spec.whatwg.org/#autofill */
  readonly autocomplete: "username" | "current-password" | "new-password";
  readonly value?: string;
  readonly hint?: string;
  readonly error?: string | undefined;
}

export function formField({ label, name, type = "text", autocomplete, value, hint, error }: FormField): Html {
  const notes = [hint !== undefined && `${name}-hint`, error !== undefined && `${name}-error`];
  const describedBy = notes.filter(Boolean).join(" ");
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      autocomplete="${autocomplete}"
      required
      ${value !== undefined && html`value="${value}"`}
      ${type === "text" && html`autocapitalize="none" spellcheck="false"`}
      ${describedBy !== "" && html`aria-describedby="${describedBy}"`}
      ${error !== undefined && html`aria-invalid="true" autofocus`}
    />
    ${error !== undefined && html`<p class="error" id="${name}-error">${error}</p>`}
  </div>`;
}
