// A whole site in this process, for tests: in memory unless a test brings its own stores.
import type { ListenOptions, Server } from "@hatcheck/core";
import type { TaskStatus } from "@hatcheck/scheduler";
import {
  type Mode,
  sessionLayer,
  type SessionLayerOptions,
  SessionStore,
  type Store,
} from "@hatcheck/session";
import { loginThrottle } from "@hatcheck/session/throttle";
import { createApp } from "../src/app.ts";
import { limiterInMemory } from "../src/limiters.ts";
import type { SessionData, SiteParts } from "../src/site.ts";
import { SqliteUserStore } from "../src/users-sqlite.ts";
import type { UserStore } from "../src/users.ts";

export interface TestSite extends Server {
  readonly site: SiteParts;
  readonly store: Store<SessionData, Mode>;
}

export interface TestSiteOptions {
  users?: UserStore;
  store?: Store<SessionData, Mode>;
  maxByName?: number;
  maxByAddress?: number;
  ready?: () => boolean;
  admin?: string;
  tasks?: () => readonly TaskStatus[];
  listen?: ListenOptions;
  deviceBound?: SessionLayerOptions["deviceBound"];
}

/** Serves a site on a port of its own. */
export async function startSite(options: TestSiteOptions = {}): Promise<TestSite> {
  const { maxByName = 1000, maxByAddress = 1000, ready = () => true, listen } = options;
  const { admin = "", tasks = () => [], deviceBound } = options;
  const { users = new SqliteUserStore(":memory:"), store = new SessionStore<SessionData>(3600) } = options;
  const site: SiteParts = {
    sessions: sessionLayer(store, { recordClient: true, ...(deviceBound !== undefined && { deviceBound }) }),
    users,
    logins: loginThrottle({
      byAccount: limiterInMemory("account", maxByName),
      byAddress: limiterInMemory("address", maxByAddress),
    }),
    admin,
    tasks,
  };
  const app = createApp(site, { ready, log: { write: () => {} } });
  const server = await app.listen({ port: 0, ...listen });
  return Object.assign(server, { site, store });
}
