import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeviceKey } from "./device-key.ts";
import { isSelfSigned, isSignedBy, MAX_PROOF_LENGTH, parseProof } from "./proof.ts";

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwk = p256.publicKey.export({ format: "jwk" });
const rsaJwk = rsa.publicKey.export({ format: "jwk" });

const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

function token(header: unknown, claims: unknown = { jti: "c" }, key: KeyObject = p256.privateKey): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

const HEADER = { alg: "ES256", typ: "dbsc+jwt", jwk };

/** What a registration makes of a token. */
function accepted(text: string): boolean {
  const proof = parseProof(text);
  return proof !== undefined && isSelfSigned(proof);
}

describe("a registration's proof", () => {
  test("is taken in ES256 and in RS256, and gives the challenge and the key", () => {
    const proof = parseProof(token(HEADER, { jti: "challenge" }));
    expect(proof).toMatchObject({ algorithm: "ES256", challenge: "challenge" });
    expect(proof?.key?.text).toBe(`E${jwk.x}${jwk.y}`);
    expect(accepted(token(HEADER))).toBe(true);
    expect(
      accepted(token({ alg: "RS256", typ: "dbsc+jwt", jwk: rsaJwk }, { jti: "c" }, rsa.privateKey)),
    ).toBe(true);
  });

  test("may hold further claims, such as the audience that older browsers send", () => {
    expect(accepted(token(HEADER, { jti: "c", aud: "https://example.com/reg", iat: 1725579055 }))).toBe(true);
  });

  test("is refused unsigned: alg none, with or without a key or a signature", () => {
    for (const header of [
      { alg: "none", typ: "dbsc+jwt" },
      { alg: "none", typ: "dbsc+jwt", jwk },
      { alg: "NONE", typ: "dbsc+jwt", jwk },
    ]) {
      expect(parseProof(`${encode(header)}.${encode({ jti: "c" })}.`)).toBe(undefined);
      expect(parseProof(token(header))).toBe(undefined);
    }
    expect(parseProof(`${encode(HEADER)}.${encode({ jti: "c" })}.`)).toBe(undefined);
  });

  test("is refused with HS256 and the public key as the secret", () => {
    const text = `${encode({ alg: "HS256", typ: "dbsc+jwt", jwk })}.${encode({ jti: "c" })}`;
    const pem = p256.publicKey.export({ format: "pem", type: "spki" });
    for (const secret of [pem, JSON.stringify(jwk), Buffer.from(String(jwk.x), "base64url")]) {
      expect(parseProof(`${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`)).toBe(
        undefined,
      );
    }
  });

  test.each(["ES384", "ES512", "PS256", "RS384", "EdDSA", "es256", "", undefined, null, 256, ["ES256"]])(
    "is refused with the algorithm %j",
    (alg) => {
      expect(parseProof(token({ ...HEADER, alg }))).toBe(undefined);
    },
  );

  test.each(["jwt", "JWT", "dbsc+JWT", "dbsc+jwt ", undefined, ["dbsc+jwt"]])(
    "is refused with the type %j",
    (typ) => {
      expect(parseProof(token({ ...HEADER, typ }))).toBe(undefined);
    },
  );

  test("is refused with a critical header, whatever it names", () => {
    expect(parseProof(token({ ...HEADER, crit: ["b64"], b64: false }))).toBe(undefined);
  });

  test("is refused with a key on another curve", () => {
    for (const namedCurve of ["P-384", "P-521", "secp256k1"]) {
      const other = generateKeyPairSync("ec", { namedCurve });
      const otherJwk = other.publicKey.export({ format: "jwk" });
      expect(parseProof(token({ ...HEADER, jwk: otherJwk }, { jti: "c" }, other.privateKey))).toBe(undefined);
      // Nor does it help to call the curve P-256.
      expect(
        parseProof(token({ ...HEADER, jwk: { ...otherJwk, crv: "P-256" } }, { jti: "c" }, other.privateKey)),
      ).toBe(undefined);
    }
  });

  test("is refused with a point that is not on the curve, or is none", () => {
    const off = Buffer.from(String(jwk.y), "base64url");
    off[31] = (off[31] ?? 0) ^ 1;
    for (const y of [off.toString("base64url"), "A".repeat(43), `${jwk.y}=`, `${jwk.y}A`, "", 5, undefined]) {
      expect(parseProof(token({ ...HEADER, jwk: { ...jwk, y } }))).toBe(undefined);
    }
    expect(parseProof(token({ ...HEADER, jwk: { ...jwk, x: "A".repeat(43), y: "A".repeat(43) } }))).toBe(
      undefined,
    );
  });

  test("is refused with an RSA key that is too small or too large, even, or has another exponent", () => {
    const header = (key: unknown): unknown => ({ alg: "RS256", typ: "dbsc+jwt", jwk: key });
    const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const smallJwk = small.publicKey.export({ format: "jwk" });
    expect(parseProof(token(header(smallJwk), { jti: "c" }, small.privateKey))).toBe(undefined);
    for (const key of [
      { ...rsaJwk, n: Buffer.alloc(513, 255).toString("base64url") },
      { ...rsaJwk, n: Buffer.alloc(256, 254).toString("base64url") },
      {
        ...rsaJwk,
        n: Buffer.concat([Buffer.alloc(1), Buffer.from(String(rsaJwk.n), "base64url")]).toString("base64url"),
      },
      { ...rsaJwk, e: "AQ" },
      { ...rsaJwk, e: "AAEAAQ" },
      { ...rsaJwk, kty: "oct" },
    ]) {
      expect(parseProof(token(header(key), { jti: "c" }, rsa.privateKey))).toBe(undefined);
    }
  });

  test("is refused with the key of another algorithm, and with a private key", () => {
    expect(parseProof(token({ alg: "RS256", typ: "dbsc+jwt", jwk }))).toBe(undefined);
    expect(parseProof(token({ ...HEADER, jwk: rsaJwk }))).toBe(undefined);
    expect(parseProof(token({ ...HEADER, jwk: p256.privateKey.export({ format: "jwk" }) }))).toBe(undefined);
    expect(parseProof(token({ ...HEADER, jwk: "key" }))).toBe(undefined);
    expect(parseProof(token({ ...HEADER, jwk: null }))).toBe(undefined);
  });

  test("is refused with another's signature, none, or one in another form", () => {
    const good = token(HEADER);
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(accepted(token(HEADER, { jti: "c" }, other.privateKey))).toBe(false);
    const [head = "", body = "", signature = ""] = good.split(".");
    const der = sign("sha256", Buffer.from(`${head}.${body}`), p256.privateKey).toString("base64url");
    for (const tail of [
      der,
      "AAAA",
      "A".repeat(86),
      `${signature}=`,
      `${signature}A`,
      signature.slice(0, -2),
    ]) {
      expect(accepted(`${head}.${body}.${tail}`)).toBe(false);
    }
    expect(accepted(`${head}.${encode({ jti: "another" })}.${signature}`)).toBe(false);
  });

  test.each([
    ["no challenge", {}],
    ["an empty one", { jti: "" }],
    ["a number", { jti: 5 }],
    ["a list", { jti: ["c"] }],
    ["129 characters", { jti: "c".repeat(129) }],
    ["no object", "c"],
    ["a list of claims", [{ jti: "c" }]],
  ])("is refused with %s for a challenge", (_, claims) => {
    expect(parseProof(token(HEADER, claims))).toBe(undefined);
  });

  test("is refused when a member only comes from a prototype", () => {
    const header = `{"__proto__":${JSON.stringify(HEADER)}}`;
    expect(parseProof(token(header))).toBe(undefined);
    expect(parseProof(token(HEADER, '{"__proto__":{"jti":"c"}}'))).toBe(undefined);
  });

  test("is refused when it is longer than a proof can be, before anything of it is read", () => {
    expect(parseProof(token(HEADER, { jti: "c", pad: "x".repeat(MAX_PROOF_LENGTH) }))).toBe(undefined);
  });

  test.each(["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "....", "\0.\0.\0", "eyJ9.e30.AA"])(
    "is refused when it is %j",
    (text) => {
      expect(parseProof(text)).toBe(undefined);
    },
  );

  test("is refused when its text is not UTF-8, has a byte order mark, or is padded", () => {
    const bytes = Buffer.concat([
      Buffer.from(JSON.stringify(HEADER).slice(0, -1)),
      Buffer.from(',"é":1}', "latin1"),
    ]);
    expect(parseProof(`${bytes.toString("base64url")}.${encode({ jti: "c" })}.AAAA`)).toBe(undefined);
    expect(parseProof(token(`\ufeff${JSON.stringify(HEADER)}`))).toBe(undefined);
    const [head, body, tail] = token(HEADER).split(".");
    expect(parseProof(`${head}=.${body}.${tail}`)).toBe(undefined);
  });
});

describe("a refresh's proof", () => {
  const key = DeviceKey.fromJwk("ES256", jwk) as DeviceKey;
  const refresh = (header: object, signer?: KeyObject): boolean => {
    const proof = parseProof(token({ alg: "ES256", typ: "dbsc+jwt", ...header }, { jti: "c" }, signer));
    return proof !== undefined && isSignedBy(proof, key);
  };

  test("is signed by the key that is known", () => {
    expect(refresh({})).toBe(true);
  });

  test("brings no key, not even the right one", () => {
    const thief = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(refresh({ jwk: thief.publicKey.export({ format: "jwk" }) }, thief.privateKey)).toBe(false);
    expect(refresh({ jwk })).toBe(false);
  });

  test("is not signed by another key, nor by another algorithm", () => {
    expect(refresh({}, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)).toBe(false);
    expect(refresh({ alg: "RS256" }, rsa.privateKey)).toBe(false);
  });

  test("follows no address that it names", () => {
    const thief = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(
      refresh(
        { jku: "https://thief.example/jwks", kid: "x", x5u: "https://thief.example" },
        thief.privateKey,
      ),
    ).toBe(false);
  });
});

describe("fuzzing", () => {
  const good = token(HEADER);

  test("no text at all makes the parser throw, and none but the signed one is accepted", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(accepted(text)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test("a token with one character replaced, removed or doubled is not accepted", () => {
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.constantFrom("", "A", "_", "-", "=", ".", "9", " ", "\n", "é"),
        fc.boolean(),
        (at, put, isKept) => {
          const text = good.slice(0, at) + (isKept ? good[at] : "") + put + good.slice(at + 1);
          expect(accepted(text)).toBe(text === good);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("a header and claims of any JSON are read or refused, and never throw", () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            alg: fc.oneof(fc.constant("ES256"), fc.constant("RS256"), fc.jsonValue()),
            typ: fc.oneof(fc.constant("dbsc+jwt"), fc.jsonValue()),
            jwk: fc.oneof(
              fc.constant<unknown>(jwk),
              fc.constant<unknown>(rsaJwk),
              fc.record(
                {
                  kty: fc.constantFrom("EC", "RSA", "oct"),
                  crv: fc.constant("P-256"),
                  x: fc.jsonValue(),
                  y: fc.string(),
                  n: fc.string(),
                  e: fc.constant("AQAB"),
                },
                { requiredKeys: [] },
              ),
              fc.jsonValue(),
            ),
          },
          { requiredKeys: [] },
        ),
        fc.oneof(fc.record({ jti: fc.jsonValue() }), fc.jsonValue()),
        (header, claims) => {
          const proof = parseProof(`${encode(header)}.${encode(claims)}.AAAA`);
          expect(proof === undefined || typeof proof.challenge === "string").toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("a private key of Node signs what a browser would", () => {
  const again = createPrivateKey({ key: p256.privateKey.export({ format: "jwk" }), format: "jwk" });
  expect(accepted(token(HEADER, { jti: "c" }, again))).toBe(true);
});
