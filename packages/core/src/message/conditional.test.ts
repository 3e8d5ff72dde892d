import { describe, expect, test } from "vitest";
import { evaluateConditions, rangeApplies } from "./conditional.ts";
import { Request } from "./request.ts";

const THEN = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER = "Sun, 06 Nov 1994 08:49:38 GMT";
const EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
// Files know fractions of a second, HTTP does not.
const validators = { etag: '"v1"', lastModified: Date.parse(THEN) + 456 };

function request(headers: Record<string, string>): Request {
  return new Request({
    method: "GET",
    url: "/",
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
  });
}

describe("a conditional request", () => {
  test.each<[Record<string, string>, 304 | 412 | undefined]>([
    [{}, undefined],
    [{ "If-None-Match": '"v1"' }, 304],
    [{ "If-None-Match": 'W/"v1"' }, 304],
    [{ "If-None-Match": '"v0", "v1"' }, 304],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"v0"' }, undefined],
    [{ "If-Modified-Since": THEN }, 304],
    [{ "If-Modified-Since": LATER }, 304],
    [{ "If-Modified-Since": EARLIER }, undefined],
    [{ "If-Modified-Since": "nonsense" }, undefined],
    [{ "If-None-Match": '"v0"', "If-Modified-Since": LATER }, undefined],
    [{ "If-Match": '"v1"' }, undefined],
    [{ "If-Match": "*" }, undefined],
    [{ "If-Match": '"v0"' }, 412],
    [{ "If-Match": 'W/"v1"' }, 412],
    [{ "If-Unmodified-Since": THEN }, undefined],
    [{ "If-Unmodified-Since": EARLIER }, 412],
    [{ "If-Unmodified-Since": "nonsense" }, undefined],
    [{ "If-Match": '"v1"', "If-Unmodified-Since": EARLIER }, undefined],
    [{ "If-Match": '"v1"', "If-None-Match": '"v1"' }, 304],
    [{ "If-Match": '"v0"', "If-None-Match": '"v1"' }, 412],
  ])("with %j is answered %s", (headers, expected) => {
    expect(evaluateConditions(request(headers), validators)).toBe(expected);
  });

  test.each<[Record<string, string>, boolean]>([
    [{}, true],
    [{ "If-Range": '"v1"' }, true],
    [{ "If-Range": '"v0"' }, false],
    [{ "If-Range": 'W/"v1"' }, false],
    [{ "If-Range": THEN }, true],
    [{ "If-Range": LATER }, false],
    [{ "If-Range": EARLIER }, false],
    [{ "If-Range": "nonsense" }, false],
  ])("with %j may have its range: %s", (headers, expected) => {
    expect(rangeApplies(request(headers), validators)).toBe(expected);
  });
});
