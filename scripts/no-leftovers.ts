import { ownTemporaryFolder, type TemporaryFolder } from "./temporary-folder.ts";

/** A vitest reporter that fails a run which leaves something in the temporary folder. */
export default class NoLeftovers {
  #folder: TemporaryFolder | undefined;

  onInit(): void {
    this.#folder = ownTemporaryFolder();
  }

  onTestRunEnd(): void {
    const leftovers = this.#folder?.leftovers() ?? [];
    this.#folder?.remove();
    if (leftovers.length === 0) return;
    console.error(`Left in the temporary folder, which counts as a failure:\n  ${leftovers.join("\n  ")}`);
    process.exitCode = 1;
  }
}
