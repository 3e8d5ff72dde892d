// Several requests of one browser at once: two tabs, or a page that asks for more than one thing.
import { broken, KEPT, type Promised } from "../promise.ts";

const COUNTS = 10;

export const parallel: readonly Promised[] = [
  {
    id: "different-keys",
    title: "Parallel requests that set different values both keep theirs",
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      await Promise.all([
        browser.post("/set?key=a&value=1&ms=300"),
        browser.post("/set?key=b&value=2&ms=100"),
      ]);
      const values = [(await browser.get("/get?key=a")).text, (await browser.get("/get?key=b")).text];
      return values.join() === "1,2"
        ? KEPT
        : broken(`a=1 and b=2 were acknowledged; kept: ${JSON.stringify(values)}`);
    },
  },
  {
    id: "counter",
    title: "A counter counts parallel requests",
    async test(running) {
      const browser = running.browser();
      await browser.post("/login?user=ada");
      await Promise.all(Array.from({ length: COUNTS }, () => browser.post("/count?ms=100")));
      const { text } = await browser.get("/get?key=count");
      return text === String(COUNTS) ? KEPT : broken(`${COUNTS} requests counted to ${JSON.stringify(text)}`);
    },
  },
];
