/**
 * The options of all kinds of `once`: a namespace for an application, and the length of a lease.
 */
import { type Check, show, typeOf, wholeNumber } from "../values/check.ts";

/** Options of `redisOnce` and `postgresOnce`. */
export interface OnceOptions {
  /**
   * The application's name, the same on all its instances. Without it, two applications that share a database take each
   * other's slots when their tasks have the same name. Default: none.
   */
  namespace?: string;
  /** Makes every task that uses it `exclusive`. Default: `false`. */
  exclusive?: boolean;
  /**
   * How long a lease lasts without renewal, in milliseconds. When the instance that runs an exclusive task dies, the task
   * stands still for that long. A lease is renewed after a third of that. Default: 30 000
   */
  leaseMs?: number;
}

const LONGEST_NAME = 200;
export const DEFAULT_LEASE = 30_000;

/** A name that every database can hold. */
export const storableName: Check = (value, label) => {
  typeOf("string")(value, label);
  const name = String(value);
  if (
    name.length >= 1 &&
    name.length <= LONGEST_NAME &&
    name.isWellFormed() &&
    !/[\u0000-\u001f\u007f]/.test(name)
  )
    return;
  throw new RangeError(
    `${label} must have 1 to ${LONGEST_NAME} characters, none of them a control character; it was ${show(value)}.`,
  );
};

export const SHARED_CHECKS: Readonly<Record<keyof OnceOptions, Check>> = {
  namespace: storableName,
  exclusive: typeOf("boolean"),
  leaseMs: wholeNumber(100),
};

/** A task's name in its namespace; different pairs are never the same text, and no character means a thing to Redis. */
export function qualify(namespace: string | undefined, name: string): string {
  const escaped = name.replaceAll(/[%:{}]/g, encodeURIComponent);
  return namespace === undefined
    ? escaped
    : `${namespace.replaceAll(/[%:{}]/g, encodeURIComponent)}:${escaped}`;
}
