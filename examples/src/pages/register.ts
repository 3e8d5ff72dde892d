// A new account.
import { randomUUID } from "node:crypto";
import { type Handler, html, Response } from "@hatcheck/core";
import { hashPassword } from "@hatcheck/session/password";
import { formField } from "../form-field.ts";
import { RegisterForm } from "../forms.ts";
import { page } from "../layout.ts";
import { nameProblem, passwordProblem } from "../rules.ts";
import type { Site } from "../site.ts";
import { type Visit, visitOf } from "../visit.ts";

export const showRegister: Handler<Site> = async (req, _params, _conn, site) => {
  const visit = await visitOf(req, site);
  return visit.user === undefined ? registerPage(visit) : Response.redirect(303, "/account");
};

export const register: Handler<Site> = async (req, _params, conn, site) => {
  const { name, password } = await req.form(RegisterForm);
  const visit = await visitOf(req, site);

  const problems = { name: nameProblem(name), password: passwordProblem(password, name) };
  if (problems.name !== undefined || problems.password !== undefined)
    return registerPage(visit, name, problems);

  await site.logins.attempt(conn);
  const user = { id: randomUUID(), name, passwordHash: await hashPassword(password), createdAt: Date.now() };
  if (!(await site.users.create(user))) {
    return registerPage(visit, name, { name: "This name is taken." });
  }
  visit.session.login(user.id);
  visit.session.set("flash", "Your account is ready.");
  return Response.redirect(303, "/account");
};

interface Problems {
  readonly name?: string | undefined;
  readonly password?: string | undefined;
}

function registerPage(visit: Visit, name = "", problems?: Problems): Promise<Response> {
  const status = problems === undefined ? 200 : 422;
  const title = problems === undefined ? "Register" : "Error: Register";
  return page(
    visit,
    { title, status, current: "/register" },
    html`<section class="card">
      <h1>Create an account</h1>
      <form method="post" action="/register">
        ${formField({ label: "Name", name: "name", autocomplete: "username", value: name, error: problems?.name })}
        ${formField({
          label: "Password",
          name: "password",
          type: "password",
          autocomplete: "new-password",
          hint: "8 characters or more; a sentence is best.",
          error: problems?.password,
        })}
        <button>Register</button>
      </form>
      <p class="aside">Have an account? <a href="/login">Log in</a></p>
    </section>`,
  );
}
