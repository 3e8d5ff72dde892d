// Passwords are kept as salted hashes that take memory and time to compute, so that a stolen table tells none of them soon.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { availableParallelism } from "node:os";
import { HttpError } from "@hatcheck/core";
import { ALGORITHMS, algorithmNamed, DEFAULT_ALGORITHM, type PasswordAlgorithm } from "./algorithms.ts";
import { formatPhc, parsePhc, type PhcHash } from "./phc.ts";
import { WorkQueue } from "./work-queue.ts";

export type { PasswordAlgorithm } from "./algorithms.ts";

/** Options of {@link passwordHasher}. */
export interface PasswordHasherOptions {
  /**
   * What new hashes are made with: `argon2id` where this Node has it (24.7 and newer), else `scrypt`. Choose `scrypt` while
   * processes of older Nodes share the accounts: they cannot verify Argon2id.
   */
  algorithm?: PasswordAlgorithm;
  /** How many hashes are computed at a time, 19 to 32 MiB each; as many as there are cores unless given, 4 at most. */
  concurrency?: number;
  /** How many wait for their turn before {@link PasswordQueueFullError} is thrown; 1,000 unless given. */
  maxWaiting?: number;
}

/** Hashes and verifies passwords, few at a time, off the event loop. */
export interface PasswordHasher {
  /**
   * The hash of a password, as a PHC string to be stored: about 100 characters.
   *
   * @throws TypeError when it is no string, or empty; RangeError when it is longer than 4,096 characters.
   * @throws PasswordQueueFullError
   */
  hash(password: string): Promise<string>;

  /**
   * Whether a password is the one behind a stored hash. Without a hash, when there is no such user, it takes as long and
   * says no: the time does not tell who has an account.
   *
   * @throws PasswordHashError when what is stored is no hash that this Node can verify.
   * @throws PasswordQueueFullError
   */
  verify(password: string, stored: string | undefined): Promise<boolean>;

  /** Whether a stored hash was made with another algorithm or other parameters: make a new one at the next login. */
  needsRehash(stored: string): boolean;
}

/** So many wait for a hash that one more would wait too long: 503. */
export class PasswordQueueFullError extends HttpError {
  override readonly name: string = "PasswordQueueFullError";

  constructor() {
    super(503, "Too many people are logging in at this moment; try again shortly.", {
      headers: [{ name: "Retry-After", value: "5" }],
    });
  }
}

/** What is stored is no hash of a password, or one that this Node cannot verify. The message never holds the hash. */
export class PasswordHashError extends Error {
  override readonly name: string = "PasswordHashError";
}

const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** Far over what a person can type; more is only work for the server. */
const MAX_LENGTH = 4096;

/**
 * A hasher of its own, with its own line of waiters. Most programs use {@link hashPassword} and {@link verifyPassword}.
 *
 * @throws TypeError when an option is wrong, or the algorithm is not in this Node.
 */
