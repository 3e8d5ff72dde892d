import { expect, test } from "vitest";
import { openSite, ROWS } from "./bad-input.ts";

test.each(ROWS)("$input gets $promise", async ({ promise, observe }) => {
  const site = await openSite();
  try {
    expect(await observe(site)).toBe(promise);
    const next = site.server.closing ? "ok" : await (await fetch(site.server.url)).text();
    expect(next).toBe("ok");
  } finally {
    await site.server.close({ graceMs: 100 });
  }
});
