// What a handler gets: a request that knows nothing of node:http, and computes what is asked for, once.
import { randomUUID } from "node:crypto";
import {
  assertBodyType,
  bodyTooLarge,
  decodeUtf8,
  DEFAULT_BODY_LIMIT,
  limited,
  parseForm,
  parseJson,
  readAll,
} from "./body.ts";
import { preferredType } from "../http/accept.ts";
import { preferredLanguage } from "../http/accept-language.ts";
import { type BodyCoding, codingOf, decode } from "./content-coding.ts";
import { CookieJar } from "../http/cookie.ts";
import { type Header, isSameName } from "../http/header.ts";
import { assertHost } from "../http/host.ts";
import { type Ending, endingOf, pairs, type RequestInit, sourceOf } from "./request-init.ts";
import type { StandardSchema } from "./standard-schema.ts";
import { assertSchema, objectOf, validate } from "./validate.ts";
import {
  assertMultipartOptions,
  type MultipartOptions,
  type MultipartPart,
  parseMultipart,
} from "./multipart.ts";
import { parseTarget, type Target } from "../http/path.ts";
import { DEFAULT_MAX_FIELDS, parseUrlencoded } from "../http/urlencoded.ts";

const NO_CODINGS: readonly BodyCoding[] = Object.freeze([]);

/** Where a request keeps the values of keys, each at the index of its key. */
export let valuesOf: (req: Request) => unknown[];
/** What is copied for a request that is given its first: an array that grows takes room for sixteen more. */
const NO_VALUES: undefined[] = [];

/** One more place on every request. */
export function placeOfKey(): number {
  return NO_VALUES.push(undefined) - 1;
}

/** One request. */
export class Request {
  /** In upper case, as sent. */
  readonly method: string;
  /** The request target, as sent. */
  readonly url: string;
  /** `"1.0"` or `"1.1"`. */
  readonly httpVersion: string;
  /** Most bytes that the body may have. A layer may change it before the body is read. */
  bodyLimit: number = DEFAULT_BODY_LIMIT;
  /** Most fields that the query, or a body of an HTML form, may have. A layer may change it before they are read. */
  maxFields: number = DEFAULT_MAX_FIELDS;
  /** Milliseconds that its route gives the handler; `undefined` when the route says nothing. */
  timeoutMs: number | undefined;
  /** Content codings that the body may come in; none but `decompression` says so. */
  acceptedEncodings: readonly BodyCoding[] = NO_CODINGS;
  /** The pattern of the route that was found, such as `/users/:id`: a name for logs and metrics that holds no data. */
  route: string | undefined;

  readonly #init: RequestInit;
  readonly #rawHeaders: readonly string[];
  #headers: readonly Header[] | undefined;
  #target: Target | undefined;
  #query: URLSearchParams | undefined;
  #cookies: CookieJar | undefined;
  #id: string | undefined;
  #ending: Ending | undefined;
  #bytes: Promise<Uint8Array> | undefined;
  #taken: string | undefined;
  #values: unknown[] | undefined;

  constructor(init: RequestInit) {
    this.method = init.method;
    this.url = init.url;
    this.httpVersion = init.httpVersion ?? "1.1";
    this.#init = init;
    this.#rawHeaders = init.rawHeaders ?? (init.headers ?? []).flatMap(({ name, value }) => [name, value]);
  }

  /**
   * The canonical path, which guards compare and routes match: see {@link parseTarget}.
   *
   * @throws HttpError 400 when the request target or its host is malformed; the app has answered before a handler could see it.
   */
  get path(): string {
    return this.#parsedTarget().path;
  }

