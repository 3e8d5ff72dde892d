// The only file that knows find-my-way: patterns in, matches out.
import findMyWay from "find-my-way";
import { HttpError } from "../http/http-error.ts";
import { parsePattern } from "./pattern.ts";

/** The methods that routes can be registered for. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
export type Method = (typeof METHODS)[number];

/** Longest value of a path parameter, in characters after decoding. */
const MAX_PARAM_LENGTH = 1024;

export interface Match<Target> {
  readonly target: Target;
  readonly params: Readonly<Record<string, string>>;
}

interface Entry<Target> {
  readonly target: Target;
  readonly pattern: string;
  readonly names: readonly string[];
  readonly wildcard: string | undefined;
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

/** Finds the target of a method and a canonical path. */
export class Router<Target> {
  readonly #router: ReturnType<typeof findMyWay>;
  readonly #seen = new Map<string, string>();
  readonly #methods = new Set<string>();

  constructor() {
    this.#router = findMyWay({
      maxParamLength: MAX_PARAM_LENGTH,
      // A query never reaches the router.
      querystringParser: () => EMPTY_QUERY,
      // Run by lookup() alone; find() returns them as a match without a store.
      defaultRoute: unreachable,
      onBadUrl: unreachable,
      onMaxParamLength: unreachable,
    });
  }

  /** @throws TypeError for a malformed pattern, or one whose shape this method has already. */
  add(method: Method, pattern: string, target: Target): void {
    const { names, wildcard, shape } = parsePattern(pattern);
    const key = `${method} ${shape}`;
    const earlier = this.#seen.get(key);
    if (earlier !== undefined) {
      throw new TypeError(
        `Route ${method} ${JSON.stringify(pattern)} is registered already${earlier === pattern ? "" : `, as ${JSON.stringify(earlier)}`}`,
      );
    }
    this.#seen.set(key, pattern);
    this.#methods.add(method);
    const entry: Entry<Target> = { target, pattern, names, wildcard };
    const forRouter = wildcard === undefined ? pattern : pattern.slice(0, -wildcard.length);
    this.#router.on(method, forRouter, unreachable, entry);
  }

  /** Whether a method has a route of this pattern's shape. */
  has(method: Method, pattern: string): boolean {
    return this.#seen.has(`${method} ${parsePattern(pattern).shape}`);
  }

  /** To be called when all routes are there: compiles the search into code. */
  compile(): this {
    this.#router.compile();
    return this;
  }

  /**
   * The match of a canonical path, or `undefined`. Parameters are percent-decoded, once.
   *
   * @throws HttpError 414 when a parameter is too long.
   */
  find(method: string, path: string): Match<Target> | undefined {
    const found = this.#router.find(method as Method, path);
    // "*" means the server as a whole; a wildcard would take it for a path.
    if (found === null || path === "*") return undefined;
    const entry = found.store as Entry<Target> | null | undefined;
    if (entry === null || entry === undefined) {
      throw new HttpError(414, `A path parameter is longer than ${MAX_PARAM_LENGTH} characters.`);
    }
    if (entry.names.length === 0) return { target: entry.target, params: NO_PARAMS };
    const params = found.params as Record<string, string>;
    if (entry.wildcard !== undefined) {
      params[entry.wildcard] = params["*"] ?? "";
      delete params["*"];
    }
    for (const name of entry.names) {
      if (params[name] === "" && name !== entry.wildcard) return undefined;
    }
    return { target: entry.target, params };
  }

  /** The methods that have a route for this path, with the HEAD that every GET answers and OPTIONS. */
  allowed(path: string): string[] {
    const every = path === "*";
    const allowed = new Set(
      [...this.#methods].filter((method) => every || this.find(method, path) !== undefined),
    );
    if (allowed.has("GET")) allowed.add("HEAD");
    if (allowed.size > 0) allowed.add("OPTIONS");
    return [...allowed].toSorted();
  }
}

const EMPTY_QUERY = {};

function unreachable(): never {
  throw new Error("find-my-way's own dispatch is not used");
}
