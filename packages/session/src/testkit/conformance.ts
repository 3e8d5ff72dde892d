// The conformance kit: whoever writes a store proves with it that the ten guarantees hold for it. It needs no test runner of
// its own: it hands each test to the function that registers tests where it is used.
import { callArguments } from "./arguments.ts";
import { bounded } from "./bounded.ts";
import { deviceBound } from "./device-bound.ts";
import { fairShare } from "./fair-share.ts";
import { failsClosed } from "./fails-closed.ts";
import { forAdministrators } from "./for-administrators.ts";
import type { AnyData, ConformanceOptions, Connections, Kit } from "./kit.ts";
import { logOutEverywhere } from "./log-out-everywhere.ts";
import { newIds } from "./new-ids.ts";
import { noFixation } from "./no-fixation.ts";
import { noLostUpdate } from "./no-lost-update.ts";
import { noResurrection } from "./no-resurrection.ts";
import { notStealable } from "./not-stealable.ts";
import { twoClocks } from "./two-clocks.ts";
import { typed } from "./typed.ts";
import { unguessable } from "./unguessable.ts";
import type { StoreOptions } from "../model/store.ts";

export {
  type Explored,
  layerConformance,
  type LayerConformanceOptions,
  type Rule,
} from "./layer/layer-conformance.ts";
export { logInAs } from "./log-in-as.ts";
export type { AnyData, BlockedWrites, Clock, ConformanceOptions, Connections } from "./kit.ts";

/**
 * Registers the tests that every store must pass, each named after its guarantee.
 *
 *     storeConformance((options) => {
 *       const store = new SessionStore<AnyData>(options);
 *       return { store, other: store };
 *     }, { test, clock });
 *
 * @param makeStore opens a store that is empty, twice, so that the two race as two processes do
 */
export function storeConformance<Opened extends Connections>(
  makeStore: (options: StoreOptions<AnyData>) => Opened | Promise<Opened>,
  options: ConformanceOptions<Opened>,
): void {
  const { clock, rounds = 1000 } = options;
  const unit = clock.unit ?? 1;
  const kit: Kit = {
    // The hooks are only ever given what `makeStore` has opened.
    hooks: options as unknown as ConformanceOptions<Connections>,
    rounds,
    prove(promise, run, storeOptions) {
      options.test(promise, async () => {
        const opened = await makeStore({ ttl: 3600, ...storeOptions });
        try {
          await run(opened);
        } finally {
          await options.close?.(opened);
        }
      });
    },
    seconds: (units) => units * unit,
    async pass(units) {
      await clock.advance(units * unit);
    },
  };
  unguessable(kit);
  notStealable(kit);
  noLostUpdate(kit);
  noResurrection(kit);
  noFixation(kit);
  newIds(kit);
  deviceBound(kit);
  twoClocks(kit);
  logOutEverywhere(kit);
  bounded(kit);
  fairShare(kit);
  forAdministrators(kit);
  typed(kit);
  callArguments(kit);
  failsClosed(kit);
}
