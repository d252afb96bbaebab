// Whose user somebody is: a product's own, by its issuer and subject, and nobody else's.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, test } from "node:test";

import { Client } from "./support/client.js";
import { upToCallback } from "./support/midway.js";
import { Person } from "./support/person.js";
import { startProvider } from "./support/provider.js";
import { startWorld } from "./support/world.js";

let world, one, two, client;
const startIdp = () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = (text) => sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return startProvider({ header: { alg: "ES256", kid: "1" }, signer, jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256" }] } });
};
before(async () => {
  [one, two] = await Promise.all([startIdp(), startIdp()]);
  world = await startWorld({
    config(config) {
      one.config(config);
      config.profiles.other = { ...config.profiles.todo, issuer: two.issuer };
      config.servers.other = { ...config.servers.todo, name: "Other", profile: "other" };
    },
  });
  client = await Client.register(world);
});
after(() => Promise.all([world?.stop(), one?.stop(), two?.stop()]));

const person = () => {
  const somebody = new Person(world, "alice");
  somebody.home.push(one.issuer, two.issuer);
  return somebody;
};
const answerAs = async (provider, claims) => {
  const { claims: original } = provider;
  provider.claims = () => ({ ...original(), ...claims });
  const request = await client.request({ resource: `${world.url}/mcp/${provider === one ? "todo" : "other"}` });
  const answer = new URL(await person().signIn(request.url));
  provider.claims = original;
  return { request, answer };
};
/** `sub` of our token. */
async function userAs(provider, claims) {
  const { request, answer } = await answerAs(provider, claims);
  assert.ok(answer.searchParams.has("code"), String(answer.search));
  const parameters = { grant_type: "authorization_code", code: answer.searchParams.get("code"), code_verifier: request.verifier, client_id: client.id };
  const { access_token } = await (await world.post("/token", parameters)).json();
  return JSON.parse(Buffer.from(access_token.split(".")[1], "base64url")).sub;
}

test("S60 N12: another issuer, another subject: another user; another e-mail or name: the same", async () => {
  const user = await userAs(one, { sub: "1", email: "a@x.example", email_verified: true });
  assert.equal(await userAs(one, { sub: "1", email: "b@y.example", email_verified: true, name: "B", preferred_username: "b" }), user);
  const others = [[two, "1"], [one, "2"], [one, "01"], [one, "1 "], [one, "é"], [one, "e\u0301"], [one, "x".repeat(255)]];
  const users = [user];
  for (const [provider, sub] of others) users.push(await userAs(provider, { sub, email: "a@x.example", email_verified: true }));
  assert.equal(new Set(users).size, users.length);
});

test("S60: a subject that could be two, or none", async () => {
  for (const sub of ["", "a\0b", "a\nb", "\u007f", null, {}, ["1"], true, "x".repeat(10_000)]) {
    const { answer } = await answerAs(one, { sub });
    assert.equal(answer.searchParams.get("error"), "server_error", JSON.stringify(sub).slice(0, 40));
  }
});

test("S22 S24 S25 N06: each product has its own way back, and only its own sign-ins come in by it", async () => {
  for (const [server, mine, other] of [["todo", one, two], ["other", two, one]]) {
    const redirectUri = `${world.url}/callback/${server}`;
    const somebody = person();
    const callback = await upToCallback(somebody, (await client.request({ resource: `${world.url}/mcp/${server}` })).url);
    assert.ok(callback.startsWith(`${redirectUri}?`), callback);
    const state = new URL(callback).searchParams.get("state");
    assert.ok(mine.seen.some(({ query }) => query.get("state") === state && query.get("redirect_uri") === redirectUri));
    assert.ok(!other.seen.some(({ query }) => query.get("state") === state));
    const tokens = [one, two].map((provider) => provider.fetches("/token"));
    const wrong = `${world.url}/callback/${server === "todo" ? "other" : "todo"}?${new URLSearchParams({ code: "stolen", state, iss: other.issuer })}`;
    const page = await somebody.open(wrong);
    assert.equal(page.response.status, 403);
    assert.deepEqual([one, two].map((provider) => provider.fetches("/token")), tokens, "no code went anywhere");
    assert.ok(new URL((await somebody.open(callback)).redirect).searchParams.has("code"), "the right one still works");
  }
});
