// Session ids, as cookies bring them to the stores.
import assert from "node:assert/strict";
import { App, ConnectionInfo, Request, Response } from "@hatcheck/core";
import { SessionStore, sessionLayer } from "@hatcheck/session";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import type { Chance } from "../random.ts";
import { inputOf } from "./inputs.ts";
import type { Target } from "./target.ts";

const conn = new ConnectionInfo();
const memory = new SessionStore(3600);
const sqlite = new SqliteSessionStore(":memory:", 3600);
const stores = [memory, sqlite];
const own = stores.map((store) => store.create({ data: { name: "ada" }, userId: "42" }).id);

const apps = stores.map((store) => {
  const sessions = sessionLayer(store);
  return new App(undefined).wrap(sessions).get("/", (req) => {
    const session = sessions.of(req);
    return Response.text(200, session.isNew ? "stranger" : "somebody");
  });
});

/** Pieces of ids that are there, so that the inputs are near to them. */
const pieces = own.flatMap((id) => [
  id,
  id.slice(0, 22),
  id.slice(22),
  id.slice(23),
  `${id.slice(0, 64)}A`,
  id.toLowerCase(),
  ".",
]);

const ids: Target = {
  name: "session ids in the cookie",
  promise: "never throws; nobody is let in by an id that is not exactly his, and nothing is stored",
  make: (chance: Chance) => inputOf(chance, pieces),
  async check(input) {
    for (const [index, app] of apps.entries()) {
      const req = new Request({
        method: "GET",
        url: "/",
        headers: [{ name: "Cookie", value: `sid=${input}` }],
      });
      const answer = app.handle(req, conn);
      const { statusCode, body, headers } = answer instanceof Promise ? await answer : answer;
      assert.equal(statusCode, 200);
      const first = withoutBlanks(input.split(";")[0] ?? "");
      // A second cookie of the name is not looked at.
      assert.equal(String(body), first === own[index] ? "somebody" : "stranger");
      assert.equal(
        headers.some(({ name }) => name === "Set-Cookie"),
        false,
      );
    }
    for (const store of stores) {
      if (!own.includes(input)) assert.equal(store.destroy(input), false);
      assert.equal(store.len(), 1);
    }
  },
};

/** Without SP and HTAB around it; a regular expression would take its time with thousands of them in the middle. */
function withoutBlanks(text: string): string {
  let [from, to] = [0, text.length];
  while (" \t".includes(text[from] ?? "-")) from += 1;
  while (to > from && " \t".includes(text[to - 1] ?? "-")) to -= 1;
  return text.slice(from, to);
}

export const idTargets: readonly Target[] = [ids];
