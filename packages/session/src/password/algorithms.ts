// The two functions that make a hash of a password, with the parameters that OWASP recommends today.
import * as crypto from "node:crypto";
import { promisify } from "node:util";

/** Names of the algorithms, as PHC strings have them. */
export type PasswordAlgorithm = "argon2id" | "scrypt";

export interface Algorithm {
  readonly version: number | undefined;
  /** What new hashes are made with. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Whether this Node can compute it. */
  readonly isAvailable: boolean;
  /** Whether a stored hash's parameters are complete, and small enough to be computed without harm. */
  accepts(parameters: Readonly<Record<string, number>>): boolean;
  derive(
    password: string,
    salt: Buffer,
    bytes: number,
    parameters: Readonly<Record<string, number>>,
  ): Promise<Buffer>;
}

/** A stored hash that wants more memory than this is damaged, or somebody's attempt to stop the server. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;
const MAX_PASSES = 64;

const deriveScrypt = promisify<string, Buffer, number, crypto.ScryptOptions, Buffer>(crypto.scrypt);

/**
 * 32 MiB, N = 2^15.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 * @see https://www.rfc-editor.org/rfc/rfc7914
 */
const scrypt: Algorithm = {
  version: undefined,
  parameters: { ln: 15, r: 8, p: 3 },
  isAvailable: true,
  accepts: ({ ln = 0, r = 0, p = 0, ...others }) =>
    ln >= 1 &&
    ln <= 30 &&
    128 * 2 ** ln * r <= MAX_MEMORY_BYTES &&
    r >= 1 &&
    p >= 1 &&
    p <= MAX_PASSES &&
    128 * r * p <= MAX_MEMORY_BYTES &&
    isEmpty(others),
  derive: (password, salt, bytes, { ln = 0, r = 0, p = 0 }) =>
    deriveScrypt(password, salt, bytes, { N: 2 ** ln, r, p, maxmem: 128 * r * (2 ** ln + p + 2) }),
};

/** In Node since 24.7; absent before. */
const argon2 = (crypto as Partial<typeof crypto>).argon2;

/**
 * 19 MiB, two passes.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
 * @see https://www.rfc-editor.org/rfc/rfc9106
 */
const argon2id: Algorithm = {
  version: 19,
  parameters: { m: 19_456, t: 2, p: 1 },
  isAvailable: argon2 !== undefined,
  accepts: ({ m = 0, t = 0, p = 0, ...others }) =>
    m * 1024 <= MAX_MEMORY_BYTES &&
    t >= 1 &&
    t <= MAX_PASSES &&
    p >= 1 &&
    p <= MAX_PASSES &&
    m >= 8 * p &&
    isEmpty(others),
  derive: (message, nonce, tagLength, { m: memory = 0, t: passes = 0, p: parallelism = 0 }) =>
    new Promise((resolve, reject) => {
      argon2?.("argon2id", { message, nonce, tagLength, memory, passes, parallelism }, (error, hash) =>
        error === null ? resolve(hash) : reject(error),
      );
    }),
};

export const ALGORITHMS: Readonly<Record<PasswordAlgorithm, Algorithm>> = { argon2id, scrypt };

/** The algorithm of that name; `undefined` when there is none. */
export function algorithmNamed(name: string): Algorithm | undefined {
  return Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name as PasswordAlgorithm] : undefined;
}

/** Argon2id where this Node has it, scrypt elsewhere. */
export const DEFAULT_ALGORITHM: PasswordAlgorithm = argon2id.isAvailable ? "argon2id" : "scrypt";

function isEmpty(others: object): boolean {
  return Object.keys(others).length === 0;
}
