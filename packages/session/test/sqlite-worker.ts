// A process of its own that works on a file of sessions: `node sqlite-worker.ts <command> <file> …`.
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";

const [, , command, file = "", ...rest] = process.argv;
const store = new SqliteSessionStore<Record<string, unknown>>(file, 3600);

if (command === "count") {
  const [id = "", key = "", times = "0"] = rest;
  for (let count = 0; count < Number(times); count += 1) store.update(id, key, (n) => Number(n ?? 0) + 1);
} else if (command === "create") {
  for (let count = 0; count < Number(rest[0]); count += 1) store.create();
} else if (command === "open") {
  // New files, each at the very moment at which others open it too.
  const [first = "0", many = "0"] = rest;
  for (let count = 0; count < Number(many); count += 1) {
    while (Date.now() < Number(first) + 10 * count);
    new SqliteSessionStore(`${file}-${count}`, 3600).close();
  }
} else if (command === "churn") {
  // Until it is killed: all writes, each of two keys that belong together.
  process.stdout.write("ready\n");
  for (let count = 1; ; count += 1) {
    const session = store.create({ data: { a: count, b: count }, userId: "42" });
    session.set("a", -count);
    session.set("b", -count);
    session.set("padding", "x".repeat(5000));
    store.save(session);
    store.regenerate(session);
    store.login(session, "43");
    if (count % 3 === 0) store.destroy(session.id);
  }
} else if (command === "fill") {
  // Until the disk is full. What was stored before is still there.
  const { id } = store.create({ data: { kept: true } });
  try {
    for (;;) store.create({ data: { padding: "x".repeat(10_000) } });
  } catch (error) {
    const { name, statusCode } = error as { name: string; statusCode?: number };
    process.stdout.write(JSON.stringify({ name, statusCode, kept: store.load(id)?.get("kept") }));
  }
}
store.close();
