// When a session has ended, it has ended: for every cookie, and for every request that is still under way.
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "../browser.ts";
import { broken, KEPT, type Outcome, type Promised, type Running } from "../promise.ts";

export const ending: readonly Promised[] = [
  {
    id: "logout",
    title: "After a logout its cookie opens nothing",
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      const stolen = browser.cookie;
      await browser.post("/logout");
      return isOut(running, browser, [stolen]);
    },
  },
  {
    id: "logout-slow-request",
    title: "A request under way does not bring it back",
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      const before = browser.cookie;
      await Promise.all([
        browser.post("/set?key=draft&value=text&ms=500"),
        sleep(200).then(() => browser.post("/logout")),
      ]);
      return isOut(running, browser, [before]);
    },
  },
  {
    id: "logout-meets-renewal",
    title: "Nor does a renewal that it meets",
    async test(running) {
      const first = running.browser("renewal first");
      await first.post("/login?user=ada");
      const firstBefore = first.cookie;
      const [, afterRenewal] = await Promise.all([
        first.post("/logout?ms=500"),
        sleep(200).then(async () => {
          await first.post("/renew");
          return first.cookie;
        }),
      ]);
      const one = await isOut(running, first, [firstBefore, afterRenewal]);
      if (one.result !== "kept") return one;

      const second = running.browser("logout first");
      await second.post("/login?user=ada");
      const secondBefore = second.cookie;
      await Promise.all([second.post("/renew?ms=500"), sleep(200).then(() => second.post("/logout"))]);
      return isOut(running, second, [secondBefore]);
    },
  },
  {
    id: "absolute-lifetime",
    title: "It ends for good, however often it is used",
    settings: { ttl: 3 },
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      const stolen = browser.cookie;
      for (let second = 0; second < 4; second += 1) {
        await sleep(1000);
        await browser.get("/me");
      }
      await sleep(running.allowanceSeconds * 1000);
      return isOut(running, browser, [stolen]);
    },
  },
  {
    id: "idle-lifetime",
    title: "It ends when nobody uses it, and not before",
    settings: { idle: 2 },
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      const stolen = browser.cookie;
      for (let turn = 0; turn < 3; turn += 1) {
        await sleep(1000);
        if ((await browser.get("/me")).text !== "ada")
          return broken("it ended while it was used every second");
      }
      const used = browser.cookie;
      await sleep(3500 + running.allowanceSeconds * 1000);
      return isOut(running, browser, [stolen, used]);
    },
  },
  {
    id: "log-out-everywhere",
    title: "All sessions of a user can be ended",
    async test(running) {
      const [phone, laptop, other] = [
        running.browser("phone"),
        running.browser("laptop"),
        running.browser("other"),
      ];
      await phone.post("/login?user=ada");
      await laptop.post("/login?user=ada");
      await other.post("/login?user=bob");
      const [one, two] = [phone.cookie, laptop.cookie];
      await phone.post("/logout-everywhere?user=ada");
      if ((await other.get("/me")).text !== "bob") return broken("another user was logged out");
      const outcome = await isOut(running, phone, [one, two]);
      return outcome.result === "kept" ? isOut(running, laptop, []) : outcome;
    },
  },
];

/** Whether neither the browser nor a thief with one of these cookies is logged in. */
async function isOut(running: Running, browser: Browser, cookies: readonly string[]): Promise<Outcome> {
  if ((await browser.get("/me")).text !== "") return broken("the browser is still logged in");
  for (const cookie of cookies) {
    const seen = await running.browser("thief").get("/me", { cookie });
    if (seen.text !== "") return broken("a copy of the cookie is still logged in");
  }
  return KEPT;
}
