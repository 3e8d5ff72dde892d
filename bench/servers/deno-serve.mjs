/** Deno's own server with the Map. */
import { answer } from "./map-site.mjs";
import { port } from "./page.mjs";

globalThis.Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, answer);
