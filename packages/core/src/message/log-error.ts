// Standard error, for what has no other place to go to.

/** Prints what went wrong. Never throws: what was thrown may be anything, also what cannot be printed. */
export function logError(what: string, error?: unknown): void {
  try {
    if (error === undefined) console.error(what);
    else console.error(`${what}:`, error);
  } catch {
    console.error(`${what}: an error that cannot be printed`);
  }
}
