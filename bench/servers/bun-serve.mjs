/** Bun's own server with the Map. */
import { answer } from "./map-site.mjs";
import { port } from "./page.mjs";

globalThis.Bun.serve({ port, hostname: "127.0.0.1", fetch: answer });
