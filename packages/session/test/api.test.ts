// What others build on: a change of it is made on purpose, with `vitest run -u`, and seen in review.
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeApi } from "../../../scripts/api.ts";

test("no export of the package changes unnoticed", async () => {
  await expect(await describeApi(join(import.meta.dirname, ".."))).toMatchFileSnapshot("api.txt");
});
