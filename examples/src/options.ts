// What the command line and the environment say. Whatever is wrong is told in one line.
import { parseArgs } from "node:util";

export interface Options {
  readonly store: string;
  readonly host: string;
  readonly port: number;
  /** How many proxies of yours stand in front; 0 for none. */
  readonly trustProxy: number;
  /** The name of the account that sees the site's tasks; empty for none. */
  readonly admin: string;
  /** The folder of the certificate; empty for plain HTTP. */
  readonly tls: string;
}

export const HELP = `Usage: hatcheck-example [options]

  --store STORE      where users and sessions are kept:
                       memory            nowhere; they end with the process
                       sqlite:FILE       a file, and FILE-sessions beside it
                                         (the default: sqlite:.data/site.sqlite)
                       redis://HOST      Redis or Valkey; needs the package "redis"
                       postgres://HOST   Postgres; needs the package "pg"
  --port PORT        7878 unless given; 0 lets the system choose
  --host HOST        127.0.0.1 unless given; 0.0.0.0 opens the site to the network
  --trust-proxy N    how many reverse proxies of yours stand in front; 0 unless given
  --admin NAME       whose account is the administrator's; register it before you open
                     the site. There is none unless given
  --tls [FOLDER]     serves over TLS, and binds logins to the device where the browser
                     can: with cert.pem and key.pem of the folder, .data/tls unless
                     given; where they are missing, they are made for localhost
  --help             shows this

The same from the environment: HATCHECK_STORE, PORT, HOST, HATCHECK_TRUST_PROXY, HATCHECK_ADMIN,
HATCHECK_TLS.
`;

const TLS_FOLDER = ".data/tls";
const STORES = /^(?:memory$|sqlite:.|rediss?:\/\/.|postgres(?:ql)?:\/\/.)/;

/** What was asked for; `"help"` when that was it. @throws Error with one line that says what is allowed. */
export function readOptions(given: string[], env: NodeJS.ProcessEnv): Options | "help" {
  // The one option whose value may be left out.
  const args = given.map((arg, index) =>
    arg === "--tls" && (given[index + 1] ?? "-").startsWith("-") ? `--tls=${TLS_FOLDER}` : arg,
  );
  const { values, positionals, tokens } = parseArgs({ args, options: FLAGS, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== "option" || token.name === "help") continue;
    if (!(token.name in FLAGS)) {
      throw new Error(
        `There is no option ${token.rawName}; there are --store, --port, --host, --trust-proxy, --admin, --tls and --help.`,
      );
    }
    if (!token.value) throw new Error(`--${token.name} needs a value; see --help.`);
  }
  if (values.help) return "help";
  if (positionals.length > 0) throw new Error(`"${positionals[0]}" is no option; see --help.`);

  const value = (flag: string, variable: string, otherwise: string): [string, string] =>
    typeof values[flag] === "string" ? [values[flag], `--${flag}`] : [env[variable] || otherwise, variable];
  const [store, storeName] = value("store", "HATCHECK_STORE", "sqlite:.data/site.sqlite");
  if (!STORES.test(store)) {
    throw new Error(`${storeName} must be memory, sqlite:FILE, redis://… or postgres://…, not "${store}".`);
  }
  return {
    store,
    host: value("host", "HOST", "127.0.0.1")[0],
    port: wholeNumber(...value("port", "PORT", "7878"), 65_535),
    trustProxy: wholeNumber(...value("trust-proxy", "HATCHECK_TRUST_PROXY", "0"), 100),
    admin: value("admin", "HATCHECK_ADMIN", "")[0],
    tls: value("tls", "HATCHECK_TLS", "")[0],
  };
}

const FLAGS = {
  store: { type: "string" },
  port: { type: "string" },
  host: { type: "string" },
  "trust-proxy": { type: "string" },
  admin: { type: "string" },
  tls: { type: "string" },
  help: { type: "boolean" },
} as const;

function wholeNumber(text: string, name: string, max: number): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= max) return Number(text);
  throw new Error(`${name} must be a whole number from 0 to ${max}, not "${text}".`);
}
