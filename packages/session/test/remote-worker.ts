// A process of its own that works on a store: `node remote-worker.ts <command> <driver> <port,…> <prefix or table> …`.
import { openPostgres, openRedis, type RedisDriver } from "./remote-stores.ts";

const [, , command, driver, ports = "", name = "", ...rest] = process.argv;
const numbers = ports.split(",").map(Number);
const { store, close } =
  driver === "pg"
    ? await openPostgres(numbers[0] ?? 5432, { ttl: 3600, table: name })
    : await openRedis(driver as RedisDriver, numbers, { ttl: 3600, prefix: name });

if (command === "count") {
  const [id = "", key = "", times = "0"] = rest;
  for (let count = 0; count < Number(times); count += 1) {
    await store.update(id, key, (n) => Number(n ?? 0) + 1);
  }
} else if (command === "churn") {
  // Until it is killed: everything that writes, and each change of two keys together. It is ready when there is so much
  // that every node of a cluster has some, also where all sessions of user 43 have just been destroyed.
  let created = 0;
  const churn = async (lane: number): Promise<void> => {
    for (let count = lane; ; count += 10) {
      const session = await store.create({ data: { a: count, b: count }, userId: "42" });
      created += 1;
      if (created === 300) process.stdout.write("ready\n");
      session.set("a", -count);
      session.set("b", -count);
      session.set("padding", "x".repeat(2000));
      await store.save(session);
      await store.regenerate(session);
      await store.login(session, count % 5 === 1 ? "44" : "43");
      if (count % 3 === 0) await store.destroy(session.id);
      if (count % 50 === 0) await store.destroyByUser("43", { except: session });
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, lane) => churn(lane)));
}
await close();
