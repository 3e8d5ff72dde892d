// Logging in, and out.
import { type Handler, html, Response } from "@hatcheck/core";
import { formField } from "../form-field.ts";
import { LoginForm } from "../forms.ts";
import { page } from "../layout.ts";
import { signIn } from "../sign-in.ts";
import type { Site } from "../site.ts";
import { type Visit, visitOf } from "../visit.ts";

/** Where a login may lead: anything else that stands in `next` could be another site. */
const DESTINATIONS = ["/account", "/account/devices", "/account/password"];

export const showLogin: Handler<Site> = async (req, _params, _conn, site) => {
  const visit = await visitOf(req, site);
  const next = destination(req.query.get("next"));
  return visit.user === undefined ? loginPage(visit, { next }) : Response.redirect(303, next);
};

export const login: Handler<Site> = async (req, _params, conn, site) => {
  const { name, password, ...form } = await req.form(LoginForm);
  const next = destination(form.next);
  const visit = await visitOf(req, site);

  const user = await signIn(site, conn, name, password);
  if (user === undefined) {
    return loginPage(visit, { next, name, error: "No account has this name and this password." });
  }
  visit.session.login(user.id);
  visit.session.set("flash", `Welcome back, ${user.name}.`);
  return Response.redirect(303, next);
};

export const logout: Handler<Site> = async (req, _params, _conn, site) => {
  const session = await site.sessions.of(req);
  session.logout();
  session.set("flash", "You are logged out.");
  return Response.redirect(303, "/");
};

function destination(next: string | null | undefined): string {
  return DESTINATIONS.find((path) => path === next) ?? "/account";
}

function loginPage(
  visit: Visit,
  { next, name = "", error }: { next: string; name?: string; error?: string },
): Promise<Response> {
  const status = error === undefined ? 200 : 422;
  const title = error === undefined ? "Log in" : "Error: Log in";
  return page(
    visit,
    { title, status, current: "/login" },
    html`<section class="card">
      <h1>Log in</h1>
      <form method="post" action="/login">
        <input type="hidden" name="next" value="${next}" />
        ${formField({ label: "Name", name: "name", autocomplete: "username", value: name })}
        ${formField({ label: "Password", name: "password", type: "password", autocomplete: "current-password", error })}
        <button>Log in</button>
      </form>
      <p class="aside">No account yet? <a href="/register">Register</a></p>
    </section>`,
  );
}
