// The documentation that uses more than one package: here, because the example depends on all of them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testDocs } from "../../scripts/doc-blocks.ts";

const root = join(import.meta.dirname, "../..");

testDocs(import.meta.dirname, [
  "../../README.md",
  "../../docs/sessions.md",
  "../../docs/device-bound-sessions.md",
  "../../docs/logins.md",
  "../../docs/recipes.md",
  "../../docs/websockets.md",
  "../../docs/getting-started.md",
  "../../docs/deployment.md",
  "../../docs/migrating-from-express-session.md",
  "../../docs/migrating-from-fastify-session.md",
  "../../packages/session/README.md",
]);

test("the README's longer example is taken from the example site", () => {
  const excerpt = /```ts ignore\n([^]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1];
  const source = readFileSync(join(root, "examples/src/pages/devices.ts"), "utf8");
  expect(excerpt).toContain("logoutOtherDevices");
  expect(source).toContain(excerpt);
});

test("every link between the pages leads somewhere", () => {
  const folders = ["", "docs", "packages/core", "packages/session", "packages/scheduler", "examples"];
  const broken = folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md") || name === "llms.txt")
      .flatMap((name) => {
        const targets = readFileSync(join(root, folder, name), "utf8").matchAll(
          /\]\((?!https?:|#)([^)#\s]+)/g,
        );
        return Array.from(targets, ([, target = ""]) => target)
          .filter((target) => !existsSync(join(root, folder, target)))
          .map((target) => `${join(folder, name)}: ${target}`);
      }),
  );
  expect(broken).toEqual([]);
});
