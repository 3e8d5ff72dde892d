// For routes that a stolen cookie must never open, whatever the rest of the site allows.
import { DeviceRequiredError } from "../model/errors.ts";

/**
 * Asserts that a session is bound to the device that the request comes from.
 *
 *     const session = sessions.of(req);
 *     requireDevice(session);
 *
 * @throws DeviceRequiredError, a 403, when it is not: the browser does not support it, or has not registered yet.
 */
export function requireDevice(session: { readonly deviceBound: boolean }): void {
  if (!session.deviceBound) throw new DeviceRequiredError();
}
