// From nothing but a URL to a tool call made as the user, with a strict OAuth library as client.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { createRemoteJWKSet, jwtVerify } from "jose";

import { Client, discover, REDIRECT_URI } from "./support/client.js";
import { callTool, resultOf, send } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const getJson = async (url) => {
  const response = await world.fetch(url);
  assert.equal(response.status, 200, url);
  assert.match(response.headers.get("content-type"), /^application\/json(;|$)/);
  return response.json();
};

test("S2 G1 G05 H08: without a token, a bare challenge says where to look", async () => {
  const response = await send(world);
  assert.equal(response.status, 401);
  const challenge = response.headers.get("www-authenticate");
  assert.match(challenge, /^Bearer /);
  assert.match(challenge, new RegExp(`resource_metadata="${world.url}/.well-known/oauth-protected-resource/mcp/todo"`));
  assert.match(challenge, /scope="todos:read todos:write"/);
  assert.doesNotMatch(challenge, /error|offline_access/);

  const metadata = await getJson(/resource_metadata="([^"]+)"/.exec(challenge)[1]);
  assert.equal(metadata.resource, world.mcp);
  assert.deepEqual(metadata.authorization_servers, [world.url]);
});

test("A1 G02 G04: the resource's metadata, in path form and at the root", async () => {
  const wellKnown = `${world.url}/.well-known/oauth-protected-resource`;
  const metadata = await getJson(`${wellKnown}/mcp/todo`);
  assert.deepEqual(metadata, {
    resource: world.mcp,
    resource_name: "Todo",
    authorization_servers: [world.url],
    scopes_supported: ["todos:read", "todos:write"],
    bearer_methods_supported: ["header"],
  });
  assert.deepEqual(await getJson(wellKnown), metadata);
  for (const path of ["/mcp/other", "/mcp/todo/", "/mcp/", "/todo"])
    assert.equal((await world.fetch(wellKnown + path)).status, 404, path);
});

test("A1 A15 B08 F08 G01 G06 E11: the authorization server's metadata says what there is", async () => {
  const as = await discover(world);
  assert.equal(as.issuer, world.url);
  assert.deepEqual(as.response_types_supported, ["code"]);
  assert.deepEqual(as.grant_types_supported, ["authorization_code", "refresh_token"]);
  assert.deepEqual(as.code_challenge_methods_supported, ["S256"]);
  assert.equal(as.authorization_response_iss_parameter_supported, true);
  assert.equal(as.client_id_metadata_document_supported, true);

  const endpoints = Object.entries(as).filter(([name]) => /_endpoint$|_uri$/.test(name));
  assert.equal(endpoints.length, 6);
  for (const [name, url] of endpoints) {
    assert.ok(url.startsWith(`${world.url}/`), name);
    const { status } = await world.fetch(url);
    assert.notEqual(status, 404, `${name} is not there`);
  }
});

