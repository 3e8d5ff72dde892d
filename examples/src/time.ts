// Times for people, with the exact one beside for machines. The server does not know a visitor's zone, so it says UTC.
import { type Html, html } from "@hatcheck/core";

const FORMAT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

/** `22 Nov 2026, 19:30 UTC`. @param ms Milliseconds since the epoch. */
export function dateTime(ms: number): Html {
  return html`<time datetime="${new Date(ms).toISOString()}">${FORMAT.format(ms)} UTC</time>`;
}

/** `3 minutes ago`. @param ms Milliseconds since the epoch. */
export function timeAgo(ms: number, now: number = Date.now()): Html {
  return html`<time datetime="${new Date(ms).toISOString()}">${ago((now - ms) / 60_000)}</time>`;
}

function ago(minutes: number): string {
  if (minutes < 1) return "just now";
  if (minutes < 60) return count(minutes, "minute");
  if (minutes < 24 * 60) return count(minutes / 60, "hour");
  return count(minutes / 60 / 24, "day");
}

function count(value: number, unit: string): string {
  const whole = Math.floor(value);
  return `${whole} ${unit}${whole === 1 ? "" : "s"} ago`;
}
