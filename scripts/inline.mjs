/**
 * How a package's own code and what it is made of become one file. What `package.json` names as a dependency or a peer is
 * installed beside it and stays outside; everything else that its source imports is copied in.
 */
import { isBuiltin } from "node:module";
import { licenceNotices } from "./licences.mjs";

/**
 * Copies of CommonJS modules ask for Node's own with `require`, which a module in a bundle of ESM does not have: the bundle
 * would fail as it starts. They are given what `process.getBuiltinModule` gives.
 */
export const builtinsForCommonJs = {
  name: "builtins-for-commonjs",
  setup(build) {
    build.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      kind === "require-call" && isBuiltin(path) ? { path, namespace: "builtin" } : undefined,
    );
    build.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** What esbuild is told for a published package. */
export function packageOptions(manifest) {
  const outside = [manifest.dependencies, manifest.peerDependencies].flatMap((names) =>
    Object.keys(names ?? {}),
  );
  return {
    bundle: true,
    external: outside,
    format: "esm",
    platform: "node",
    target: "node22",
    plugins: [builtinsForCommonJs],
  };
}

/** The licences of what was copied in; `undefined` when nothing was. */
export function copiedLicences(metafile, folder) {
  const inputs = Object.keys(metafile.inputs).filter((path) => !path.startsWith("builtin:"));
  const notices = licenceNotices(inputs.map((path) => `${folder}/${path}`));
  return notices === "" ? undefined : notices;
}
