// What the compiler must refuse. Each line that is expected to fail is checked by tsc; the tests run the rest.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { SessionStore } from "../memory/memory-store.ts";
import { SqliteSessionStore } from "../sqlite/sqlite-store.ts";
import type { Store } from "./store.ts";

describe("types", () => {
  test("keys and values of a typed store are checked", () => {
    const store = new SessionStore<{ userName: string; cart: string[] }>(3600);
    const session = store.create({ data: { cart: ["tea"] } });
    session.set("userName", "ada");
    const cart: readonly string[] | undefined = session.get("cart");
    expect(cart).toEqual(["tea"]);
    const name: string | undefined = store.update(session.id, "userName", (before) => `${before ?? ""}!`);
    expect(name).toBe("!");
    // @ts-expect-error an unknown key
    session.set("username", "ada");
    // @ts-expect-error a value of another type
    session.set("cart", "tea");
    // @ts-expect-error an unknown key
    session.get("basket");
    // @ts-expect-error a value that may be missing
    const certain: string[] = session.get("cart");
    // @ts-expect-error data of another type
    store.create({ data: { cart: [1] } });
    // @ts-expect-error a change to another type
    store.update(session.id, "cart", () => "tea");
    expect(certain).toBe(cart === undefined ? undefined : certain);
  });

  test("what is got can be read, and not changed", () => {
    interface Data {
      cart: { name: string; tags: [string, number] }[];
      theme?: "dark" | "light";
      any: unknown;
    }
    const store = new SessionStore<Data>(3600);
    const session = store.create({
      data: {
        cart: [
          { name: "tea", tags: ["hot", 1] },
          { name: "ale", tags: ["cold", 5] },
        ],
      },
    });
    const cart = session.get("cart") ?? [];
    const first = cart[0];
    const refused = [
      // @ts-expect-error nothing can be added
      () => cart.push({ name: "milk", tags: ["cold", 1] }),
      // @ts-expect-error nothing can be changed
      () => (first!.name = "milk"),
      // @ts-expect-error nor deep inside
      () => first!.tags.push("x"),
      // @ts-expect-error nor cut
      () => cart.splice(0),
      // @ts-expect-error nor on the session itself
      () => (session.cart = []),
    ];
    for (const change of refused) expect(change).toThrow(TypeError);
    // What was read can be set again, with more to it.
    session.set("cart", [...cart, { name: "milk", tags: ["cold", 2] }]);
    session.set("cart", cart);
    const theme: "dark" | "light" | undefined = session.get("theme");
    const name: string | undefined = first?.name;
    const tag: number | undefined = first?.tags[1];
    const any: unknown = session.get("any");
    expect([theme, name, tag, any]).toEqual([undefined, "tea", 1, undefined]);
    // What is updated or taken is one's own.
    store.update(session.id, "cart", (items = []) => {
      items.push({ name: "rum", tags: ["brown", 40] });
      return items;
    });
    expect(session.take("cart")?.shift()?.name).toBe("tea");
  });

  test("without types, keys and values are strings", () => {
    const session = new SessionStore(3600).create();
    session.set("a", "1");
    const value: string | undefined = session.get("a");
    expect(value).toBe("1");
    // @ts-expect-error a number
    session.set("a", 1);
  });

  test("a value that JSON would change does not compile", () => {
    // @ts-expect-error a Date
    expect(new SessionStore<{ at: Date }>(60)).toBeDefined();
    // @ts-expect-error a Map, deep inside
    expect(new SessionStore<{ a: { b: Map<string, string>[] } }>(60)).toBeDefined();
    // @ts-expect-error a bigint
    expect(new SessionStore<{ n: bigint }>(60)).toBeDefined();
    // @ts-expect-error a function
    expect(new SessionStore<{ f: () => void }>(60)).toBeDefined();
    expect(new SessionStore<{ a: { b?: number | null; c: [string, boolean] }[] }>(60)).toBeDefined();
  });

  test("an interface will do, and so will a schema", () => {
    interface Visit {
      count: number;
      theme?: "dark" | "light";
    }
    const session = new SessionStore<Visit>(60).create({ data: { count: 1 } });
    session.set("theme", "dark");
    // @ts-expect-error no such theme
    session.set("theme", "pink");
    const typed = new SqliteSessionStore(":memory:", { ttl: 60, schema: z.object({ n: z.number() }) });
    const n: number | undefined = typed.create({ data: { n: 1 } }).get("n");
    expect(n).toBe(1);
    // @ts-expect-error not in the schema
    expect(typed.create({ data: { n: 1 } }).get("m")).toBe(undefined);
    typed.close();
  });

  test("a synchronous store answers at once, any store with a value or a promise", async () => {
    const store = new SessionStore(60);
    const saved: boolean = store.save(store.create());
    expect(saved).toBe(true);
    const any: Store = store;
    // @ts-expect-error it may be a promise
    const maybe: boolean = any.save(await any.create());
    expect(maybe).toBe(true);
  });
});
