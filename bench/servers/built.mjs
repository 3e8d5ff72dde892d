/** Loads Hatcheck as it is published: from the JavaScript in its packages' dist, not from their sources. */
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";

const packages = new URL("../../packages/", import.meta.url);
registerHooks({
  resolve(specifier, context, next) {
    const [, name, entry = "index"] = /^@hatcheck\/(\w+)(?:\/(\w+))?$/.exec(specifier) ?? [];
    if (name === undefined) return next(specifier, context);
    const { href } = new URL(`${name}/dist/${entry}.js`, packages);
    if (!existsSync(new URL(href))) throw new Error(`${href} is missing; run "pnpm build" first`);
    return { url: href, shortCircuit: true };
  },
});
