/** List 3: what a JWT looks like that somebody else has made of a valid one, or of the public keys. */
import { constants, createHash, createHmac, generateKeyPairSync, privateEncrypt, randomBytes, sign } from "node:crypto";

import { encodings, payloads } from "./forge_claims.js";

export const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
const part = (value) => b64(typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value));

/** @param {(text: string) => Uint8Array} signer */
export const jws = (header, payload, signer) => {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${b64(signer(text))}`;
};
const p1363 = (key) => (text) => sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
const rs256 = (key) => (text) => sign("sha256", Buffer.from(text), key);
const ps256 = (key) => (text) => sign("sha256", Buffer.from(text), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
const hmac = (bits, secret) => (text) => createHmac(`sha${bits}`, secret).update(text).digest();
const empty = () => "";

const pair = (kid, type, options, more = {}) => {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  return { kid, publicKey, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, ...more } };
};
/** A key that would verify any padded hash: whatever is raised to 1 is itself. */
const exponentOne = (kid, bytes) => {
  const n = randomBytes(bytes);
  n[0] |= 0x80;
  n[bytes - 1] |= 1;
  return { kid, bytes, jwk: { kty: "RSA", n: b64(n), e: "AQ", kid, alg: "RS256" } };
};

/** The good keys, and those that have no business in a JWK set but stand in it. */
export function makeKeys() {
  const keys = {
    ec: pair("ec", "ec", { namedCurve: "P-256" }, { alg: "ES256", use: "sig" }),
    rsa: pair("rsa", "rsa", { modulusLength: 2048 }, { alg: "RS256", use: "sig" }),
    e3: pair("e3", "rsa", { modulusLength: 2048, publicExponent: 3 }, { alg: "RS256" }),
    short: pair("short", "rsa", { modulusLength: 1024 }, { alg: "RS256" }),
    one: exponentOne("one", 256),
    long: exponentOne("long", 1024),
    p384: pair("p384", "ec", { namedCurve: "P-384" }, { alg: "ES256" }),
    k256: pair("k256", "ec", { namedCurve: "secp256k1" }, { alg: "ES256" }),
    posing: pair("posing", "ec", { namedCurve: "secp256k1" }, { crv: "P-256", alg: "ES256" }),
    ed: pair("ed", "ed25519", {}, { alg: "EdDSA" }),
    forPs: pair("forPs", "rsa", { modulusLength: 2048 }, { alg: "PS256" }),
    forEncryption: pair("forEncryption", "ec", { namedCurve: "P-256" }, { use: "enc" }),
    forSigning: pair("forSigning", "ec", { namedCurve: "P-256" }, { key_ops: ["sign"] }),
    attacker: pair("ec", "ec", { namedCurve: "P-256" }),
  };
  do keys.thin = pair("thin", "ec", { namedCurve: "P-256" }, { alg: "ES256" });
  while (Buffer.from(keys.thin.jwk.x, "base64url")[0] !== 0);
  keys.thin.jwk.x = b64(Buffer.from(keys.thin.jwk.x, "base64url").subarray(1));
  const { attacker, ...published } = keys;
  const octets = { kty: "oct", k: b64("secret"), kid: "oct", alg: "HS256" };
  return { ...keys, jwks: { keys: [...Object.values(published).map(({ jwk }) => jwk), octets, { kty: "new" }] } };
}

/** EMSA-PKCS1-v1_5 with the hash where it belongs, or not. */
function rsaBlock(text, { size = 256, digestInfo = "3031300d060960864801650304020105000420", garbage = 0 } = {}) {
  const hash = Buffer.concat([Buffer.from(digestInfo, "hex"), sha256(text)]);
  const padding = Buffer.alloc(size - hash.length - garbage - 3, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), hash, Buffer.alloc(garbage, 0x41)]);
}
const sha256 = (text) => createHash("sha256").update(text).digest();
const rawRsa = (key, options) => (text) => privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, rsaBlock(text, options));

/** The integer whose cube begins with the block: what a verifier that stops at the hash takes for a signature with e = 3. */
function cubeRoot(block) {
  const target = BigInt(`0x${block.toString("hex")}`);
  let root = 1n << BigInt(Math.ceil((block.length * 8) / 3));
  for (let next = (2n * root + target / (root * root)) / 3n; next < root; next = (2n * root + target / (root * root)) / 3n) root = next;
  return Buffer.from((root + 1n).toString(16).padStart(512, "0"), "hex");
}
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const int32 = (n) => Buffer.from(n.toString(16).padStart(64, "0"), "hex");

/**
 * All of list 3 but what only one place can know (its audience, its replays).
 *
 * @param {ReturnType<typeof makeKeys>} keys
 * @param {() => object} claims valid ones, fresh each time
 * @param {string} evil an origin of the attacker's, which nobody may visit
 * @returns {{ row: string, why: string, make: () => string, holds?: true }[]} row: its number in list 3,
 *   and the requirement; holds: this one is valid after all
 */
export function forgeries({ keys, claims, evil }) {
  const all = [];
  const add = (row, why, make, holds) => all.push({ row, why, make, holds });
  const header = (more) => ({ alg: "ES256", typ: "JWT", kid: "ec", ...more });
  const es = (more, payload = claims(), key = keys.ec) => jws(header(more), payload, p1363(key.privateKey));
  const rs = (more, signer = rs256(keys.rsa.privateKey)) => jws(header({ alg: "RS256", kid: "rsa", ...more }), claims(), signer);
  const parts = (change) => () => change(...es().split("."));

  for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
    add("1 J02", `alg ${alg}`, () => jws(header({ alg }), claims(), empty));
    add("2 J02", `alg ${alg} with a signature`, () => es({ alg }));
  }
  add("3 J02", "the signature removed", parts((h, p) => `${h}.${p}.`));
  add("3 J02", "the signature and its dot removed", parts((h, p) => `${h}.${p}`));

  const exported = (type, format) => keys.rsa.publicKey.export({ type, format });
  const { e, n } = keys.rsa.jwk;
  const secrets = {
    "PEM": exported("spki", "pem"), "PEM without its last line end": exported("spki", "pem").trim(), "DER SPKI": exported("spki", "der"),
    "DER PKCS#1": exported("pkcs1", "der"), "PEM PKCS#1": exported("pkcs1", "pem"), "JWK as served": JSON.stringify(keys.rsa.jwk),
    "JWK, canonical": `{"e":"${e}","kty":"RSA","n":"${n}"}`, "modulus": Buffer.from(n, "base64url"),
    "x and y": Buffer.concat([keys.ec.jwk.x, keys.ec.jwk.y].map((half) => Buffer.from(half, "base64url"))), "kid": "rsa",
  };
  for (const [why, secret] of Object.entries(secrets)) add("4 J03", `HS256 keyed with the public key: ${why}`, () => rs({ alg: "HS256" }, hmac(256, secret)));
  for (const secret of ["", "secret", "your-256-bit-secret", "password", "changeme", "key"])
    for (const bits of [256, 384, 512]) add("5-6 J01", `HS${bits} keyed with "${secret}"`, () => jws(header({ alg: `HS${bits}`, kid: "oct" }), claims(), hmac(bits, secret)));

  const byAttacker = (more) => () => es(more, claims(), keys.attacker);
  const { jwk } = keys.attacker;
  add("7 J10", "jwk in the header", byAttacker({ jwk }));
  add("7 J10", "jwk in the header, no kid", byAttacker({ jwk, kid: undefined }));
  for (const name of ["jku", "x5u"]) {
    for (const url of [`${evil}/keys`, "https://169.254.169.254/keys", `http://127.0.0.1/?next=${evil}`]) add("8 J10", `${name} ${url}`, byAttacker({ [name]: url }));
    add("8 J10", `${name}, signed with the right key: ignored`, () => es({ [name]: `${evil}/keys` }), true);
  }
  add("8 J10", "x5c", byAttacker({ x5c: ["MIIB"] }));

  for (const kid of ["../../dev/null", "' OR 1=1 --", "ec\0", "\0", "", "e", "ec ", "EC", "k".repeat(10_000), ["ec"], 1, true, {}, null])
    add("9 J11", `kid ${JSON.stringify(kid).slice(0, 30)}`, () => es({ kid }));
  add("9 J11", "another key's kid", () => es({ kid: "forSigning" }));
  add("9 J11", "no kid, and two keys that it could be", () => rs({ kid: undefined }));
  add("9 J11", "no kid, and one key only that it could be", () => es({ kid: undefined }), true);
  for (const crit of [["exp"], [], ["unknown"], ["b64"], "exp", {}, null, [1]]) add("10 J09", `crit ${JSON.stringify(crit)}`, () => es({ crit }));
  add("10 J09", "b64 false", () => es({ b64: false }));
  add("10 J09", "b64 false, critical", () => es({ b64: false, crit: ["b64"] }));

  const signed = (change) => parts((h, p, s) => {
    const bytes = Buffer.from(s, "base64url");
    const [first, second] = [bytes.subarray(0, 32), bytes.subarray(32)].map((half) => BigInt(`0x${half.toString("hex")}`));
    return `${h}.${p}.${b64(change({ bytes, r: first, s: second, text: `${h}.${p}` }))}`;
  });
  for (const [why, change] of Object.entries({
    "DER": ({ text }) => sign("sha256", Buffer.from(text), keys.ec.privateKey), "63 octets": ({ bytes }) => bytes.subarray(0, 63),
    "65 octets": ({ bytes }) => Buffer.concat([bytes, Buffer.of(0)]), "65 octets, zero first": ({ bytes }) => Buffer.concat([Buffer.of(0), bytes]),
    "128 octets": ({ bytes }) => Buffer.concat([bytes, bytes]), "r zero": ({ s }) => Buffer.concat([int32(0n), int32(s)]),
    "s zero": ({ r }) => Buffer.concat([int32(r), int32(0n)]), "both zero": () => Buffer.alloc(64),
    "r + n": ({ r, s }) => Buffer.concat([Buffer.from((r + ORDER).toString(16).padStart(66, "0"), "hex"), int32(s)]),
    "r = n": ({ s }) => Buffer.concat([int32(ORDER), int32(s)]), "s = n": ({ r }) => Buffer.concat([int32(r), int32(ORDER)]),
    "all FF": () => Buffer.alloc(64, 0xff), "halves swapped": ({ r, s }) => Buffer.concat([int32(s), int32(r)]),
    "one bit": ({ bytes }) => Buffer.from(bytes).fill(bytes[63] ^ 1, 63),
  })) add("11 J06", why, signed(change));
  add("11 J06", "n - s: another signature of the same (accepted by rule)", signed(({ r, s }) => Buffer.concat([int32(r), int32(ORDER - s)])), true);

  const weak = (kid, signer) => () => rs({ kid }, signer);
  add("12 J05", "e = 3, and the signature right", weak("e3", rs256(keys.e3.privateKey)), true);
  add("12 J05", "e = 3, and only the front of the block", weak("e3", (text) => cubeRoot(rsaBlock(text, { garbage: 196 }))));
  for (const [why, options] of Object.entries({
    "no NULL": { digestInfo: "302f300b0609608648016503040201" + "0420" }, "bytes behind the hash": { garbage: 8 },
    "SHA-1 said, SHA-256 given": { digestInfo: "3021300906052b0e03021a05000414" }, "no DigestInfo": { digestInfo: "" },
  })) add("12 J01", `RSA: ${why}`, () => rs({}, rawRsa(keys.rsa.privateKey, options)));
  add("12 J01", "PS256 labelled RS256", () => rs({}, ps256(keys.rsa.privateKey)));
  add("12 J01", "RS256 labelled PS256", () => rs({ alg: "PS256" }));
  add("12 J01", "PS256 with a key for RS256", () => rs({ alg: "PS256" }, ps256(keys.rsa.privateKey)));
  add("12 J01", "RS256 with a key for PS256", weak("forPs", rs256(keys.forPs.privateKey)));
  add("12 J01", "RS512", () => rs({ alg: "RS512" }, (text) => sign("sha512", Buffer.from(text), keys.rsa.privateKey)));
  add("12 J01", "ES256 said, RSA signed", () => jws(header(), claims(), rs256(keys.rsa.privateKey)));
  add("12 J04", "1024 bits", weak("short", rs256(keys.short.privateKey)));
  for (const key of [keys.one, keys.long]) add("12 J05", `e = 1, ${key.bytes * 8} bits`, weak(key.kid, (text) => rsaBlock(text, { size: key.bytes })));

  for (const kid of ["p384", "k256", "posing"]) add("13 J07", `${kid} labelled ES256`, () => es({ kid }, claims(), keys[kid]));
  add("13 J01", "ES256K", () => es({ alg: "ES256K", kid: "k256" }, claims(), keys.k256));
  add("13 J07", "x without its leading zero", () => es({ kid: "thin" }, claims(), keys.thin));
  for (const alg of ["EdDSA", "Ed25519", "ES256"])
    add("14 J01", `Ed25519 as ${alg}`, () => jws(header({ alg, kid: "ed" }), claims(), (text) => sign(null, Buffer.from(text), keys.ed.privateKey)));
  for (const kid of ["forEncryption", "forSigning"]) add("14 J20", kid, () => es({ kid }, claims(), keys[kid]));

  all.push(...payloads({ claims, es }), ...encodings({ parts, claims, es }));
  for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", 1, null, ["JWT"]])
    add("17 J18", `typ ${JSON.stringify(typ)}`, () => es({ typ }));
  for (const typ of ["JWT", "jwt", "application/jwt", undefined]) add("17 J18", `typ ${typ}`, () => es({ typ }), true);
  add("19", "the header in another order, with spaces", () => jws('{ "kid" : "ec",\n"alg":"ES256" , "typ":"JWT" }', claims(), p1363(keys.ec.privateKey)), true);
  add("20", "two tokens, comma-joined", () => `${es()},${es()}`);
  add("20", "two tokens", () => `${es()} ${es()}`);
  return all;
}
