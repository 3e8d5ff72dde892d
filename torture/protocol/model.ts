// The model of the protocol as an experiment: all its states, and none that breaks a rule.
import type { Finding, Size } from "../report.ts";
import { explore } from "./explore.ts";

/** Requests of the browser; the full form takes two minutes and 1.5 GB. */
const REQUESTS = { short: 2, full: 3 };

export async function model(size: Size): Promise<Finding> {
  const requests = REQUESTS[size];
  const { states, steps, broken } = explore({ requests });
  return {
    area: "Protocol",
    tried: `the model of the layer: ${requests} requests of a browser and one of a thief or another device, in all orders`,
    count: states,
    unit: "states",
    outcome: `all that there are, by ${steps.toLocaleString("en-US")} steps; none breaks L1 to L6`,
    problems: broken === undefined ? [] : [`${broken.rule}:\n${broken.way.join("\n")}`],
  };
}
