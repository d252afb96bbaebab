// Keys against npm jose: what we take for a key to verify with, it takes too, under the same
// thumbprint. It leaves to its caller what we refuse.
import { calculateJwkThumbprint, createLocalJWKSet, errors } from "jose";
import { test } from "node:test";
import { compare } from "./support/compare.js";
import { EC, EC_PRIVATE, ED25519, OCT, P521, RSA, RSA_PRIVATE } from "./support/keys.js";
import { probe } from "./support/probe.js";
import { Random } from "./support/random.js";

const random = new Random();
const VALUES = ["", "AQAB", "Aw", "AQ", "AA", "AAEAAQ", "AQAC", "AQAAAAE", EC.x, EC.y, `${EC.x}=`, `AA${EC.x}`, RSA.n, `AA${RSA.n}`, RSA.n.slice(0, 100), `${RSA.n}${RSA.n}${RSA.n}`,
  "P-256", "P-384", "EC", "RSA", "oct", "ES256", "RS256", "PS256", "ES384", "none", "HS256", "sig", "enc", ["verify"], ["sign"], ["verify", "sign"], ["encrypt"], [], "verify", null, 1, true, {}, "k".repeat(257), EC_PRIVATE.d];
const NAMES = ["kty", "crv", "x", "y", "n", "e", "d", "p", "k", "alg", "use", "key_ops", "kid", "ext", "x5c", "oth"];

function inputs() {
  const key = { ...random.pick([EC, EC, EC, RSA, RSA, RSA, EC_PRIVATE, RSA_PRIVATE, P521, ED25519, OCT]) };
  for (let n = random.below(4); n > 0; n--) {
    const name = random.pick(NAMES);
    if (random.chance(4)) delete key[name];
    else if (random.chance(4) && typeof key[name] === "string") key[name] = random.mutate(key[name], ["A", "=", "-", "+", " "], 1);
    else key[name] = random.pick(VALUES);
  }
  return JSON.stringify(key);
}

/** Whether it can be had for any of our algorithms. */
async function theirs(text) {
  const key = JSON.parse(text);
  for (const alg of ["ES256", "RS256", "PS256"])
    try {
      await createLocalJWKSet({ keys: [key] })({ alg });
      return { ok: true, value: await calculateJwkThumbprint(key) };
    } catch (error) {
      if (!(error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)) throw error;
    }
  return { ok: false };
}

const key = (text) => JSON.parse(text);
const octets = (text) => Buffer.from(text, "base64url");
const isExponent = (bytes) => bytes.length > 0 && bytes.length <= 4 && bytes[0] !== 0 && (bytes.at(-1) & 1) === 1 && !(bytes.length === 1 && bytes[0] === 1);
const isText = (value) => typeof value === "string";
const refused = (test) => (text, ours) => !ours.ok && test(key(text));

test("jwk_parse against jose", (t) =>
  compare(t, {
    inputs,
    ours: (text) => {
      const { ok, output } = probe("jwk", text);
      return ok ? { ok, value: new TextDecoder().decode(output) } : { ok };
    },
    theirs,
    classes: [
      {
        why: "secret members: a key that was published with one is no secret any more",
        example: JSON.stringify({ ...EC, k: "AA" }),
        is: refused((k) => ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].some((name) => name in k)),
      },
      {
        why: "an RSA modulus has 2048 to 4096 bits; jose looks when it verifies",
        example: JSON.stringify({ ...RSA, n: RSA.n.slice(0, 171) }),
        is: refused((k) => k.kty === "RSA" && isText(k.n) && (octets(k.n).length < 256 || octets(k.n).length > 512)),
      },
      {
        why: "numbers have one spelling: no leading zero octet, the top bit set, and odd as RSA's are",
        example: JSON.stringify({ ...RSA, n: `AA${RSA.n}` }),
        is: refused((k) => k.kty === "RSA" && isText(k.n) && !(octets(k.n)[0] & 0x80 && octets(k.n).at(-1) & 1)),
      },
      {
        why: "an RSA exponent is odd, from 3 to 2^32 - 1, without leading zero octets",
        example: JSON.stringify({ ...RSA, e: "AAEAAQ" }),
        is: refused((k) => k.kty === "RSA" && isText(k.e) && !isExponent(octets(k.e))),
      },
      {
        why: "base64url is strict: no padding, no other alphabet, no spare bits",
        example: JSON.stringify({ ...EC, x: `${EC.x}=` }),
        is: refused((k) => ["x", "y", "n", "e"].some((name) => isText(k[name]) && octets(k[name]).toString("base64url") !== k[name])),
      },
      {
        why: "kid is a string of at most 256 bytes",
        example: JSON.stringify({ ...EC, kid: 1 }),
        is: refused((k) => "kid" in k && !(isText(k.kid) && k.kid.length <= 256)),
      },
      {
        why: "key_ops may name more than WebCrypto would do with a public key, or the same twice",
        example: JSON.stringify({ ...EC, key_ops: ["verify", "sign"] }),
        is: (text, ours) => ours.ok && Array.isArray(key(text).key_ops),
      },
      {
        why: "ext is for those who would export it",
        example: JSON.stringify({ ...EC, ext: 1 }),
        is: (text, ours) => ours.ok && "ext" in key(text),
      },
    ],
  }));
