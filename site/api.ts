/**
 * The API reference, from the docstrings of what the packages export. TypeDoc needs a compiler with a JavaScript API,
 * which TypeScript 7 has not: this package alone has TypeScript 6 for it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Application, type ProjectReflection } from "typedoc";

/** One entry of a package: what `import` is given, and the source that it leads to. */
interface Entry {
  readonly name: string;
  readonly source: string;
}

/** Writes a page for each entry and each thing that it exports into `folder`, and gives the navigation. */
export async function writeApi(root: string, folder: string): Promise<void> {
  const entries = ["core", "session", "scheduler"].flatMap((name) => entriesOf(join(root, "packages", name)));
  const tsconfig = join(folder, "../typedoc.tsconfig.json");
  writeFileSync(
    tsconfig,
    JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: {
        isolatedDeclarations: false,
        declaration: false,
        noEmit: true,
        typeRoots: [join(root, "node_modules/@types")],
      },
      files: entries.map(({ source }) => source),
    }),
  );
  const app = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown"],
    out: folder,
    entryPoints: entries.map(({ source }) => source),
    tsconfig,
    // The compiler that the packages are checked with is another one.
    skipErrorChecking: true,
    name: "API",
    readme: "none",
    githubPages: false,
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    logLevel: "Error",
    validation: false,
    sort: ["kind", "alphabetical"],
  });
  Object.entries(MARKDOWN).forEach(([name, value]) => app.options.setValue(name as never, value as never));
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the packages");
  nameModules(project, entries);
  await app.generateOutputs(project);
}

const MARKDOWN = {
  entryFileName: "index",
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: "table",
  enumMembersFormat: "table",
};

function entriesOf(folder: string): Entry[] {
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, string>;
  };
  return Object.entries(exports)
    .filter(([, source]) => source.endsWith(".ts"))
    .map(([path, source]) => ({ name: posixJoin(name, path), source: join(folder, source) }));
}

function posixJoin(name: string, path: string): string {
  return path === "." ? name : `${name}/${path.slice(2)}`;
}

/** Modules are named as programs import them. */
function nameModules(project: ProjectReflection, entries: readonly Entry[]): void {
  for (const module of project.children ?? []) {
    const file = project.files.getReflectionPath(module);
    const entry = entries.find(({ source }) => source === file);
    if (entry !== undefined) module.name = entry.name;
  }
}
