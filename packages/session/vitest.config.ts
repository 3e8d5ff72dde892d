import { testProject } from "../../scripts/test-project.ts";

export default testProject({ name: "session", setupFiles: ["../core/test/fast-lane.ts"] });
