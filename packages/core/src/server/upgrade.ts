// Hands a connection over to whoever takes upgrades.
import type { ConnectionInfo } from "../message/connection.ts";
import type { Request } from "../message/request.ts";
import type { UpgradeHandler } from "./options.ts";

/** Runs the handler; what it throws is logged, and the socket cut. */
export async function runUpgrade(
  upgrade: UpgradeHandler,
  req: Request,
  conn: ConnectionInfo,
  raw: Parameters<UpgradeHandler>[2],
): Promise<void> {
  raw.socket.on("error", ignore);
  try {
    await upgrade(req, conn, raw);
  } catch (error) {
    console.error(`The upgrade of ${req.method} failed, request id ${req.id}:`, error);
    raw.socket.destroy();
  }
}

function ignore(): void {}
