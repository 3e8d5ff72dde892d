// The PHC string format of password hashes: algorithm and parameters in front, so that they can grow later.

/** A hash as it is stored. */
export interface PhcHash {
  readonly algorithm: string;
  readonly version: number | undefined;
  /** Parameters by name, positive integers all of them. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const PHC =
  /^\$(?<algorithm>[a-z0-9-]{1,32})(?:\$v=(?<version>[1-9]\d{0,3}))?\$(?<parameters>[a-z]{1,8}=[1-9]\d{0,9}(?:,[a-z]{1,8}=[1-9]\d{0,9}){0,7})\$(?<salt>[A-Za-z0-9+/]{11,128})\$(?<hash>[A-Za-z0-9+/]{16,172})$/;

/**
 * Reads a PHC string; `undefined` when it is none.
 *
 * @see https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
 */
export function parsePhc(text: string): PhcHash | undefined {
  const groups = PHC.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { algorithm = "", version, parameters = "", salt = "", hash = "" } = groups;
  const pairs = parameters.split(",").map((pair) => pair.split("=") as [string, string]);
  return {
    algorithm,
    version: version === undefined ? undefined : Number(version),
    parameters: Object.fromEntries(pairs.map(([name, value]) => [name, Number(value)])),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

/** Writes a PHC string. */
export function formatPhc({ algorithm, version, parameters, salt, hash }: PhcHash): string {
  const versionPart = version === undefined ? [] : [`v=${version}`];
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return ["", algorithm, ...versionPart, pairs.join(","), base64(salt), base64(hash)].join("$");
}

/** Base64 without padding, as the format has it. */
function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/={1,2}$/, "");
}
