// What a browser does, as far as sessions can see it: it keeps cookies, and sends them. Every request is written down.
import { Agent, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly setCookies: readonly string[];
  header(name: string): string | undefined;
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in place of what the jar has; `""` sends none. */
  readonly cookie?: string;
}

/** The lines of a run, so that anybody can see what was asked and answered. */
export type Log = string[];

const TIMEOUT_MS = 15_000;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Closes what is kept open to servers that are gone. */
export function closeConnections(): void {
  agent.destroy();
}

/** The server says that it has no such thing. */
export class NotOffered extends Error {}

export interface BrowserOptions {
  readonly port: number;
  readonly log: Log;
  readonly name: string;
  /** Whether a proxy that speaks TLS stands between the browser and the server. */
  readonly proxied: boolean;
  /** The cookie of a token that each form carries, and the header in which a script would send it. */
  readonly csrf?: { readonly cookie: string; readonly header: string } | undefined;
}

export class Browser {
  readonly #options: BrowserOptions;
  readonly #jar = new Map<string, { readonly value: string; readonly endsAt: number }>();

  constructor(options: BrowserOptions) {
    this.#options = options;
  }

  /** What the jar would send of its session. */
  get cookie(): string {
    return this.#cookies((name) => name !== this.#options.csrf?.cookie);
  }

  get(path: string, options?: SendOptions): Promise<Answer> {
    return this.#send("GET", path, options);
  }

  /** @throws NotOffered when the server has no such thing. */
  async post(path: string, options: SendOptions = {}): Promise<Answer> {
    const { csrf, port, proxied } = this.#options;
    // Another site can make the browser send its cookies, and cannot read the token.
    const isForged = options.headers?.["origin"] !== undefined;
    const ours = isForged
      ? {}
      : {
          origin: `${proxied ? "https" : "http"}://127.0.0.1:${port}`,
          referer: `${proxied ? "https" : "http"}://127.0.0.1:${port}/`,
          "sec-fetch-site": "same-origin",
        };
    const token = csrf === undefined || isForged ? {} : { [csrf.header]: (await this.get("/token")).text };
    const cookie =
      options.cookie === undefined
        ? {}
        : {
            cookie: [options.cookie, this.#cookies((name) => name === csrf?.cookie)]
              .filter(Boolean)
              .join("; "),
          };
    const answer = await this.#send("POST", path, {
      ...options,
      ...cookie,
      headers: { ...ours, ...token, ...options.headers },
    });
    if (answer.status === 501) throw new NotOffered(`POST ${path.replace(/\?.*/, "")}`);
    return answer;
  }

  #cookies(isWanted: (name: string) => boolean): string {
    return Array.from(this.#jar)
      .filter(([name, { endsAt }]) => isWanted(name) && Date.now() < endsAt)
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
  }

  async #send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const { port, log, name, proxied } = this.#options;
    const cookie = options.cookie ?? this.#cookies(() => true);
    const headers = {
      ...(proxied && { "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7" }),
      ...options.headers,
      ...(cookie !== "" && { cookie }),
    };
    const shown = Object.entries(headers).map(([field, value]) => ` ${field}: ${shorten(value)}`);
    log.push(`${name} > ${method} ${path}${shown.join(";")}`);
    const answer = await exchange(port, method, path, headers);
    const set = answer.setCookies.map((value) => ` set-cookie: ${shorten(value)}`);
    log.push(`${name} < ${answer.status} ${JSON.stringify(answer.text.slice(0, 60))}${set.join(";")}`);
    // One who sends a cookie of its own choice is no browser, and keeps nothing.
    if (options.cookie === undefined) for (const line of answer.setCookies) this.#keep(line);
    // The token's cookie is no session's: scripts have to read it.
    const { csrf } = this.#options;
    const ofSession = answer.setCookies.filter(
      (line) => csrf === undefined || !line.startsWith(`${csrf.cookie}=`),
    );
    return { ...answer, setCookies: ofSession };
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(";");
    const name = pair.slice(0, pair.indexOf("=")).trim();
    const value = pair.slice(pair.indexOf("=") + 1).trim();
    const endsAt = endOf(attributes);
    if (endsAt <= Date.now()) this.#jar.delete(name);
    else this.#jar.set(name, { value, endsAt });
  }
}

/** When a cookie ends, in milliseconds since the epoch: Max-Age goes before Expires (RFC 6265, section 5.3). */
function endOf(attributes: readonly string[]): number {
  const valueOf = (wanted: string): string | undefined =>
    attributes
      .map((attribute) => attribute.trim().split("=", 2))
      .find(([name = ""]) => name.toLowerCase() === wanted)?.[1];
  const [maxAge, expires] = [valueOf("max-age"), valueOf("expires")];
  if (maxAge !== undefined) return Date.now() + Number(maxAge) * 1000;
  return expires === undefined ? Infinity : Date.parse(expires);
}

function exchange(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = method === "POST" ? { "content-length": "0" } : {};
    const asked = request({
      host: "127.0.0.1",
      port,
      method,
      path,
      agent,
      headers: { ...headers, ...length },
    });
    asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    asked.on("error", reject);
    asked.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          setCookies: response.headers["set-cookie"] ?? [],
          header: (name) => {
            const value = response.headers[name];
            return Array.isArray(value) ? value.join(", ") : value;
          },
        }),
      );
    });
    asked.end();
  });
}

/** Cookies are long; their beginning and end tell them apart. */
function shorten(text: string): string {
  return text.replaceAll(/[\w.%+/=*~-]{40,}/g, (long) => `${long.slice(0, 14)}…${long.slice(-6)}`);
}
