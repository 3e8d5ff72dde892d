import { testProject } from "../scripts/test-project.ts";

export default testProject({ isolate: true, name: "torture", testTimeout: 120_000 });
