// Looks at what anybody may have thrown or passed in.

/** A property of any value; `undefined` where the value has none. */
export function propertyOf(value: unknown, name: string): unknown {
  const isObject = typeof value === "object" || typeof value === "function";
  return isObject && value !== null ? Reflect.get(value, name) : undefined;
}
