import * as fc from "fast-check";
import { expect, test } from "vitest";
import { html, rawHtml } from "./html.ts";
import { Response } from "./response.ts";

/** What the compiler makes of a template with one value. */
function template(...parts: string[]): TemplateStringsArray {
  return Object.assign(parts, { raw: parts });
}

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

test("undefined, null and false are nothing; zero is a number", () => {
  expect(html`[${undefined}${null}${false}${0}]`.toString()).toBe("[0]");
});

test.each([
  ["<p>", "</p>"],
  ['<p title="', '">'],
  ["<p title='", "'>"],
  ['<a b="1" c = "x', '" d>'],
  ['<p title=">', '">'],
  ["<!-- > ", " -->"],
  ["<!-- <script> -->", ""],
  ["<script></script>", ""],
  ["<SCRIPT>1</script >", ""],
  ['<script src="', '"></script>'],
  ["<style>a>b{}</style><textarea>", "</textarea>"],
  ["a = ", ""],
  ["1 < 2 = ", ""],
  ["<p>a=", "</p>"],
])("text may stand at %s…%s", (before, after) => {
  expect(html(template(before, after), "<").toString()).toBe(`${before}&lt;${after}`);
});

test.each([
  ["<p ", ">"],
  ["<p a ", " b>"],
  ['<p title="a"', ">"],
  ["<", ">"],
  ["</", ">"],
  ["<p ", "=1>"],
  ["<script>", "</script>"],
  ["<script>'</p>", "'</script>"],
  ["<Style>", "</style>"],
  ["<script>a</scripty>", "</script>"],
])("only finished HTML may stand at %s…%s", (before, after) => {
  expect(() => html(template(before, after), "x")).toThrow("html: no text is safe");
  expect(html(template(before, after), [html`x`, false, undefined]).toString()).toBe(`${before}x${after}`);
});

test.each([
  ["<p title=", ">"],
  ["<p title= ", ">"],
  ["<a href=\n", " b>"],
])("an attribute without quotes is refused: %s…%s", (before, after) => {
  expect(() => html(template(before, after), html`x`)).toThrow("html: quote the attribute's value");
});

/** Code units one by one: halves of pairs, controls and all. */
const anyText = fc.array(fc.nat(0xff_ff)).map((codes) => String.fromCharCode(...codes));

test("whatever text stands in a template, a parser finds it whole, as text", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const page = html`<p title="${text}">${text}</p>`.toString();
      const unescape = (part: string) =>
        part.replace(
          /&(amp|lt|gt|quot|#39);/g,
          (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"' })[name] ?? "'",
        );
      const [, title = "", content = ""] = /^<p title="([^"<>]*)">([^"<>]*)<\/p>$/u.exec(page) ?? [];
      expect([unescape(title), unescape(content)]).toEqual([text, text]);
    }),
  );
});

test("raw HTML is taken as it is, everywhere", () => {
  expect(html(template("<style>", "</style>"), rawHtml("a > b {}")).toString()).toBe(
    "<style>a > b {}</style>",
  );
});

test("a response takes it", () => {
  expect(Response.html(200, html`<b>${"&"}</b>`).body).toBe("<b>&amp;</b>");
});

test("an object that only looks like a template is refused", () => {
  const forged = { toString: () => "<b>" } as unknown as string;
  expect(() => html`${forged}`.toString()).toThrow(TypeError);
});
