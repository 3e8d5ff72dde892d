// Who holds a session, and how it comes to be theirs.
import { randomBytes } from "node:crypto";
import { broken, KEPT, notOffered, type Promised } from "../promise.ts";

const SAMPLES = 64;
/** OWASP asks for 64 bits; with so few samples an estimate is a third too low, so that 96 seen are more than that. */
const LEAST_BITS = 96;

export const identity: readonly Promised[] = [
  {
    id: "unguessable",
    title: "Ids cannot be guessed",
    needsIds: true,
    async test(running) {
      const cookies: string[] = [];
      for (let n = 0; n < SAMPLES; n += 1) {
        const browser = running.browser(`visitor ${n}`);
        await browser.post("/set?key=k&value=v");
        cookies.push(browser.cookie);
      }
      if (cookies.some((cookie) => cookie === "")) return broken("no cookie was set for a session");
      if (new Set(cookies).size < SAMPLES) return broken("two visitors got the same cookie");
      const bits = entropyOf(cookies);
      return bits >= LEAST_BITS
        ? KEPT
        : broken(`about ${Math.round(bits)} bits differ between ${SAMPLES} ids`);
    },
  },
  {
    id: "foreign-id",
    title: "An id from outside is not taken over",
    needsIds: true,
    async test(running) {
      const sample = running.browser("sample");
      await sample.post("/set?key=k&value=v");
      const [name, value = ""] = sample.cookie.split(/=(.*)/s);
      for (const chosen of [
        value.replaceAll(/[0-9a-f]/g, () => digit()),
        "attacker-chosen-id",
        randomBytes(32).toString("hex"),
      ]) {
        const cookie = `${name}=${chosen}`;
        const victim = await running.browser("victim").post("/set?key=k&value=victims", { cookie });
        const seen = await running.browser("attacker").get("/get?key=k", { cookie });
        if (victim.status < 400 && seen.text === "victims")
          return broken(`the chosen id ${JSON.stringify(chosen)} was used`);
      }
      return KEPT;
    },
  },
  {
    id: "new-id-at-login",
    title: "A login changes the id",
    needsIds: true,
    async test(running) {
      const browser = running.browser();
      await browser.post("/set?key=cart&value=hat");
      const before = browser.cookie;
      await browser.post("/login?user=ada");
      if ((await browser.get("/me")).text !== "ada") return broken("the login did not work");
      return browser.cookie === before ? broken("the cookie of before the login is the one after it") : KEPT;
    },
  },
  {
    id: "old-id-dead",
    title: "The id of before a login opens nothing of the user's",
    needsIds: true,
    async test(running) {
      const browser = running.browser();
      await browser.post("/set?key=cart&value=hat");
      const planted = browser.cookie;
      await browser.post("/login?user=ada");
      const seen = await running.browser("attacker").get("/me", { cookie: planted });
      return seen.text === "ada" ? broken("whoever planted the cookie is logged in as the user") : KEPT;
    },
  },
  {
    id: "other-user",
    title: "Who logs in after another gets nothing of theirs",
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      await browser.post("/set?key=address&value=home");
      await browser.post("/login?user=bob");
      if ((await browser.get("/me")).text !== "bob") return broken("the second login did not work");
      const left = (await browser.get("/get?key=address")).text;
      return left === "home" ? broken("the second user sees what the first had stored") : KEPT;
    },
  },
  {
    id: "device-bound",
    title: "A login can be bound to the device (DBSC)",
    settings: { proxied: true },
    async test(running) {
      const answer = await running.browser().post("/login?user=ada");
      return answer.header("secure-session-registration") === undefined
        ? notOffered("no Secure-Session-Registration after a login over TLS")
        : KEPT;
    },
  },
];

/** Bits that differ between samples, by how often each character stands at each place. */
function entropyOf(samples: readonly string[]): number {
  const length = Math.min(...samples.map((sample) => sample.length));
  let bits = 0;
  for (let at = 0; at < length; at += 1) {
    const counts = new Map<string, number>();
    for (const sample of samples) counts.set(sample.charAt(at), (counts.get(sample.charAt(at)) ?? 0) + 1);
    for (const count of counts.values()) bits -= (count / samples.length) * Math.log2(count / samples.length);
  }
  return bits;
}

function digit(): string {
  return Math.floor(Math.random() * 16).toString(16);
}
