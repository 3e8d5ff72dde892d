// `npm run seed`: serves the seed's program.
import { app } from "./seed.ts";

try {
  const server = await app.listen({ port: Number(process.env.PORT ?? 7878), signals: true });
  console.log(`Listening on ${server.url}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
