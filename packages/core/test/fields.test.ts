// Forms and queries of very many fields: bounded in number, and in the time that they take.
import { expect, test } from "vitest";
import { App, Response, TestClient } from "../src/index.ts";
import { describeEach } from "./harness.ts";

const FORM = "application/x-www-form-urlencoded";
const app = () =>
  new App(undefined, { maxFields: 5 })
    .post("/form", async (req) => Response.text(200, String((await req.form()).size)), { maxFields: 1000 })
    .get("/query", (req) => Response.text(200, String(req.query.size)), { maxFields: 1000 })
    .get("/five", (req) => Response.text(200, String(req.query.size)))
    .get("/ignored", () => Response.text(200, "ignored"))
    .mount(
      "/mounted",
      new App(undefined).get("/", (req) => Response.text(200, String(req.query.size))),
    )
    .mount(
      "/own",
      new App(undefined, { maxFields: 6 }).get("/", (req) => Response.text(200, String(req.query.size))),
    );

describeEach("a form or a query", (serve) => {
  test.each(["a", "a=", "=", "%61", "+", "a=b"])(
    "of fields such as %s is 413 with more than a thousand",
    async (field) => {
      const client = await serve(app());
      const send = (count: number) => client.post("/form").body(`${field}&`.repeat(count), FORM).send();
      expect((await send(1000)).text()).toBe("1000");
      expect((await send(1001)).status).toBe(413);
      const most = Math.floor((1024 * 1024) / (field.length + 1));
      expect((await send(most)).status).toBe(413);
    },
  );

  test("in a target is 414 when it is read, and nothing when nobody reads it", async () => {
    const client = await serve(app());
    expect((await client.get(`/query?${"a&".repeat(1000)}`).send()).text()).toBe("1000");
    expect((await client.get(`/query?${"a&".repeat(1001)}`).send()).status).toBe(414);
    expect((await client.get(`/ignored?${"a&".repeat(5000)}`).send()).text()).toBe("ignored");
  });

  test("has as many fields as its route, its app, or the app around that says", async () => {
    const client = await serve(app());
    for (const [path, most] of [
      ["/five", 5],
      ["/mounted", 5],
      ["/own", 6],
    ] as const) {
      expect((await client.get(`${path}?${"a&".repeat(most)}`).send()).text()).toBe(String(most));
      expect((await client.get(`${path}?${"a&".repeat(most + 1)}`).send()).status).toBe(414);
    }
  });
});

test("a thousand fields are the most unless an app says otherwise", async () => {
  const client = new TestClient(
    new App(undefined).post("/", async (req) => Response.json(200, (await req.form()).size)),
  );
  expect((await client.post("/").body("a&".repeat(1000), FORM).send()).json()).toBe(1000);
  expect((await client.post("/").body("a&".repeat(1001), FORM).send()).status).toBe(413);
});
