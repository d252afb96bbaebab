// openid-client, a strict library that many applications sign their users in with: it reads our
// metadata, and must find every answer as the RFCs want it. (oauth4webapi is in all other tests.)
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";

import * as client from "openid-client";

import { REDIRECT_URI } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const SECRET = "resource-server-secret-0123456789";

let world, documents, issuer;
before(async () => {
  documents = await startDocuments();
  world = await startWorld({
    secrets: { RS_SECRET: SECRET },
    config: (config) => (config.clients = { api: { client_secret: { secret: "RS_SECRET" }, introspect: "todo" } }),
  });
  issuer = new URL(world.url);
});
after(async () => {
  await world?.stop();
  await documents?.stop();
});

const insecure = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
const register = (metadata, auth) =>
  client.dynamicClientRegistration(issuer, { redirect_uris: [REDIRECT_URI], client_name: "openid-client", ...metadata }, auth, insecure);

/** From the configuration to tokens, with everything that the library can check switched on. */
async function signIn(config) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: "todos:read",
    resource: world.mcp,
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const callback = new URL(await new Person(world, "alice").signIn(url.href));
  return client.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState }, { resource: world.mcp });
}

/** Sign-in, call, refresh, revocation. */
async function wholeLife(config) {
  const tokens = await signIn(config);
  assert.equal(tokens.token_type, "bearer");
  assert.equal(tokens.scope, "todos:read");
  const { structuredContent } = await resultOf(await callTool(world, tokens.access_token, "whoami"));
  assert.equal(structuredContent.sub, "user-1001");
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, { resource: world.mcp });
  assert.notEqual(renewed.refresh_token, tokens.refresh_token);
  await client.tokenRevocation(config, renewed.refresh_token);
  assert.equal((await callTool(world, renewed.access_token, "whoami")).status, 401);
  await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { error: "invalid_grant" });
}

test("A1 A2 A4 A6 G01: a public client", async () => {
  await wholeLife(await register({ token_endpoint_auth_method: "none" }, client.None()));
});

for (const [method, auth] of [["client_secret_basic", client.ClientSecretBasic], ["client_secret_post", client.ClientSecretPost]])
  test(`A4 C06 E07: ${method}`, async () => {
    await wholeLife(await register({ token_endpoint_auth_method: method }, auth()));
  });

for (const [alg, type, options] of [["ES256", "ec", { namedCurve: "P-256" }], ["RS256", "rsa", { modulusLength: 2048 }], ["PS256", "rsa", { modulusLength: 2048 }]])
  test(`A4 A5 F09 K01 K02: a metadata document with private_key_jwt, ${alg}, and a jwks_uri`, async () => {
    const { publicKey, privateKey } = generateKeyPairSync(type, options);
    const hash = alg === "ES256" ? { name: "ECDSA", namedCurve: "P-256" } : { name: alg === "PS256" ? "RSA-PSS" : "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("pkcs8", privateKey.export({ type: "pkcs8", format: "der" }), hash, false, ["sign"]);
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: alg, alg, use: "sig" };
    const jwksUri = documents.answer(`/${alg}/jwks`, { body: JSON.stringify({ keys: [jwk] }) });
    const clientId = documents.publish(`/${alg}/client.json`, {
      token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: alg, jwks_uri: jwksUri, grant_types: ["authorization_code", "refresh_token"],
    });
    const config = await client.discovery(issuer, clientId, undefined, client.PrivateKeyJwt({ key, kid: alg }), insecure);
    await wholeLife(config);
    assert.equal(documents.fetches(`/${alg}/jwks`), 1, "one fetch for a code, a refresh and a revocation");
  });

test("A6 M05: introspection, by a resource server", async () => {
  const tokens = await signIn(await register({ token_endpoint_auth_method: "none" }, client.None()));
  const api = await client.discovery(issuer, "api", SECRET, client.ClientSecretBasic(SECRET), insecure);
  const said = await client.tokenIntrospection(api, tokens.access_token);
  assert.equal(said.active, true);
  assert.equal(said.aud, world.mcp);
  assert.equal(said.scope, "todos:read");
});

test("A2 A14: a denial is an error of the right issuer", async () => {
  const config = await register({ token_endpoint_auth_method: "none" }, client.None());
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI, state: "s", code_challenge: await client.calculatePKCECodeChallenge("v".repeat(43)), code_challenge_method: "S256",
  });
  const alice = new Person(world, "alice");
  const { redirect } = await alice.deny(await alice.open(url.href));
  await assert.rejects(client.authorizationCodeGrant(config, new URL(redirect), { expectedState: "s", pkceCodeVerifier: "v".repeat(43) }), { error: "access_denied" });
});
