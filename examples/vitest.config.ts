import { testProject } from "../scripts/test-project.ts";

export default testProject({ isolate: true, name: "examples", globalSetup: ["./test/build.ts"] });
