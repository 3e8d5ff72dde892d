// What administrators see: how many sessions live, and which. No expired one is among them, purged or not.
import assert from "node:assert/strict";
import { type Kit, present } from "./kit.ts";
import type { ListedSession, ListOptions, Store } from "../model/store.ts";
import type { AnyData } from "./kit.ts";

export function forAdministrators({ prove, seconds, pass }: Kit): void {
  prove(
    "7. Log out everywhere: listAll shows every living session, page by page",
    async ({ store, other }) => {
      const client = { ip: "192.0.2.1", userAgent: "Browser/1.0" };
      const handles: string[] = [];
      for (let count = 0; count < 25; count += 1) {
        const { handle } = await store.create(count % 3 === 0 ? { userId: `u${count}`, client } : {});
        handles.push(handle);
      }
      const own = await store.createWithId("own-id", { data: { a: 1 } });
      assert.equal(await store.login(own, "42"), true);
      handles.push(own.handle);
      for (const pageSize of [1, 7, 26, 100, undefined]) {
        const pages = await pagesOf(other, pageSize === undefined ? {} : { pageSize });
        assert.deepEqual(pages.flat().map(handleOf).toSorted(), handles.toSorted());
        for (const page of pages) assert.ok(page.length > 0 && page.length <= (pageSize ?? 100));
      }
      const entries = (await pagesOf(other, {})).flat();
      const entry = present(entries.find(({ userId }) => userId === "u3"));
      assert.deepEqual([entry.ip, entry.userAgent, entry.actor], [client.ip, client.userAgent, undefined]);
      assert.ok(entry.expiresAt > entry.createdAt && entry.lastSeenAt >= entry.createdAt);
      assert.equal(entries.filter(({ userId }) => userId === undefined).length, 16);
      assert.equal(present(entries.find(({ userId }) => userId === "42")).handle, own.handle);
      assert.equal((await pagesOf(other, { loggedIn: true })).flat().length, 10);
      assert.equal((await pagesOf(other, { loggedIn: false, pageSize: 5 })).flat().length, 16);
      assert.equal(JSON.stringify(entries).includes("own-id"), false);
    },
  );

  prove("7. Log out everywhere: listAll goes on while sessions come and go", async ({ store, other }) => {
    const staying: string[] = [];
    const leaving: string[] = [];
    for (let count = 0; count < 40; count += 1) {
      staying.push((await store.create({ userId: "stays" })).handle);
      leaving.push((await store.create({ userId: "leaves" })).id);
    }
    const seen: string[] = [];
    for await (const page of store.listAll({ pageSize: 10 })) {
      seen.push(...page.map(handleOf));
      await other.create();
      for (const id of leaving.splice(0, 5)) await other.destroy(id);
    }
    for (const handle of staying) assert.ok(seen.includes(handle));
    // Whoever has seen enough need not see all.
    for await (const page of store.listAll({ pageSize: 1 })) {
      assert.equal(page.length, 1);
      break;
    }
  });

  prove(
    "8. Bounded: count and listAll know no expired session, purged or not",
    async ({ store, other }) => {
      assert.deepEqual([await store.count(), await pagesOf(store, {})], [0, []]);
      for (let count = 0; count < 5; count += 1) await store.create({ userId: "42" });
      for (let count = 0; count < 3; count += 1) await store.create();
      assert.deepEqual(await countsOf(other), [8, 5, 3]);
      await pass(6);
      const living = await store.create({ userId: "43" });
      await store.create();
      await pass(6);
      assert.deepEqual(await countsOf(other), [2, 1, 1]);
      assert.deepEqual((await pagesOf(other, { loggedIn: true })).flat().map(handleOf), [living.handle]);
      await store.purgeExpired();
      assert.deepEqual(await countsOf(other), [2, 1, 1]);
      assert.equal(await store.destroy(living.id), true);
      assert.deepEqual(await countsOf(other), [1, 0, 1]);
    },
    { ttl: seconds(10) },
  );

  prove(
    "8. Bounded: count knows who has idled out, and who has been seen",
    async ({ store }) => {
      const active = await store.create({ userId: "42" });
      await store.create({ userId: "43" });
      await pass(6);
      assert.notEqual(await store.load(active.id), undefined);
      await pass(6);
      assert.deepEqual(await countsOf(store), [1, 1, 0]);
      assert.deepEqual((await pagesOf(store, {})).flat().map(handleOf), [active.handle]);
    },
    { ttl: seconds(100), idle: seconds(10) },
  );
}

function handleOf({ handle }: ListedSession): string {
  return handle;
}

async function pagesOf(store: Store<AnyData>, options: ListOptions): Promise<ListedSession[][]> {
  const pages: ListedSession[][] = [];
  for await (const page of store.listAll(options)) pages.push(page);
  return pages;
}

/** All, those with a user, those without. */
async function countsOf(store: Store<AnyData>): Promise<number[]> {
  return [await store.count(), await store.count({ loggedIn: true }), await store.count({ loggedIn: false })];
}