export function passwordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const { algorithm: name, concurrency, maxWaiting } = checked(options);
  const algorithm = ALGORITHMS[name];
  const queue = new WorkQueue(concurrency, maxWaiting);
  const nobody: PhcHash = {
    algorithm: name,
    version: algorithm.version,
    parameters: algorithm.parameters,
    salt: Buffer.alloc(SALT_BYTES),
    hash: Buffer.alloc(HASH_BYTES),
  };

  const derive = (
    { algorithm: used, salt, hash, parameters }: PhcHash,
    password: string,
  ): Promise<Buffer> => {
    if (queue.isFull) throw new PasswordQueueFullError();
    const { derive: work } = ALGORITHMS[used as PasswordAlgorithm];
    // The same letters can be typed as different code points, depending on the keyboard.
    return queue.run(() => work(password.normalize("NFKC"), salt, hash.length, parameters));
  };

  return {
    async hash(password) {
      assertText(password, "hashPassword()");
      if (password === "") throw new TypeError("hashPassword(): the password is empty.");
      if (password.length > MAX_LENGTH) {
        throw new RangeError(`hashPassword(): a password has ${MAX_LENGTH} characters at most.`);
      }
      const salted = { ...nobody, salt: randomBytes(SALT_BYTES) };
      return formatPhc({ ...salted, hash: await derive(salted, password) });
    },

    async verify(password, stored) {
      assertText(password, "verifyPassword()");
      const known = stored === undefined ? nobody : parseStored(stored);
      // One that is too long was never hashed; its first characters are, so that the time is the same.
      const actual = await derive(known, password.slice(0, MAX_LENGTH));
      const isSame = timingSafeEqual(actual, known.hash);
      return isSame && stored !== undefined && password.length <= MAX_LENGTH;
    },

    needsRehash(stored) {
      const { algorithm: used, version, parameters, salt, hash } = parseStored(stored);
      const isCurrent =
        used === name &&
        version === algorithm.version &&
        salt.length >= SALT_BYTES &&
        hash.length >= HASH_BYTES &&
        Object.entries(algorithm.parameters).every(([key, value]) => parameters[key] === value);
      return !isCurrent;
    },
  };
}

const shared = passwordHasher();

/** See {@link PasswordHasher.hash}. */
export const hashPassword: PasswordHasher["hash"] = shared.hash;

/** See {@link PasswordHasher.verify}. */
export const verifyPassword: PasswordHasher["verify"] = shared.verify;

/** See {@link PasswordHasher.needsRehash}. */
export const needsRehash: PasswordHasher["needsRehash"] = shared.needsRehash;

function parseStored(stored: string): PhcHash {
  const parsed = typeof stored === "string" ? parsePhc(stored) : undefined;
  if (parsed === undefined) {
    throw new PasswordHashError("The stored hash is no PHC string, such as hashPassword() makes.");
  }
  const algorithm = algorithmNamed(parsed.algorithm);
  if (algorithm === undefined) {
    throw new PasswordHashError(
      "The stored hash is of an algorithm other than argon2id and scrypt; verify it by the library that made it.",
    );
  }
  if (!algorithm.isAvailable) {
    throw new PasswordHashError(
      `The stored hash is of ${parsed.algorithm}, which Node ${process.versions.node} cannot compute; Node 24.7 and newer can.`,
    );
  }
  if (parsed.version !== algorithm.version || !algorithm.accepts(parsed.parameters)) {
    throw new PasswordHashError("The stored hash has a version or parameters that cannot be computed here.");
  }
  return parsed;
}

function assertText(password: unknown, where: string): void {
  if (typeof password !== "string") {
    throw new TypeError(
      `${where}: the password is a string, got ${password === null ? "null" : typeof password}.`,
    );
  }
}

function checked(options: PasswordHasherOptions): Required<PasswordHasherOptions> {
  const { algorithm = DEFAULT_ALGORITHM, maxWaiting = 1000, ...rest } = options;
  const { concurrency = Math.min(4, availableParallelism()), ...unknown } = rest;
  const [misspelt] = Object.keys(unknown);
  if (misspelt !== undefined) {
    throw new TypeError(
      `passwordHasher(): there is no option ${JSON.stringify(misspelt)}; there are algorithm, concurrency and maxWaiting.`,
    );
  }
  if (algorithmNamed(algorithm)?.isAvailable !== true) {
    throw new TypeError(
      `passwordHasher(): algorithm is "scrypt", or "argon2id" on Node 24.7 and newer; got ${JSON.stringify(algorithm)} on Node ${process.versions.node}.`,
    );
  }
  assertCount("concurrency", concurrency, 1);
  assertCount("maxWaiting", maxWaiting, 0);
  return { algorithm, concurrency, maxWaiting };
}

function assertCount(name: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || Number(value) < least) {
    throw new TypeError(
      `passwordHasher(): ${name} is a whole number of ${least} or more, got ${String(value)}.`,
    );
  }
}
