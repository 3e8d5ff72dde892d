// A process of its own that works on a file of sessions: `node sqlite-worker.ts <command> <file> …`.
import { SqliteSessionStore } from "../src/sqlite.ts";

const [, , command, file = "", ...rest] = process.argv;
const store = new SqliteSessionStore<Record<string, unknown>>(file, 3600);

if (command === "count") {
  const [id = "", key = "", times = "0"] = rest;
  for (let count = 0; count < Number(times); count += 1) store.update(id, key, (n) => Number(n ?? 0) + 1);
} else if (command === "churn") {
  // Until it is killed: everything that writes, and each change of two keys together.
  process.stdout.write("ready\n");
  for (let count = 0; ; count += 1) {
    const session = store.create({ data: { a: count, b: count }, userId: "42" });
    session.set("a", -count);
    session.set("b", -count);
    session.set("padding", "x".repeat(5000));
    store.save(session);
    store.regenerate(session);
    store.login(session, "43");
    if (count % 3 === 0) store.destroy(session.id);
  }
}
store.close();
