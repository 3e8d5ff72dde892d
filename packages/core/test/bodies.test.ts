import { expect, test } from "vitest";
import { App, Response } from "../src/index.ts";
import { describeEach } from "./harness.ts";

async function* chunks(count: number, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(size, "x");
}

const app = () =>
  new App(undefined)
    .post("/text", async (req) => Response.text(200, await req.text()))
    .post("/json", async (req) => Response.json(200, await req.json()))
    .post("/form", async (req) => Response.json(200, [...(await req.form())]))
    .post("/count", async (req) => {
      let count = 0;
      for await (const chunk of req.stream) count += chunk.byteLength;
      return Response.text(200, String(count));
    })
    .post("/small", async (req) => Response.text(200, await req.text()), { bodyLimit: 5 })
    .post("/large", async (req) => Response.text(200, String((await req.bytes()).length)), {
      bodyLimit: 20 * 1024 * 1024,
    })
    .post("/ignored", () => Response.text(200, "ignored"))
    .post("/late", async (req) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return Response.text(200, String((await req.bytes()).length));
    })
    .post("/twice", async (req) => Response.json(200, [await req.text(), await req.text()]))
    .post("/first", async (req) => {
      for await (const chunk of req.stream) return Response.text(200, String(chunk.byteLength > 0));
      return Response.empty(204);
    });

describeEach("a body", (serve) => {
  test("is read as text, JSON, a form and chunk by chunk", async () => {
    const client = await serve(app());
    expect((await client.post("/text").body("naïve ✓").send()).text()).toBe("naïve ✓");
    expect(
      (
        await client
          .post("/json")
          .json({ a: [1] })
          .send()
      ).json(),
    ).toEqual({ a: [1] });
    expect((await client.post("/form").form({ a: "1 2", b: "ü" }).send()).json()).toEqual([
      ["a", "1 2"],
      ["b", "ü"],
    ]);
    expect((await client.post("/count").body(chunks(10, 1000)).send()).text()).toBe("10000");
    expect((await client.post("/text").send()).text()).toBe("");
  });

  test("of no bytes is read in every way, at once and later, and passed over", async () => {
    const client = await serve(app());
    for (let round = 0; round < 3; round += 1) {
      expect((await client.post("/count").send()).text()).toBe("0");
      expect((await client.post("/late").send()).text()).toBe("0");
      expect((await client.post("/twice").send()).json()).toEqual(["", ""]);
      expect((await client.post("/first").send()).status).toBe(204);
      expect((await client.post("/ignored").send()).text()).toBe("ignored");
    }
  });

  test("is read twice with the same value", async () => {
    const client = await serve(app());
    expect((await client.post("/twice").body("a").send()).json()).toEqual(["a", "a"]);
  });

  test("at its limit is read, with one byte more it is 413, announced or counted", async () => {
    const client = await serve(app());
    expect((await client.post("/small").body("12345").send()).text()).toBe("12345");
    expect((await client.post("/small").body("123456").send()).status).toBe(413);
    expect((await client.post("/small").body(chunks(6, 1)).send()).status).toBe(413);
    expect((await client.post("/small").body(chunks(5, 1)).send()).status).toBe(200);
    expect(
      (
        await client
          .post("/text")
          .body(Buffer.alloc(1024 * 1024 + 1))
          .send()
      ).status,
    ).toBe(413);
    expect(
      (
        await client
          .post("/ignored")
          .body(Buffer.alloc(1024 * 1024 + 1))
          .send()
      ).status,
    ).toBe(413);
  });

  test("may be larger where a route says so", async () => {
    const client = await serve(app());
    expect((await client.post("/large").body(chunks(100, 100_000)).send()).text()).toBe("10000000");
  });

  test("of another type is 415, malformed 400", async () => {
    const client = await serve(app());
    expect((await client.post("/json").body("{}", "text/plain").send()).status).toBe(415);
    expect((await client.post("/json").body("{}").send()).status).toBe(415);
    expect((await client.post("/form").json({}).send()).status).toBe(415);
    expect((await client.post("/json").body("{", "application/json").send()).status).toBe(400);
    expect((await client.post("/json").body('{"__proto__":{"a":1}}', "application/json").send()).status).toBe(
      400,
    );
    expect(
      (
        await client
          .post("/text")
          .body(new Uint8Array([0xff]))
          .send()
      ).status,
    ).toBe(400);
    expect(
      (await client.post("/form").body("a=%zz", "application/x-www-form-urlencoded").send()).status,
    ).toBe(400);
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });

  test("that nobody reads, or reads to its end, does not stop the next request", async () => {
    const client = await serve(app());
    for (const size of [10, 70_000, 900_000]) {
      for (const path of ["/ignored", "/first"]) {
        expect((await client.post(path).body(Buffer.alloc(size)).send()).status).toBe(200);
        expect(
          (
            await client
              .post(path)
              .body(chunks(10, size / 10))
              .send()
          ).status,
        ).toBe(200);
        expect((await client.post("/text").body("next").send()).text()).toBe("next");
      }
    }
  });
});
