import { testProject } from "./test-project.ts";

export default testProject({ name: "scripts" });
