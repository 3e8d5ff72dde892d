// A program of a user: what it does not assert by running, it asserts by compiling, under the strictest options.
import { App, type Handler, type Layer, Response, TestClient } from "@hatcheck/core";
import { CronSchedule, Scheduler, type SchedulerHandle, type StopResult } from "@hatcheck/scheduler";
import { postgresOnce } from "@hatcheck/scheduler/postgres";
import { redisOnce } from "@hatcheck/scheduler/redis";
import { type Session, sessionLayer, SessionStore, type Store } from "@hatcheck/session";
import { PostgresSessionStore } from "@hatcheck/session/postgres";
import { RedisSessionStore } from "@hatcheck/session/redis";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import { type AnyData, storeConformance } from "@hatcheck/session/testkit";

// A type alone can be `Is<A, B>`: true when both are the same.
type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function hold<_Claim extends true>(): void {}

interface Cart {
  cart: string[];
  visits: number;
}
interface State {
  greeting: string;
}

const store = new SessionStore<Cart>({ ttl: 3600, idle: 900 });
const sessions = sessionLayer(store, { cookie: { name: "sid" } });
const log: Layer<State> = (req, _conn, next, state) => {
  hold<Is<typeof state, State>>();
  return next(req);
};

export const app: App<State> = App.withState<State>({ greeting: "hello" })
  .wrap(log)
  .wrap(sessions)
  .get("/users/:id/files/*path", (req, params, _conn, state) => {
    hold<Is<(typeof params)["id"] | (typeof params)["path"], string>>();
    // @ts-expect-error: the pattern has no such parameter
    void params.name;
    const session = sessions.of(req);
    hold<Is<ReturnType<typeof session.get<"visits">>, number | undefined>>();
    session.set("cart", [...(session.get("cart") ?? []), params.id]);
    // @ts-expect-error: visits are a number
    session.set("visits", "many");
    return Response.json(200, { greeting: state.greeting });
  });

const handler: Handler<State, "/:id"> = (_req, { id }) => Response.text(200, id);
app.get("/:id", handler);

const found: Session<Cart> | undefined = store.load("id");
const saved: boolean = found === undefined || store.save(found);
// @ts-expect-error: a Date does not survive JSON
export const refused = new SessionStore<{ at: Date }>(3600);

const file = new SqliteSessionStore<Cart>("sessions.sqlite", 3600);
const anyStore: Store<Cart, "sync"> = file;
const remote = new RedisSessionStore<Cart>({ call: async () => null }, 3600);
const database = new PostgresSessionStore({ query: async () => ({ rows: [], rowCount: 0 }) }, { ttl: 3600 });
const layerOfPromises = sessionLayer(remote);
App.withState({})
  .wrap(layerOfPromises)
  .get("/", async (req) => {
    const session = await layerOfPromises.of(req);
    const cart: readonly string[] | undefined = session.get("cart");
    return Response.json(200, cart ?? []);
  });
await database.migrate();

storeConformance(
  (options) => {
    const opened = new SessionStore<AnyData>(options);
    return { store: opened, other: opened };
  },
  { test: (_name, run) => run(), clock: { advance: () => {} } },
);

const once = redisOnce({ eval: async () => 1 });
const upsert = postgresOnce({ query: async () => ({ rows: [] }) });
const handle: SchedulerHandle = new Scheduler()
  .every({ hours: 1 }, ({ signal, scheduledAt }) => {
    hold<Is<typeof signal, AbortSignal>>();
    void scheduledAt;
  })
  .cron("0 0 4 * * *", async () => {}, { name: "nightly", once })
  .cron("@daily", async () => {}, { name: "daily", once: upsert, timezone: "Europe/Zurich" })
  .start();
const stopped: StopResult = await handle.stop({ graceMs: 1000 });
const next: Date | null = CronSchedule.parse("0 4 * * *").next(new Date());

const server = await app.listen({ port: 0 });
const answer = await TestClient.over(server.url).post("/login").json({ name: "x" }).send();
const body: { name: string } = answer.json<{ name: string }>();
await server.close();
export { anyStore, body, next, saved, stopped };
