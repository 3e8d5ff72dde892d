// The seed's program over a real socket, and every entry point of the packages once.
import assert from "node:assert/strict";
import * as core from "@hatcheck/core";
import * as scheduler from "@hatcheck/scheduler";
import * as oncePostgres from "@hatcheck/scheduler/postgres";
import * as onceRedis from "@hatcheck/scheduler/redis";
import * as session from "@hatcheck/session";
import * as postgres from "@hatcheck/session/postgres";
import * as redis from "@hatcheck/session/redis";
import * as sqlite from "@hatcheck/session/sqlite";
import * as testkit from "@hatcheck/session/testkit";
import { app } from "./seed.mjs";

const entries = [core, session, sqlite, redis, postgres, testkit, scheduler, onceRedis, oncePostgres];
for (const entry of entries) assert.ok(Object.keys(entry).length > 0);

main();

async function main() {
  const server = await app.listen({ port: 0 });
  const call = (method, path, cookie) =>
    fetch(server.url + path, { method, headers: cookie === undefined ? {} : { cookie } });

  assert.equal((await call("GET", "/profile")).status, 401);
  const login = await call("POST", "/login");
  assert.equal(login.status, 200);
  const [cookie] = login.headers.getSetCookie()[0].split(";");
  const profile = await call("GET", "/profile", cookie);
  assert.deepEqual([profile.status, await profile.text()], [200, "user 42\n"]);
  const logout = await call("GET", "/logout", cookie);
  assert.match(logout.headers.getSetCookie()[0], /Max-Age=0/);
  assert.equal((await call("GET", "/profile", cookie)).status, 401);
  await server.close();

  const store = new sqlite.SqliteSessionStore(":memory:", 60);
  const { id } = store.create({ data: { color: "red" } });
  assert.equal(store.load(id).get("color"), "red");
  store.close();

  let runs = 0;
  const handle = new scheduler.Scheduler().every(60_000, () => (runs += 1), { name: "count" }).start();
  await handle.trigger("count");
  await handle.stop();
  assert.ok(runs > 0);
}
