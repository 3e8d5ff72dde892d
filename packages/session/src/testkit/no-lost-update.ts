// Guarantee 3: two requests of one browser that change different keys both win.
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { SessionEndedError } from "../model/errors.ts";
import { changesOf } from "../model/session.ts";
import { type Kit, present, race, refuses } from "./kit.ts";

/** How many of each a process counts. */
const TIMES = 100;

export function noLostUpdate({ prove, rounds, hooks }: Kit): void {
  prove("3. No lost update: parallel saves of different keys both win", async ({ store, other }) => {
    const { id } = await store.create({ data: { untouched: "as it was" } });
    for (let round = 0; round < rounds; round += 1) {
      const [one, two] = await race(
        round,
        () => store.load(id),
        () => other.load(id),
      );
      const slot = round % 8;
      present(one).set(`a${slot}`, round);
      present(two).set(`b${slot}`, { round });
      const saved = await race(
        round >> 1,
        () => store.save(present(one)),
        () => other.save(present(two)),
      );
      assert.deepEqual(saved, [true, true]);
      const now = present(await (round % 2 === 0 ? store : other).load(id));
      assert.deepEqual([now.get(`a${slot}`), now.get(`b${slot}`)], [round, { round }]);
      assert.equal(now.get("untouched"), "as it was");
    }
  });

  prove(
    "3. No lost update: a save leaves alone what others removed or set meanwhile",
    async ({ store, other }) => {
      const { id } = await store.create({ data: { a: 1, b: 2, c: 3 } });
      const one = present(await store.load(id));
      const two = present(await other.load(id));
      one.remove("a");
      two.set("b", 20);
      assert.equal(await store.save(one), true);
      assert.equal(await other.save(two), true);
      one.set("d", 4);
      assert.equal(await store.save(one), true);
      const now = present(await store.load(id));
      assert.deepEqual(contentOf(now), { b: 20, c: 3, d: 4 });
    },
  );

  prove(
    "3. No lost update: a holder keeps to its snapshot and its own changes, until it loads again",
    async ({ store, other }) => {
      const session = await store.create({ data: { a: 1 } });
      const writes: [string, () => unknown][] = [
        ["save", () => store.save(session)],
        ["regenerate", () => store.regenerate(session)],
        ["renew", () => store.renew(session)],
        ["login", () => store.login(session, "42")],
      ];
      const own: Record<string, unknown> = { a: 1 };
      for (const [name, write] of writes) {
        const parallel = present(await other.load(session.id));
        parallel.set("a", name);
        parallel.set(`theirs-${name}`, 1);
        assert.equal(await other.save(parallel), true);
        session.set(`own-${name}`, 2);
        own[`own-${name}`] = 2;
        assert.equal(await write(), true, name);
        assert.deepEqual(contentOf(session), own, name);
      }
      const now = contentOf(present(await store.load(session.id)));
      assert.deepEqual([now["a"], now["own-save"], now["theirs-login"]], ["login", 2, 1]);
    },
  );

  prove(
    "3. No lost update: a key that was removed and set again has the last value",
    async ({ store, other }) => {
      const session = await store.create({ data: { a: 1 } });
      session.remove("a");
      session.set("a", 2);
      session.set("b", 1);
      session.remove("b");
      assert.equal(present(await other.load(session.id)).get("a"), 1, "a change is local until it is saved");
      assert.equal(await store.save(session), true);
      assert.deepEqual(contentOf(present(await other.load(session.id))), { a: 2 });
      assert.equal(changesOf(session).size, 0);
    },
  );

  prove(
    "3. No lost update: regenerate and login save changes too, beside those of others",
    async ({ store, other }) => {
      const session = await store.create({ data: { a: 1 } });
      const parallel = present(await other.load(session.id));
      parallel.set("b", 2);
      assert.equal(await other.save(parallel), true);
      session.set("c", 3);
      assert.equal(await store.regenerate(session), true);
      assert.deepEqual(contentOf(present(await other.load(session.id))), { a: 1, b: 2, c: 3 });
      session.remove("a");
      assert.equal(await store.login(session, "42"), true);
      assert.deepEqual(contentOf(present(await other.load(session.id))), { b: 2, c: 3 });
    },
  );

  prove("3. No lost update: update is an atomic read-modify-write", async ({ store, other }) => {
    const { id } = await store.create({ data: { other: "stays" } });
    const add = (n: unknown): number => Number(n ?? 0) + 1;
    for (let round = 0; round < TIMES; round += 1) {
      await race(
        round,
        () => store.update(id, "count", add),
        () => other.update(id, "count", add),
      );
    }
    assert.deepEqual(contentOf(present(await store.load(id))), { other: "stays", count: 2 * TIMES });
  });

  prove(
    "3. No lost update: update gives the new value, and removes with undefined",
    async ({ store, other }) => {
      const { id } = await store.create({ data: { list: [1] } });
      const appended = await store.update(id, "list", (list) => [...(list as number[]), 2]);
      assert.deepEqual(appended, [1, 2]);
      assert.deepEqual(present(await other.load(id)).get("list"), [1, 2]);
      assert.equal(await store.update(id, "list", () => undefined), undefined);
      assert.equal(present(await other.load(id)).contains("list"), false);
      await refuses(() => store.update("unknown", "list", () => 1), SessionEndedError);
    },
  );

  prove(
    "3. No lost update: an update that throws writes nothing, and holds up nobody",
    async ({ store, other }) => {
      const { id } = await store.create({ data: { a: 1 } });
      await assert.rejects(async () => {
        await store.update(id, "a", () => {
          throw new Error("no");
        });
      }, /^Error: no$/);
      assert.equal(await other.update(id, "a", (a) => Number(a) + 1), 2);
      assert.equal(present(await store.load(id)).get("a"), 2);
    },
  );

  prove(
    "3. No lost update: a change may write to its own session, and is called again for its own key",
    async ({ store, other }) => {
      const { id } = await store.create({ data: { count: 0 } });
      const inner: unknown[] = [];
      const value = await store.update(id, "count", (count) => {
        inner.push(
          store.update(id, "elsewhere", () => "written"),
          other.update(id, "too", () => "written"),
        );
        // Once only: whoever writes the key each time can never be done.
        if (inner.length === 2) inner.push(other.update(id, "count", (n) => Number(n) + 10));
        return Number(count) + 1;
      });
      await Promise.all(inner);
      const { count, ...rest } = contentOf(present(await store.load(id)));
      assert.deepEqual(rest, { elsewhere: "written", too: "written" });
      // Whichever came first, none is lost.
      assert.equal(count, 11);
      assert.ok(value === 1 || value === 11);
    },
  );

  prove(
    "3. No lost update: a change that always writes its own key comes to an end",
    async ({ store, other }) => {
      const { id } = await store.create({ data: { count: 0 } });
      let calls = 0;
      const inner: unknown[] = [];
      const change = (count: unknown): number => {
        calls += 1;
        inner.push(other.update(id, "count", (n) => Number(n) + 1));
        return Number(count);
      };
      await Promise.resolve()
        .then(() => store.update(id, "count", change))
        .catch((error: unknown) => assert.ok(error instanceof Error));
      await Promise.all(inner);
      assert.ok(calls <= 1000, `${calls} calls`);
      assert.equal(await store.update(id, "count", () => 7), 7);
    },
  );

  const { countInProcess } = hooks;
  if (countInProcess !== undefined) {
    prove("3. No lost update: several processes count to the exact sum", async (opened) => {
      const { store, other } = opened;
      const { id } = await store.create({ data: { count: 0 } });
      const running = new Set([1, 2, 3]);
      const processes = Array.from(running, async (number) => {
        try {
          await countInProcess(opened, id, "count", TIMES);
        } finally {
          running.delete(number);
        }
      });
      let own = 0;
      const countMeanwhile = async (): Promise<void> => {
        for (; running.size > 0; own += 1) {
          await other.update(id, "count", (n) => Number(n) + 1);
          await setTimeout(5);
        }
      };
      await Promise.all([...processes, countMeanwhile()]);
      assert.equal(present(await store.load(id)).get("count"), 3 * TIMES + own);
    });
  }
}

/** All keys and values. */
export function contentOf(session: { keys(): string[]; get(key: string): unknown }): Record<string, unknown> {
  return Object.fromEntries(session.keys().map((key) => [key, session.get(key)]));
}
