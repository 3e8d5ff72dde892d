// Every page, and what bad input gets, over a real socket.
import { randomUUID } from "node:crypto";
import { SessionStore, type Store } from "@hatcheck/session";
import { hashPassword } from "@hatcheck/session/password";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { SessionData } from "../src/site.ts";
import { startSite, type TestSite, type TestSiteOptions } from "./site.ts";
import { Visitor } from "./visitor.ts";

let site: TestSite;
let passwordHash: string;
let names = 0;
const someone = () => `Visitor ${(names += 1)}`;

beforeAll(async () => {
  [site, passwordHash] = await Promise.all([startSite(), hashPassword("a hat and a coat")]);
});
afterAll(() => site.close({ graceMs: 0 }));

function visitor(at: TestSite = site): Visitor {
  const made = new Visitor(at.url);
  onTestFinished(() => made.close());
  return made;
}

/** Somebody who is logged in already: a hash for each would take its time. */
async function member(name = someone(), at: TestSite = site): Promise<Visitor> {
  const user = { id: randomUUID(), name, passwordHash, createdAt: Date.now() };
  expect(await at.site.users.create(user)).toBe(true);
  const made = visitor(at);
  made.cookie = `sid=${(await at.store.create({ userId: user.id })).id}`;
  return made;
}

async function otherSite(options: TestSiteOptions): Promise<TestSite> {
  const made = await startSite(options);
  onTestFinished(() => made.close({ graceMs: 0 }));
  return made;
}

describe("pages", () => {
  test.each(["/", "/login", "/register"])("%s is for everybody, and sets no cookie", async (path) => {
    const { status, headers, text } = await visitor().get(path);
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["set-cookie"]).toBeUndefined();
    expect(text).toMatch(/^<!doctype html>/);
    expect(text).toContain('<html lang="en">');
  });

  test.each(["/account", "/account/devices", "/account/password", "/account/confirm"])(
    "%s is for members: others are sent to log in, and back",
    async (path) => {
      const { status, headers } = await visitor().get(path);
      expect(status).toBe(303);
      expect(headers.location).toBe(`/login?next=${encodeURIComponent(path)}`);
      expect((await (await member()).get(path)).status).toBe(200);
    },
  );

  test.each([
    "/account/password",
    "/account/confirm",
    "/account/devices/logout-others",
    "/account/devices/x/logout",
  ])("POST %s is for members", async (path) => {
    const { status, headers } = await visitor().post(path, { password: "something new" });
    expect([status, headers.location]).toEqual([303, "/login"]);
  });

  test("every answer carries the strict policy, and a request id", async () => {
    for (const path of ["/", "/nowhere", "/assets/site.css", "/healthz"]) {
      const { headers } = await visitor().get(path);
      expect(headers["content-security-policy"]).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["x-frame-options"]).toBe("DENY");
      expect(headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
    }
  });

  test("there is no script, no inline style and nothing from elsewhere on any page", async () => {
    const ada = await member();
    for (const path of [
      "/",
      "/login",
      "/register",
      "/account",
      "/account/devices",
      "/account/password",
      "/x",
    ]) {
      const { text } = await ada.get(path);
      expect(text).not.toMatch(/<script|<style|style=|\son\w+=|https?:/i);
    }
  });

  test("the stylesheet and the icon are files, asked for again each time", async () => {
    const css = await visitor().get("/assets/site.css");
    expect([css.status, css.headers["content-type"]]).toEqual([200, "text/css; charset=utf-8"]);
    expect(
      (await visitor().get("/assets/site.css", { "if-none-match": String(css.headers.etag) })).status,
    ).toBe(304);
    expect((await visitor().get("/assets/icon.svg")).headers["content-type"]).toBe("image/svg+xml");
    expect((await visitor().get("/assets/../package.json")).status).toBe(404);
  });

  test("health: alive, and ready as long as the stores are", async () => {
    expect((await visitor().get("/healthz")).text).toBe("ok\n");
    expect((await visitor().get("/readyz")).status).toBe(200);
    const unready = await otherSite({ ready: () => false });
    expect((await visitor(unready).get("/readyz")).status).toBe(503);
    expect((await visitor(unready).get("/healthz")).status).toBe(200);
  });
});

