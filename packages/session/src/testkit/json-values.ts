// JSON that stores have stumbled over, and random JSON.

/** Keys that mean something to JavaScript, to a database, or to an encoding. All are preserved. */
export const KEYS: readonly string[] = [
  ..."\0 \u007f \n \" ' \\ / $ % _ . : ; , [0] {} \u2028 é e\u0301 \u{1f9e5} \ud800 \udc00a".split(" "),
  ..."__proto__ constructor prototype toString hasOwnProperty length then toJSON valueOf".split(" "),
  ..."0 1 01 -1 1.0 NaN null true undefined id data user_id createdAt expires_at secret v u e".split(" "),
  "",
  " ",
  "a b",
  "\\u0000",
  "$.a",
  "k".repeat(1000),
];

/** Values at the edges of JSON. All are preserved. */
export const VALUES: readonly unknown[] = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\udc00\ud800",
  "\u{1f9e5}",
  "e\u0301",
  "\u2028",
  "\ufeff",
  "\\u0000",
  '"',
  "'",
  "\r\n",
  "null",
  "0",
  "{}",
  "[",
  "x".repeat(10_000),
  0,
  -1,
  0.1,
  1e21,
  5e-324,
  2 ** 53 + 2,
  Number.MAX_VALUE,
  Number.MIN_SAFE_INTEGER,
  true,
  false,
  null,
  [],
  {},
  [[], {}, "", null],
  { "": "" },
  { a: { b: { c: [1, "2", null] } } },
  { "\ud800": "\udc00", "\0": "\0" },
  JSON.parse('{ "__proto__": { "admin": true }, "constructor": 1, "toJSON": 2, "10": 1, "9": 2 }'),
  JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`),
];

const circle: unknown[] = [];
circle.push(circle);

/** What JSON has no value for, or would make something else of. All are refused. */
export const NOT_JSON: readonly unknown[] = [
  undefined,
  Number.NaN,
  Infinity,
  1n,
  Symbol("s"),
  () => 1,
  new Date(0),
  new Map([["a", 1]]),
  new Set([1]),
  new Uint8Array(1),
  Object("boxed"),
  Promise.resolve(1),
  circle,
  // oxlint-disable-next-line no-sparse-arrays
  [1, , 2],
  Object.assign([1], { total: 1 }),
  { [Symbol("s")]: 1 },
  Object.defineProperty({}, "hidden", { value: 1 }),
  { a: 1, toJSON: () => 2 },
  JSON.parse(`${"[".repeat(2000)}${"]".repeat(2000)}`),
];

/** A function that gives one random JSON value after another, the same ones for the same seed. */
export function randomJson(seed: number): () => unknown {
  let state = seed;
  // The Park and Miller generator.
  const below = (limit: number): number => (state = (state * 48_271) % 2_147_483_647) % limit;
  const text = (): string =>
    String.fromCharCode(...Array.from({ length: below(8) }, () => below(0x1_00_00) >> (below(2) * 9)));
  const value = (depth: number): unknown => {
    switch (below(depth > 0 ? 7 : 5)) {
      case 0:
        return null;
      case 1:
        return below(2) === 1;
      case 2:
        return (below(2 ** 31) - 2 ** 30) / 10 ** below(12);
      case 3:
      case 4:
        return text();
      case 5:
        return Array.from({ length: below(5) }, () => value(depth - 1));
      default:
        return Object.fromEntries(Array.from({ length: below(5) }, () => [text(), value(depth - 1)]));
    }
  };
  return () => value(3);
}
