// What rotation.test.js leaves open: what is on its way while keys change, what is not used in
// time, and signing keys of the operator's own.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";

import { Client, discover, refusal, REDIRECT_URI } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { upToCallback } from "./support/midway.js";
import { checkPage, Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const makeSecret = () => randomBytes(32).toString("base64url");
const makeKey = () => JSON.stringify(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }));

/** A client that the operator knows survives the root secret that others are registered under. */
const DESK = { client_id: "desk", redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: "none" };
const withDesk = (config) => (config.clients = { desk: { redirect_uris: [REDIRECT_URI] } });

let world, desk, alice;
async function start(options) {
  world = await startWorld(options);
  desk = new Client(world, await discover(world), DESK);
  alice = new Person(world, "alice");
}
async function change(changes) {
  await world.kill();
  await world.restart(changes);
}
const call = (token) => callTool(world, token, "whoami");
const works = async ({ access_token }) => assert.equal((await resultOf(await call(access_token))).structuredContent.sub, "user-1001");
const keys = async () => (await (await world.fetch(desk.as.jwks_uri)).json()).keys.map(({ kid }) => kid);
const verify = ({ access_token }) =>
  jwtVerify(access_token, createRemoteJWKSet(new URL(desk.as.jwks_uri)), { issuer: world.url, typ: "at+jwt", algorithms: ["ES256"] });
const kidOf = ({ access_token }) => decodeProtectedHeader(access_token).kid;

async function refused({ access_token, refresh_token }) {
  const response = await call(access_token);
  assert.equal(response.status, 401);
  assert.match(response.headers.get("www-authenticate"), /^Bearer error="invalid_token".*resource_metadata="/);
  await assert.rejects(desk.refresh(refresh_token), refusal("invalid_grant"));
}

describe("the root secret", () => {
  let refreshed, idle, unanswered, oldest, approved, atProduct, code;
  before(async () => {
    await start({ config: withDesk });
    [refreshed, idle, unanswered, oldest] = [await desk.signIn(alice), await desk.signIn(alice), await desk.signIn(alice), await desk.signIn(alice)];
    await works(refreshed); // its tokens are sealed anew; those of the others are as the callback left them
    atProduct = await desk.request();
    atProduct.returning = await upToCallback(alice, atProduct.url);
    approved = await alice.open((await desk.request()).url);
    code = await desk.authorize(alice);
  });
  after(() => world.stop());

  test("A7 S77: while the previous one is at hand, what was on its way arrives", async () => {
    const answer = await desk.refresh(unanswered.refresh_token); // which is lost
    await change({ secrets: { LATCHKEY_SECRET: makeSecret(), LATCHKEY_SECRET_PREVIOUS: world.secrets.LATCHKEY_SECRET } });
    assert.equal((await keys()).length, 2);

    const again = await desk.refresh(unanswered.refresh_token);
    assert.equal(again.refresh_token, answer.refresh_token, "the same successor, though it was sealed by the old root");
    await works(again);

    const { redirect } = await alice.open(atProduct.returning);
    await works(await desk.redeem({ ...atProduct, callback: desk.validate(atProduct, redirect) }));

    for (const tokens of [refreshed, idle, oldest]) {
      await works(tokens);
      await verify(tokens);
    }
    refreshed = await desk.refresh(refreshed.refresh_token);
    await works(refreshed);
    await verify(refreshed);
    assert.deepEqual(new Set(await keys()), new Set([kidOf(idle), kidOf(refreshed)]));
  });

  test("A4 D02 S10: reuse is still seen across it", async () => {
    const second = await desk.refresh(oldest.refresh_token);
    const third = await desk.refresh(second.refresh_token);
    await assert.rejects(desk.refresh(oldest.refresh_token), refusal("invalid_grant"));
    await refused(third);
  });

  test("A7: without the previous one, what was refreshed in time lives on, and the rest is refused cleanly", async () => {
    await change({ secrets: { LATCHKEY_SECRET_PREVIOUS: undefined } });
    await works(refreshed);
    refreshed = await desk.refresh(refreshed.refresh_token);
    await works(refreshed);
    assert.deepEqual(await keys(), [kidOf(refreshed)]);

    await refused(idle);
    await assert.rejects(desk.redeem(code), refusal("invalid_grant"));
    checkPage(await alice.approve(approved), 403); // "connect again"
    assert.equal((await world.post("/revoke", { token: idle.refresh_token, client_id: "desk" })).status, 200);
    await works(await desk.signIn(alice));
  });

  test("A7: replaced twice in a row: what the second to last has made is refused, no more", async () => {
    for (let i = 0; i < 2; i++)
      await change({ secrets: { LATCHKEY_SECRET: makeSecret(), LATCHKEY_SECRET_PREVIOUS: world.secrets.LATCHKEY_SECRET } });
    await refused(refreshed);
    await works(await desk.signIn(alice));
  });
});

describe("signing keys of the operator's own", () => {
  let first, second;
  before(() =>
    start({
      secrets: { KEY_1: makeKey(), KEY_2: makeKey() },
      config(config) {
        withDesk(config);
        config.signing_key = { secret: "KEY_1" };
      },
    }));
  after(() => world.stop());

  test("H01 H02: the key signs, and is the one that is published", async () => {
    first = await desk.signIn(alice);
    await verify(first);
    assert.deepEqual(await keys(), [kidOf(first)]);
  });

  test("A7 S48: with previous_signing_key both are published; nobody is signed out", async () => {
    await change({ config: (config) => Object.assign(config, { signing_key: { secret: "KEY_2" }, previous_signing_key: { secret: "KEY_1" } }) });
    await works(first);
    await verify(first);
    second = await desk.refresh(first.refresh_token);
    await works(second);
    await verify(second);
    assert.notEqual(kidOf(second), kidOf(first));
    assert.deepEqual(new Set(await keys()), new Set([kidOf(first), kidOf(second)]));
  });

  test("A7: without it third parties refuse what it has signed; the grant goes on", async () => {
    await change({ config: (config) => delete config.previous_signing_key });
    assert.deepEqual(await keys(), [kidOf(second)]);
    await verify(second);
    await assert.rejects(verify(first), { code: "ERR_JWKS_NO_MATCHING_KEY" });
    await works(first); // here the ledger says what is live
    await works(await desk.refresh(second.refresh_token));
  });

  test("A7: the root secret is replaced beside it: the signing key stays", async () => {
    await change({ secrets: { LATCHKEY_SECRET: makeSecret(), LATCHKEY_SECRET_PREVIOUS: world.secrets.LATCHKEY_SECRET } });
    await works(second);
    await verify(second);
    assert.deepEqual(await keys(), [kidOf(second)]);
  });
});
