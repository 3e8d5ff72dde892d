// The forms of the site, as schemas: `req.form(LoginForm)` is typed, and 422 for what no form of ours sends.
import * as z from "zod/mini";

const name = z.string().check(z.trim());
const password = z.string();

export const LoginForm = z.object({ name, password, next: z.optional(z.string()) });
export const RegisterForm = z.object({ name, password });
export const PasswordForm = z.object({ password });
