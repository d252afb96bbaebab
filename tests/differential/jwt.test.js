// Tokens against npm jose, told to ask for the same: algorithms, issuer, audience, type, exp. A
// token that we accept and jose does not would be a hole; there is one class of those, and why.
import assert from "node:assert/strict";
import { createLocalJWKSet, jwtVerify } from "jose";
import { test } from "node:test";
import { Writer } from "../../shim/wire.js";
import { compare } from "./support/compare.js";
import { EC, EC_PRIVATE, RSA, RSA_PRIVATE } from "./support/keys.js";
import { probe } from "./support/probe.js";
import { Random } from "./support/random.js";

const NOW = 1800000000;
const ISSUER = "https://login.example";
const random = new Random();
const base64url = (data) => Buffer.from(data).toString("base64url");

// ---- signing

const SIGNING = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
};
const secrets = Object.fromEntries(
  await Promise.all(
    Object.entries(SIGNING).map(async ([alg, algorithm]) => {
      const jwk = alg === "ES256" ? EC_PRIVATE : RSA_PRIVATE;
      return [alg, await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"])];
    }),
  ),
);

/** By whichever key fits; what no key fits gets one all the same. */
async function sign(alg, text) {
  const used = SIGNING[alg] ? alg : "ES256";
  return new Uint8Array(await crypto.subtle.sign(SIGNING[used], secrets[used], Buffer.from(text)));
}

// ---- what is tried

const usually = (value, ...others) => (random.chance(9) ? random.pick(others) : value);
const times = [-31, -30, -29, 0, 29, 30, 31, 300, 0.5].map((seconds) => NOW + seconds);
times.push(-1, 0, "1800000300", null, true, 1e300, 253402300800);
const types = ["JWT", "at+jwt", "application/at+jwt", "AT+JWT", "dpop+jwt", "logout+jwt", "x", "", 1];
const audiences = ["them", ["us"], ["us", "them"], ["them"], [], ["us", 1], Array(17).fill("us"), undefined, 1, {}];
const members = [
  { crit: ["exp"], exp: 1 },
  { crit: ["b64"], b64: true },
  { b64: true },
  { zip: "DEF" },
  { enc: "A256GCM" },
  { jwk: EC },
  { jku: "https://evil.example/" },
  { x5c: ["AA"] },
];

function header() {
  const alg = random.pick(["ES256", "ES256", "RS256", "PS256"]);
  const made = { alg, kid: usually(alg === "ES256" ? "e" : "r", "e", "r", undefined), typ: usually(undefined, ...types) };
  if (random.chance(10)) made.alg = random.pick(["none", "HS256", "ES384", "es256", "", 1]);
  if (random.chance(10)) made.kid = random.pick(["other", "", 1, "k".repeat(257), "twice"]);
  if (random.chance(20)) Object.assign(made, random.pick(members));
  return JSON.stringify(made);
}

function claims() {
  return JSON.stringify({
    iss: usually(ISSUER, "https://evil.example", `${ISSUER}/`, [ISSUER], undefined, 1),
    aud: usually("us", ...audiences),
    exp: usually(NOW + 300, ...times, undefined),
    nbf: usually(undefined, ...times),
    iat: usually(NOW, ...times, undefined),
    sub: usually("alice", undefined, "", 1),
  });
}

function keys() {
  const list = [{ ...EC, kid: "e" }, { ...RSA, kid: "r" }];
  if (random.chance(3)) list[0].alg = "ES256";
  if (random.chance(4)) list[1].alg = random.pick(["RS256", "PS256"]);
  if (random.chance(8)) delete random.pick(list).kid;
  if (random.chance(12)) list.push({ ...EC, kid: "e" });
  if (random.chance(12)) list.pop();
  return list;
}

const EDITS = [".", "=", "A", "B", "-", "_", "+", "/", " ", "\n", ".."];
async function token(text, body) {
  const alg = JSON.parse(text).alg;
  const signed = `${base64url(text)}.${base64url(body)}`;
  const signature = await sign(usually(alg, "ES256", "RS256"), random.chance(20) ? `${signed}x` : signed);
  if (random.chance(20)) signature[random.below(signature.length)] ^= 1 << random.below(8);
  const part = random.chance(30) ? signature.subarray(0, random.below(64)) : signature;
  const compact = `${signed}.${base64url(part)}`;
  return random.chance(10) ? random.mutate(compact, EDITS, 2) : compact;
}

const DOUBLED = (text) => text.replace(/}$/, ',"sub":"mallory"}');
async function inputs() {
  const body = claims();
  const text = await token(header(), random.chance(30) ? DOUBLED(body) : body);
  return JSON.stringify({ token: text, keys: keys(), type: usually(undefined, "at+jwt") });
}

// ---- the two

