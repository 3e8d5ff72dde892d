// The people who have an account. Three short files beside this one keep them in SQLite, Redis and Postgres.

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
