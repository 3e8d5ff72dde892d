// The program that Hatcheck started from, ported almost line by line: log in, see your profile, log out.
import { App, Header, Response, STATUS_CODE_REASON_PHRASE } from "@hatcheck/core";
import { destroyCookie, sessionCookie, sessionIdFromRequest, SessionStore } from "@hatcheck/session";

interface State {
  sessions: SessionStore;
}

export const app: App<State> = App.withState<State>({ sessions: new SessionStore(3600) })
  .post("/login", (_req, _params, _conn, state) => {
    // Verify credentials here ...
    const session = state.sessions.create();
    session.set("user_id", "42");
    state.sessions.save(session);

    const r = new Response();
    r.statusCode = STATUS_CODE_REASON_PHRASE.n200_ok.statusCode;
    r.reasonPhrase = STATUS_CODE_REASON_PHRASE.n200_ok.reasonPhrase;
    r.headers.push(new Header("Set-Cookie", sessionCookie(session.id, "sid", 3600)));
    return r;
  })
  .get("/profile", (req, _params, _conn, state) => {
    const r = new Response();
    const sid = sessionIdFromRequest(req, "sid");
    const session = sid === undefined ? undefined : state.sessions.load(sid);
    if (session === undefined) {
      r.statusCode = STATUS_CODE_REASON_PHRASE.n401_unauthorized.statusCode;
      r.reasonPhrase = STATUS_CODE_REASON_PHRASE.n401_unauthorized.reasonPhrase;
      return r;
    }
    const userId = session.get("user_id") ?? "guest";
    r.statusCode = STATUS_CODE_REASON_PHRASE.n200_ok.statusCode;
    r.reasonPhrase = STATUS_CODE_REASON_PHRASE.n200_ok.reasonPhrase;
    r.body = `user ${userId}\n`;
    return r;
  })
  .get("/logout", (req, _params, _conn, state) => {
    const r = new Response();
    const sid = sessionIdFromRequest(req, "sid");
    if (sid !== undefined) state.sessions.destroy(sid);
    r.statusCode = STATUS_CODE_REASON_PHRASE.n200_ok.statusCode;
    r.reasonPhrase = STATUS_CODE_REASON_PHRASE.n200_ok.reasonPhrase;
    r.headers.push(new Header("Set-Cookie", destroyCookie("sid")));
    return r;
  });
