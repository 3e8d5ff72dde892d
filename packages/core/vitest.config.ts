import { testProject } from "../../scripts/test-project.ts";

export default testProject({ name: "core", setupFiles: ["./test/fast-lane.ts"] });
