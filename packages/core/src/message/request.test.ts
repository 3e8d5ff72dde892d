import { describe, expect, test } from "vitest";
import { Request } from "./request.ts";
import { type RequestInit } from "./request-init.ts";
import { RequestKey } from "./request-key.ts";

const make = (init: Partial<RequestInit> = {}) =>
  new Request({ method: "POST", url: "/a%62?x=1&x=2&y=%20", ...init });
const typed = (type: string, body: RequestInit["body"]) =>
  make({ headers: [{ name: "content-type", value: type }], body });
const refused = (statusCode: number) => expect.objectContaining({ statusCode });

describe("a request", () => {
  test("tells what was sent, and what it means", () => {
    const req = make({
      headers: [
        { name: "A", value: "1" },
        { name: "a", value: "2" },
      ],
    });
    expect([req.method, req.url, req.path, req.httpVersion]).toEqual([
      "POST",
      "/a%62?x=1&x=2&y=%20",
      "/ab",
      "1.1",
    ]);
    expect([...req.query]).toEqual([
      ["x", "1"],
      ["x", "2"],
      ["y", " "],
    ]);
    expect(req.query).toBe(req.query);
    expect([req.header("a"), req.headerAll("A"), req.header("b")]).toEqual(["1", ["1", "2"], undefined]);
    expect(req.headers).toEqual([
      { name: "A", value: "1" },
      { name: "a", value: "2" },
    ]);
  });

  test("joins the cookies of all fields", () => {
    const { cookies } = make({ rawHeaders: ["Cookie", "a=1; b=2", "cookie", "c=3"] });
    expect([cookies.get("b")?.value, cookies.get("c")?.value]).toEqual(["2", "3"]);
  });

  test("has one id, its own unless it is given another", () => {
    const req = make();
    expect(req.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(req.id).toBe(req.id);
    expect(make().id).not.toBe(req.id);
    req.id = "other";
    expect(req.id).toBe("other");
  });

  test("keeps values under typed keys, apart from other keys and other requests", () => {
    const [first, second] = [new RequestKey<string>(), new RequestKey<number>()];
    const req = make();
    first.set(req, "a");
    expect([first.get(req), second.get(req), first.get(make())]).toEqual(["a", undefined, undefined]);
  });

  test("aborts its signal when the client's does, or when a layer says so", () => {
    const client = new AbortController();
    const req = make({ signal: client.signal });
    expect([req.signal.aborted, req.aborted]).toEqual([false, false]);
    client.abort(new Error("left"));
    expect([req.signal.aborted, req.aborted, req.isAbort("anything")]).toEqual([true, true, true]);

    const other = make();
    const reason = new Error("too late");
    other.abort(reason);
    expect([other.signal.aborted, other.aborted]).toEqual([true, false]);
    expect([
      other.isAbort(reason),
      other.isAbort(new Error("x", { cause: reason })),
      other.isAbort("x"),
    ]).toEqual([true, true, false]);
  });
});

describe("a body", () => {
  test("is read in every form, again with the same value", async () => {
    const req = typed("application/json; charset=UTF-8", '{"a":"é"}');
    expect(await req.json()).toEqual({ a: "é" });
    expect(await req.json()).toEqual({ a: "é" });
    expect(await req.text()).toBe('{"a":"é"}');
    expect(await req.bytes()).toBe(await req.bytes());
    expect((await typed("application/x-www-form-urlencoded", "a=1").form()).get("a")).toBe("1");
    expect(await typed("application/problem+json", "1").json()).toBe(1);
    expect(await make().bytes()).toHaveLength(0);
    expect(await make({ body: new Uint8Array([65]) }).text()).toBe("A");
  });

  test("is iterated once, and says so clearly when it is read in another way after that", async () => {
    const req = make({ body: "abc" });
    const chunks: string[] = [];
    for await (const chunk of req.stream) chunks.push(Buffer.from(chunk).toString());
    expect(chunks.join("")).toBe("abc");
    await expect(req.bytes()).rejects.toThrow(
      "taken by req.stream already; it cannot be read again by req.bytes",
    );
    expect(() => req.stream).toThrow(/req\.stream already/);
    const other = make({ body: "abc" });
    await other.text();
    expect(() => other.stream).toThrow(/req\.bytes already/);
  });

  test("that fails fails again in the same way", async () => {
    const req = make({ body: "too long" });
    req.bodyLimit = 3;
    await expect(req.text()).rejects.toEqual(refused(413));
    await expect(req.bytes()).rejects.toEqual(refused(413));
  });

  test("is refused by its announced length, before it is read", async () => {
    const req = make({ headers: [{ name: "Content-Length", value: "2000000" }], body: "short" });
    expect(() => req.assertBodyLimit()).toThrow(refused(413));
    await expect(req.bytes()).rejects.toEqual(refused(413));
  });

  test.each([undefined, "text/plain", "application/jsonp", "text/json", "application/json/x"])(
    "of type %j is no JSON",
    async (type) => {
      await expect((type === undefined ? make() : typed(type, "1")).json()).rejects.toEqual(refused(415));
    },
  );

  test("of another charset is refused, as is what is no UTF-8", async () => {
    await expect(typed("application/json; charset=utf-16", "1").json()).rejects.toEqual(refused(415));
    await expect(typed("application/json", new Uint8Array([34, 0xff, 34])).json()).rejects.toEqual(
      refused(400),
    );
    await expect(typed("application/x-www-form-urlencoded; charset=latin1", "a").form()).rejects.toEqual(
      refused(415),
    );
  });
});
