// Every promise about HTTP is kept twice: by a call in this process, and over a real socket.
import { afterEach, describe } from "vitest";
import {
  type App,
  type InProcessOptions,
  type ListenOptions,
  type Server,
  TestClient,
} from "../src/index.ts";

/** Makes a client of an app; the server behind it, if there is one, is closed after the test. */
export type Serve = <State>(
  app: App<State>,
  options?: Pick<InProcessOptions, "headers" | "scheme" | "trustProxy"> &
    Pick<ListenOptions, "maxHeaderBytes">,
) => Promise<TestClient>;

/** Runs the tests once for each way. */
export function describeBoth(name: string, tests: (serve: Serve) => void): void {
  describe(`${name}, in process`, () => {
    tests(async (app, options = {}) => new TestClient(app, options));
  });
  describe(`${name}, over a socket`, () => {
    const open = trackServers();
    tests(async (app, options = {}) => {
      const { trustProxy = false, maxHeaderBytes = 16 * 1024 } = options;
      const server = await open(app, { trustProxy, maxHeaderBytes });
      return TestClient.over(server.url, options);
    });
  });
}

/** Servers that are closed after each test. */
export function trackServers(): <State>(app: App<State>, options?: ListenOptions) => Promise<Server> {
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 500 })));
  });
  return async (app, options = {}) => {
    const server = await app.listen({ port: 0, ...options });
    servers.push(server);
    return server;
  };
}
