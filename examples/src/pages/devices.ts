// The devices that somebody is logged in on, and a way to end each of these logins.
import { type Handler, type Html, html, Response } from "@hatcheck/core";
import type { DeviceEntry } from "@hatcheck/session";
import { deviceName } from "../device-name.ts";
import { page } from "../layout.ts";
import type { Site } from "../site.ts";
import { dateTime, timeAgo } from "../time.ts";

export const showDevices: Handler<Site> = async (req, _params, _conn, site) => {
  const visit = site.members.of(req);
  const devices = await visit.session.listByUser();
  return page(
    visit,
    { title: "Devices", current: "/account/devices" },
    html`<section class="card">
      <h1>Your devices</h1>
      <p>You are logged in on ${devices.length === 1 ? "this device only" : `${devices.length} devices`}.</p>
      <ul class="devices">
        ${devices.map(deviceItem)}
      </ul>
      ${
        devices.length > 1 &&
        html`<form method="post" action="/account/devices/logout-others">
          <button>Log out everywhere else</button>
        </form>`
      }
    </section>`,
  );
};

export const logoutDevice: Handler<Site, "/devices/:handle/logout"> = async (
  req,
  { handle },
  _conn,
  site,
) => {
  const { session } = site.members.of(req);
  const isThis = handle === session.handle;
  const ended = await session.destroyByHandle(handle);
  session.set("flash", ended ? "That device is logged out." : "That device was logged out already.");
  return Response.redirect(303, isThis ? "/" : "/account/devices");
};

export const logoutOtherDevices: Handler<Site> = async (req, _params, _conn, site) => {
  const { session } = site.members.of(req);
  const count = await session.destroyByUser({ exceptThis: true });
  session.set("flash", `Logged out on ${count} other ${count === 1 ? "device" : "devices"}.`);
  return Response.redirect(303, "/account/devices");
};

function deviceItem({
  handle,
  current,
  deviceBound,
  userAgent,
  ip,
  createdAt,
  lastSeenAt,
}: DeviceEntry): Html {
  const name = deviceName(userAgent);
  return html`<li>
    <div>
      <h2>
        ${name} ${current && html`<span class="badge">this device</span>`}
        ${deviceBound && html`<span class="badge" title="A copy of its cookies opens nothing">bound to its device</span>`}
      </h2>
      <p>${ip ?? "unknown address"} · seen ${timeAgo(lastSeenAt)}</p>
      <p>since ${dateTime(createdAt)}</p>
    </div>
    <form method="post" action="/account/devices/${encodeURIComponent(handle)}/logout">
      <button class="quiet">Log out<span class="hidden"> ${name}, ticket ${handle.slice(0, 8)}</span></button>
    </form>
  </li>`;
}
