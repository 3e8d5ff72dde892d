// An application as data: what was registered, before it is compiled.
import type { ErrorHandler, Handler, Layer } from "./handler.ts";
import type { Method } from "./router.ts";

export interface RouteDefinition<State> {
  /** `undefined` for a route that answers all methods which have none of their own. */
  readonly method: Method | undefined;
  readonly pattern: string;
  readonly handler: Handler<State>;
  readonly bodyLimit: number | undefined;
  /** Milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly maxFields: number | undefined;
}

export interface Definition<State> {
  readonly state: State;
  readonly bodyLimit: number | undefined;
  readonly maxFields: number | undefined;
  readonly routes: RouteDefinition<State>[];
  readonly layers: Layer<State>[];
  readonly mounts: Mount[];
  onError: ErrorHandler<State> | undefined;
  notFound: Handler<State> | undefined;
  /** Set once it has been compiled: what is registered later would not be seen. */
  sealed: boolean;
}

/** A mounted application; its state is its own business. */
export interface Mount {
  /** `""`, or `/prefix` without a slash at its end. */
  readonly prefix: string;
  readonly definition: Definition<unknown>;
}
