// List 3: forged tokens, at each of the three places where somebody's JWT is believed. S46 and S47.
import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";

import { Client, REDIRECT_URI } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { forgeries, jws, makeKeys } from "./support/forge.js";
import { Person } from "./support/person.js";
import { startProvider } from "./support/provider.js";
import { exchange, requestBytes } from "./support/raw.js";
import { startWorld } from "./support/world.js";

const es256 = (key) => (text) => sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
const now = () => Math.floor(Date.now() / 1000);
const ROWS = "J01 J02 J03 J04 J05 J06 J07 J09 J10 J11 J12 J13 J14 J15 J16 J17 J18 J19 J20";

const keys = makeKeys();
const signingKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });

let world, documents, provider, client, listener, evil;
let visits = 0;
before(async () => {
  listener = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  evil = `http://127.0.0.1:${listener.address().port}`;
  documents = await startDocuments();
  provider = await startProvider({ header: { alg: "ES256", kid: "ec" }, signer: es256(keys.ec.privateKey), jwks: keys.jwks });
  world = await startWorld({
    secrets: { SIGNING_KEY: JSON.stringify({ ...signingKey, kid: "ours" }) },
    config(config) {
      provider.config(config);
      config.signing_key = { secret: "SIGNING_KEY" };
    },
  });
  client = await Client.register(world);
});
after(async () => {
  await world?.stop();
  await provider?.stop();
  await documents?.stop();
  listener.close();
});

const person = () => {
  const somebody = new Person(world, "alice");
  somebody.home.push(provider.issuer);
  return somebody;
};

/** What of an answer could tell one forgery from another. */
async function judge(t, all, submit) {
  const refusals = new Set();
  const wrong = [];
  for (const { row, why, make, holds = false } of all) {
    const { accepted, said } = await submit(make);
    if (accepted !== holds) wrong.push(`${row}: ${why}: ${accepted ? "accepted" : said}`);
    if (!accepted) refusals.add(said);
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`list 3: ${all.length} tokens, ${all.filter(({ holds }) => holds).length} of them valid after all`);
  return [...refusals];
}

describe("at the token endpoint, as a client assertion", () => {
  let clientId, ours;
  before(async () => {
    ours = (await client.signIn(person())).refresh_token;
    const jwksUri = documents.answer("/jwks", { body: JSON.stringify(keys.jwks) });
    clientId = documents.publish("/client.json", { token_endpoint_auth_method: "private_key_jwt", jwks_uri: jwksUri });
  });
  const claims = () => ({ iss: clientId, sub: clientId, aud: world.url, jti: crypto.randomUUID(), iat: now(), exp: now() + 60 });

  /** Whether the client has authenticated shows in what is wrong then: the token is another client's. */
  const submit = async (make) => {
    const response = await world.post("/token", {
      grant_type: "refresh_token", refresh_token: ours, client_id: clientId, client_assertion: make(),
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    });
    const text = await response.text();
    const accepted = response.status === 400 && JSON.parse(text).error === "invalid_grant";
    return { accepted, said: `${response.status} ${text}` };
  };

  test(`S46 S47 F09 K01 K02 K03 ${ROWS}: only what a key of the client has signed, as it is`, async (t) => {
    const all = forgeries({ keys, claims, evil }).filter(({ why }) => why !== "nothing"); // that is no assertion
    const token = (changes) => jws({ alg: "ES256", kid: "ec" }, { ...claims(), ...changes }, es256(keys.ec.privateKey));
    for (const [why, changes] of Object.entries({
      "aud in a list": { aud: [world.url] }, "another endpoint": { aud: `${world.url}/revoke` }, "both in a list": { aud: [world.url, `${world.url}/token`] }, "the resource": { aud: world.mcp },
      "no jti": { jti: undefined }, "jti empty": { jti: "" }, "jti a number": { jti: 1 }, "jti of 10 KB": { jti: "j".repeat(10_000) },
      "for an hour": { exp: now() + 3600 }, "for ever": { exp: 253402300799 }, "issued by another": { iss: client.id }, "about another": { sub: client.id },
      "issued yesterday, and good until now": { iat: now() - 86_400 },
    })) all.push({ row: "K01-K03", why, make: () => token(changes) });
    for (const [why, changes] of Object.entries({ "ten seconds ahead": { iat: now() + 10, nbf: now() + 10 }, "no iat": { iat: undefined } }))
      all.push({ row: "K03", why, make: () => token(changes), holds: true });
    all.push({ row: "K02", why: "the token endpoint, by one with a document", make: () => token({ aud: `${world.url}/token` }), holds: true });
    const once = token({});
    all.push({ row: "18", why: "the first time", make: () => once, holds: true }, { row: "18", why: "replayed", make: () => once });
    // What is no form, or too long for one, is refused before it is an assertion.
    const refusals = (await judge(t, all, submit)).filter((refusal) => !/^(400|413) .*"invalid_request"/.test(refusal));
    assert.equal(refusals.length, 1, `one refusal for all: ${refusals.join("\n")}`);
    assert.match(refusals[0], /^401 .*"invalid_client"/);
    assert.equal(visits, 0, "nobody's jku was followed");
  });
});

