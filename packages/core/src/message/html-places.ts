// Where in a template of HTML its values stand: what escaping makes safe in one place it does not in another.

/** `"text"` is text between tags and in quoted attributes; in the other places only finished HTML may stand. */
export type Place = "text" | "between attributes" | "in <script> or <style>";

/** Elements whose content is no markup, so that nothing in it is unescaped. */
const RAW = /^(?:script|style|xmp|iframe|noembed|noframes|plaintext)$/;

type State = "text" | "comment" | "tag" | '"' | "'" | "raw";

/**
 * The place of each value, by the states of the HTML tokenizer that matter for it.
 *
 * @throws TypeError for a value that is an attribute's without quotes.
 * @see https://html.spec.whatwg.org/multipage/parsing.html#tokenization
 */
export function placesOf(strings: readonly string[]): Place[] {
  let state: State = "text";
  let element = "";
  return strings.slice(0, -1).map((part) => {
    for (let at = 0; at < part.length;) {
      const rest = (pattern: RegExp): RegExpExecArray | null => {
        pattern.lastIndex = at;
        return pattern.exec(part);
      };
      if (state === "text") {
        const start = rest(/<(?:(!--)|(\/?[A-Za-z][^\s/>]*)|\/?$)/g);
        if (start === null) break;
        at = start.index + start[0].length;
        element = start[2]?.toLowerCase() ?? "";
        state = start[1] === undefined ? "tag" : "comment";
      } else if (state === "tag") {
        const next = rest(/["'>]/g);
        if (next === null) break;
        at = next.index + 1;
        state = next[0] === ">" ? (RAW.test(element) ? "raw" : "text") : (next[0] as '"' | "'");
      } else {
        const end: RegExp =
          state === "comment"
            ? /-->/g
            : state === "raw"
              ? new RegExp(`</${element}(?=[\\s/>])`, "gi")
              : new RegExp(state, "g");
        const found = rest(end);
        if (found === null) break;
        at = found.index + found[0].length;
        if (state === "raw") element = `/${element}`;
        state = state === "comment" ? "text" : "tag";
      }
    }
    if (state === "raw") return "in <script> or <style>";
    if (state !== "tag") return "text";
    if (/=\s*$/.test(part))
      throw new TypeError(
        `html: quote the attribute's value after ${JSON.stringify(part.trimEnd().slice(-30))}`,
      );
    return "between attributes";
  });
}
