import { testProject } from "./scripts/test-project.ts";

export default testProject({
  projects: ["packages/*", "examples", "scripts", "site", "torture", "conformance"],
});
