import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOMS } from "./imports/rooms.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/architecture.md"), "utf8");

test.each(Object.entries(ROOMS))("docs/architecture.md names every room of %s", (source, levels) => {
  const section = page.split(`### ${source}\n`)[1]?.split("\n#")[0] ?? "";
  const missing = levels.flat().filter((room) => !section.includes(`\`${room}/\``));
  expect(missing).toEqual([]);
});
