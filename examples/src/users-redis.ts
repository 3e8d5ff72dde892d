// Users in Redis: a hash for each, and a key for each name, which is what keeps names unique.
import { nameKey, type User, type UserStore } from "./users.ts";

/** What is asked of a client of the `redis` package. */
export interface RedisClient {
  set(key: string, value: string, options: { condition: "NX" }): Promise<unknown>;
  get(key: string): Promise<unknown>;
  hSet(key: string, fields: Record<string, string>): Promise<unknown>;
  hGetAll(key: string): Promise<Record<string, string>>;
}

export class RedisUserStore implements UserStore {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  async create({ id, name, passwordHash, createdAt }: User): Promise<boolean> {
    // The user first: whoever finds the name must find the user.
    await this.#client.hSet(userKey(id), { id, name, passwordHash, createdAt: String(createdAt) });
    return (await this.#client.set(idKey(name), id, { condition: "NX" })) === "OK";
  }

  async byId(id: string): Promise<User | undefined> {
    const { name, passwordHash, createdAt } = await this.#client.hGetAll(userKey(id));
    if (name === undefined || passwordHash === undefined) return undefined;
    return { id, name, passwordHash, createdAt: Number(createdAt) };
  }

  async byName(name: string): Promise<User | undefined> {
    const id = await this.#client.get(idKey(name));
    return typeof id === "string" ? this.byId(id) : undefined;
  }

  async setPasswordHash(id: string, passwordHash: string): Promise<void> {
    await this.#client.hSet(userKey(id), { passwordHash });
  }
}

function userKey(id: string): string {
  return `hatcheck-example:user:${id}`;
}

function idKey(name: string): string {
  return `hatcheck-example:name:${nameKey(name)}`;
}
