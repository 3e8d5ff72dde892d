// Typed places on a request, for layers and what they give to handlers.
import { placeOfKey, type Request, valuesOf } from "./request.ts";

/**
 * A typed place on every request, where a layer keeps what handlers ask it for.
 *
 *     const user = new RequestKey<User>();
 *     user.set(req, found);   // in a layer
 *     user.get(req)           // in a handler: User | undefined
 */
export class RequestKey<Value> {
  readonly #index: number = placeOfKey();

  get(req: Request): Value | undefined {
    return valuesOf(req)[this.#index] as Value | undefined;
  }

  set(req: Request, value: Value): void {
    valuesOf(req)[this.#index] = value;
  }
}
