/** Of list 3, rows 15 and 16: what is signed with the right key, and yet says nothing that could be believed. */
import { deflateRawSync } from "node:zlib";

import { b64 } from "./forge.js";

const now = () => Math.floor(Date.now() / 1000);

/** Every way to write a time that is none. */
const NO_TIMES = ["1e400", "-1", "null", '"2000000000"', "2000000000.5", "true", "[2000000000]", "{}", "9223372036854775808", "1e99", "NaN", "0x77359400"];

/** Row 15. */
export function payloads({ claims, es }) {
  const all = [];
  const add = (row, why, change) => {
    const text = (payload) => (typeof change === "string" ? `${JSON.stringify(payload).slice(0, -1)},${change}}` : { ...payload, ...change(payload) });
    all.push({ row: `15 ${row}`, why, make: () => es({}, text(claims())) });
  };
  for (const name of ["iss", "aud", "sub", "exp"]) {
    const own = JSON.stringify(claims()[name]);
    add("J12", `${name} twice`, `"${name}":${own}`);
    add("J12", `${name} twice, one of them escaped`, `"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":${own}`);
    for (const other of [name.toUpperCase(), name[0].toUpperCase() + name.slice(1), ` ${name}`]) add("J12", `${JSON.stringify(other)} for ${name}`, (payload) => ({ [name]: undefined, [other]: payload[name] }));
    add("J12", `${name} in __proto__`, (payload) => ({ [name]: undefined, ["__proto__"]: { [name]: payload[name] } }));
    add("J16", `no ${name}`, () => ({ [name]: undefined }));
    for (const value of [null, {}, [], true, ""]) add("J16", `${name} ${JSON.stringify(value)}`, () => ({ [name]: value }));
  }
  for (const name of ["iss", "aud"]) {
    const changed = (how) => (payload) => ({ [name]: how(payload[name]) });
    for (const [why, how] of Object.entries({
      prefix: (text) => text.slice(0, -1), suffix: (text) => text.slice(1), longer: (text) => `${text}x`, "in upper case": (text) => text.toUpperCase(),
      "with a slash": (text) => `${text}/`, "with a space": (text) => ` ${text}`, "in another list": (text) => ["https://other.example", `${text}x`],
      "in a list of mixed types": (text) => [text, 1], "in an object": (text) => ({ [text]: text }), "another": () => "https://other.example",
    })) add(name === "iss" ? "J15" : "J16", `${name} ${why}`, changed(how));
  }
  add("J15", "iss in a list", (payload) => ({ iss: [payload.iss] }));
  for (const sub of ["\0", 1]) add("J14", `sub ${JSON.stringify(sub)}`, () => ({ sub }));
  for (const time of NO_TIMES) {
    const without = (name) => JSON.stringify({ ...claims(), [name]: undefined }).slice(0, -1);
    for (const name of ["exp", "nbf", "iat"]) all.push({ row: "15 J17", why: `${name} ${time}`, make: () => es({}, `${without(name)},"${name}":${time}}`) });
  }
  add("J17", "expired two minutes ago", () => ({ exp: now() - 120 }));
  add("J17", "exp 0", () => ({ exp: 0 }));
  add("J17 K03", "valid in two minutes", () => ({ nbf: now() + 120 }));
  add("J17 K03", "issued in two minutes", () => ({ iat: now() + 120 }));
  return all;
}

