import { expect, test } from "vitest";
import * as core from "../src/index.ts";

/** Own members of a class or an object, and of its prototype. */
function membersOf(value: unknown): string[] | string {
  if (typeof value !== "function") return typeof value;
  const statics = Object.getOwnPropertyNames(value).filter(
    (name) => !["length", "name", "prototype"].includes(name),
  );
  const members = Object.getOwnPropertyNames(value.prototype ?? {}).filter((name) => name !== "constructor");
  return [...statics.map((name) => `static ${name}`), ...members].toSorted();
}

test("what the package exports changes on purpose alone", () => {
  const api = Object.fromEntries(
    Object.entries(core).map(([name, value]) => [
      name,
      name === "STATUS_CODE_REASON_PHRASE" ? "object" : membersOf(value),
    ]),
  );
  expect(api).toMatchSnapshot();
});
