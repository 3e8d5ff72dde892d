import { describe, expect, test } from "vitest";
import { HttpError } from "./http-error.ts";

describe("an HttpError", () => {
  test("is an Error with a cause, whose detail is the phrase unless given", () => {
    const cause = new Error("why");
    const error = new HttpError(404, undefined, { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.message, error.detail, error.cause]).toEqual([
      "HttpError",
      "Not Found",
      "Not Found",
      cause,
    ]);
    expect("cause" in new HttpError(404)).toBe(false);
  });

  test.each([200, 399, 600, 404.5, Number.NaN, "404"])("is not made with %j", (status) => {
    expect(() => new HttpError(status as number)).toThrow(RangeError);
  });
});
