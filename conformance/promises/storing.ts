// What the place where sessions are kept gives away, and what becomes of visitors when it fails.
import { broken, KEPT, notOffered, type Promised } from "../promise.ts";

/** A visit that leaves something behind costs at least this much. */
const BYTES_A_VISIT = 40;

export const storing: readonly Promised[] = [
  {
    id: "stolen-database",
    title: "A copy of the store opens nothing",
    async test(running) {
      const owner = running.browser("owner");
      await owner.post("/login?user=ada");
      const [name = ""] = owner.cookie.split("=");
      const dump = await running.stored();
      if (dump === undefined) return notOffered("no store outside of the server's memory or the browser");
      const words = dump.flatMap((text) => text.match(/[\w.~%+/=-]{16,512}/g) ?? []);
      const parts = words.flatMap((word) => word.split(/[:./=]/).filter((part) => part.length >= 16));
      const tokens = new Set([...words, ...parts]);
      for (const token of tokens) {
        for (const value of [token, encodeURIComponent(`s:${token}`)]) {
          const seen = await running.browser("thief").get("/me", { cookie: `${name}=${value}` });
          if (seen.text === "ada") return broken("a text of the store is a cookie that logs in");
        }
      }
      return KEPT;
    },
  },
  {
    id: "outage",
    title: "An outage of the store is an error, not a stranger's page, and loses nobody's session",
    async test(running) {
      const { stopStore, startStore } = running;
      if (stopStore === undefined || startStore === undefined)
        return notOffered("no store that could fail by itself");
      const browser = running.browser();
      await browser.post("/login?user=ada");
      const before = browser.cookie;
      await stopStore();
      try {
        const answer = await browser.get("/me").catch(() => undefined);
        if (answer !== undefined && answer.status < 500) {
          return broken(
            `with the store away, the answer was ${answer.status} ${JSON.stringify(answer.text)}`,
          );
        }
        if (browser.cookie !== before) return broken("the answer changed the cookie");
      } finally {
        await startStore();
      }
      for (let tries = 0; tries < 20; tries += 1) {
        const answer = await browser.get("/me").catch(() => undefined);
        if (answer?.text === "ada") return KEPT;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      return broken("with the store back, the user is not logged in any more");
    },
  },
  {
    id: "anonymous-visits",
    title: "Visits that store nothing cost nothing",
    async test(running) {
      const visit = async (): Promise<void> =>
        void (await running.browser("crawler").get("/me", { cookie: "" }));
      const many = async (count: number): Promise<void> => {
        for (let left = count; left > 0; left -= 50) {
          await Promise.all(Array.from({ length: Math.min(50, left) }, visit));
        }
      };
      // The first tenth warms the server up: compiled code, connections, buffers.
      await many(running.visits / 10);
      const [memory, records] = [running.memory(), (await running.stored())?.length ?? 0];
      await many(running.visits);
      const grown = running.memory() - memory;
      const added = ((await running.stored())?.length ?? 0) - records;
      if (added >= running.visits / 2) return broken(`${running.visits} visits left ${added} records`);
      // A young heap breathes by tens of megabytes.
      return grown > 64 * 2 ** 20 && grown / running.visits > BYTES_A_VISIT * 5
        ? broken(`${running.visits} visits took ${Math.round(grown / 2 ** 20)} MiB`)
        : KEPT;
    },
  },
];
