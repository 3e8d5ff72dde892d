// Asks for the password again before something sensitive: who finds an unlocked phone does not know it.
import { type Handler, html, Response } from "@hatcheck/core";
import { formField } from "../form-field.ts";
import { PasswordForm } from "../forms.ts";
import { page } from "../layout.ts";
import { signIn } from "../sign-in.ts";
import type { Site } from "../site.ts";
import type { MemberVisit } from "../visit.ts";

export const showConfirm: Handler<Site> = (req, _params, _conn, site) => confirmPage(site.members.of(req));

export const confirm: Handler<Site> = async (req, _params, conn, site) => {
  const visit = site.members.of(req);
  const { password } = await req.form(PasswordForm);
  const user = await signIn(site, conn, visit.user.name, password);
  if (user === undefined) return confirmPage(visit, "This is not your password.");
  // A login anew: another ticket, and `authenticatedWithin` counts from now.
  visit.session.login(user.id);
  return Response.redirect(303, "/account/password");
};

function confirmPage(visit: MemberVisit, error?: string): Promise<Response> {
  const status = error === undefined ? 200 : 422;
  const title = error === undefined ? "Is it you?" : "Error: Is it you?";
  return page(
    visit,
    { title, status },
    html`<section class="card">
      <h1>Is it you?</h1>
      <p>Before you change something important, enter your password again.</p>
      <form method="post" action="/account/confirm">
        <input
          class="hidden"
          name="name"
          autocomplete="username"
          value="${visit.user.name}"
          aria-label="Name"
          readonly
          tabindex="-1"
        />
        ${formField({ label: "Password", name: "password", type: "password", autocomplete: "current-password", error })}
        <button>Continue</button>
      </form>
    </section>`,
  );
}
