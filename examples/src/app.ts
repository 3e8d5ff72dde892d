// The site as a whole: its layers, and all its routes on one page.
import { fileURLToPath } from "node:url";
import {
  accessLog,
  type AccessLogOptions,
  App,
  crossOriginProtection,
  health,
  requestId,
  securityHeaders,
  staticFiles,
} from "@hatcheck/core";
import { requireUser } from "@hatcheck/session";
import { addOne, showHome, startOver } from "./pages/home.ts";
import { confirm, showConfirm } from "./pages/confirm.ts";
import { logoutDevice, logoutOtherDevices, showDevices } from "./pages/devices.ts";
import { showError } from "./pages/errors.ts";
import { login, logout, showLogin } from "./pages/login.ts";
import { changePassword, showPassword } from "./pages/password.ts";
import { showProfile } from "./pages/profile.ts";
import { register, showRegister } from "./pages/register.ts";
import { showTasks } from "./pages/tasks.ts";
import type { Site, SiteParts } from "./site.ts";
import { hasName, orUnavailable } from "./users.ts";

const ASSETS = fileURLToPath(new URL("../public", import.meta.url));

/** Everything on the site is the site's own, and there is no script at all. */
const CONTENT_SECURITY_POLICY = {
  "default-src": ["'none'"],
  "style-src": ["'self'"],
  "img-src": ["'self'"],
  "form-action": ["'self'"],
  "base-uri": ["'none'"],
  "frame-ancestors": ["'none'"],
};

export interface AppOptions {
  /** Whether the stores can answer. */
  ready: () => boolean | Promise<boolean>;
  log?: AccessLogOptions;
}

export function createApp(parts: SiteParts, { ready, log }: AppOptions): App<Site> {
  const users = orUnavailable(parts.users);
  const lookUp = { user: (id: string) => users.byId(id), login: "/login" };
  const members = requireUser(parts.sessions, lookUp);
  const admins = requireUser(parts.sessions, {
    ...lookUp,
    allow: ({ user }) => hasName(user, parts.admin),
  });
  const site: Site = { ...parts, users, members, admins };
  const account = App.withState(site)
    .wrap(members)
    .get("/", showProfile)
    .get("/devices", showDevices)
    .post("/devices/logout-others", logoutOtherDevices)
    .post("/devices/:handle/logout", logoutDevice)
    .get("/confirm", showConfirm)
    .post("/confirm", confirm)
    .get("/password", showPassword)
    .post("/password", changePassword);
  const admin = App.withState(site).wrap(admins).get("/tasks", showTasks);

  return App.withState(site, { bodyLimit: 16 * 1024 })
    .wrap(requestId())
    .wrap(accessLog(log))
    .wrap(
      securityHeaders({
        contentSecurityPolicy: CONTENT_SECURITY_POLICY,
        referrerPolicy: "same-origin",
        frameOptions: "DENY",
      }),
    )
    .wrap(crossOriginProtection())
    .wrap(site.sessions)
    .onError(showError)
    .get("/", showHome)
    .post("/count", addOne)
    .post("/count/reset", startOver)
    .get("/register", showRegister)
    .post("/register", register)
    .get("/login", showLogin)
    .post("/login", login)
    .post("/logout", logout)
    .mount("/account", account)
    .mount("/admin", admin)
    .mount("/", health({ ready }))
    .get("/assets/*path", staticFiles(ASSETS));
}
