/** Loads Hatcheck as it is published: from the JavaScript in its packages' dist, not from their sources. */
import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";

const packages = new URL("../../packages/", import.meta.url);
registerHooks({
  resolve(specifier, context, next) {
    const [, name, entry] = /^@hatcheck\/(\w+)(\/\w+)?$/.exec(specifier) ?? [];
    if (name === undefined) return next(specifier, context);
    const folder = new URL(`${name}/`, packages);
    const { publishConfig } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
    const { href } = new URL(publishConfig.exports[`.${entry ?? ""}`].default, folder);
    if (!existsSync(new URL(href))) throw new Error(`${href} is missing; run "pnpm build" first`);
    return { url: href, shortCircuit: true };
  },
});
