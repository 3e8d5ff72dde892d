import { expect, test } from "vitest";
import { html } from "./html.ts";

test("text is escaped, between tags and in attributes", () => {
  const evil = `<script>alert("&'")</script>`;
  expect(html`<p title="${evil}">${evil}</p>`.toString()).toBe(
    '<p title="&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;">&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;</p>',
  );
});

test("templates within templates are not escaped again, alone or in lists", () => {
  const items = ["a&b", "c"].map((text) => html`<b>${text}</b>`);
  expect(html`<i>${items}</i>${html`<u>${"<"}</u>`}`.toString()).toBe(
    "<i><b>a&amp;b</b><b>c</b></i><u>&lt;</u>",
  );
});

test("undefined and false are nothing; zero is a number", () => {
  expect(html`[${undefined}${false}${0}]`.toString()).toBe("[0]");
});

test("an object that only looks like a template is refused", () => {
  const forged = { toString: () => "<b>" } as unknown as string;
  expect(() => html`${forged}`.toString()).toThrow(TypeError);
});
