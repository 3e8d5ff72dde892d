// The documentation that uses more than one package: here, because the example depends on all of them.
import { testDocs } from "../../scripts/doc-blocks.ts";

testDocs(import.meta.dirname, ["../../docs/sessions.md", "../../packages/session/README.md"]);
