import { testProject } from "../scripts/test-project.ts";

export default testProject({ name: "torture", testTimeout: 120_000 });