function ours(text) {
  const { token, keys, type } = JSON.parse(text);
  const input = new Writer().text(token).text(JSON.stringify({ keys })).text(ISSUER).text("us");
  const { ok, output } = probe("jwt", (type ? input.text(type) : input.span(null)).u64(NOW).bytes());
  return ok ? { ok, value: JSON.parse(new TextDecoder().decode(output)) } : { ok };
}

async function theirs(text) {
  const { token, keys, type } = JSON.parse(text);
  const options = {
    algorithms: Object.keys(SIGNING),
    issuer: ISSUER,
    audience: "us",
    typ: type,
    requiredClaims: ["exp"],
    clockTolerance: 30,
    currentDate: new Date(NOW * 1000),
  };
  try {
    return { ok: true, value: (await jwtVerify(token, createLocalJWKSet({ keys }), options)).payload };
  } catch (error) {
    assert.ok(error.code?.startsWith("ERR_J") || error instanceof TypeError, error.stack);
    return { ok: false };
  }
}

// ---- where they differ

function part(text, n) {
  try {
    return JSON.parse(Buffer.from(JSON.parse(text).token.split(".")[n], "base64url"));
  } catch {
    return {};
  }
}
const partText = (text, n) => Buffer.from(JSON.parse(text).token.split(".")[n] ?? "", "base64url").toString();
const refused = (test) => (text, ours) => !ours.ok && test(part(text, 0), part(text, 1), text);
const isNotStrict = (one) => base64url(Buffer.from(one, "base64url")) !== one;
const isTime = (value) => value === undefined || (Number.isSafeInteger(value) && value >= 0 && value <= 253402300799);
const EXAMPLE = { alg: "ES256", kid: "e" };
const GOOD = { iss: ISSUER, aud: "us", exp: NOW + 300, iat: NOW };

async function example(head, body, list = [{ ...EC, kid: "e" }]) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const signed = `${base64url(JSON.stringify(head))}.${base64url(text)}`;
  return JSON.stringify({ token: `${signed}.${base64url(await sign("ES256", signed))}`, keys: list });
}

test("jwt_verify against jose", async (t) =>
  compare(t, {
    inputs,
    ours,
    theirs,
    classes: [
      {
        why: "a type of another use is refused where none is asked for (RFC 8725 section 3.12)",
        example: await example({ ...EXAMPLE, typ: "logout+jwt" }, GOOD),
        is: refused(({ typ }) => /^(application\/)?(at|dpop|logout|secevent)\+jwt$/i.test(typ)),
      },
      {
        why: "header members that would change what the rest means",
        example: await example({ ...EXAMPLE, zip: "DEF" }, GOOD),
        is: refused((head) => ["crit", "b64", "zip", "enc"].some((name) => name in head)),
      },
      {
        why: "kid is a string of at most 256 bytes, typ a string",
        example: await example({ ...EXAMPLE, typ: 1 }, GOOD),
        is: refused(({ kid = "", typ = "" }) => typeof kid !== "string" || kid.length > 256 || typeof typ !== "string"),
      },
      {
        why: "a time is a whole number of seconds before the year 10000",
        example: await example(EXAMPLE, { ...GOOD, exp: NOW + 0.5 }),
        is: refused((_, { exp, nbf, iat }) => ![exp, nbf, iat].every(isTime)),
      },
      {
        why: "issued in the future: jose looks at iat only with a maximum age",
        example: await example(EXAMPLE, { ...GOOD, iat: NOW + 31 }),
        is: refused((_, { iat }) => iat > NOW + 30),
      },
      {
        why: "an audience is at most 16 strings, and nothing else",
        example: await example(EXAMPLE, { ...GOOD, aud: ["us", 1] }),
        is: refused((_, { aud }) => Array.isArray(aud) && (aud.length > 16 || aud.some((one) => typeof one !== "string"))),
      },
      {
        why: "a claim that stands twice",
        example: await example(EXAMPLE, DOUBLED(JSON.stringify({ ...GOOD, sub: "alice" }))),
        is: refused((_, __, text) => partText(text, 1).split('"sub"').length > 2),
      },
      {
        why: "strict base64url: a token has one spelling, and so one hash",
        example: (await example(EXAMPLE, GOOD)).replace('","keys', '\\n","keys'),
        is: refused((_, __, text) => JSON.parse(text).token.split(".").some(isNotStrict)),
      },
      {
        why: "several keys with the token's kid: each is tried, jose leaves that to its caller",
        example: await example(EXAMPLE, GOOD, [{ ...EC, kid: "e" }, { ...EC, kid: "e" }]),
        is: (text, ours) => ours.ok && JSON.parse(text).keys.filter(({ kid }) => kid === part(text, 0).kid).length > 1,
      },
    ],
  }));
