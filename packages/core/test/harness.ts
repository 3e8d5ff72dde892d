// Every promise about HTTP is kept three times: by a call in this process, over HTTP/1.1, and over HTTP/2.
import { selfSignedCertificate } from "../../../scripts/certificate.ts";
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

let certificate: ReturnType<typeof selfSignedCertificate> | undefined;

/** Runs the tests once for each way. */
export function describeEach(
  name: string,
  tests: (serve: Serve, way: "in process" | "1.1" | "2") => void,
): void {
  describe(`${name}, in process`, () => {
    tests(async (app, options = {}) => new TestClient(app, options), "in process");
  });
  describe(`${name}, over HTTP/1.1`, () => {
    const open = trackServers();
    tests(async (app, options = {}) => {
      const { trustProxy = false, maxHeaderBytes = 16 * 1024, ...ofClient } = options;
      const server = await open(app, { trustProxy, maxHeaderBytes });
      return TestClient.over(server.url, ofClient);
    }, "1.1");
  });
  describe(`${name}, over HTTP/2`, () => {
    const open = trackServers();
    tests(async (app, options = {}) => {
      const { trustProxy = false, maxHeaderBytes = 16 * 1024, ...ofClient } = options;
      const tls = (certificate ??= selfSignedCertificate());
      const server = await open(app, { tls, http2: true, trustProxy, maxHeaderBytes });
      return TestClient.over(server.url, { ...ofClient, http2: true, tls: { ca: tls.cert } });
    }, "2");
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
