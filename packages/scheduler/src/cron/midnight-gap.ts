/**
 * Clock changes that jump over midnight, as Nuuk's from 23:00 on Saturday to 00:00 on Sunday. croner moves a fixed
 * time in a gap to the end of the gap only within its day, so a job at 23:30 would be lost that night.
 */

/** A stretch of local time that does not exist, and in which a day ends. */
export interface MidnightGap {
  /** The first instant after it, in milliseconds since 1970. */
  readonly end: number;
  /** The local times it begins and ends with, as if they were UTC; those from `from` up to `to` are lost. */
  readonly from: number;
  readonly to: number;
}

const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** A longer gap is no change of clocks, but a zone that changes its side of the date line. */
const LONGEST_GAP = 3 * HOUR;

const gapsByYear = new Map<string, readonly MidnightGap[]>();
const formats = new Map<string, Intl.DateTimeFormat>();

/** The gaps of a zone that end after `after` and before `before`, in milliseconds since 1970, ascending. */
export function midnightGaps(zone: string, after: number, before: number): MidnightGap[] {
  if (zone === "UTC") return [];
  const gaps: MidnightGap[] = [];
  const lastYear = new Date(before).getUTCFullYear();
  for (let year = new Date(after).getUTCFullYear(); year <= lastYear; year += 1) {
    const key = `${zone} ${year}`;
    let found = gapsByYear.get(key);
    if (found === undefined) gapsByYear.set(key, (found = findGaps(zone, year)));
    gaps.push(...found);
  }
  return gaps.filter(({ end }) => end > after && end < before);
}

function findGaps(zone: string, year: number): MidnightGap[] {
  const gaps: MidnightGap[] = [];
  const end = Date.UTC(year + 1, 0, 1);
  for (let day = Date.UTC(year, 0, 1); day < end; day += DAY) {
    const [offset, nextOffset] = [offsetAt(zone, day), offsetAt(zone, day + DAY)];
    const length = nextOffset - offset;
    if (length <= 0 || length > LONGEST_GAP) continue;
    let [before, after] = [day, day + DAY];
    while (after - before > SECOND) {
      const middle = before + Math.floor((after - before) / 2 / SECOND) * SECOND;
      if (offsetAt(zone, middle) === offset) before = middle;
      else after = middle;
    }
    const [from, to] = [after + offset, after + nextOffset];
    if (Math.floor(from / DAY) < Math.floor(to / DAY)) gaps.push({ end: after, from, to });
  }
  return gaps;
}

/** Local time minus UTC, in milliseconds. */
function offsetAt(zone: string, time: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset", year: "numeric" });
    formats.set(zone, format);
  }
  const name = format.formatToParts(time).find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const [, sign, hours, minutes, seconds = "0"] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? [];
  if (sign === undefined) return 0;
  return (sign === "-" ? -SECOND : SECOND) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}
