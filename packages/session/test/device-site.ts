// A small site whose sessions are bound to devices, for tests.
import { App, Response } from "@hatcheck/core";
import { requireDevice, sessionLayer, type SessionLayerOptions, type Store } from "../src/index.ts";

export const SID = "__Host-sid";
export const BOUND = "__Host-sid-device";

/** What `/me` says. */
export interface Me {
  userId: string | null;
  deviceBound: boolean;
  name: string | null;
}

export function deviceSite(store: Store, options: SessionLayerOptions = {}): App<unknown> {
  const sessions = sessionLayer(store, { deviceBound: true, ...options });
  return App.withState<unknown>({})
    .wrap(sessions)
    .onError(() => undefined)
    .post("/login/:user", async (req, { user }) => {
      (await sessions.of(req)).login(user);
      return Response.redirect(303, "/me");
    })
    .get("/callback/:user", async (req, { user }) => {
      (await sessions.of(req)).login(user);
      return Response.redirect(303, "/me");
    })
    .get("/me", async (req) => {
      const session = await sessions.of(req);
      const { userId = null, deviceBound } = session;
      return Response.json(200, { userId, deviceBound, name: session.get("name") ?? null });
    })
    .post("/set/:name", async (req, { name }) => {
      (await sessions.of(req)).set("name", name);
      return Response.empty(204);
    })
    .post("/renew", async (req) => {
      (await sessions.of(req)).renew();
      return Response.empty(204);
    })
    .post("/regenerate", async (req) => {
      (await sessions.of(req)).regenerate();
      return Response.empty(204);
    })
    .post("/logout", async (req) => {
      (await sessions.of(req)).logout();
      return Response.empty(204);
    })
    .post("/swap/:user", async (req, { user }) => {
      const session = await sessions.of(req);
      const before = session.deviceBound;
      session.login(user);
      return Response.json(200, [before, session.deviceBound]);
    })
    .post("/as/:user", async (req, { user }) => {
      (await sessions.of(req)).impersonate(user);
      return Response.empty(204);
    })
    .post("/back", async (req) => {
      await (await sessions.of(req)).endImpersonation();
      return Response.empty(204);
    })
    .get("/vault", async (req) => {
      requireDevice(await sessions.of(req));
      return Response.text(200, "gold");
    })
    .get("/devices", async (req) => Response.json(200, await (await sessions.of(req)).listByUser()))
    .post("/end-all", async (req) => Response.json(200, await (await sessions.of(req)).destroyByUser()));
}
