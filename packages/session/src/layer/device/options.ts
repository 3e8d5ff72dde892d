// What can be said of device-bound sessions, checked when the layer is made.
import { type Checks, checkOptions, isBoolean, isString, numberThat, show } from "@hatcheck/core/options";
import type { SessionCookieOptions } from "../session-cookie.ts";

export interface DeviceBoundOptions {
  /**
   * Seconds that a bound cookie lives, which is how long a copy of it is of use: a whole number from 1 to a day, 600 unless given.
   * Chromium allows a site only a few refreshes in some minutes, so less than 300 is for tests.
   */
  refreshSeconds?: number;
  /** Where browsers register and refresh: the layer answers `<path>/register` and `<path>/refresh`. `"/device-bound"` unless given. */
  path?: string;
  /** Whether the session of a user whose browser does not register ends a minute after the login. */
  required?: boolean;
}

/** The options as the layer uses them: times in milliseconds. */
export interface DeviceSettings {
  readonly refreshMs: number;
  readonly registerPath: string;
  readonly refreshPath: string;
  readonly isRequired: boolean;
}

const CHECKS: Checks = {
  refreshSeconds: numberThat(
    "a whole number of seconds from 1 to 86400",
    (value) => Number.isInteger(value) && value >= 1 && value <= 86_400,
  ),
  path: (value, label) => {
    isString(value, label);
    // What a browser resolves to another path, or a router takes for another, would never be found.
    const isPath =
      /^(?:\/[A-Za-z0-9._~-]+)+$/.test(value as string) && !/\/\.{1,2}(?:\/|$)/.test(value as string);
    if (!isPath) throw new TypeError(`${label} must be a path such as "/device-bound", got ${show(value)}`);
  },
  required: isBoolean,
};

/** @throws TypeError or RangeError that names the option. */
export function assertDeviceBound(value: unknown): void {
  if (typeof value === "boolean" || value === "required") return;
  if (typeof value === "object" && value !== null) {
    checkOptions("sessionLayer", value, CHECKS, { within: "deviceBound" });
    return;
  }
  throw new TypeError(
    `sessionLayer: deviceBound must be true, false, "required" or an object of options, got ${show(value)}`,
  );
}

/**
 * The settings; `undefined` when it is off.
 *
 * @throws TypeError when the cookie could not be bound to one origin over TLS.
 */
export function deviceSettingsOf(
  value: boolean | "required" | DeviceBoundOptions | undefined,
  cookie: SessionCookieOptions = {},
): DeviceSettings | undefined {
  if (value === undefined || value === false) return undefined;
  assertCookieCanBeBound(cookie);
  const options: DeviceBoundOptions = typeof value === "object" ? value : { required: value === "required" };
  const { refreshSeconds = 600, path = "/device-bound", required = false } = options;
  return {
    refreshMs: refreshSeconds * 1000,
    registerPath: `${path}/register`,
    refreshPath: `${path}/refresh`,
    isRequired: required,
  };
}

function assertCookieCanBeBound({ domain, path = "/", partitioned, secure }: SessionCookieOptions): void {
  const trouble =
    domain !== undefined
      ? "cookie.domain, since a session is bound on one origin"
      : path !== "/"
        ? 'cookie.path other than "/", since every path of the origin is refreshed alike'
        : partitioned
          ? "cookie.partitioned, which browsers do not bind"
          : secure === false
            ? "cookie.secure: false, since browsers bind over TLS alone"
            : undefined;
  if (trouble !== undefined) throw new TypeError(`sessionLayer: deviceBound cannot go with ${trouble}`);
}
