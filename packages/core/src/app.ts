// The application as users have it: registered in app/, served by server/. Here the two meet, and nowhere else.
import { Application, type AppOptions } from "./app/application.ts";
import { assertListenOptions, type ListenOptions, type Server } from "./server/options.ts";
import { listen } from "./server/server.ts";
import { type FetchOptions, handleFetch } from "./server/web-fetch.ts";

/**
 * An application: routes, layers around them, and a state that all of them are given.
 *
 *     const app = App.withState({ greeting: "hello" })
 *       .get("/:name", (_req, { name }, _conn, { greeting }) => Response.text(200, `${greeting} ${name}`));
 *     const server = await app.listen({ port: 7878 });
 */
export class App<State> extends Application<State> {
  /** An application whose handlers and layers are given this state. */
  static withState<State>(state: State, options?: AppOptions): App<State> {
    return new App(state, options);
  }

  /**
   * Answers a web-standard request with a web-standard response; bodies are streamed both ways. A web-standard request
   * does not know where it comes from: say so with `peer`, and behind a proxy with `trustProxy`.
   */
  fetch(request: globalThis.Request, options?: FetchOptions): Promise<globalThis.Response> {
    return handleFetch(this, request, options);
  }

  /** Serves the app, at a port or as {@link ListenOptions} say. Resolves when it really listens. */
  listen(where: number | ListenOptions = {}): Promise<Server> {
    const options = typeof where === "number" ? { port: where } : where;
    assertListenOptions(options);
    // A wrong route is an error before a port is taken.
    this.routes();
    return listen(this, options);
  }
}
