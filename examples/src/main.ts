#!/usr/bin/env node
// `npm start`: serves the example site.
import { sessionLayer } from "@hatcheck/session";
import { loginThrottle } from "@hatcheck/session/throttle";
import { Scheduler } from "@hatcheck/scheduler";
import { createApp } from "./app.ts";
import { openCertificate } from "./certificate.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { openStorage } from "./storage.ts";

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === "help") process.stdout.write(HELP);
  else await serve(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function serve({ store, host, port, trustProxy, admin, tls }: Options): Promise<void> {
  const certificate = tls === "" ? undefined : openCertificate(tls);
  const storage = await openStorage(store);
  const { users, ready } = storage;
  const sessions = sessionLayer(storage.sessions, {
    recordClient: true,
    deviceBound: certificate !== undefined || trustProxy > 0,
  });
  const logins = loginThrottle({
    byAccount: storage.limiter("account", 10),
    byAddress: storage.limiter("address", 50),
  });
  const jobs = new Scheduler()
    .every("10m", () => storage.sessions.purgeExpired({ sliceMs: 5 }), { name: "purge sessions" })
    .start();
  const app = createApp({ sessions, users, logins, admin, tasks: () => jobs.status() }, { ready });
  const server = await app.listen({
    host,
    port,
    signals: true,
    ...(trustProxy > 0 && { trustProxy }),
    ...(certificate !== undefined && { tls: certificate }),
  });

  console.log(`Users and sessions are kept in ${storage.name}.`);
  console.log(`Listening on ${server.url}`);

  // Until Ctrl-C: what is in flight is finished first, then its stores are closed.
  await server.closed;
  await jobs.stop();
  await storage.close();
}
