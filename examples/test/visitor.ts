// A visitor without a browser: undici, with the one cookie that the site sets.
import { Agent, request } from "undici";

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

export class Visitor {
  readonly #url: string;
  readonly #agent = new Agent();
  /** As sent: `sid=…`. */
  cookie: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send("GET", path, headers);
  }

  /** Sends a form. */
  post(
    path: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const body = new URLSearchParams(fields).toString();
    return this.send("POST", path, body, { "content-type": "application/x-www-form-urlencoded", ...headers });
  }

  send(method: "POST" | "PUT", path: string, body: string, headers: Record<string, string>): Promise<Answer> {
    return this.#send(method, path, headers, body);
  }

  register(name: string, password = "a hat and a coat"): Promise<Answer> {
    return this.post("/register", { name, password });
  }

  login(name: string, password = "a hat and a coat"): Promise<Answer> {
    return this.post("/login", { name, password });
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #send(
    method: "GET" | "POST" | "PUT",
    path: string,
    extra: Record<string, string>,
    body?: string,
  ): Promise<Answer> {
    const headers = {
      accept: "text/html",
      ...(this.cookie !== undefined && { cookie: this.cookie }),
      ...extra,
    };
    const options = { method, headers, dispatcher: this.#agent, ...(body !== undefined && { body }) };
    const answer = await request(this.#url + path, options);
    const [set] = [answer.headers["set-cookie"]].flat();
    if (set !== undefined) this.cookie = /Max-Age=0/.test(set) ? undefined : set.split(";")[0];
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }
}
