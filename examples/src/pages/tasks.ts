// What the scheduler does, for the administrator: last run, next run, failures, and what was missed.
import { type Handler, type Html, html } from "@hatcheck/core";
import type { LastRun, TaskStatus } from "@hatcheck/scheduler";
import { page } from "../layout.ts";
import type { Site } from "../site.ts";
import { dateTime } from "../time.ts";

export const showTasks: Handler<Site> = (req, _params, _conn, site) => {
  const tasks = site.tasks();
  const failing = tasks.filter(({ last }) => last?.outcome === "error").length;
  return page(
    site.admins.of(req),
    { title: "Tasks", current: "/admin/tasks" },
    html`<section class="card">
      <h1>Tasks</h1>
      <p>
        ${failing === 0 ? "All is well" : `The last run of ${failing} of them failed`}, since this process
        started.
      </p>
      <ul class="tasks">
        ${tasks.map(taskItem)}
      </ul>
    </section>`,
  );
};

function taskItem({ name, schedule, state, running, last, next, ...counts }: TaskStatus): Html {
  return html`<li>
    <h2>${name} <span class="badge">${running > 0 ? "running" : state}</span></h2>
    <p>${schedule}</p>
    <dl>
      ${row("Last run", last === null ? "none yet" : lastRun(last))}
      ${row("Next run", next === null ? "none" : dateTime(next.getTime()))} ${row("Runs", counts.runs)}
      ${row("Failures", counts.failures)} ${row("Missed", counts.missed)} ${row("Left out", counts.skipped)}
    </dl>
  </li>`;
}

/** How it ended, but not its error: that may hold anything, and is in the log. */
function lastRun({ startedAt, durationMs, outcome }: LastRun): Html {
  return html`${dateTime(startedAt.getTime())}, ${outcome} in ${Math.round(durationMs)} ms`;
}

function row(term: string, value: Html | string | number): Html {
  return html`<div>
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`;
}