describe("accounts", () => {
  test("register, log out, log in", async () => {
    const name = someone();
    const ada = visitor();
    const registered = await ada.register(name);
    expect([registered.status, registered.headers.location]).toEqual([303, "/account"]);
    expect(registered.headers["set-cookie"]).toMatch(
      /^sid=[\w.-]{40,}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/,
    );
    const profile = (await ada.get("/account")).text;
    expect(profile).toContain(name);
    expect(profile).toContain("Your account is ready.");
    expect((await ada.get("/account")).text).not.toContain("Your account is ready.");

    const old = ada.cookie;
    const left = await ada.post("/logout");
    expect([left.status, left.headers.location]).toEqual([303, "/"]);
    expect((await ada.get("/")).text).toContain("You are logged out.");
    ada.cookie = old;
    expect((await ada.get("/account")).status).toBe(303);

    const again = await ada.login(name.toUpperCase());
    expect([again.status, again.headers.location]).toEqual([303, "/account"]);
    expect((await ada.get("/account")).text).toContain(`Welcome back, ${name}.`);
  });

  test("a login gives another cookie, and the one from before opens nothing", async () => {
    const name = someone();
    await member(name);
    const ada = visitor();
    await ada.post("/count");
    const before = ada.cookie;
    await ada.login(name);
    expect(ada.cookie).not.toBe(before);
    expect((await ada.get("/account")).text).toContain("<dd>1</dd>");
    ada.cookie = before;
    expect((await ada.get("/account")).status).toBe(303);
  });

  test.each([
    ["a name that is too short", "A", "a hat and a coat", "A name has 2 to 40 characters."],
    ["a name that is too long", "A".repeat(41), "a hat and a coat", "A name has 2 to 40 characters."],
    [
      "a name with what cannot be seen",
      "Ada\u200bLovelace",
      "a hat and a coat",
      "characters that can be seen",
    ],
    ["a password that is too short", "Somebody", "1234567", "A password has 8 characters or more."],
    ["a password that is too long", "Somebody", "x".repeat(257), "A password has 256 characters at most."],
    ["the name as password", "Somebody", "somebody", "A password is not the name."],
    ["nothing", "", "", "A name has 2 to 40 characters."],
  ])("registering with %s is refused in words", async (_what, name, password, message) => {
    const { status, text, headers } = await visitor().register(name, password);
    expect(status).toBe(422);
    expect(text).toContain(message);
    expect(text).toContain('aria-invalid="true"');
    expect(text).toContain("<title>Error: Register");
    expect(headers["set-cookie"]).toBeUndefined();
  });

  test("a name can be had once, however it is written, also when two ask at once", async () => {
    const name = `Zoë ${someone()}`;
    const both = await Promise.all([visitor().register(name), visitor().register(name.toUpperCase())]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([303, 422]);
    expect((await visitor().register(name.normalize("NFD"))).text).toContain("This name is taken.");
  });

  test("a wrong password and a name that nobody has get the same answer", async () => {
    const name = someone();
    await member(name);
    const wrong = await visitor().login(name, "wrong");
    const nobody = await visitor().login("Nobody", "wrong");
    expect([wrong.status, nobody.status]).toEqual([422, 422]);
    expect(wrong.text).toContain("No account has this name and this password.");
    expect(wrong.text.replaceAll(name, "")).toBe(nobody.text.replaceAll("Nobody", ""));
  });

  test("what somebody calls themselves is text on every page", async () => {
    const name = `<img src=x onerror="a&b'">`;
    const eve = await member(name);
    for (const path of ["/", "/account", "/account/password"]) {
      const { text } = await eve.get(path);
      expect(text).not.toContain("<img src=x");
      expect(text).toContain("&lt;img src=x onerror=&quot;a&amp;b&#39;&quot;&gt;");
    }
    expect((await visitor().login(`"><b>`, "wrong")).text).toContain('value="&quot;&gt;&lt;b&gt;"');
  });

  test("a login leads back to where it was asked for, and never to another site", async () => {
    const name = someone();
    await member(name);
    const leadTo = async (next: string) => {
      const fields = { name, password: "a hat and a coat", next };
      return (await visitor().post("/login", fields)).headers.location;
    };
    expect(await leadTo("/account/devices")).toBe("/account/devices");
    for (const next of ["https://evil.example", "//evil.example", "/\\evil.example", "/account/../x", ""]) {
      expect(await leadTo(next)).toBe("/account");
    }
    expect((await visitor().get("/login?next=%22%3E%3Cscript%3E")).text).not.toContain("<script>");
  });

  test("a form without its fields, or with one twice, is none of ours: 422 says which", async () => {
    const somebody = visitor();
    const missing = await somebody.post("/login", { name: "x" }, { accept: "application/json" });
    expect(missing.status).toBe(422);
    expect(JSON.parse(missing.text)).toMatchObject({ errors: [{ pointer: "#/password" }] });
    const twice = "name=a&name=b&password=a+hat+and+a+coat";
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const { status, text } = await somebody.send("POST", "/register", twice, type);
    expect([status, text.includes("<!doctype html>")]).toEqual([422, true]);
  });

  test("who is logged in needs neither form", async () => {
    const ada = await member();
    expect((await ada.get("/login")).headers.location).toBe("/account");
    expect((await ada.get("/register")).headers.location).toBe("/account");
  });
});

describe("limits", () => {
  test("a name has so many wrong passwords; then even the right one must wait", async () => {
    const limited = await otherSite({ maxByName: 3 });
    const name = someone();
    const ada = await member(name, limited);
    const attempts = await Promise.all(
      ["1", "2", "3", "4", "5"].map((wrong) => visitor(limited).login(name, wrong)),
    );
    expect(attempts.map(({ status }) => status).toSorted()).toEqual([422, 422, 422, 429, 429]);
    const { status, headers, text } = await visitor(limited).login(name);
    expect(status).toBe(429);
    expect(Number(headers["retry-after"])).toBeGreaterThan(890);
    expect(text).toContain("There were too many attempts. Try again in 15 minutes.");
    expect((await ada.get("/account")).status).toBe(200);
    expect((await visitor(limited).login("Nobody", "wrong")).status).toBe(422);
  });

  test("the right password does not count", async () => {
    const limited = await otherSite({ maxByName: 1, maxByAddress: 2 });
    const name = someone();
    await member(name, limited);
    for (let round = 0; round < 3; round += 1) expect((await visitor(limited).login(name)).status).toBe(303);
  });

  test("an address has so many attempts, whatever the names", async () => {
    const limited = await otherSite({ maxByAddress: 2 });
    expect((await visitor(limited).login("One", "wrong")).status).toBe(422);
    expect((await visitor(limited).register("Two")).status).toBe(303);
    expect((await visitor(limited).login("Three", "wrong")).status).toBe(429);
    expect((await visitor(limited).register("Four")).status).toBe(429);
  });

  test("the second password page counts too", async () => {
    const limited = await otherSite({ maxByName: 1 });
    const ada = await member(someone(), limited);
    expect((await ada.post("/account/confirm", { password: "wrong" })).status).toBe(422);
    expect((await ada.post("/account/confirm", { password: "a hat and a coat" })).status).toBe(429);
  });
});

describe("the counter", () => {
  test("counts for anybody, survives the login, and starts over", async () => {
    const ada = visitor();
    expect((await ada.get("/")).text).toContain("no ticket, and no cookie");
    const counted = await ada.post("/count");
    expect([counted.status, counted.headers.location]).toEqual([303, "/"]);
    await ada.post("/count");
    expect((await ada.get("/")).text).toContain('<p class="figure">2</p>');
    await ada.register(someone());
    expect((await ada.get("/")).text).toContain('<p class="figure">2</p>');
    await ada.post("/count/reset");
    expect((await ada.get("/")).text).toContain("The counter starts over.");
    expect((await ada.get("/")).text).toContain('<p class="figure">0</p>');
  });

  test("loses nothing when many tabs count at once", async () => {
    const ada = visitor();
    await ada.post("/count");
    await Promise.all(Array.from({ length: 49 }, () => ada.post("/count")));
    expect((await ada.get("/")).text).toContain('<p class="figure">50</p>');
  });
});

describe("devices", () => {
  test("are listed, and each can be logged out", async () => {
    const name = someone();
    const here = await member(name);
    const there = visitor();
    await there.post(
      "/login",
      { name, password: "a hat and a coat" },
      { "user-agent": "Firefox/146.0 (Windows)" },
    );
    const { text } = await here.get("/account/devices");
    expect(text).toContain("You are logged in on 2 devices.");
    expect(text).toContain("Firefox on Windows");
    expect(text.match(/this device<\/span>/g)).toHaveLength(1);
    const other = /Firefox on Windows[\s\S]*?action="([^"]+)"/.exec(text)?.[1] ?? "";
    expect((await here.post(other)).headers.location).toBe("/account/devices");
    expect((await here.get("/account/devices")).text).toContain("That device is logged out.");
    expect((await there.get("/account")).status).toBe(303);
    expect((await here.get("/account/devices")).text).toContain("this device only");
    await here.post(other);
    expect((await here.get("/account/devices")).text).toContain("That device was logged out already.");
  });

  test("logging out this device leads to the front page", async () => {
    const here = await member();
    const action = /action="([^"]+\/logout)"/.exec(
      (await here.get("/account/devices")).text.split("<main")[1] ?? "",
    );
    const answer = await here.post(action?.[1] ?? "");
    expect([answer.status, answer.headers.location]).toEqual([303, "/"]);
    expect((await here.get("/account")).status).toBe(303);
  });

  test("all others can be logged out at once", async () => {
    const name = someone();
    const here = await member(name);
    const others = [visitor(), visitor()];
    for (const other of others) await other.login(name);
    await here.post("/account/devices/logout-others");
    expect((await here.get("/account/devices")).text).toContain("Logged out on 2 other devices.");
    for (const other of others) expect((await other.get("/account")).status).toBe(303);
  });

  test("somebody else's device is nobody's business", async () => {
    const grace = await member();
    const action = /action="(\/account\/devices\/[^"]+\/logout)"/.exec(
      (await grace.get("/account/devices")).text,
    );
    const eve = await member();
    await eve.post(action?.[1] ?? "");
    expect((await eve.get("/account/devices")).text).toContain("That device was logged out already.");
    expect((await grace.get("/account")).status).toBe(200);
  });
});

