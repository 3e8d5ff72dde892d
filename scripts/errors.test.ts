import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/errors.md"), "utf8");
const sources = globSync("packages/*/src/**/*.ts", { cwd: root })
  .filter((file) => !file.endsWith(".test.ts") && !file.includes("/testkit/"))
  .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));

/** What is thrown there is the reason within another message, or meant for nobody but us. */
const REASONS = [
  "scheduler/src/cron/field.ts",
  "scheduler/src/cron/pattern.ts",
  "session/src/model/encoding.ts",
  "core/src/app/router.ts: find-my-way",
  "core/src/testing/",
  "session/src/redis/redis-client.ts: no node",
  "session/src/model/options.ts: x: x, got x",
];

test("every exported class of errors is on the page", () => {
  const exported = ["core", "session", "scheduler"].flatMap((name) =>
    readFileSync(join(root, `packages/${name}/test/api.txt`), "utf8").match(/\w+Error(?=: class$)/gm),
  );
  expect(exported.length).toBeGreaterThan(6);
  for (const name of new Set(exported)) expect(page).toContain(`| \`${name}\` `);
});

test("every status that is answered with is on the page", () => {
  const statuses = sources.flatMap(({ text }) =>
    Array.from(text.matchAll(/(?:new HttpError|super)\((\d{3})\b/g), ([, status]) => status),
  );
  expect(statuses.length).toBeGreaterThan(20);
  for (const status of new Set(statuses)) expect(page).toMatch(new RegExp(`^\\| ${status} `, "m"));
});

test("every message that says what is wrong with a program belongs to a family on the page", () => {
  const messages = sources.flatMap(({ file, text }) =>
    Array.from(
      text.matchAll(/throw new \w*Error\(\s*([`"'])((?:(?!\1)[^\\]|\\.)*)/g),
      ([, , message = ""]) => ({
        file: file.replace("packages/", ""),
        message: message.replaceAll(/\$\{.*?\}+/g, "x"),
      }),
    ),
  );
  expect(messages.length).toBeGreaterThan(80);
  const families = familiesOf(page);
  const unlisted = messages
    .map(({ file, message }) => `${file}: ${message}`)
    .filter((line) => !REASONS.some((reason) => line.startsWith(reason)))
    .filter((line) => !families.some((family) => family.test(line.slice(line.indexOf(": ") + 2))));
  expect(unlisted).toEqual([]);
});

test("every family on the page is that of a message", () => {
  const all = sources
    .map(({ text }) => text.replaceAll(/\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, "x"))
    .join("\n");
  for (const family of familiesOf(page)) {
    const inside = new RegExp(family.source.replace(/^\^(?:\.\*)?/, ""));
    expect({ family: family.source, isThere: inside.test(all) }).toEqual({
      family: family.source,
      isThere: true,
    });
  }
});

/** The first column of the tables of messages, as patterns. */
function familiesOf(text: string): RegExp[] {
  const tables = text.slice(text.indexOf("## Messages for you"));
  return Array.from(tables.matchAll(/^\| `([^`]+)`\s*\|/gm), ([, family = ""]) => {
    const parts = family.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}`);
  });
}
