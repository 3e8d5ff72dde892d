/**
 * The public API of a package as text, for a snapshot: every export of every entry point with its kind, classes with their
 * public members. Values are asked of the running module; types, which leave no trace there, are read from the source.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** @param folder The package's folder; its `exports` say what the entry points are. */
export async function describeApi(folder: string): Promise<string> {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, string>;
  };
  const entries = Object.entries(manifest.exports).map(async ([path, file]) => {
    const source = join(folder, file);
    const values = (await import(pathToFileURL(source).href)) as Record<string, unknown>;
    const lines = [...exportsOf(source)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, kind]) => [`  ${name}: ${kind}`].concat(membersOf(values[name])));
    return [join(manifest.name, path), ...lines].join("\n");
  });
  return `${(await Promise.all(entries)).join("\n\n")}\n`;
}

/** The exports that a source file declares or passes on: name to kind. */
function exportsOf(file: string): Map<string, string> {
  const source = readFileSync(file, "utf8").replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = new Map<string, string>();
  const declarations =
    /^export (?:declare )?(?:abstract )?(?:async )?(class|function|const|let|interface|type)\*? (\w+)/gm;
  for (const [, kind = "", name = ""] of source.matchAll(declarations)) found.set(name, kind);
  for (const [, only, names = "", from = ""] of source.matchAll(
    /^export (type )?\{([^}]*)\} from "(.+?)";/gm,
  )) {
    const there = exportsOf(
      from.startsWith(".") ? resolve(dirname(file), from) : createRequire(file).resolve(from),
    );
    for (const item of names.split(",").filter((text) => text.trim() !== "")) {
      const [name = "", alias = name] = item
        .trim()
        .replace(/^type /, "")
        .split(" as ");
      const kind = there.get(name);
      if (kind === undefined) throw new Error(`${file}: "${name}" is not found in ${from}`);
      const isTypeOnly = only !== undefined || item.trim().startsWith("type ");
      found.set(alias, isTypeOnly && kind === "class" ? "class, its type only" : kind);
    }
  }
  // What is written in another way must not slip through.
  const unread = source.match(/^export (?:\*|default|\{[^}]*\};).*/m);
  if (unread) throw new Error(`${file}: "${unread[0]}" is not understood here`);
  return found;
}

/** The public members of a class, inherited ones too; native ancestors such as `Error` are not told. */
function membersOf(value: unknown): string[] {
  const statics = new Set<string>();
  const members = new Set<string>();
  for (let at = value; isClass(at); at = Object.getPrototypeOf(at)) {
    for (const line of ownMembers(at, ["length", "name", "prototype"])) statics.add(`    static ${line}`);
    for (const line of ownMembers(at.prototype, ["constructor"])) members.add(`    ${line}`);
  }
  return [...[...statics].toSorted(), ...[...members].toSorted()];
}

function isClass(value: unknown): value is { prototype: object } {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function ownMembers(owner: object, hidden: readonly string[]): string[] {
  return Reflect.ownKeys(owner)
    .filter((key) => !hidden.includes(String(key)))
    .map((key) => {
      const { get, set, value } = Object.getOwnPropertyDescriptor(owner, key) ?? {};
      const name = typeof key === "symbol" ? `[${nameOf(key)}]` : key;
      const accessor = get && set ? "get set " : get ? "get " : set ? "set " : "";
      return `${accessor}${name}${typeof value === "function" ? "()" : ""}`;
    });
}

/** A well-known symbol by its place in the language: its description differs between versions of Node. */
function nameOf(symbol: symbol): string | undefined {
  const place = Object.getOwnPropertyNames(Symbol).find((name) => Reflect.get(Symbol, name) === symbol);
  return place === undefined ? symbol.description : `Symbol.${place}`;
}
