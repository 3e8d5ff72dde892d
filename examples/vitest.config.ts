import { testProject } from "../scripts/test-project.ts";

export default testProject({ name: "examples", globalSetup: ["./test/build.ts"] });
