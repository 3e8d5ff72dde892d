// What the site knows of somebody.
import { type Handler, html } from "@hatcheck/core";
import { page } from "../layout.ts";
import type { Site } from "../site.ts";
import { dateTime } from "../time.ts";
import { hasName } from "../users.ts";

export const showProfile: Handler<Site> = (req, _params, _conn, site) => {
  const visit = site.members.of(req);
  const { session, user } = visit;
  return page(
    visit,
    { title: "Profile", current: "/account" },
    html`<section class="card">
      <h1>${user.name}</h1>
      <dl>
        <div>
          <dt>Member since</dt>
          <dd>${dateTime(user.createdAt)}</dd>
        </div>
        <div>
          <dt>Logged in here</dt>
          <dd>${dateTime(session.authenticatedAt ?? 0)}</dd>
        </div>
        <div>
          <dt>Ticket</dt>
          <dd><code>${session.handle?.slice(0, 8)}</code></dd>
        </div>
        <div>
          <dt>Counter</dt>
          <dd>${session.get("count") ?? 0}</dd>
        </div>
      </dl>
      <p class="actions">
        <a class="button" href="/account/devices">Your devices</a>
        <a class="button quiet" href="/account/password">Change password</a>
        ${hasName(user, site.admin) && html`<a class="button quiet" href="/admin/tasks">Tasks</a>`}
      </p>
    </section>`,
  );
};
