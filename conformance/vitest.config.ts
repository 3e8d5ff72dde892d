import { testProject } from "../scripts/test-project.ts";

export default testProject({ name: "conformance", testTimeout: 120_000 });
