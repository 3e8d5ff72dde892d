/** The Nodes that are supported, as npm's package `node` carries them. */
import { dirname } from "node:path";
import { run } from "./run.mjs";

export function fetchNodes(ranges) {
  return Promise.all(
    ranges.map(async (range) => {
      const script = "console.log(process.version.slice(1) + ' ' + process.execPath)";
      const words = ["exec", "--yes", `--package=node@${range}`, "--", "node", "-e", script];
      const [version, ...path] = (await run("npm", words)).trim().split("\n").at(-1).split(" ");
      return { version, path: path.join(" "), bin: dirname(path.join(" ")) };
    }),
  );
}
