// A server for schedules: an app whose one route does what the request asks of its session.
import { App, HttpError, Response } from "@hatcheck/core";
import type { RequestSession } from "../../layer/request-session.ts";
import { sessionLayer } from "../../layer/session-layer.ts";
import type { Store } from "../../model/store.ts";
import type { AnyData } from "../kit.ts";
import { type Content, dataOf } from "./sight.ts";
import type { Visit } from "./visit.ts";
import { caller, watched } from "./watched-store.ts";

export function serverOf(store: Store<AnyData>): App<undefined> {
  const seen = watched(store);
  const sessions = sessionLayer(seen);
  return new App(undefined)
    .wrap(sessions)
    .onError((error) => (error instanceof HttpError ? undefined : Response.text(500, String(error))))
    .post("/", async (req) => {
      const visit = caller.getStore() as Visit;
      const { operate, act } = visit.ask;
      if (operate !== undefined) {
        await visit.turn("act");
        return Response.json(200, { value: await operate(seen, visit.names) });
      }
      await visit.turn("open");
      const opening = sessions.of(req);
      const session = opening instanceof Promise ? await opening : opening;
      visit.seen.opened = openedBy(session);
      visit.seen.isRecent = session.authenticatedWithin(300);
      await visit.turn("act");
      if (session.isNew && visit.ask.do.kind !== "login" && visit.ask.do.kind !== "logout") {
        return Response.empty(401);
      }
      const result = act?.(session, visit.names, visit.who);
      const value = result instanceof Promise ? await result : result;
      await visit.turn("commit");
      return Response.json(200, { value: value ?? null });
    });
}

function openedBy(session: RequestSession<AnyData>): Content | undefined {
  if (session.isNew) return undefined;
  return { user: session.userId, data: dataOf(session) };
}