/** Row 16. */
export function encodings({ parts, claims, es }) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const spare = (text) => text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)) ^ 1];
  const rows = (row, all) => Object.entries(all).map(([why, make]) => ({ row: `16 ${row}`, why, make }));
  const texts = (all) => Object.fromEntries(Object.entries(all).map(([why, change]) => [why, parts(change)]));
  const payload = (change) => () => es({}, change(JSON.stringify(claims())));
  const nested = (depth) => (json) => `${json.slice(0, -1)},"deep":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  const jwe = (header) => parts((_h, p) => [JSON.stringify(header), "key", "iv"].map(b64).join(".") + `.${p}.${b64("tag")}`);
  return [
    ...rows("J13", texts({
      "padding": (h, p, s) => `${h}.${p}.${s}==`, "padding in the header": (h, p, s) => `${h}=.${p}.${s}`, "+ and /": (h, p, s) => `${h}.${p}.${s.slice(0, -2)}+/`,
      "one + in it": (h, p, s) => `${h}.${p}.+${s.slice(1)}`, "a space before": (h, p, s) => ` ${h}.${p}.${s}`, "a space behind": (h, p, s) => `${h}.${p}.${s} `,
      "a space in it": (h, p, s) => `${h}.${p}.${s.slice(0, 40)} ${s.slice(40)}`, "a newline in it": (h, p, s) => `${h}.\n${p}.${s}`,
      "a newline behind": (h, p, s) => `${h}.${p}.${s}\n`, "a tab": (h, p, s) => `${h}.${p}.\t${s}`, "NUL behind": (h, p, s) => `${h}.${p}.${s}\0`,
      "spare bits in the signature": (h, p, s) => `${h}.${p}.${spare(s)}`, "a character too many": (h, p, s) => `${h}.${p}.${s}A`,
      "%2e for a dot": (h, p, s) => `${h}%2e${p}.${s}`, "four parts": (h, p, s) => `${h}.${p}.${s}.`, "five parts": (h, p, s) => `${h}.${p}.${s}..`,
      "signed twice": (h, p, s) => `${h}.${p}.${s}.${s}`, "nothing": () => "", "dots": () => "..", "one part": (h) => h,
      "flattened JSON": (h, p, s) => JSON.stringify({ protected: h, payload: p, signature: s }),
      "general JSON": (h, p, s) => JSON.stringify({ payload: p, signatures: [{ protected: h, signature: s }] }),
      "with a scheme": (h, p, s) => `Bearer ${h}.${p}.${s}`, "quoted": (h, p, s) => `"${h}.${p}.${s}"`, "1 MB": (h, p) => `${h}.${p}.${"A".repeat(1 << 20)}`,
    })),
    ...rows("J14", {
      "UTF-16": payload((json) => Buffer.from(json, "utf16le")), "a BOM": payload((json) => `\ufeff${json}`),
      "invalid UTF-8": payload((json) => Buffer.concat([Buffer.from(json.slice(0, -1)), Buffer.from(',"x":"\xff"}', "latin1")])),
      "NUL behind the JSON": payload((json) => `${json}\0`), "something behind the JSON": payload((json) => `${json}{}`), "a comment": payload((json) => `/**/${json}`),
      "a trailing comma": payload((json) => `${json.slice(0, -1)},}`), "single quotes": payload((json) => json.replaceAll('"', "'")), "1,000 deep": payload(nested(1000)),
      "33 deep": payload(nested(33)), "an array": payload((json) => `[${json}]`), "a string": payload((json) => JSON.stringify(json)), "null": payload(() => "null"),
      "no payload": payload(() => ""), "a lone surrogate": payload((json) => `${json.slice(0, -1)},"x":"\\ud800"}`),
      "\\u0000": payload((json) => `${json.slice(0, -1)},"x":"\\u0000"}`), "20 KB": payload((json) => `${json.slice(0, -1)},"x":"${"y".repeat(20_000)}"}`),
    }),
    ...rows("J19", {
      "JWE, direct": jwe({ alg: "dir", enc: "A256GCM" }), "JWE, RSA1_5": jwe({ alg: "RSA1_5", enc: "A128CBC-HS256" }),
      "JWE, PBES2 with 2^31 rounds": jwe({ alg: "PBES2-HS256+A128KW", enc: "A128CBC-HS256", p2s: "AA", p2c: 2 ** 31 }),
      "JWE, compressed": jwe({ alg: "dir", enc: "A256GCM", zip: "DEF" }), "enc in a JWS": () => es({ enc: "A256GCM" }),
      "zip in a JWS": () => es({ zip: "DEF" }, deflateRawSync(JSON.stringify(claims()))), "a bomb": () => es({ zip: "DEF" }, deflateRawSync(Buffer.alloc(1 << 22, 0x20))),
    }),
  ];
}