describe("changing the password", () => {
  test("asks for the old one when the login is old, and logs out everywhere else", async () => {
    const name = someone();
    const here = await member(name);
    const there = visitor();
    await there.login(name);

    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6 * 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await here.get("/account/password")).headers.location).toBe("/account/confirm");
    expect((await here.post("/account/password", { password: "a new umbrella" })).headers.location).toBe(
      "/account/confirm",
    );
    const wrong = await here.post("/account/confirm", { password: "wrong" });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain("This is not your password.");
    const before = here.cookie;
    expect((await here.post("/account/confirm", { password: "a hat and a coat" })).headers.location).toBe(
      "/account/password",
    );
    expect(here.cookie).not.toBe(before);

    expect((await here.post("/account/password", { password: "short" })).status).toBe(422);
    const confirmed = here.cookie;
    expect((await here.post("/account/password", { password: "a new umbrella" })).headers.location).toBe(
      "/account",
    );
    expect(here.cookie).not.toBe(confirmed);
    expect((await here.get("/account")).text).toContain("Your password is changed");
    expect((await there.get("/account")).status).toBe(303);
    expect((await visitor().login(name)).status).toBe(422);
    expect((await visitor().login(name, "a new umbrella")).status).toBe(303);
  });
});

describe("what is wrong", () => {
  test("an unknown page is a page, and problem+json for programs", async () => {
    const page = await visitor().get("/nowhere");
    expect(page.status).toBe(404);
    expect(page.text).toContain("This hook is empty");
    const json = await visitor().get("/nowhere", { accept: "application/json" });
    expect([json.status, json.headers["content-type"]]).toEqual([404, "application/json"]);
  });

  test("a page behind the login does not tell whether it exists", async () => {
    expect((await (await member()).get("/account/nowhere")).status).toBe(404);
    expect((await visitor().get("/account/nowhere")).status).toBe(303);
  });

  test("logging out is no link", async () => {
    const { status, headers } = await visitor().get("/logout");
    expect([status, headers.allow]).toEqual([405, expect.stringContaining("POST")]);
  });

  test.each([
    ["another type", "application/json", "{}", 415],
    ["no type", "", "name=Ada", 415],
    ["half an escape", "application/x-www-form-urlencoded", "name=%", 400],
    ["what is not UTF-8", "application/x-www-form-urlencoded", "name=%ff", 400],
    ["too much", "application/x-www-form-urlencoded", `name=${"x".repeat(17_000)}`, 413],
  ])("a form with %s gets %4$s", async (_what, type, body, expected) => {
    for (const path of ["/login", "/register"]) {
      const { status, text } = await visitor().send("POST", path, body, { "content-type": type });
      expect(status).toBe(expected);
      expect(text).toContain(`<p class="status">${expected}</p>`);
    }
  });

  test("a cookie that cannot be one is a visitor without a ticket", async () => {
    for (const cookie of ["sid=", "sid=%00", "sid=x.y", `sid=${"x".repeat(4000)}`, "=;;sid"]) {
      const eve = visitor();
      eve.cookie = cookie;
      expect((await eve.get("/account")).status).toBe(303);
    }
  });

  test("a form from another site is refused before anything happens", async () => {
    const ada = await member();
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "https://evil.example" },
      { origin: "null" },
    ] as Record<string, string>[]) {
      const { status, text } = await ada.post("/logout", {}, headers);
      expect(status).toBe(403);
      expect(text).toContain("This request came from another site.");
    }
    expect((await ada.get("/account")).status).toBe(200);
  });

  test("when the users are away, it is an error page with a number, and the log has the rest", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const broken = await otherSite({});
    vi.spyOn(broken.site.logins, "attempt").mockImplementation(() => {
      throw new Error("secret detail");
    });
    const { status, text, headers } = await visitor(broken).login("Ada");
    expect(status).toBe(500);
    expect(text).not.toContain("secret detail");
    expect(text).toContain(String(headers["x-request-id"]));
    expect(log).toHaveBeenCalledWith(
      expect.stringContaining(String(headers["x-request-id"])),
      expect.any(Error),
    );
  });

  test("when the accounts are away, it is 503, and says nothing of why", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const broken = await otherSite({});
    vi.spyOn(broken.site.users, "byName").mockRejectedValue(new Error("secret detail"));
    const { status, text, headers } = await visitor(broken).login("Ada");
    expect([status, headers["retry-after"]]).toEqual([503, "5"]);
    expect(text).toContain("We will be right back");
    expect(text).not.toContain("secret detail");
  });

  test("when the sessions are away, it is 503, and nobody is taken for a stranger", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const store = new SessionStore<SessionData>(3600);
    const broken = await otherSite({ store: store as Store<SessionData> });
    const ada = await member(someone(), broken);
    vi.spyOn(store, "load").mockImplementation(() => {
      throw new Error("connection refused");
    });
    const { status, text, headers } = await ada.get("/account");
    expect([status, headers["retry-after"]]).toEqual([503, "5"]);
    expect(text).toContain("We will be right back");
    expect(headers["set-cookie"]).toBeUndefined();
  });
});
