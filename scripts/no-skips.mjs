/**
 * A vitest reporter that closes a run with one plain line of counts, and fails the run on CI when a test
 * was skipped: there Redis, Postgres and Chromium are present, so a skip means that nothing was proven.
 */
export default class NoSkips {
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const skipped = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state in counts) counts[state] += 1;
        if (state === "skipped") skipped.push(`${module.moduleId} > ${test.fullName}`);
      }
    }
    if (process.env.CI && skipped.length > 0) {
      console.error(`Skipped on CI, which counts as a failure:\n  ${skipped.join("\n  ")}`);
      process.exitCode = 1;
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}
