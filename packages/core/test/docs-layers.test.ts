import { testDocs } from "../../../scripts/doc-blocks.ts";

testDocs(import.meta.dirname, [
  "../../../docs/layers.md",
  "../../../docs/files-and-streams.md",
  "../../../docs/responses.md",
  "../../../docs/runtimes.md",
]);