test("A1 G08: what signs tokens is public, and only its public half", async () => {
  const { keys } = await getJson(`${world.url}/.well-known/jwks.json`);
  assert.ok(keys.length > 0);
  for (const key of keys) assert.deepEqual(Object.keys(key).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
});

test("A1: no openid-configuration, and elsewhere a JSON 404", async () => {
  for (const path of ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/mcp/todo", "/nothing", "/mcp/other", "/authorize/"]) {
    const response = await world.fetch(world.url + path);
    assert.equal(response.status, 404, path);
    assert.equal((await response.json()).error, "not_found");
  }
});

test("S2 A5 E01: a client registers itself, and is told what was registered", async () => {
  const { information } = await Client.register(world, {
    client_name: "Flow",
    client_uri: "https://client.example/about",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    scope: "todos:read",
    application_type: "native",
  });
  assert.deepEqual(information.redirect_uris, [REDIRECT_URI]);
  assert.equal(information.client_name, "Flow");
  assert.equal(information.client_uri, "https://client.example/about");
  assert.equal(information.token_endpoint_auth_method, "none");
  assert.equal(information.client_secret, undefined);
  assert.equal(information.registration_client_uri, undefined);
  assert.doesNotMatch(information.client_id, /^https?:/);
});

test("S2 S1 A2 A4: the whole flow, up to a call that the API takes for the user's own", async () => {
  const client = await Client.register(world, { client_name: "Whole flow" });
  const alice = new Person(world, "alice");
  const request = await client.request({ scope: "todos:read todos:write" });

  // Consent comes first: nothing goes to the product before.
  const before = world.seen.provider.length;
  const consent = await alice.open(request.url);
  assert.equal(consent.response.status, 200);
  assert.match(consent.html.querySelector("h1").textContent, /Whole flow.*Todo/);
  assert.deepEqual(world.seen.provider.slice(before), []);

  const login = await alice.approve(consent);
  assert.ok(login.url.startsWith(world.todo.provider.issuer), login.url);
  const asked = world.seen.provider.slice(before).find(({ url }) => url.startsWith("/auth?"));
  const downstream = new URLSearchParams(asked.url.slice(6));
  assert.equal(downstream.get("code_challenge_method"), "S256");
  assert.ok(downstream.get("state") && downstream.get("nonce"));
  assert.equal(downstream.get("resource"), world.todo.runtime.audience);
  assert.notEqual(downstream.get("state"), request.state);

  const { redirect } = await alice.logIn(login);
  const callback = client.validate(request, redirect); // state, and iss by RFC 9207
  const tokens = await client.redeem({ ...request, callback });
  assert.equal(tokens.scope, "todos:read todos:write");
  assert.ok(tokens.expires_in > 0 && tokens.refresh_token);

  const me = await resultOf(await callTool(world, tokens.access_token, "whoami"));
  assert.equal(me.structuredContent.sub, "user-1001");

  // S1: the runtime has seen a token of the product's, and nothing of the client's.
  const { headers } = world.seen.runtime.at(-1);
  assert.notEqual(headers.authorization, `Bearer ${tokens.access_token}`);
  assert.equal(decodeClaims(headers.authorization).iss, world.todo.provider.issuer);
});

const decodeClaims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

test("A7 H01 H02 H03: the access token is a JWT by RFC 9068, verified with the published keys", async () => {
  const client = await Client.register(world);
  const tokens = await client.signIn(new Person(world, "alice"));
  const keys = createRemoteJWKSet(new URL(client.as.jwks_uri));
  const { payload, protectedHeader } = await jwtVerify(tokens.access_token, keys, {
    typ: "at+jwt",
    algorithms: ["ES256"],
    issuer: world.url,
    audience: world.mcp,
    requiredClaims: ["exp", "iat", "jti", "sub", "client_id"],
  });
  assert.ok(protectedHeader.kid);
  assert.equal(payload.aud, world.mcp);
  assert.equal(payload.client_id, client.id);
  assert.equal(payload.scope, "todos:read todos:write");
  assert.equal(payload.exp - payload.iat, tokens.expires_in);
  assert.doesNotMatch(JSON.stringify(payload), /user-1001|alice|@/, "sub is a pseudonym");

  const again = decodeClaims((await client.signIn(new Person(world, "alice"))).access_token);
  assert.equal(again.sub, payload.sub);
  assert.notEqual(again.jti, payload.jti);
  assert.notEqual(decodeClaims((await client.signIn(new Person(world, "bob"))).access_token).sub, payload.sub);
});

test("A4 D01 D05: a refresh rotates the token and keeps the scopes; the new tokens work", async () => {
  const client = await Client.register(world);
  const first = await client.signIn(new Person(world, "bob"));
  const second = await client.refresh(first.refresh_token, { resource: world.mcp });
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.notEqual(second.access_token, first.access_token);
  assert.equal(second.scope, first.scope);
  const { structuredContent } = await resultOf(await callTool(world, second.access_token, "whoami"));
  assert.equal(structuredContent.sub, "user-1002");
  await client.refresh(second.refresh_token);
});

test("S3 N09: each sign-in has its own state, nonce, challenge and cookie", async () => {
  const client = await Client.register(world);
  const alice = new Person(world, "alice");
  const seen = { state: new Set(), nonce: new Set(), code_challenge: new Set() };
  for (let tab = 0; tab < 3; tab++) {
    const { url } = await client.request();
    const consent = await alice.open(url);
    const from = world.seen.provider.length;
    await alice.approve(consent);
    const asked = world.seen.provider.slice(from).find(({ url }) => url.startsWith("/auth?"));
    const query = new URLSearchParams(asked.url.slice(6));
    for (const [name, values] of Object.entries(seen)) values.add(query.get(name));
  }
  for (const [name, values] of Object.entries(seen)) assert.equal(values.size, 3, name);
  const cookies = (await alice.jar.getCookies(world.url)).filter(({ key }) => key.startsWith("__Host-latchkey"));
  assert.equal(cookies.length, 3, "each tab is a sign-in of its own");
});
