// CommonJS gets the same modules as `import`, not a second copy of them.
const assert = require("node:assert/strict");
const names = [
  "@hatcheck/core",
  "@hatcheck/session",
  "@hatcheck/session/sqlite",
  "@hatcheck/session/redis",
  "@hatcheck/session/postgres",
  "@hatcheck/session/testkit",
  "@hatcheck/scheduler",
  "@hatcheck/scheduler/redis",
  "@hatcheck/scheduler/postgres",
];

async function main() {
  for (const name of names) {
    const required = require(name);
    assert.ok(Object.keys(required).length > 0, name);
    for (const [key, value] of Object.entries(await import(name))) assert.equal(required[key], value);
  }
  const { App, Response, TestClient } = require("@hatcheck/core");
  const app = App.withState({}).get("/", () => Response.text(200, "hello"));
  assert.equal((await new TestClient(app).get("/").send()).text(), "hello");
}
main();
