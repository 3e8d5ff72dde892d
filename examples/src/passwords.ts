// Passwords are kept as scrypt hashes, with the parameters in front, so that these can grow later.
import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** 32 MiB and about a fifth of a second. @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
const HASH_BYTES = 32;

/** The hash of a password, to be stored. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await hashWith(password, salt, COST);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64"), hash.toString("base64")].join("$");
}

/**
 * Whether a password is the one behind a hash. Without a hash, when there is no such user, it takes as long and says
 * no: the time does not tell who has an account.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = (stored ?? NOBODY).split("$");
  const expected = Buffer.from(hash, "base64");
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const actual = await hashWith(password, Buffer.from(salt, "base64"), cost);
  return timingSafeEqual(actual, expected) && stored !== undefined;
}

/** A hash that no password is behind. */
const NOBODY = ["scrypt", COST.N, COST.r, COST.p, "", Buffer.alloc(HASH_BYTES).toString("base64")].join("$");

function hashWith(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  // The same letters can be typed as different code points, depending on the keyboard.
  return derive(password.normalize("NFKC"), salt, HASH_BYTES, { ...cost, maxmem: MAX_MEMORY_BYTES });
}
