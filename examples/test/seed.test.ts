// The seed's program over a real socket, as the page that started Hatcheck describes it.
import type { Server } from "@hatcheck/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, request } from "undici";
import { app } from "../src/seed.ts";

let server: Server;
const agent = new Agent();

beforeAll(async () => {
  server = await app.listen({ port: 0 });
});

afterAll(async () => {
  await agent.close();
  await server.close();
});

async function call(method: "GET" | "POST", path: string, cookie?: string) {
  const { statusCode, headers, body } = await request(server.url + path, {
    method,
    dispatcher: agent,
    headers: cookie === undefined ? {} : { cookie },
  });
  await body.dump();
  return { statusCode, setCookie: String(headers["set-cookie"] ?? "") };
}

async function login(): Promise<string> {
  const { setCookie } = await call("POST", "/login");
  return setCookie.split(";")[0] as string;
}

test("login answers 200 and sets the session cookie with its attributes", async () => {
  const { statusCode, setCookie } = await call("POST", "/login");
  expect(statusCode).toBe(200);
  expect(setCookie).toMatch(/^sid=[\w.-]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
});

test("profile with the cookie is 200", async () => {
  expect((await call("GET", "/profile", await login())).statusCode).toBe(200);
});

test("profile without a cookie is 401", async () => {
  expect((await call("GET", "/profile")).statusCode).toBe(401);
});

test("profile with a wrong cookie is 401", async () => {
  const right = await login();
  for (const wrong of [`${right}x`, right.slice(0, -1), "sid=", "sid=nonsense", "sid=%00"]) {
    expect((await call("GET", "/profile", wrong)).statusCode).toBe(401);
  }
});

test("logout ends the session and clears the cookie, and the old cookie opens nothing any more", async () => {
  const cookie = await login();
  const { statusCode, setCookie } = await call("GET", "/logout", cookie);
  expect(statusCode).toBe(200);
  expect(setCookie).toBe("sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  expect((await call("GET", "/profile", cookie)).statusCode).toBe(401);
});

test("one browser's logout leaves another logged in", async () => {
  const [one, other] = [await login(), await login()];
  await call("GET", "/logout", one);
  expect((await call("GET", "/profile", other)).statusCode).toBe(200);
});
