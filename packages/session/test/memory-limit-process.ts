// A process with little memory, and a store in it that would outgrow it if nothing bounded it. Prints what it has seen.
import { App, Response, TestClient } from "@hatcheck/core";
import { sessionLayer, SessionStore } from "../src/index.ts";
import { SessionStoreFullError } from "../src/model/errors.ts";

type Seen = Record<string, number | boolean>;

/** Text that is not in the heap yet. */
function text(length: number, seed: number): string {
  return Buffer.alloc(length, `${seed},`).toString("latin1");
}

const SCENARIOS: Record<string, () => Seen | Promise<Seen>> = {
  /** Each form has 900 kB, and 32 characters of it are kept. */
  async forms() {
    const store = new SessionStore(3600);
    const sessions = sessionLayer(store);
    const app = App.withState({})
      .wrap(sessions)
      .post("/", async (req) => {
        const token = (await req.form()).get("token") ?? "";
        sessions.of(req).set("token", token);
        return Response.text(200, `${token.length}`);
      });
    let kept = 0;
    for (let count = 0; count < 288; count += 1) {
      const token = `${count}`.padStart(32, "t");
      const body = `token=${token}&filler=${text(900_000, count)}`;
      const response = await new TestClient(app)
        .post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send();
      kept += Number(response.text());
    }
    return { sessions: store.len(), kept };
  },

  /** Nothing is said of bytes: what is bounded by itself is a share of the heap. */
  unsaid() {
    const store = new SessionStore<{ a: string }>(3600);
    for (let count = 0; count < 5000; count += 1) store.create({ data: { a: text(30_000, count) } });
    return { sessions: store.len() };
  },

  /** 5,000 sessions of 64 KiB against 64 MB. */
  said() {
    const maxTotalBytes = 64_000_000;
    const store = new SessionStore<{ a: string }>({ ttl: 3600, maxTotalBytes });
    let most = 0;
    for (let count = 0; count < 5000; count += 1) {
      store.create({ data: { a: text(65_000, count) } });
      most = Math.max(most, store.totalBytes);
    }
    return { sessions: store.len(), within: most <= maxTotalBytes };
  },

  /** Sessions that were small when they were made, and grow later. */
  growing() {
    const maxTotalBytes = 64_000_000;
    const store = new SessionStore<{ a: string }>({ ttl: 3600, maxTotalBytes });
    let saved = 0;
    let most = 0;
    for (let count = 0; count < 2000; count += 1) {
      const session = store.create();
      session.set("a", text(65_000, count));
      if (store.save(session)) saved += 1;
      most = Math.max(most, store.totalBytes);
    }
    return { sessions: store.len(), saved, within: most <= maxTotalBytes };
  },

  /** One account logs in without end; all others still can, and keep their sessions. */
  account() {
    const store = new SessionStore<{ a: string }>(3600);
    const users = Array.from({ length: 100 }, (_, index) => store.create({ userId: `user ${index}` }));
    for (let count = 0; count < 5000; count += 1) {
      store.create({ userId: "greedy", data: { a: text(30_000, count) } });
    }
    const kept = users.filter(({ id }) => store.load(id) !== undefined).length;
    const added = Array.from({ length: 100 }, (_, index) => store.create({ userId: `later ${index}` }));
    const anonymous = store.create();
    return {
      kept,
      added: added.filter(({ id }) => store.load(id) !== undefined).length,
      anonymous: store.load(anonymous.id) !== undefined,
      greedy: store.listByUser("greedy").length >= 10,
    };
  },

  /** Only users, none of whom has more than a fair share: nobody is dropped, and the next one is told. */
  full() {
    const store = new SessionStore<{ a: string }>(3600);
    for (let made = 0; ; made += 1) {
      try {
        store.create({ userId: `user ${made}`, data: { a: text(30_000, made) } });
      } catch (error) {
        if (!(error instanceof SessionStoreFullError)) throw error;
        return { all: store.len() === made, many: made > 1000 };
      }
    }
  },
};

const [scenario = ""] = process.argv.slice(2);
const seen = await SCENARIOS[scenario]?.();
console.log(JSON.stringify(seen));
