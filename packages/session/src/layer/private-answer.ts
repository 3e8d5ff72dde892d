// L12: what was made for one visitor is not for a shared cache, and neither is the cookie.
import { Header, type Response } from "@hatcheck/core";

const PRIVATE = Header.constant("Cache-Control", "private");
const NO_STORE = Header.constant("Cache-Control", "no-store");

/** Makes an answer that sets the cookie, or was made for a user, one that no shared cache keeps. It must not be shared. */
export function makePrivate(answer: Response, setsCookie: boolean): void {
  const lines = answer.headers.filter(isCacheControl);
  if (lines.length === 0) {
    answer.headers.push(setsCookie ? NO_STORE : PRIVATE);
    return;
  }
  const directives = lines.flatMap(({ value }) => directivesOf(value));
  const names = directives.map((it) => (it.split("=", 1)[0] ?? "").trim().toLowerCase());
  // A list of fields behind it makes only those private.
  const isKept = names.includes("no-store") || directives.some((it) => it.trim().toLowerCase() === "private");
  const shared = new Set(["public", "s-maxage", "private"]);
  if (isKept && !names.includes("public") && !names.includes("s-maxage")) return;
  const others = directives.filter((_, index) => !shared.has(names[index] ?? ""));
  const value = names.includes("no-store") ? others.join(", ") : ["private", ...others].join(", ");
  answer.headers = answer.headers.filter((header) => !isCacheControl(header));
  answer.headers.push({ name: "Cache-Control", value });
}

function isCacheControl({ name }: Header): boolean {
  return name.length === 13 && name.toLowerCase() === "cache-control";
}

/** Commas inside of quotes separate nothing. */
function directivesOf(value: string): string[] {
  return (value.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [])
    .map((it) => it.trim())
    .filter((it) => it !== "");
}
