// The ten guarantees on the memory store.
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { SessionStore } from "../src/memory/memory-store.ts";
import { type AnyData, storeConformance } from "../src/testkit/conformance.ts";

describe("SessionStore", () => {
  beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterAll(() => void vi.useRealTimers());

  storeConformance(
    (options) => {
      const store = new SessionStore<AnyData>(options);
      return { store, other: store };
    },
    { test, clock: { advance: (seconds) => void vi.advanceTimersByTime(seconds * 1000) } },
  );
});
