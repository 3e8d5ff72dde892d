import { expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { App, HttpError, Response, type SchemaResult, type StandardSchema } from "../src/index.ts";
import { describeEach } from "./harness.ts";

interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly errors?: readonly { readonly detail: string; readonly pointer: string }[];
  readonly errorsLeftOut?: number;
}

const Order = z.object({
  name: z.string().min(1),
  lines: z.array(z.object({ count: z.coerce.number().int() })),
});

/** A schema that is told how to validate. */
function schemaOf<Output>(
  validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>,
): StandardSchema<Output> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

describeEach("a body with a schema", (serve) => {
  test("is what the schema puts out, typed", async () => {
    const app = new App(undefined).post("/", async (req) => {
      const order = await req.json(Order);
      expectTypeOf(order).toEqualTypeOf<{ name: string; lines: { count: number }[] }>();
      return Response.json(200, order);
    });
    const client = await serve(app);
    const answer = await client
      .post("/")
      .json({ name: "a", lines: [{ count: "2" }], more: 1 })
      .send();
    expect(answer.json()).toEqual({ name: "a", lines: [{ count: 2 }] });
  });

  test("that does not fit is 422, with every issue where RFC 9457 puts it", async () => {
    const app = new App(undefined).post("/", async (req) => Response.json(200, await req.json(Order)));
    const client = await serve(app);
    const answer = await client
      .post("/")
      .json({ name: "", lines: [{ count: 1 }, { count: 1.5 }] })
      .send();
    expect(answer.status).toBe(422);
    expect(answer.header("content-type")).toBe("application/problem+json");
    const { errors = [], detail } = answer.json<Problem>();
    expect(errors.map(({ pointer }) => pointer)).toEqual(["#/name", "#/lines/1/count"]);
    expect(detail).toContain("lines.1.count: ");
  });

  test("points at keys as JSON Pointers in a fragment do", async () => {
    const issues = [
      { message: "whole" },
      { message: "root", path: [] },
      { message: "deep", path: ["a/b", { key: "c~d" }, 0, "ü%", "\ud800"] },
    ];
    const app = new App(undefined).post("/", async (req) =>
      Response.json(200, await req.json(schemaOf(() => ({ issues })))),
    );
    const client = await serve(app);
    const { errors } = (await client.post("/").json({}).send()).json<Problem>();
    expect(errors).toEqual([
      { detail: "whole", pointer: "#" },
      { detail: "root", pointer: "#" },
      { detail: "deep", pointer: "#/a~1b/c~0d/0/%C3%BC%25/%EF%BF%BD" },
    ]);
  });

  test("is told a thousand issues at the most, and how many were left out", async () => {
    const app = new App(undefined).post("/", async (req) =>
      Response.json(200, await req.json(z.array(z.string()))),
    );
    const client = await serve(app);
    const answer = await client
      .post("/")
      .json(Array.from({ length: 5000 }, () => 1))
      .send();
    const { errors, errorsLeftOut } = answer.json<Problem>();
    expect([errors?.length, errorsLeftOut]).toEqual([1000, 4000]);
  });

  test("of a form is an object of strings, with lists of what came twice", async () => {
    const Form = z.object({ name: z.string(), tag: z.array(z.string()), constructor: z.string() });
    const app = new App(undefined).post("/", async (req) => Response.json(200, await req.form(Form)));
    const client = await serve(app);
    const good = new URLSearchParams("name=a&tag=b&tag=c&tag=d&constructor=e");
    expect((await client.post("/").form(good).send()).json()).toEqual({
      name: "a",
      tag: ["b", "c", "d"],
      constructor: "e",
    });
    const bad = await client.post("/").form({ name: "a", tag: "b" }).send();
    expect(bad.json<Problem>().errors?.map(({ pointer }) => pointer)).toEqual(["#/tag", "#/constructor"]);
    expect(
      (
        await client
          .post("/")
          .form({ ["__proto__"]: "x" })
          .send()
      ).status,
    ).toBe(400);
  });

  test("may be validated later, by a schema that is a function", async () => {
    const schema = Object.assign(
      () => true,
      schemaOf(async (value) => ({ value: [value] })),
    );
    const app = new App(undefined).post("/", async (req) => Response.json(200, await req.json(schema)));
    const client = await serve(app);
    expect((await client.post("/").json(1).send()).json()).toEqual([1]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["gives nothing", () => undefined as never],
  ])("that %s is 500 without a word of it", async (_name, validate) => {
    const seen: unknown[] = [];
    const app = new App(undefined)
      .onError((error) => void seen.push(error))
      .post("/", async (req) => Response.json(200, await req.json(schemaOf(validate))));
    const client = await serve(app);
    const answer = await client.post("/").json({}).send();
    expect(answer.status).toBe(500);
    expect(answer.text()).not.toContain("secret");
    expect(seen).toHaveLength(1);
  });

  test.each([null, {}, "string", z])("that is no schema is an error that says so: %#", async (schema) => {
    const seen: unknown[] = [];
    const app = new App(undefined)
      .onError((error) => void seen.push(error))
      .post("/", async (req) => Response.json(200, await req.json(schema as never)));
    const client = await serve(app);
    expect((await client.post("/").json({}).send()).status).toBe(500);
    expect(String(seen[0])).toContain("req.json: the schema is no Standard Schema");
  });
});

describeEach("an HttpError with members", (serve) => {
  test("puts them into the problem document", async () => {
    const app = new App(undefined).get("/", () => {
      throw new HttpError(403, "Your account is too low.", {
        members: { type: "https://example.org/too-low", title: "Too low", balance: 30, accounts: ["/1"] },
      });
    });
    const client = await serve(app);
    expect((await client.get("/").send()).json()).toEqual({
      type: "https://example.org/too-low",
      title: "Too low",
      status: 403,
      detail: "Your account is too low.",
      balance: 30,
      accounts: ["/1"],
    });
  });

  test("that have no JSON is answered without them", async () => {
    const app = new App(undefined).get("/", () => {
      throw new HttpError(400, "No.", { members: { big: 1n } });
    });
    const client = await serve(app);
    expect((await client.get("/").send()).json()).toEqual({
      title: "Bad Request",
      status: 400,
      detail: "No.",
    });
  });

  test.each(["status", "detail", "requestId"])("may not replace %s", (name) => {
    expect(() => new HttpError(400, "No.", { members: { [name]: 200 } })).toThrow(`the member "${name}"`);
  });
});
