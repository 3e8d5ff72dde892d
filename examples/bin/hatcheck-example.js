#!/usr/bin/env node
// What `npx @hatcheck/example` runs. It says which Node is needed before anything is imported that older ones do not have.
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 13)) {
  await import("../dist/main.js");
} else {
  console.error(
    `@hatcheck/example needs Node 22.13 or newer; this is ${process.versions.node}. Try: npx --package=node@24 --package=@hatcheck/example hatcheck-example`,
  );
  process.exitCode = 1;
}
