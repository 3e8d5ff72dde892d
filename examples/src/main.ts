#!/usr/bin/env node
// `npm start`: serves the example site.
import { sessionLayer } from "@hatcheck/session";
import { Scheduler } from "@hatcheck/scheduler";
import { createApp } from "./app.ts";
import { Attempts } from "./attempts.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import type { Site } from "./site.ts";
import { openStorage } from "./storage.ts";

const QUARTER_HOUR = 15 * 60;

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === "help") process.stdout.write(HELP);
  else await serve(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function serve({ store, host, port, trustProxy }: Options): Promise<void> {
  const storage = await openStorage(store);
  const site: Site = {
    sessions: sessionLayer(storage.sessions, { recordClient: true }),
    users: storage.users,
    attemptsByName: new Attempts({ max: 10, windowSeconds: QUARTER_HOUR }),
    attemptsByAddress: new Attempts({ max: 50, windowSeconds: QUARTER_HOUR }),
  };
  const app = createApp(site, { ready: storage.ready });
  const server = await app.listen({ host, port, signals: true, ...(trustProxy > 0 && { trustProxy }) });

  const jobs = new Scheduler()
    .every({ minutes: 10 }, () => storage.sessions.purgeExpired({ sliceMs: 5 }), { name: "purge sessions" })
    .every({ minutes: 10 }, () => purgeAttempts(site), { name: "purge attempts" })
    .start();

  console.log(`Users and sessions are kept in ${storage.name}.`);
  console.log(`Listening on ${server.url}`);

  // Until Ctrl-C: what is in flight is finished first, then its stores are closed.
  await server.closed;
  await jobs.stop();
  await storage.close();
}

function purgeAttempts({ attemptsByName, attemptsByAddress }: Site): void {
  attemptsByName.purge();
  attemptsByAddress.purge();
}
