import { expect, test } from "vitest";
import { dateTime, timeAgo } from "./time.ts";

const NOON = Date.UTC(2026, 10, 22, 12);

test.each([
  [0, "just now"],
  [59, "just now"],
  [60, "1 minute ago"],
  [59 * 60, "59 minutes ago"],
  [3600, "1 hour ago"],
  [47 * 3600, "1 day ago"],
  [48 * 3600, "2 days ago"],
  [-5, "just now"],
])("%i seconds are %s", (seconds, text) => {
  const time = timeAgo(NOON - seconds * 1000, NOON).toString();
  expect(time).toBe(`<time datetime="${new Date(NOON - seconds * 1000).toISOString()}">${text}</time>`);
});

test("a date says its zone", () => {
  expect(dateTime(NOON).toString()).toBe(
    '<time datetime="2026-11-22T12:00:00.000Z">22 Nov 2026, 12:00 UTC</time>',
  );
});
