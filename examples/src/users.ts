// The people who have an account. Three short files beside this one keep them in SQLite, Redis and Postgres.
import { HttpError } from "@hatcheck/core";

export interface User {
  readonly id: string;
  /** As its owner writes it. */
  readonly name: string;
  readonly passwordHash: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface UserStore {
  /** `false` when the name is taken. */
  create(user: User): Promise<boolean>;
  byId(id: string): Promise<User | undefined>;
  /** Finds `Ada` as `ada` too. */
  byName(name: string): Promise<User | undefined>;
  setPasswordHash(id: string, passwordHash: string): Promise<void>;
}

/** What makes two names the same. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

/** Whether a name is this user's, however it is written. */
export function hasName({ name }: User, wanted: string): boolean {
  return nameKey(name) === nameKey(wanted);
}

/** The same accounts; where they cannot be asked, a visitor is told to come back, as with sessions that cannot be. */
export function orUnavailable(users: UserStore): UserStore {
  return {
    create: (user) => orSayLater(users.create(user)),
    byId: (id) => orSayLater(users.byId(id)),
    byName: (name) => orSayLater(users.byName(name)),
    setPasswordHash: (id, passwordHash) => orSayLater(users.setPasswordHash(id, passwordHash)),
  };
}

async function orSayLater<Value>(asked: Promise<Value>): Promise<Value> {
  try {
    return await asked;
  } catch (cause) {
    const headers = [{ name: "Retry-After", value: "5" }];
    throw new HttpError(503, "Accounts cannot be reached for the moment; try again.", { headers, cause });
  }
}
