/** Prints what each kind of bad input got, as a Markdown table: `node scripts/bad-input-table.mjs` (Node 24 or newer). */
import { openSite, ROWS } from "../test/bad-input.ts";

console.log("| input | promised | seen | |\n| --- | --- | --- | --- |");
for (const { input, promise, observe } of ROWS) {
  const site = await openSite();
  const seen = await observe(site);
  await site.server.close({ graceMs: 100 });
  console.log(`| ${input} | ${promise} | ${seen} | ${seen === promise ? "✓" : "✗"} |`);
  if (seen !== promise) process.exitCode = 1;
}
