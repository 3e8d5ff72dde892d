// Which forwarding headers are believed.
//
// Every proxy appends what it saw to the right of what it was sent. So only the right end of a list is ours: we walk
// from there to the left, over proxies that we trust, and the first address that is not one of them is the client.
// What stands further left was written by that client and is never looked at.
import { BlockList, isIP } from "node:net";
import { type Checks, checkOptions, oneOf, required, show } from "../options/check.ts";
import { splitUnquoted, unquote } from "../http/split.ts";
import { isHost } from "../http/host.ts";
import type { ProxyTrust } from "../message/connection.ts";
import type { Request } from "../message/request.ts";

export interface TrustProxyRule {
  /** How many proxies stand before this server, or which networks they are in (`"10.0.0.0/8"`, `"::1"`). */
  proxies: number | readonly string[];
  /**
   * Which family of headers the proxies write. Left out, `X-Forwarded-*` is read where it is present and `Forwarded`
   * where it is not; name it when your proxy writes `Forwarded`, because it may hand on an `X-Forwarded-For` of the client's.
   */
  header?: "x-forwarded" | "forwarded";
}

/** `false` trusts nobody; a number or a list is short for `{ proxies }`. */
export type TrustProxy = false | number | readonly string[] | TrustProxyRule;

/** The hops of a request, the one nearest to us last. Each is read when it is looked at: a client may send thousands. */
interface Hops {
  readonly length: number;
  readonly at: (index: number) => Hop;
}

/** One hop, as the proxy that wrote it saw it. */
interface Hop {
  readonly ip?: string | undefined;
  readonly scheme?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * Compiles a rule. `undefined` when nobody is trusted.
 *
 * @throws TypeError when an entry is no address or network, or the count of hops is not a whole number above 0.
 * @see https://www.rfc-editor.org/rfc/rfc7239 for `Forwarded`
 */
export function trustProxy(rule: TrustProxy): ProxyTrust | undefined {
  if (rule === false) return undefined;
  if ((rule as unknown) === true) {
    throw new TypeError(
      "trustProxy: true would let every client choose its address; say how many proxies stand before this server (1), or their networks",
    );
  }
  const { proxies, header } =
    typeof rule === "number" || isList(rule) ? { proxies: rule, header: undefined } : ruleOf(rule);
  const isTrusted = typeof proxies === "number" ? trustHops(proxies) : trustNetworks(proxies);

  return (req, peerIp) => {
    if (!isTrusted(peerIp, 0)) return {};
    const hops = header === undefined ? (xForwarded(req) ?? forwarded(req)) : FAMILIES[header](req);
    if (hops === undefined) return {};
    let index = hops.length - 1;
    for (; index > 0; index -= 1) {
      const { ip } = hops.at(index);
      if (ip === undefined || !isTrusted(ip, hops.length - index)) break;
    }
    const { ip, scheme, host } = hops.at(index);
    return {
      ...(ip !== undefined && { clientIp: ip }),
      ...((scheme === "http" || scheme === "https") && { scheme }),
      ...(host !== undefined && isHost(host) && { host }),
    };
  };
}

function isList(rule: readonly string[] | TrustProxyRule): rule is readonly string[] {
  return Array.isArray(rule);
}

/** @throws TypeError for what is no rule. */
function ruleOf(rule: unknown): TrustProxyRule {
  if (typeof rule !== "object" || rule === null) {
    throw new TypeError(
      `trustProxy: say how many proxies stand before this server (1), or their networks (["10.0.0.0/8"]); got ${show(rule)}`,
    );
  }
  checkOptions("trustProxy", rule, RULE);
  return rule as TrustProxyRule;
}

const RULE: Checks = {
  proxies: required((value, label) => {
    if (typeof value !== "number" && !Array.isArray(value))
      throw new TypeError(`${label} must be a count of proxies or a list of networks, got ${show(value)}`);
  }),
  header: oneOf("x-forwarded", "forwarded"),
};

function trustHops(count: number): (ip: string, distance: number) => boolean {
  if (!Number.isInteger(count) || count < 1) {
    throw new TypeError(
      `trustProxy: ${count} is not a count of proxies; use a whole number above 0, or false`,
    );
  }
  return (_ip, distance) => distance < count;
}

function trustNetworks(networks: readonly string[]): (ip: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    if (typeof network !== "string")
      throw new TypeError(`trustProxy: a network is written "10.0.0.0/8" or "::1", got ${show(network)}`);
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const length = bits === undefined ? (family === "ipv6" ? 128 : 32) : Number(bits);
    const valid = isIP(address) !== 0 && bits !== "" && Number.isInteger(length) && length >= 0;
    if (!valid || length > (family === "ipv6" ? 128 : 32)) {
      throw new TypeError(`trustProxy: "${network}" is no address or network; write "10.0.0.0/8" or "::1"`);
    }
    list.addSubnet(address, length, family);
  }
  return (ip) => {
    const family = isIP(ip);
    if (family === 0) return false;
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
    return mapped === undefined ? list.check(ip, family === 6 ? "ipv6" : "ipv4") : list.check(mapped, "ipv4");
  };
}

const FAMILIES = { "x-forwarded": xForwarded, forwarded };

/** The hops of `X-Forwarded-For`, each with the `-Proto` and `-Host` that stand at the same place from the right. */
function xForwarded(req: Request): Hops | undefined {
  const ips = listOf(req, "x-forwarded-for");
  const schemes = listOf(req, "x-forwarded-proto");
  const hosts = listOf(req, "x-forwarded-host");
  const length = Math.max(ips.length, schemes.length > 0 || hosts.length > 0 ? 1 : 0);
  if (length === 0) return undefined;
  // A proxy that replaces -Proto and -Host instead of appending leaves one value, which then holds for all hops.
  const of = (list: string[], index: number) => list[Math.max(0, list.length - length + index)];
  return {
    length,
    at: (index) => ({
      ip: ips[index] === undefined ? undefined : addressOf(ips[index]),
      scheme: of(schemes, index)?.toLowerCase(),
      host: of(hosts, index),
    }),
  };
}

function listOf(req: Request, name: string): string[] {
  const value = req.headerAll(name).join(",");
  return value === "" ? [] : value.split(",").map((member) => member.trim());
}

/**
 * The elements of `Forwarded`; `undefined` when a quoted string in it has no end. Whoever opens one hides what a trusted proxy
 * appends to it, and whatever stands before it would be taken for that proxy's word.
 *
 *     forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
 *     forwarded-pair    = token "=" ( token / quoted-string )
 */
function forwarded(req: Request): Hops | undefined {
  const value = req.headerAll("forwarded").join(",");
  if (value === "") return undefined;
  const elements = splitUnquoted(value, ",");
  return elements && { length: elements.length, at: (index) => hopOf(elements[index] ?? "") };
}

function hopOf(element: string): Hop {
  const hop: { ip?: string | undefined; scheme?: string; host?: string } = {};
  for (const pair of splitUnquoted(element, ";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim().toLowerCase();
    const text = unquote(pair.slice(equals + 1).trim());
    if (name === "for") hop.ip = addressOf(text);
    else if (name === "proto") hop.scheme = text.toLowerCase();
    else if (name === "host") hop.host = text;
  }
  return hop;
}

/** The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`; obfuscated names have none. */
function addressOf(node: string): string | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(node)?.[1];
  const address =
    bracketed ?? (/^\d+\.\d+\.\d+\.\d+:\d+$/.test(node) ? node.slice(0, node.indexOf(":")) : node);
  return isIP(address) === 0 ? undefined : address;
}
