// What must not compile, and the types that handlers are given.
import { expect, expectTypeOf, test } from "vitest";
import {
  App,
  type Handler,
  type Layer,
  type MultipartFile,
  type MultipartPart,
  RequestKey,
  Response,
} from "../src/index.ts";

const empty = () => Response.empty(204);

test("a handler knows the parameters of its pattern, and no others", () => {
  const app = new App(undefined)
    .get("/users/:id/files/*path", (_req, params) => {
      expectTypeOf(params).toEqualTypeOf<{ readonly id: string; readonly path: string }>();
      // @ts-expect-error -- the pattern has no such parameter
      void params.nope;
      // @ts-expect-error -- parameters cannot be written
      params.id = "";
      return empty();
    })
    .get("/plain", (_req, params) => {
      // @ts-expect-error -- the pattern has no parameters
      void params.id;
      return empty();
    });
  expect(app.routes()).toHaveLength(2);
});

test("handlers, layers and error handlers know the state; a mounted app has its own", () => {
  const inner = App.withState("inner").get("/", (_req, _params, _conn, state) => {
    expectTypeOf(state).toEqualTypeOf<string>();
    return empty();
  });
  const app = App.withState({ count: 1 })
    .wrap((_req, _conn, next, state) => {
      expectTypeOf(state).toEqualTypeOf<{ count: number }>();
      // @ts-expect-error -- the state has no such member
      void state.nope;
      return next();
    })
    .onError((error, _req, _conn, state) => {
      expectTypeOf(error).toEqualTypeOf<unknown>();
      expectTypeOf(state.count).toEqualTypeOf<number>();
      return undefined;
    })
    .mount("/inner", inner);
  expectTypeOf(app).toEqualTypeOf<App<{ count: number }>>();
  expect(app.routes()).toHaveLength(1);
});

test("a handler or a layer may need less than the state has, and not more", () => {
  const needs: Handler<{ a: number }> = (_req, _params, _conn, { a }) => Response.json(200, a);
  const anywhere: Layer = (_req, _conn, next) => next();
  const app = App.withState({ a: 1, b: 2 }).get("/", needs).wrap(anywhere);
  // @ts-expect-error -- this state has no `a`
  App.withState({ b: 2 }).get("/", needs);
  expect(app.routes()).toHaveLength(1);
});

test("a handler returns a response, now or later", () => {
  const app = new App(undefined)
    // @ts-expect-error -- nothing is returned
    .get("/nothing", () => {})
    // @ts-expect-error -- a string is no response
    .get("/string", () => "text")
    .get("/later", async () => empty());
  expect(app.routes()).toHaveLength(3);
});

test("a part of a form is told by its kind", () => {
  const part = { kind: "field", name: "a", value: "b" } as MultipartPart;
  expectTypeOf(part).extract<{ kind: "file" }>().toEqualTypeOf<MultipartFile>();
  // @ts-expect-error -- it may be a file, which has no value
  expect(part.value).toBe("b");
});

test("a request key has one type of value", () => {
  const key = new RequestKey<number>();
  expectTypeOf(key.get).returns.toEqualTypeOf<number | undefined>();
  expect(key).toBeInstanceOf(RequestKey);
});