  /** The parameters of the query. @throws HttpError 414 when there are more than {@link maxFields}. */
  get query(): URLSearchParams {
    return (this.#query ??= parseUrlencoded(this.#parsedTarget().search, {
      maxFields: this.maxFields,
      tooManyStatus: 414,
    }));
  }

  /**
   * The host that the client asked for, with its port when it named one: that of a target in absolute form, or the `Host`
   * field; empty when there is neither. Behind proxies, `conn.host` knows better.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
   */
  get host(): string {
    return this.#parsedTarget().authority ?? this.header("host") ?? "";
  }

  /** All header fields, in the order and the spelling in which they came. */
  get headers(): readonly Header[] {
    return (this.#headers ??= pairs(this.#rawHeaders));
  }

  /** The value of the first field of this name. */
  header(name: string): string | undefined {
    const raw = this.#rawHeaders;
    for (let index = 0; index < raw.length; index += 2) {
      if (isSameName(raw[index] ?? "", name)) return raw[index + 1];
    }
    return undefined;
  }

  /** The values of all fields of this name. */
  headerAll(name: string): string[] {
    return this.headers.filter((header) => isSameName(header.name, name)).map((header) => header.value);
  }

  /**
   * The values of all fields of this name as the one list that they are; `undefined` when there are none. For fields such as
   * `Accept`, whose members a client may spread over several lines.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.3
   */
  headerList(name: string): string | undefined {
    const raw = this.#rawHeaders;
    let list: string | undefined;
    for (let index = 0; index < raw.length; index += 2) {
      if (isSameName(raw[index] ?? "", name))
        list = list === undefined ? raw[index + 1] : `${list}, ${raw[index + 1]}`;
    }
    return list;
  }

  /**
   * The media type, of those offered, that the client likes best (`Accept`); the first of equals, and `undefined` when it
   * takes none of them. An answer that depends on it says `Vary: Accept`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
   */
  accepts<Type extends string>(...offers: readonly Type[]): Type | undefined {
    return preferredType(this.headerList("accept"), offers);
  }

  /**
   * The language, of those offered, that the client likes best (`Accept-Language`); `undefined` when it names others only.
   * An answer that depends on it says `Vary: Accept-Language`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
   */
  acceptsLanguages<Tag extends string>(...offers: readonly Tag[]): Tag | undefined {
    return preferredLanguage(this.headerList("accept-language"), offers);
  }

  get cookies(): CookieJar {
    return (this.#cookies ??= CookieJar.parse(this.headerAll("cookie").join("; ")));
  }

  /** A name for this request in logs and error answers; random unless a layer set another. */
  get id(): string {
    return (this.#id ??= randomUUID());
  }

  set id(id: string) {
    this.#id = id;
  }

  /** Whether the client is known to have left. */
  get aborted(): boolean {
    return this.#ending?.client?.aborted ?? false;
  }

  /**
   * Who waits no longer for the answer: the client, when it is known to have left, or a layer, when it has called {@link abort} to
   * answer instead. What an answer would tell the client, such as a new secret, is told to nobody then.
   */
  get abandonedBy(): "client" | "layer" | undefined {
    const ending = this.#ending;
    if (ending?.controller.signal.aborted) return "layer";
    const isClosed = this.#init.isClosed ?? (ending?.client ?? this.#init.signal)?.aborted;
    return isClosed === true ? "client" : undefined;
  }

  /** Aborts when the client leaves before it has its answer, or when a layer calls {@link abort}. */
  get signal(): AbortSignal {
    return (this.#ending ??= endingOf(this.#init.signal)).signal;
  }

  /** Aborts {@link signal}: for a layer that waits no longer for the handler. */
  abort(reason: unknown): void {
    (this.#ending ??= endingOf(this.#init.signal)).controller.abort(reason);
  }

  /**
   * Calls back, once, when the server closes and this request had better come to its end: for what goes on for long, such
   * as an event stream or a long poll. Gives what takes that back.
   */
  onClosing(tell: () => void): () => void {
    return this.#init.onClosing?.(tell) ?? ignore;
  }

  /** Whether an error only says that nobody waits any more: the client has left, or it is what {@link abort} was told. */
  isAbort(error: unknown): boolean {
    if (this.aborted) return true;
    const { aborted = false, reason } = this.#ending?.signal ?? {};
    return aborted && (error === reason || (error instanceof Error && error.cause === reason));
  }

  /**
   * The body, chunk by chunk. It can be taken once; afterwards the body cannot be read in another way.
   *
   * @throws HttpError 413, while iterating, when it grows larger than {@link bodyLimit}.
   */
  get stream(): AsyncIterable<Uint8Array> {
    this.#take("stream");
    return this.#open();
  }

  /**
   * The whole body. Reading it again gives the same bytes.
   *
   * @throws HttpError 413 when it is larger than {@link bodyLimit}, 400 when the client cut it off.
   */
  bytes(): Promise<Uint8Array> {
    return (this.#bytes ??= this.#readAll());
  }

  /** The whole body as text. @throws HttpError 400 when it is not UTF-8; as {@link bytes} besides. */
  async text(): Promise<string> {
    return decodeUtf8(await this.bytes());
  }

  /**
   * The whole body, parsed from JSON: `unknown`, or with a schema what it puts out.
   *
   * @throws HttpError 415 when its type is not JSON, 400 when it is malformed, 422 when it does not fit the schema; as
   * {@link bytes} besides.
   */
  json(): Promise<unknown>;
  json<Output>(schema: StandardSchema<Output>): Promise<Output>;
  async json(schema?: StandardSchema): Promise<unknown> {
    if (schema !== undefined) assertSchema("req.json", schema);
    assertBodyType(
      this.header("content-type"),
      (type) => type === "application/json" || type.endsWith("+json"),
      "application/json",
    );
    const value = parseJson(await this.text());
    return schema === undefined ? value : validate(schema, value);
  }

  /**
   * The whole body, parsed as a form. Fields may repeat and keep their order. A schema is given an object of strings, with
   * a list of strings for each field that came more than once.
   *
   * @throws HttpError 415 when its type is not that of a form, 400 when it is malformed, 413 when it has more fields than {@link maxFields}, 422 when it does not fit the
   * schema; as {@link bytes} besides.
   */
  form(): Promise<URLSearchParams>;
  form<Output>(schema: StandardSchema<Output>): Promise<Output>;
  async form(schema?: StandardSchema): Promise<unknown> {
    if (schema !== undefined) assertSchema("req.form", schema);
    assertBodyType(
      this.header("content-type"),
      (type) => type === "application/x-www-form-urlencoded",
      "application/x-www-form-urlencoded",
    );
    const form = parseForm(await this.text(), this.maxFields);
    return schema === undefined ? form : validate(schema, objectOf(form));
  }

  /**
   * The fields and files of a multipart form, in the order in which they arrive. Each file must be read or it is
   * passed over when the next part is asked for.
   *
   * @throws HttpError 415 when its type is another, 400 when it is malformed, 413 when it is over a limit.
   */
  multipart(options: MultipartOptions = {}): AsyncIterable<MultipartPart> {
    assertMultipartOptions(options);
    assertBodyType(
      this.header("content-type"),
      (type) => type === "multipart/form-data",
      "multipart/form-data",
    );
    this.#take("multipart");
    return parseMultipart(this.header("content-type") ?? "", this.#open(), options);
  }

  /** @throws HttpError 413 when the body announces that it is larger than {@link bodyLimit}. */
  assertBodyLimit(): void {
    const length = this.header("content-length");
    if (length !== undefined && Number(length) > this.bodyLimit) throw bodyTooLarge(this.bodyLimit);
  }

  static {
    valuesOf = (req) => {
      if (!(#values in req)) throw twoCopies();
      return (req.#values ??= NO_VALUES.slice());
    };
  }

  #parsedTarget(): Target {
    if (this.#target === undefined) {
      assertHost(this.#rawHeaders);
      this.#target = parseTarget(this.url);
    }
    return this.#target;
  }

  #readAll(): Promise<Uint8Array> {
    try {
      this.#take("bytes");
      const { body } = this.#init;
      const isPlain = this.header("content-encoding") === undefined;
      if (!isPlain || typeof body !== "object" || !("readAll" in body) || body.readAll === undefined)
        return readAll(this.#open());
      this.assertBodyLimit();
      return body.readAll(this.bodyLimit);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #open(): AsyncIterable<Uint8Array> {
    const coding = codingOf(this.headerList("content-encoding") ?? "", this.acceptedEncodings);
    this.assertBodyLimit();
    const raw = limited(sourceOf(this.#init.body), this.bodyLimit);
    return coding === undefined ? raw : limited(decode(raw, coding), this.bodyLimit);
  }

  #take(how: string): void {
    if (this.#taken !== undefined) {
      throw new TypeError(
        `The request's body was taken by req.${this.#taken} already; it cannot be read again by req.${how}`,
      );
    }
    this.#taken = how;
  }
}

function ignore(): void {}

/** A private field is known to its own class alone, which another copy of this file does not share. */
function twoCopies(): TypeError {
  return new TypeError(
    "Two copies of @hatcheck/core are installed: the request is of one, the layer of another. Find them with `npm ls @hatcheck/core`, and install one version for all.",
  );
}
