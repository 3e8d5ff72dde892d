// Logs a test's browser in, without a form and without a password.
import { App, Response, type TestClient } from "@hatcheck/core";
import type { SessionLayer } from "../layer/session-layer.ts";
import type { JsonData } from "../model/json.ts";
import type { Mode } from "../model/store.ts";

/**
 * Logs in the browser of a test, as if it had shown a password: it gets the cookie that the layer would set at this address.
 *
 *     const client = new TestClient(app, { encrypted: true });
 *     await logInAs(client, sessions, "42", { cart: ["hat"] });
 *
 * @param data entries that the session has then, beside those that it had
 */
export async function logInAs<Data extends JsonData<Data>, M extends Mode>(
  client: TestClient,
  sessions: SessionLayer<Data, M>,
  userId: string,
  data: Partial<Data> = {},
): Promise<void> {
  const door = new App(undefined).wrap(sessions).get("/", async (req) => {
    const session = await sessions.of(req);
    session.login(userId);
    for (const [key, value] of Object.entries(data)) session.set(key as keyof Data & string, value as never);
    return Response.empty(204);
  });
  const { status } = await client.at(door).get("/").send();
  if (status !== 204) throw new Error(`logInAs: the session's store answered ${status}`);
}
