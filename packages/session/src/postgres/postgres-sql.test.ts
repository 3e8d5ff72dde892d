import { expect, test } from "vitest";
import { quoteTable, schemaOf } from "./postgres-sql.ts";

test("a table's name is quoted, with its schema", () => {
  expect(quoteTable("hatcheck_session")).toBe('"hatcheck_session"');
  expect(quoteTable("app.Session")).toBe('"app"."Session"');
});

test.for(["", ".", "a.", "a.b.c", "1a", "a-b", "a b", 'a"', "a;b", "é", "x".repeat(41)])(
  "%j cannot be a table's name",
  (table) => {
    expect(() => quoteTable(table)).toThrow(TypeError);
  },
);

test("indexes are named for the table, and stand in its schema by themselves", () => {
  expect(schemaOf("app.session")).toContain('"session_ends_at" ON "app"."session" (ends_at)');
});
