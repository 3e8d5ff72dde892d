import { testDocs } from "../../../scripts/doc-blocks.ts";

testDocs(import.meta.dirname, ["../README.md", "../../../docs/routing.md", "../../../docs/bodies.md"]);
