// Runs a package's tests on the fast lane, or off it, whatever the default is: HATCHECK_FAST_LANE=on or off.
import { App, type ListenOptions } from "../src/index.ts";

const { HATCHECK_FAST_LANE: wanted } = process.env;
if (wanted !== undefined) {
  const { listen } = App.prototype;
  App.prototype.listen = function (this: App<unknown>, options: ListenOptions = {}) {
    const fastLane = wanted === "on" && options.createServer === undefined;
    return listen.call(this, { fastLane, ...options });
  };
}
