// What the browser and the caches between are told.
import { broken, KEPT, type Promised } from "../promise.ts";

export const browserRules: readonly Promised[] = [
  {
    id: "cross-origin-post",
    title: "Another site, or a sibling subdomain, cannot post as the user",
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      // What a browser sends, with the cookie: SameSite does not keep it from a sibling subdomain.
      for (const headers of [
        { origin: "https://evil.example", "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate" },
        { origin: "https://evil.example" },
      ]) {
        const forged = await browser.post("/set?key=email&value=evil", { headers });
        const { text } = await browser.get("/get?key=email");
        if (text === "evil") return broken(`a forged POST was carried out with ${forged.status}`);
      }
      return KEPT;
    },
  },
  {
    id: "cookie-over-tls",
    title: "Over TLS, also behind a proxy, the cookie is Secure, HttpOnly and SameSite",
    settings: { proxied: true },
    async test(running) {
      const { setCookies } = await running.browser().post("/login?user=ada");
      if (setCookies.length === 0) return broken("no cookie was set");
      const missing = ["secure", "httponly", "samesite=(lax|strict)"].filter(
        (attribute) => !setCookies.every((line) => new RegExp(`;\\s*${attribute}`, "i").test(line)),
      );
      return missing.length === 0 ? KEPT : broken(`the cookie lacks ${missing.join(", ")}`);
    },
  },
  {
    id: "host-prefix",
    title: "No subdomain can overwrite it (`__Host-`)",
    settings: { proxied: true },
    async test(running) {
      const { setCookies } = await running.browser().post("/login?user=ada");
      const isKept = setCookies.length > 0 && setCookies.every((line) => line.startsWith("__Host-"));
      return isKept ? KEPT : broken("the cookie's name has no __Host- prefix");
    },
  },
  {
    id: "private-pages",
    title: "A page for a user is kept by no shared cache",
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      const control = (await browser.get("/private")).header("cache-control") ?? "";
      return /\b(private|no-store)\b/i.test(control)
        ? KEPT
        : broken(`Cache-Control is ${control === "" ? "absent" : JSON.stringify(control)}`);
    },
  },
  {
    id: "public-set-cookie",
    title: "Nor is an answer that sets the cookie, also when the page was said to be public",
    async test(running) {
      const answer = await running.browser().get("/public");
      const control = answer.header("cache-control") ?? "";
      return answer.setCookies.length > 0 && /\bpublic\b/i.test(control)
        ? broken(`Set-Cookie and Cache-Control: ${control} in one answer`)
        : KEPT;
    },
  },
];
