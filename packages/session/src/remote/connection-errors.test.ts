import { describe, expect, test } from "vitest";
import { isCut, withoutData } from "./connection-errors.ts";

function error(message: string, properties: object = {}): Error {
  return Object.assign(new Error(message), properties);
}

describe("isCut", () => {
  test.for([
    error("read ECONNRESET", { code: "ECONNRESET" }),
    error("write EPIPE", { code: "EPIPE" }),
    error("terminating connection due to administrator command", { code: "57P01" }),
    error("connection failure", { code: "08006" }),
    error("Connection terminated unexpectedly"),
    error("Connection is closed."),
    error("Socket closed unexpectedly", { name: "SocketClosedUnexpectedlyError" }),
  ])("%s", (cut) => {
    expect(isCut(cut)).toBe(true);
  });

  test.for([
    error("no answer within 5000 ms"),
    error("OOM command not allowed when used memory > 'maxmemory'."),
    error("could not serialize access", { code: "40001" }),
    error("connect ECONNREFUSED", { code: "ECONNREFUSED" }),
    undefined,
    null,
    "ECONNRESET",
  ])("not %s", (other) => {
    expect(isCut(other)).toBe(false);
  });
});

describe("withoutData", () => {
  test("keeps what happened, and nothing of what was sent", () => {
    const sent = error("OOM", {
      name: "ReplyError",
      code: "X1",
      command: { name: "evalsha", args: ["secret"] },
      detail: "Failing row contains (secret)",
      where: "JSON data, line 1: secret",
      parameters: ["secret"],
      cause: error("inner", { detail: "secret" }),
    });
    const told = withoutData(sent);
    expect([told.message, told.name, told.stack]).toEqual([sent.message, sent.name, sent.stack]);
    expect(told).toHaveProperty("code", "X1");
    expect(told).toHaveProperty("cause.message", "inner");
    expect(JSON.stringify(told, Object.getOwnPropertyNames(told))).not.toContain("secret");
    expect(told.cause).not.toHaveProperty("detail");
  });

  test("says something of whatever was thrown", () => {
    const both = new AggregateError([
      error("connect ECONNREFUSED ::1"),
      error("connect ECONNREFUSED 127.0.0.1"),
    ]);
    expect(withoutData(both).message).toBe("connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1");
    for (const thrown of [undefined, null, 42, { args: ["secret"] }]) {
      expect(withoutData(thrown).message).toBe("the driver gave no error");
    }
    expect(withoutData("down").message).toBe("down");
  });
});
