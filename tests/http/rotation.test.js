// The root secret is replaced: what was issued goes on while the previous one is there, and not after.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";

import { Client, refusal } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const secret = () => randomBytes(32).toString("base64url");

let world, client, confidential, tokens;
before(async () => {
  world = await startWorld();
  client = await Client.register(world);
  confidential = await Client.register(world, { token_endpoint_auth_method: "client_secret_basic" });
  tokens = await client.signIn(new Person(world, "alice"));
  await resultOf(await callTool(world, tokens.access_token, "whoami"));
});
after(() => world?.stop());

async function rotate(secrets) {
  await world.kill();
  await world.restart({ secrets });
}
const verify = (token) => jwtVerify(token, createRemoteJWKSet(new URL(`${world.url}/.well-known/jwks.json`)), { issuer: world.url });

test("A7 S77: with the previous secret at hand, everything goes on", async () => {
  const alice = new Person(world, "alice");
  const onItsWay = await client.request();
  const consent = await alice.open(onItsWay.url);
  const other = await confidential.signIn(new Person(world, "bob"));
  const unredeemed = await client.authorize(new Person(world, "alice"));

  await rotate({ LATCHKEY_SECRET: secret(), LATCHKEY_SECRET_PREVIOUS: world.secrets.LATCHKEY_SECRET });

  await resultOf(await callTool(world, tokens.access_token, "whoami"));
  await verify(tokens.access_token);
  const next = await client.refresh(tokens.refresh_token);
  assert.notEqual(decodeProtectedHeader(next.access_token).kid, decodeProtectedHeader(tokens.access_token).kid);
  await verify(next.access_token);
  await resultOf(await callTool(world, next.access_token, "whoami"));
  await confidential.refresh(other.refresh_token);
  await client.redeem(unredeemed);

  const { redirect } = await alice.logIn(await alice.approve(consent));
  await client.redeem({ ...onItsWay, callback: client.validate(onItsWay, redirect) });
  tokens = next;
});

test("A7: once the previous secret is gone, what was issued since goes on", async () => {
  const since = await Client.register(world);
  const fresh = await since.signIn(new Person(world, "bob"));
  await rotate({ LATCHKEY_SECRET_PREVIOUS: undefined });
  await resultOf(await callTool(world, tokens.access_token, "whoami")); // refreshed since, of a grant from before
  await resultOf(await callTool(world, fresh.access_token, "whoami"));
  await resultOf(await callTool(world, (await since.refresh(fresh.refresh_token)).access_token, "whoami"));
  // A client that registered before is its own registration, and gone with the secret: it registers anew at this.
  await assert.rejects(client.refresh(tokens.refresh_token), refusal("invalid_client", 401));
});

test("A7: without both, nothing that it protects is accepted, and all can be made anew", async () => {
  await rotate({ LATCHKEY_SECRET: secret() });
  const response = await callTool(world, tokens.access_token, "whoami");
  assert.equal(response.status, 401);
  assert.match(response.headers.get("www-authenticate"), /error="invalid_token"/);
  await assert.rejects(verify(tokens.access_token), { code: "ERR_JWKS_NO_MATCHING_KEY" });

  const again = await Client.register(world);
  const fresh = await again.signIn(new Person(world, "alice"));
  await resultOf(await callTool(world, fresh.access_token, "whoami"));
});
