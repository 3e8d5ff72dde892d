/**
 * Builds the site and looks at it as a reader does: every link leads somewhere, every page has a title, search finds, and
 * axe finds nothing, by day and by night. `.ci/run` runs it.
 */
import "./build.ts";
import { deadLinks, untitled } from "./check/files.ts";
import { inBrowser } from "./check/browser.ts";

const dist = new URL("dist/", import.meta.url);
const problems = [...deadLinks(dist), ...untitled(dist), ...(await inBrowser(dist))];
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "The site is whole." : `${problems.length} problems.`);
process.exitCode = problems.length === 0 ? 0 : 1;
