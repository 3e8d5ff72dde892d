// The frame of every page: head, navigation, and the message that the request before left.
import { type Html, html, Response } from "@hatcheck/core";
import type { User } from "./users.ts";
import type { Visit } from "./visit.ts";

export interface PageOptions {
  readonly title: string;
  /** 200 unless given. */
  readonly status?: number;
  /** The navigation entry that this page is. */
  readonly current?: string;
}

/** A page for the visitor of a session. */
export async function page({ session, user }: Visit, options: PageOptions, main: Html): Promise<Response> {
  return frame(options, main, navigationFor(user, options.current), await session.take("flash"));
}

/** A page for anybody, for errors: it can be shown when even the session cannot be opened. */
export function errorPage(options: PageOptions, main: Html): Response {
  return frame(options, main);
}

function frame(
  { title, status = 200 }: PageOptions,
  main: Html,
  navigation?: Html,
  flash?: string,
): Response {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Hatcheck</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/site.css" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header>
          <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28" /> Hatcheck</a>
          ${navigation}
        </header>
        <main id="main">
          ${flash !== undefined && html`<p class="flash" role="status">${flash}</p>`} ${main}
        </main>
        <footer>
          <p>
            An example on <strong>Hatcheck</strong>. The browser holds a ticket; the server holds the coat.
          </p>
        </footer>
      </body>
    </html>`;
  // Every page shows who is logged in: none may be kept, or "back" would show it after the logout.
  return Response.html(status, document).setHeader("Cache-Control", "no-store");
}

function navigationFor(user: User | undefined, current: string | undefined): Html {
  const link = (href: string, text: string) =>
    href === current
      ? html`<li><a href="${href}" aria-current="page">${text}</a></li>`
      : html`<li><a href="${href}">${text}</a></li>`;
  if (user === undefined) {
    return html`<nav aria-label="Main">
      <ul>
        ${link("/login", "Log in")} ${link("/register", "Register")}
      </ul>
    </nav>`;
  }
  return html`<nav aria-label="Main">
    <ul>
      ${link("/account", "Profile")} ${link("/account/devices", "Devices")}
      <li>
        <form method="post" action="/logout"><button class="link">Log out</button></form>
      </li>
    </ul>
  </nav>`;
}
