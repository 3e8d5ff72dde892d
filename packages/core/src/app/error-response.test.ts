import { describe, expect, test } from "vitest";
import { errorResponse } from "./error-response.ts";
import { HttpError } from "../http/http-error.ts";
import { Request } from "../message/request.ts";

function answer(error: unknown, accept?: string) {
  const headers = accept === undefined ? [] : [{ name: "Accept", value: accept }];
  const req = new Request({ method: "GET", url: "/", headers });
  req.id = "the-id";
  const response = errorResponse(error, req);
  return { response, type: response.header("content-type"), body: String(response.body) };
}

const gone = new HttpError(410, "It was <b>here</b>.");

describe("an error's answer", () => {
  test.each<[string | undefined, string]>([
    [undefined, "application/problem+json"],
    ["*/*", "application/problem+json"],
    ["application/json", "application/json"],
    ["application/problem+json", "application/problem+json"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"],
    ["text/plain", "text/plain; charset=utf-8"],
    ["image/png", "text/plain; charset=utf-8"],
  ])("for a client that accepts %s is %s", (accept, expected) => {
    const { response, type } = answer(gone, accept);
    expect(type).toBe(expected);
    expect(response.statusCode).toBe(410);
    expect(response.header("vary")).toBe("Accept");
  });

  test("tells what happened, in each form", () => {
    expect(JSON.parse(answer(gone).body)).toEqual({
      title: "Gone",
      status: 410,
      detail: "It was <b>here</b>.",
    });
    expect(answer(gone, "text/plain").body).toBe("410 Gone\nIt was <b>here</b>.\n");
    expect(answer(gone, "text/html").body).toContain(
      "<h1>410 Gone</h1><p>It was &lt;b&gt;here&lt;/b&gt;.</p>",
    );
  });

  test.each([
    new Error("secret"),
    "secret",
    null,
    undefined,
    5,
    Symbol("secret"),
    { statusCode: 400, detail: "secret" },
  ])("for what was not meant for the client tells the request's id alone: %s", (error) => {
    for (const accept of ["application/json", "text/html", "text/plain"]) {
      const { response, body } = answer(error, accept);
      expect(response.statusCode).toBe(500);
      expect(body).toContain("the-id");
      expect(body).not.toContain("secret");
    }
  });

  test("never tells the cause", () => {
    const error = new HttpError(503, "Come back later.", { cause: new Error("secret") });
    expect(answer(error).body).not.toContain("secret");
    expect(answer(error).body).toContain("the-id");
  });

  test("carries the error's headers", () => {
    const error = new HttpError(429, "Slow down.", { headers: [{ name: "Retry-After", value: "5" }] });
    expect(answer(error).response.header("retry-after")).toBe("5");
  });

  test("has a title for a status without a registered phrase", () => {
    expect(JSON.parse(answer(new HttpError(499)).body)).toMatchObject({ title: "Error", status: 499 });
  });
});
