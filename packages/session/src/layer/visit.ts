// What a session layer knows of one request.
import { type ConnectionInfo, type Layer, type Request, RequestKey } from "@hatcheck/core";
import type { JsonData } from "../model/json.ts";
import type { Client, Mode } from "../model/store.ts";
import type { Standing } from "./device/device-gate.ts";
import type { RequestSession } from "./request-session.ts";
import type { SessionCookie } from "./session-cookie.ts";
import type { Visitor } from "./session-plan.ts";
import type { SessionTransport, Shown } from "./session-transport.ts";

const NOT_RECORDED: Client = Object.freeze({});
const NOTHING_SHOWN: Shown = { isBearer: false, hasCookie: false, id: undefined };

/** What the layer keeps with a request. */
export class Visit<Data extends JsonData<Data>, M extends Mode> implements Visitor {
  readonly layer: Layer;
  readonly req: Request;
  readonly conn: ConnectionInfo;
  readonly #isRecorded: boolean;
  readonly #transport: SessionTransport;
  session: RequestSession<Data, M> | Promise<RequestSession<Data, M>> | undefined;
  /** The session, once it is there. */
  opened: RequestSession<Data, M> | undefined;
  /** What the request shows of its session. */
  shown: Shown = NOTHING_SHOWN;
  /** Why the session could not be opened, whatever the handler made of it. */
  outage: unknown;
  committed = false;
  /** When the request came, by the store's clock, where that is of interest. */
  arrivedAt: number | undefined;
  /** How it stands to the device of the session that its cookie names. */
  standing: Standing = "unbound";
  isKeptOut = false;
  /** What a layer around this one keeps. */
  outer: Visit<never, Mode> | undefined;
  cookieName: SessionCookie["name"] | undefined;
  /** Where browsers register with this layer. */
  devicePath: string | undefined;

  constructor(
    layer: Layer,
    req: Request,
    conn: ConnectionInfo,
    transport: SessionTransport,
    isRecorded: boolean,
  ) {
    this.layer = layer;
    this.req = req;
    this.conn = conn;
    this.#transport = transport;
    this.#isRecorded = isRecorded;
  }

  get client(): Client {
    return this.#isRecorded
      ? { ip: this.conn.clientIp, userAgent: this.req.header("user-agent") }
      : NOT_RECORDED;
  }

  get cookieId(): string | undefined {
    return this.shown.id;
  }

  get actorId(): string | undefined {
    return this.shown.isBearer ? undefined : this.#transport.readActor(this.req, this.conn);
  }

  get takesBearer(): boolean {
    return this.#transport.takesBearer;
  }

  get abandonedBy(): "client" | "layer" | undefined {
    return this.req.abandonedBy;
  }
}

/** The innermost visit of a request; there may be more layers of sessions around it. */
export const VISITS: RequestKey<Visit<never, Mode>> = new RequestKey();