describe("at the callback, as the product's ID token", () => {
  /** Made when the provider is asked for it: there is a nonce then. */
  const submit = async (make) => {
    provider.idToken = make;
    const at = await person().signIn((await client.request()).url);
    const answer = new URL(at).searchParams;
    return { accepted: answer.has("code"), said: `${answer.get("error")} ${answer.get("error_description")}` };
  };

  test(`S46 S47 S55 N11 ${ROWS}: only what a key of the provider has signed, for us, for this sign-in`, async (t) => {
    const all = forgeries({ keys, claims: provider.claims, evil });
    const add = (why, changes, holds) =>
      all.push({ row: "N11", why, holds, make: () => jws({ alg: "ES256", kid: "ec" }, { ...provider.claims(), ...changes() }, es256(keys.ec.privateKey)) });
    add("no nonce", () => ({ nonce: undefined }));
    add("another nonce", () => ({ nonce: "x" }));
    add("an empty nonce", () => ({ nonce: "" }));
    add("the nonce in a list", () => ({ nonce: [provider.nonce] }));
    add("azp another", () => ({ azp: "other" }));
    add("azp null", () => ({ azp: null }));
    add("two audiences, no azp", () => ({ aud: ["latchkey", "other"] }));
    add("two audiences, azp another", () => ({ aud: ["latchkey", "other"], azp: "other" }));
    add("no iat", () => ({ iat: undefined }));
    add("aud in a list", () => ({ aud: ["latchkey"] }), true);
    add("two audiences, azp us", () => ({ aud: ["latchkey", "other"], azp: "latchkey" }), true);
    const original = provider.idToken;
    const refusals = await judge(t, all, submit);
    provider.idToken = original;
    // One that could stand in no header or form is an answer gone wrong; for all others one refusal.
    assert.deepEqual(refusals.map((refusal) => refusal.split(" ")[0]).sort(), ["server_error", "temporarily_unavailable"], refusals.join("\n"));
    assert.equal(visits, 0, "nobody's jku was followed");
  });
});

describe("at the MCP endpoint, as an access token", () => {
  test(`S46 S47 H01 H04 H06 ${ROWS}: only what was issued, to the byte, whoever has signed it`, async (t) => {
    const { access_token: issued } = await client.signIn(person());
    const { host, port } = new URL(world.url);
    world.hooks.onRuntimeRequest = (_req, res) => res.writeHead(200).end();
    const submit = async (make) => {
      const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
      const lines = [`Host: ${host}`, "Content-Type: application/json", `Content-Length: ${body.length}`, `Authorization: Bearer ${make()}`];
      const { status, headers } = await exchange(port, requestBytes("POST", "/mcp/todo", lines, body));
      const challenge = headers.find(([name]) => name === "www-authenticate")?.[1];
      return { accepted: status === 200, said: `${status} ${challenge}` };
    };
    // Signed by the gateway's own key, with the claims of a token that lives.
    const own = { ...keys.ec, privateKey: createPrivateKey({ key: signingKey, format: "jwk" }) };
    const claims = () => JSON.parse(Buffer.from(issued.split(".")[1], "base64url"));
    const all = forgeries({ keys: { ...keys, ec: own }, claims, evil }).map((forgery) => ({ ...forgery, holds: false }));
    const header = { alg: "ES256", typ: "at+jwt", kid: "ours" };
    const signed = (changes) => () => jws(header, { ...claims(), ...changes }, es256(own.privateKey));
    all.push(
      { row: "18", why: "what was issued, signed anew with the same key", make: signed({}) },
      { row: "18", why: "with more scopes", make: signed({ scope: "todos:read todos:write admin" }) },
      { row: "18", why: "for a longer time", make: signed({ exp: now() + 86_400 }) },
      { row: "18", why: "for somebody else", make: signed({ sub: "u_AAAAAAAAAAAAAAAAAAAAAAAAAAA" }) },
      { row: "18", why: "with another jti", make: signed({ jti: "A".repeat(64) }) },
      { row: "17 J18", why: "an ID token", make: provider.idToken },
      { row: "16 J13", why: "spare bits in what was issued", make: () => issued.slice(0, -1) + (issued.endsWith("A") ? "B" : "A") },
      { row: "20", why: "what was issued, twice", make: () => `${issued},${issued}` },
      { row: "", why: "what was issued", make: () => issued, holds: true },
      { row: "", why: "space around it is not part of it (RFC 9110 section 5.5)", make: () => ` ${issued} `, holds: true },
    );
    const refusals = await judge(t, all, submit);
    // What is no header at all, or too long for one, the runtime refuses or we do, before it is a token.
    const ours = refusals.filter((refusal) => !/^(400|413|431|0) undefined/.test(refusal));
    assert.deepEqual(ours.length, 1, `one refusal for all: ${ours.join("\n")}`);
    assert.match(ours[0], /^401 Bearer error="invalid_token"/);
    assert.equal(visits, 0, "nobody's jku was followed");
  });
});
