// node:http builds a dictionary of all fields with every request, an eighth of what a small one costs, to look up `Host` and
// `Expect`. This message looks these up where they are, and has the dictionary made when anything else is asked of it.
import { IncomingMessage } from "node:http";
import { isSameName } from "../http/header.ts";

/** To be given to `node:http` as the option `IncomingMessage`. */
export class LeanMessage extends IncomingMessage {}

const { get: makeHeaders, set: setHeaders } = Object.getOwnPropertyDescriptor(
  IncomingMessage.prototype,
  "headers",
) as { get: (this: IncomingMessage) => object; set: (this: IncomingMessage, headers: object) => void };

/** What stands for the dictionary until it is made; undefined before the first look, and the dictionary from then on. */
const HEADERS: unique symbol = Symbol("hatcheck.headers");
type Looked = IncomingMessage & { [HEADERS]?: object };

Object.defineProperty(LeanMessage.prototype, "headers", {
  configurable: true,
  get(this: Looked): object {
    return (this[HEADERS] ??= new Proxy(this, LOOKED_UP));
  },
  set(this: Looked, headers: object) {
    setHeaders.call(this, headers);
    this[HEADERS] = headers;
  },
});

/** What node:http and the server itself look up with every request. */
const ASKED = ["host", "expect", "content-length", "transfer-encoding"];
/** Of these the first counts; of others the values are joined. */
const SINGLE = ["host", "content-length"];

const LOOKED_UP: ProxyHandler<Looked> = {
  get: (message, name) =>
    typeof name === "string" && ASKED.includes(name)
      ? valueOf(message.rawHeaders, name)
      : Reflect.get(dictionaryOf(message), name),
  set: (message, name, value) => Reflect.set(dictionaryOf(message), name, value),
  has: (message, name) => Reflect.has(dictionaryOf(message), name),
  deleteProperty: (message, name) => Reflect.deleteProperty(dictionaryOf(message), name),
  ownKeys: (message) => Reflect.ownKeys(dictionaryOf(message)),
  getOwnPropertyDescriptor: (message, name) => Reflect.getOwnPropertyDescriptor(dictionaryOf(message), name),
  getPrototypeOf: (message) => Reflect.getPrototypeOf(dictionaryOf(message)),
  defineProperty: (message, name, descriptor) =>
    Reflect.defineProperty(dictionaryOf(message), name, descriptor),
};

function dictionaryOf(message: Looked): object {
  return (message[HEADERS] = makeHeaders.call(message));
}

function valueOf(rawHeaders: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!isSameName(rawHeaders[index] as string, name)) continue;
    if (value !== undefined && SINGLE.includes(name)) return value;
    value = value === undefined ? rawHeaders[index + 1] : `${value}, ${rawHeaders[index + 1]}`;
  }
  return value;
}
