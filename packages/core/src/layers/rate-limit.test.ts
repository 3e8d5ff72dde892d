import { RateLimiterMemory } from "rate-limiter-flexible";
import { describe, expect, test } from "vitest";
import { App } from "../app.ts";
import { Response } from "../message/response.ts";
import { TestClient } from "../testing/test-client.ts";
import { addressKey, rateLimit, type RateLimiter } from "./rate-limit.ts";

function clientOf(limiter: RateLimiter, key?: () => string | undefined): TestClient {
  const layer = rateLimit(key === undefined ? { limiter } : { limiter, key, name: "by-key" });
  return new TestClient(
    App.withState({})
      .wrap(layer)
      .get("/", () => Response.text(200, "ok")),
  );
}

describe("rateLimit", () => {
  test("says with each answer what is left, and answers 429 with Retry-After when nothing is", async () => {
    const client = clientOf(new RateLimiterMemory({ points: 2, duration: 60 }));
    const answers = [
      await client.get("/").send(),
      await client.get("/").send(),
      await client.get("/").send(),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[0]?.header("ratelimit-policy")).toBe('"default";q=2;w=60');
    expect(answers.map((answer) => answer.header("ratelimit"))).toEqual([
      '"default";r=1;t=60',
      '"default";r=0;t=60',
      '"default";r=0;t=60',
    ]);
    expect(answers[2]?.header("retry-after")).toBe("60");
    expect(answers[2]?.header("content-type")).toContain("problem+json");
  });

  test("counts a hundred at once as a hundred", async () => {
    const client = clientOf(new RateLimiterMemory({ points: 10, duration: 60 }));
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.get("/").send()));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  });

  test("counts for the key that the application names, and nobody where it names none", async () => {
    let key: string | undefined = "ada";
    const client = clientOf(new RateLimiterMemory({ points: 1, duration: 60 }), () => key);
    const first = await client.get("/").send();
    expect(first.header("ratelimit")).toBe('"by-key";r=0;t=60');
    expect((await client.get("/").send()).status).toBe(429);
    key = "bob";
    expect((await client.get("/").send()).status).toBe(200);
    key = undefined;
    const uncounted = [await client.get("/").send(), await client.get("/").send()];
    expect(uncounted.map((answer) => [answer.status, answer.header("ratelimit")])).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
  });

  test("a limiter that cannot count is 503, and its reason stays here", async () => {
    const limiter = new RateLimiterMemory({ points: 1, duration: 60 });
    limiter.consume = () => Promise.reject(new Error("ECONNREFUSED redis://secret"));
    const answer = await clientOf(limiter).get("/").send();
    expect(answer.status).toBe(503);
    expect(answer.header("retry-after")).toBe("5");
    expect(answer.text()).not.toContain("secret");
  });

  test.each([undefined, {}, { points: 0, duration: 1, consume() {}, reward() {} }, { points: "x" }])(
    "%j is no limiter: a TypeError at registration",
    (limiter) => {
      expect(() => rateLimit({ limiter: limiter as never })).toThrow(
        "a limiter is one of rate-limiter-flexible",
      );
    },
  );

  test("a name that would break the field is refused at registration", () => {
    const limiter = new RateLimiterMemory({ points: 1, duration: 60 });
    expect(() => rateLimit({ limiter, name: 'a";q=1' })).toThrow(TypeError);
  });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["", ""],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8::1:2:3:4:5", "2001:db8:0:1::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["1::", "1:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
  ["1:2:3:4:5:6:192.0.2.1", "1:2:3:4::/64"],
])("the address %s counts as %s", (ip, key) => {
  expect(addressKey(ip)).toBe(key);
});
