// What the memory store takes beside the options of all stores: its bounds.
import { getHeapStatistics } from "node:v8";
import { type Check, type Checks, countOf, numberThat } from "@hatcheck/core/options";
import type { Settings } from "../model/options.ts";
import type { StoreOptions } from "../model/store.ts";
import type { Bounds } from "./records.ts";

export interface MemoryOptions<Data> extends StoreOptions<Data> {
  /**
   * Most sessions that are kept; 1,000,000 unless given. When it is full, expired sessions go first, then those without a
   * user, then those of the user who takes the most room, if that one has more than ten; of each, those not seen for longest.
   */
  maxSessions?: number;
  /**
   * Most bytes of the heap that all sessions together take, as near as that can be told; unless given, half of what Node lets the
   * heap grow to beyond 256 MiB, and an eighth of all where that is more. When it is full, the same go first. `Infinity` for no
   * bound.
   */
  maxTotalBytes?: number;
}

/** Bytes. Of what Node lets the heap grow to, some 200 MiB are for what is young, and not for what stays. */
function shareOfHeap(): number {
  const { heap_size_limit: limit } = getHeapStatistics();
  return Math.max(limit / 8, (limit - 2 ** 28) / 2);
}

const bytesOrInfinity: Check = numberThat("a number of bytes above 0, or Infinity", (value) => value > 0);

export const MEMORY_OPTIONS: Checks = { maxSessions: countOf(""), maxTotalBytes: bytesOrInfinity };

/** The bounds that options set, which were checked. */
export function boundsOf<Data>(options: number | MemoryOptions<Data>, settings: Settings<Data>): Bounds {
  const { maxSessions = 1_000_000, maxTotalBytes = shareOfHeap() } =
    typeof options === "number" ? {} : options;
  const { idleMs, maxSessionsPerUser } = settings;
  return { idleMs, maxSessionsPerUser, maxSessions, maxTotalBytes };
}
