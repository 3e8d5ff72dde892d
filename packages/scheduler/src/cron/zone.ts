/**
 * What the clocks of a time zone show, and when they change. Intl knows that for one instant at a time and is slow to
 * ask, so stretches of 64 days are looked at once each, a day at a time, and kept.
 */
import { DAY } from "./calendar.ts";

/** A change of a zone's offset; all in milliseconds. */
export interface ClockChange {
  /** The first instant of the new offset. */
  readonly at: number;
  /** Local time minus UTC, before and after. */
  readonly from: number;
  readonly to: number;
}

interface Stretch {
  /** The offset just before it begins. */
  readonly offset: number;
  readonly changes: readonly ClockChange[];
}

const SECOND = 1000;
/** The furthest from 1970 that a `Date` can be. */
export const LAST_TIME = 8.64e15;
const STRETCH = 64 * DAY;
/** How many stretches a zone keeps, and how many zones are kept. */
const KEPT = 500;

const zones = new Map<string, Zone>();

export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #stretches = new Map<number, Stretch>();

  private constructor(name: string) {
    if (name.toUpperCase() === "UTC") return;
    this.#format = new Intl.DateTimeFormat("en", {
      timeZone: name,
      timeZoneName: "longOffset",
      year: "numeric",
    });
  }

  /** @throws {RangeError} when there is no such zone */
  static of(name: string): Zone {
    let zone = zones.get(name);
    if (zone === undefined) {
      try {
        zone = new Zone(name);
      } catch (error) {
        throw new RangeError(`Unknown time zone "${name}"; use an IANA name, as "Europe/Berlin".`, {
          cause: error,
        });
      }
      keep(zones, name, zone);
    }
    return zone;
  }

  /** Local time minus UTC at an instant, in milliseconds. */
  offsetAt(time: number): number {
    if (this.#format === undefined) return 0;
    const { offset, changes } = this.#stretch(Math.floor(time / STRETCH));
    return changes.findLast(({ at }) => at <= time)?.to ?? offset;
  }

  /** The changes after an instant, up to and with another, in their order. */
  *changes(after: number, to: number): Generator<ClockChange, undefined> {
    if (this.#format === undefined) return;
    const last = Math.floor(to / STRETCH);
    for (let index = Math.floor(after / STRETCH); index <= last; index += 1) {
      for (const change of this.#stretch(index).changes)
        if (change.at > after && change.at <= to) yield change;
    }
  }

  #stretch(index: number): Stretch {
    let stretch = this.#stretches.get(index);
    if (stretch === undefined) keep(this.#stretches, index, (stretch = this.#read(index * STRETCH)));
    return stretch;
  }

  /** Looks at the last second of each day, and for the second of the change where two of them differ. */
  #read(start: number): Stretch {
    const changes: ClockChange[] = [];
    const offset = this.#ask(start - SECOND);
    let from = offset;
    for (let end = start + DAY - SECOND; end < start + STRETCH; end += DAY) {
      const to = this.#ask(end);
      if (to === from) continue;
      let [before, at] = [end - DAY, end];
      while (at - before > SECOND) {
        const middle = before + Math.floor((at - before) / 2 / SECOND) * SECOND;
        if (this.#ask(middle) === from) before = middle;
        else at = middle;
      }
      changes.push({ at, from, to });
      from = to;
    }
    return { offset, changes };
  }

  #ask(time: number): number {
    const text = this.#format?.format(Math.min(Math.max(time, -LAST_TIME), LAST_TIME)) ?? "";
    const [, sign, hours, minutes, seconds = "0"] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(text) ?? [];
    if (sign === undefined) return 0;
    return (
      (sign === "-" ? -SECOND : SECOND) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
    );
  }
}

/** Adds to a map that forgets what it got first. */
export function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number = KEPT): void {
  for (const oldest of map.keys()) {
    if (map.size < most) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
