// The front page: a counter that is kept in the session, whether somebody is logged in or not.
import { type Handler, type Html, html, Response } from "@hatcheck/core";
import { page } from "../layout.ts";
import type { Site } from "../site.ts";
import { type Visit, visitOf } from "../visit.ts";

export const showHome: Handler<Site> = async (req, _params, _conn, site) => {
  const visit = await visitOf(req, site);
  return page(visit, { title: "Welcome", current: "/" }, html`${greeting(visit)} ${ticket(visit)}`);
};

/** Adds one. Two tabs that do so at the same moment are both counted. */
export const addOne: Handler<Site> = async (req, _params, _conn, site) => {
  const session = await site.sessions.of(req);
  await session.update("count", (value = 0) => value + 1);
  return Response.redirect(303, "/");
};

export const startOver: Handler<Site> = async (req, _params, _conn, site) => {
  const session = await site.sessions.of(req);
  session.remove("count");
  session.set("flash", "The counter starts over.");
  return Response.redirect(303, "/");
};

function greeting({ user }: Visit): Html {
  if (user === undefined) {
    return html`<h1>Leave your coat, keep the ticket.</h1>
      <p class="lead">
        Your browser holds a ticket that nobody can guess. Everything else stays on the server: who you are,
        what you did, and on which devices you are logged in.
      </p>
      <p class="actions">
        <a class="button" href="/register">Create an account</a>
        <a class="button quiet" href="/login">Log in</a>
      </p>`;
  }
  return html`<h1>Good to see you, ${user.name}.</h1>
    <p class="lead">
      You are logged in on this device. See <a href="/account/devices">where else</a>, or look at
      <a href="/account">your profile</a>.
    </p>`;
}

function ticket({ session }: Visit): Html {
  const count = session.get("count") ?? 0;
  const { handle } = session;
  return html`<section class="ticket" aria-labelledby="ticket">
    <div class="stub">
      <p class="figure">${count}</p>
      <p>${count === 1 ? "click" : "clicks"}</p>
    </div>
    <div class="coat">
      <h2 id="ticket">Your session</h2>
      ${
        handle === undefined
          ? html`<p>Nothing is kept yet: you have no ticket, and no cookie.</p>`
          : html`<p>Ticket <code>${handle.slice(0, 8)}</code></p>`
      }
      <div class="actions">
        <form method="post" action="/count"><button>Count one more</button></form>
        ${count > 0 && html`<form method="post" action="/count/reset"><button class="quiet">Start over</button></form>`}
      </div>
    </div>
  </section>`;
}
