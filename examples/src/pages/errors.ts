// What went wrong, for people. Programs, which do not ask for HTML, get the framework's problem+json.
import { type ErrorHandler, html, HttpError } from "@hatcheck/core";
import { errorPage } from "../layout.ts";
import type { Site } from "../site.ts";

const TITLES: Readonly<Record<number, string>> = {
  403: "That is not allowed",
  404: "This hook is empty",
  429: "Not so fast",
  503: "We will be right back",
};

export const showError: ErrorHandler<Site> = (error, req) => {
  const known = error instanceof HttpError ? error : undefined;
  const status = known?.statusCode ?? 500;
  if (status >= 500)
    console.error(`${req.method} ${req.route ?? "(no route)"} failed, request id ${req.id}:`, error);
  if (!req.header("accept")?.includes("text/html")) return undefined;

  const title = TITLES[status] ?? (status < 500 ? "That did not work" : "Something broke");
  const response = errorPage(
    { title, status },
    html`<section class="card">
      <p class="status">${status}</p>
      <h1>${title}</h1>
      <p>${known?.detail ?? "It is not your fault. Try again in a moment."}</p>
      ${status >= 500 && html`<p>If it stays so, tell us this number: <code>${req.id}</code></p>`}
      <p class="actions"><a class="button" href="/">To the front page</a></p>
    </section>`,
  );
  response.headers.push(...(known?.headers ?? []));
  return response;
};
