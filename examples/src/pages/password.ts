// A new password. Whoever knew the old one is logged out everywhere else.
import { type Handler, html, Response } from "@hatcheck/core";
import { hashPassword } from "@hatcheck/session/password";
import { formField } from "../form-field.ts";
import { PasswordForm } from "../forms.ts";
import { page } from "../layout.ts";
import { passwordProblem } from "../rules.ts";
import type { Site } from "../site.ts";
import type { MemberVisit } from "../visit.ts";

const RECENT_SECONDS = 5 * 60;

export const showPassword: Handler<Site> = (req, _params, _conn, site) => {
  const visit = site.members.of(req);
  return visit.session.authenticatedWithin(RECENT_SECONDS) ? passwordPage(visit) : toConfirm();
};

export const changePassword: Handler<Site> = async (req, _params, _conn, site) => {
  const visit = site.members.of(req);
  const { session, user } = visit;
  if (!session.authenticatedWithin(RECENT_SECONDS)) return toConfirm();
  const { password } = await req.form(PasswordForm);
  const problem = passwordProblem(password, user.name);
  if (problem !== undefined) return passwordPage(visit, problem);

  await site.users.setPasswordHash(user.id, await hashPassword(password));
  await session.destroyByUser({ exceptThis: true });
  session.regenerate();
  session.set("flash", "Your password is changed, and all other devices are logged out.");
  return Response.redirect(303, "/account");
};

function toConfirm(): Response {
  return Response.redirect(303, "/account/confirm");
}

function passwordPage(visit: MemberVisit, error?: string): Promise<Response> {
  const status = error === undefined ? 200 : 422;
  const title = error === undefined ? "Change password" : "Error: Change password";
  return page(
    visit,
    { title, status },
    html`<section class="card">
      <h1>Change password</h1>
      <p>Your other devices will be logged out.</p>
      <form method="post" action="/account/password">
        <input
          class="hidden"
          name="name"
          autocomplete="username"
          value="${visit.user.name}"
          aria-label="Name"
          readonly
          tabindex="-1"
        />
        ${formField({
          label: "New password",
          name: "password",
          type: "password",
          autocomplete: "new-password",
          hint: "8 characters or more; a sentence is best.",
          error,
        })}
        <button>Change password</button>
      </form>
    </section>`,
  );
}
