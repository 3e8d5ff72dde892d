import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rewriteLinks } from "./links.ts";
import { PAGES } from "./pages.ts";

test("every page of docs/ is on the site", () => {
  const docs = readdirSync(join(import.meta.dirname, "../docs")).filter((name) => name.endsWith(".md"));
  const shown = PAGES.map(({ file }) => file);
  expect(docs.filter((name) => !shown.includes(`docs/${name}`))).toEqual([]);
});

test.each([
  ["[a](sessions.md)", "[a](/docs/sessions)"],
  ["[a](sessions.md#two-clocks)", "[a](/docs/sessions#two-clocks)"],
  ["[a](../README.md)", "[a](/)"],
  ["[a](../packages/session/README.md)", "[a](/packages/session)"],
  ["![a](screenshots/a.png)", "![a](/docs/screenshots/a.png)"],
  ["[a](../examples/src/app.ts)", "[a](https://github.com/hatcheck/hatcheck/blob/main/examples/src/app.ts)"],
  ["[a](https://nodejs.org/) and [b](#here)", "[a](https://nodejs.org/) and [b](#here)"],
])("%s becomes %s", (before, after) => {
  const page = { file: "docs/layers.md", path: "docs/layers", title: "Layers" };
  expect(rewriteLinks(before, page)).toBe(after);
});
