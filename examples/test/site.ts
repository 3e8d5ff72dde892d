// A whole site in this process, for tests: in memory unless a test brings its own stores.
import type { ListenOptions, Server } from "@hatcheck/core";
import { type Mode, sessionLayer, SessionStore, type Store } from "@hatcheck/session";
import { createApp } from "../src/app.ts";
import { Attempts } from "../src/attempts.ts";
import type { SessionData, Site } from "../src/site.ts";
import { SqliteUserStore } from "../src/users-sqlite.ts";
import type { UserStore } from "../src/users.ts";

export interface TestSite extends Server {
  readonly site: Site;
  readonly store: Store<SessionData, Mode>;
}

export interface TestSiteOptions {
  users?: UserStore;
  store?: Store<SessionData, Mode>;
  maxByName?: number;
  maxByAddress?: number;
  ready?: () => boolean;
  listen?: ListenOptions;
}

/** Serves a site on a port of its own. */
export async function startSite(options: TestSiteOptions = {}): Promise<TestSite> {
  const { maxByName = 1000, maxByAddress = 1000, ready = () => true, listen } = options;
  const { users = new SqliteUserStore(":memory:"), store = new SessionStore<SessionData>(3600) } = options;
  const site: Site = {
    sessions: sessionLayer(store, { recordClient: true }),
    users,
    attemptsByName: new Attempts({ max: maxByName, windowSeconds: 900 }),
    attemptsByAddress: new Attempts({ max: maxByAddress, windowSeconds: 900 }),
  };
  const app = createApp(site, { ready, log: { write: () => {} } });
  const server = await app.listen({ port: 0, ...listen });
  return Object.assign(server, { site, store });
}
