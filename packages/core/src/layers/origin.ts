// What an origin in an option must look like: exactly what browsers send, or it would never match.
import { show } from "../options/check.ts";

/** @throws TypeError that says how the origin is written. */
export function assertOrigin(layer: string, origin: string): void {
  if (typeof origin !== "string") throw new TypeError(`${layer}: an origin is a string, got ${show(origin)}`);
  const serialised = URL.canParse(origin) ? new URL(origin).origin : "null";
  if (serialised === "null") {
    throw new TypeError(`${layer}: ${JSON.stringify(origin)} is no origin; write "https://app.example.org"`);
  }
  if (serialised !== origin) {
    throw new TypeError(
      `${layer}: browsers never send ${JSON.stringify(origin)}; write ${JSON.stringify(serialised)}`,
    );
  }
}
