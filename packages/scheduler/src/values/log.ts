/**
 * The console, for errors that have nowhere else to go. An error can be made so that printing it throws; what reports
 * errors must not add one.
 */

/** Writes to `console.error`, whatever the values are. */
export function logError(message: string, ...errors: readonly unknown[]): void {
  try {
    console.error(message, ...errors);
  } catch {
    try {
      console.error(message, "(an error that cannot be printed)");
    } catch {
      // There is no console, or it is closed.
    }
  }
}
