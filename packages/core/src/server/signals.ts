// Closes a server when the system asks the process to end.

/** Closes on SIGTERM and SIGINT; a second signal ends the process at once. Gives what stops listening to them. */
export function closeOnSignals(close: () => Promise<void>): () => void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(signal === "SIGINT" ? 130 : 143);
    asked = true;
    void close();
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return () => process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
}
