// What a browser keeps between its requests: one cookie, as the answers that reached it have set it.
import type { Response } from "@hatcheck/core";

/** What an answer does to the session's cookie. */
export type CookieChange =
  | { readonly kind: "none" }
  | { readonly kind: "clear" }
  | { readonly kind: "set"; readonly id: string; readonly maxAge: number };

const NONE: CookieChange = { kind: "none" };

/** @throws Error when an answer sets the cookie more than once, or sets another. */
export function cookieChangeOf(answer: Response): CookieChange {
  const fields = answer.headers.filter(({ name }) => name.toLowerCase() === "set-cookie");
  const [field] = fields;
  if (field === undefined) return NONE;
  const [, id, attributes = ""] = /^sid=([^;]*)(.*)$/s.exec(field.value) ?? [];
  if (id === undefined || fields.length > 1) {
    throw new Error(
      `An answer sets cookies other than one sid: ${fields.map(({ value }) => value).join(" | ")}`,
    );
  }
  const maxAge = Number(/; Max-Age=(-?\d+)/.exec(attributes)?.[1]);
  return maxAge === 0 ? { kind: "clear" } : { kind: "set", id, maxAge };
}

export class Browser {
  #cookie: string | undefined;
  /** All ids that have reached it. */
  readonly received: string[] = [];

  constructor(cookie: string | undefined) {
    this.#cookie = cookie;
    if (cookie !== undefined) this.received.push(cookie);
  }

  get cookie(): string | undefined {
    return this.#cookie;
  }

  receive(change: CookieChange): void {
    if (change.kind === "none") return;
    this.#cookie = change.kind === "set" ? change.id : undefined;
    if (change.kind === "set") this.received.push(change.id);
  }
}
