// Latchkey as the client of a product's authorization server: each way to be one, and to learn who signed in.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { exportJWK, generateKeyPair } from "jose";

import { Client } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { due, startWorld } from "./support/world.js";

const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const [privateJwk, publicJwk] = await Promise.all([privateKey, publicKey].map(async (key) => ({ ...(await exportJWK(key)), kid: "1" })));
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

const without = (name) => (req, res) => void (req.url.startsWith(name) && res.writeHead(404).end());

/** Todo's own endpoints know no tokens that are JWTs; these believe them. */
async function tellsWho(req, res) {
  const tell = (token) => res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ active: true, ...claimsOf(token) }));
  if (req.url.startsWith("/.well-known/")) res.writeHead(404).end();
  if (req.url === "/me") tell(req.headers.authorization);
  if (req.url === "/token/introspection") tell(new URLSearchParams(Buffer.concat(await req.toArray()).toString()).get("token"));
}
const byHand = (more) => (issuer) => ({
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  ...more(issuer),
});

/** What the product's client is there, and what latchkey.json says of it. */
const WAYS = {
  "client_secret_post, ES256": {
    client: { token_endpoint_auth_method: "client_secret_post", id_token_signed_response_alg: "ES256" },
    profile: { token_endpoint_auth_method: "client_secret_post" },
    identity: "id_token",
  },
  "private_key_jwt, PS256": {
    client: { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [publicJwk] }, client_secret: undefined, id_token_signed_response_alg: "PS256" },
    profile: { client_secret: undefined, client_key: { secret: "TODO_KEY" } },
    identity: "id_token",
  },
  "a public client": {
    client: { token_endpoint_auth_method: "none", client_secret: undefined },
    profile: { client_secret: undefined },
    identity: "id_token",
  },
  "no OpenID, so introspection": {
    profile: byHand((issuer) => ({ introspection_endpoint: `${issuer}/token/introspection`, scopes: ["offline_access", "todos:read", "todos:write"] })),
    hook: tellsWho,
    identity: "/token/introspection",
  },
  "no keys, so userinfo": {
    profile: byHand((issuer) => ({ userinfo_endpoint: `${issuer}/me` })),
    hook: tellsWho,
    identity: "/me",
  },
  "discovery by RFC 8414 only": {
    hook: without("/.well-known/openid-configuration"),
    identity: "id_token",
  },
  "no discovery, endpoints by hand": {
    profile: byHand((issuer) => ({ jwks_uri: `${issuer}/jwks` })),
    hook: without("/.well-known/"),
    identity: "id_token",
  },
};

for (const [way, { client: metadata, profile = {}, hook, identity }] of Object.entries(WAYS)) {
  test(`S3: ${way}: signed in, called, refreshed`, async (t) => {
    let lifetime = 2;
    const world = await startWorld({
      secrets: { TODO_KEY: JSON.stringify(privateJwk) },
      todo: { client: metadata, accessTokenSeconds: () => lifetime },
      config: ({ profiles: { todo } }) => {
        Object.assign(todo, typeof profile === "function" ? profile(todo.issuer) : profile);
        for (const name of Object.keys(todo)) if (todo[name] === undefined) delete todo[name];
      },
    });
    t.after(world.stop);
    world.hooks.onProviderRequest = hook;

    const client = await Client.register(world);
    const alice = new Person(world, "alice");
    const tokens = await client.signIn(alice);
    await due(lifetime);
    lifetime = 3600;
    const me = await resultOf(await callTool(world, tokens.access_token, "whoami"));
    assert.equal(me.structuredContent.sub, "user-1001");
    assert.deepEqual(world.todo.provider.tokenRequests.map(({ grantType, error }) => [grantType, error]),
      [["authorization_code", undefined], ["refresh_token", undefined]]);
    if (identity !== "id_token") assert.ok(world.seen.provider.some(({ url }) => url === identity), "asked who it is");
    for (const { url, headers } of world.seen.provider.filter(({ url }) => url === "/token"))
      assert.equal(Boolean(headers.authorization), metadata === undefined, `Basic by default only: ${url}`);

    // The same person by another sign-in is the same user.
    const signIn = async (login) => claimsOf((await client.signIn(new Person(world, login))).access_token).sub;
    assert.equal(await signIn("alice"), claimsOf(tokens.access_token).sub);
    assert.notEqual(await signIn("bob"), claimsOf(tokens.access_token).sub);
  });
}

describe("discovery that does not hold", () => {
  const metadata = (issuer, changes) => JSON.stringify({
    issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`, ...changes,
  });
  const answers = {
    "G09: another issuer": (issuer) => [200, metadata(`${issuer}/`)],
    "G09: an issuer elsewhere": () => [200, metadata("https://evil.example")],
    "a token endpoint without TLS": (issuer) => [200, metadata(issuer, { token_endpoint: "http://evil.example/token" })],
    "no endpoints": (issuer) => [200, JSON.stringify({ issuer })],
    "HTML": () => [200, "<h1>Welcome</h1>"],
    "an error": () => [500, "{}"],
    "a redirect": () => [302, ""],
  };
  test("S3: nobody is sent there, and once it is mended all is well", async (t) => {
    const world = await startWorld();
    t.after(world.stop);
    const client = await Client.register(world);
    for (const [why, answer] of Object.entries(answers))
      await t.test(`S3 ${why}`, async () => {
        const [status, body] = answer(world.todo.provider.issuer);
        world.hooks.onProviderRequest = (req, res) => {
          if (!req.url.startsWith("/.well-known/")) return;
          const type = body.startsWith("{") ? "application/json" : "text/html";
          res.writeHead(status, { "content-type": type, location: "/elsewhere" }).end(body);
        };
        const alice = new Person(world, "alice");
        const request = await client.request();
        const { redirect } = await alice.approve(await alice.open(request.url));
        assert.throws(() => client.validate(request, redirect), { error: "temporarily_unavailable" });
        assert.ok(world.seen.provider.every(({ url }) => url.startsWith("/.well-known/")), "no other request");
      });
    delete world.hooks.onProviderRequest;
    await client.signIn(new Person(world, "alice"));
  });
});
