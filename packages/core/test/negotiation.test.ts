import { expect, expectTypeOf, test } from "vitest";
import { App, HttpError, Response } from "../src/index.ts";
import { describeEach } from "./harness.ts";

describeEach("negotiation", (serve) => {
  const app = new App(undefined).get("/", (req) => {
    const type = req.accepts("application/json", "text/html");
    expectTypeOf(type).toEqualTypeOf<"application/json" | "text/html" | undefined>();
    if (type === undefined) throw new HttpError(406);
    return Response.json(200, [type, req.acceptsLanguages("en", "de-CH", "fr") ?? null]);
  });

  test.each<[Record<string, string>, unknown]>([
    [{}, ["application/json", "en"]],
    [{ Accept: "*/*" }, ["application/json", "en"]],
    [{ Accept: "text/html,application/json;q=0.9" }, ["text/html", "en"]],
    [{ Accept: "text/*;q=0.3, */*;q=0.1" }, ["text/html", "en"]],
    [{ Accept: "application/json;q=0, */*" }, ["text/html", "en"]],
    [{ "Accept-Language": "de-CH,de;q=0.9,en;q=0.5" }, ["application/json", "de-CH"]],
    [{ "Accept-Language": "de" }, ["application/json", "de-CH"]],
    [{ "Accept-Language": "it" }, ["application/json", null]],
  ])("of %j is %j", async (headers, expected) => {
    const request = (await serve(app)).get("/");
    for (const [name, value] of Object.entries(headers)) request.header(name, value);
    expect((await request.send()).json()).toEqual(expected);
  });

  test("that comes to nothing is the handler's to answer", async () => {
    expect((await (await serve(app)).get("/").header("Accept", "image/png").send()).status).toBe(406);
  });
});
