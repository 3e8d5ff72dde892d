// Code that is synchronous with a synchronous store and waits with another: written once.

/** Goes on with a value: at once, or when its promise is fulfilled. */
export function andThen<In, Out>(
  value: In | Promise<In>,
  next: (value: In) => Out | Promise<Out>,
): Out | Promise<Out> {
  return value instanceof Promise ? value.then(next) : next(value);
}
