// Keys against npm jose: what we take for a key to verify with, it takes too, under the same
// thumbprint. It leaves to its caller what we refuse.
import { calculateJwkThumbprint, createLocalJWKSet, errors } from "jose";
import { test } from "node:test";
import { compare } from "./support/compare.js";
import { EC, EC_PRIVATE, ED25519, OCT, P521, RSA, RSA_PRIVATE } from "./support/keys.js";
import { probe } from "./support/probe.js";
import { Random } from "./support/random.js";

const random = new Random();
const NUMBERS = [
  "", "AQAB", "Aw", "AQ", "AA", "AAEAAQ", "AQAC", "AQAAAAE", EC.x, EC.y, `${EC.x}=`, `AA${EC.x}`,
];
const MODULI = [RSA.n, `AA${RSA.n}`, RSA.n.slice(0, 100), RSA.n.repeat(3), EC_PRIVATE.d];
const WORDS = [
  "P-256", "P-384", "EC", "RSA", "oct", "ES256", "RS256", "PS256", "ES384", "none", "HS256", "sig",
  "enc",
];
const LISTS = [["verify"], ["sign"], ["verify", "sign"], ["encrypt"], [], [1]];
const VALUES = [...NUMBERS, ...MODULI, ...WORDS, ...LISTS, "verify", null, 1, true, {}, "k".repeat(257)];
const NAMES = ["kty", "crv", "x", "y", "n", "e", "d", "p", "k", "alg", "use", "key_ops", "kid", "ext", "x5c", "oth"];

function inputs() {
  const other = random.pick([EC_PRIVATE, RSA_PRIVATE, P521, ED25519, OCT]);
  const key = { ...(random.chance(6) ? other : random.pick([EC, RSA])) };
  for (let n = random.below(4); n > 0; n--) {
    const name = random.pick(NAMES);
    if (random.chance(4)) delete key[name];
    else if (random.chance(4) && isText(key[name])) key[name] = random.mutate(key[name], ["A", "=", "-", "+", " "], 1);
    else key[name] = random.pick(VALUES);
  }
  return JSON.stringify(key);
}

/** The key that the module read. */
async function ours(text) {
  const { ok, output } = probe("jwk", text);
  if (!ok) return { ok };
  const [first, second] = new TextDecoder().decode(output).split(".");
  const { kty } = key(text);
  return { ok, value: await calculateJwkThumbprint(kty === "EC" ? { kty, crv: "P-256", x: first, y: second } : { kty, n: first, e: second }) };
}

/** Whether it can be had for any of our algorithms. */
async function theirs(text) {
  const key = JSON.parse(text);
  for (const alg of ["ES256", "RS256", "PS256"])
    try {
      await createLocalJWKSet({ keys: [key] })({ alg });
      return { ok: true, value: await calculateJwkThumbprint(key) };
    } catch (error) {
      const known = [errors.JOSEError, TypeError, DOMException];
      if (!known.some((kind) => error instanceof kind)) throw error;
    }
  return { ok: false };
}

const key = (text) => JSON.parse(text);
const octets = (text) => Buffer.from(text, "base64url");
const isText = (value) => typeof value === "string";
const isStrict = (text) => !isText(text) || octets(text).toString("base64url") === text;
const isShort = (bytes) => bytes.length <= 4 && bytes[0] > 0;
const isModulus = (bytes) => (bytes[0] & 0x80) !== 0 && (bytes.at(-1) & 1) === 1;
const isExponent = (bytes) => isShort(bytes) && bytes.readUIntBE(0, bytes.length) > 1 && (bytes.at(-1) & 1) === 1;
const isRsa = ({ kty, n, e }) => kty === "RSA" && isText(n) && isText(e);
const refused = (test) => (text, ours) => !ours.ok && test(key(text));

test("jwk_parse against jose", (t) =>
  compare(t, {
    inputs,
    ours,
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
        is: refused((k) => isRsa(k) && (octets(k.n).length < 256 || octets(k.n).length > 512)),
      },
      {
        why: "numbers have one spelling: no leading zero octet, the top bit set, and odd as RSA's are",
        example: JSON.stringify({ ...RSA, n: `AA${RSA.n}` }),
        is: refused((k) => isRsa(k) && !isModulus(octets(k.n))),
      },
      {
        why: "an RSA exponent is odd, from 3 to 2^32 - 1, without leading zero octets",
        example: JSON.stringify({ ...RSA, e: "AAEAAQ" }),
        is: refused((k) => isRsa(k) && !isExponent(octets(k.e))),
      },
      {
        why: "base64url is strict: no padding, no other alphabet, no spare bits",
        example: JSON.stringify({ ...EC, x: `${EC.x}=` }),
        is: refused((k) => ![k.x, k.y, k.n, k.e].every(isStrict)),
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
