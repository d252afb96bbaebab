// Everything that ends, at the second at which it ends.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, afterEach, before, describe, test } from "node:test";

import { Client, REDIRECT_URI } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { jws } from "./support/forge.js";
import { send } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startProvider } from "./support/provider.js";
import { startWorld } from "./support/world.js";

const CODE = 300;
const T = Math.floor(Date.now() / 1000);

const makeKey = (kid) => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" }, signer: (text) => sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }) };
};
const first = makeKey("first");

let world, provider, documents, client;
const at = (time) => fetch(`${world.url}/__clock`, { method: "POST", body: time === undefined ? "" : String(time) });
const person = () => {
  const somebody = new Person(world, "alice");
  somebody.home.push(provider.issuer);
  return somebody;
};

describe("under a stopped clock", () => {
  before(async () => {
    provider = await startProvider({ header: { alg: "ES256", kid: first.kid }, signer: first.signer, jwks: { keys: [first.jwk] } });
    documents = await startDocuments();
    world = await startWorld({
      on: "clock",
      config(config) {
        provider.config(config);
        config.lifetimes = { code_seconds: CODE };
      },
    });
    await at(T);
    client = await Client.register(world);
    world.hooks.onRuntimeRequest = (_req, res) => res.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  after(async () => {
    await world?.stop();
    await provider?.stop();
    await documents?.stop();
  });
  afterEach(() => at(T));

  const callAt = async (time, token) => (await at(time), (await send(world, { token, method: "ping" })).status);
  const errorOf = (promise) => promise.then(() => undefined, ({ error, error_description: said }) => `${error}: ${said}`);

  test("A20 S06: a code, to the second; later it is as if it had been used", async () => {
    for (const [later, works] of [[CODE - 1, true], [CODE, false], [CODE + 1, false], [-1, true]]) {
      await at(T);
      const request = await client.authorize(person());
      await at(T + later);
      const error = await errorOf(client.redeem(request));
      assert.equal(error === undefined, works, `after ${later} s: ${error}`);
      if (works) assert.equal(await errorOf(client.redeem(request)), "invalid_grant: This authorization code was used before or is no longer valid.");
      else assert.equal(error, "invalid_grant: This authorization code was used before or is no longer valid.");
    }
  });

  test("A20: the page of consent and the way back", async () => {
    const somebody = person();
    const consent = await somebody.open((await client.request()).url);
    await at(T + 599);
    const { redirect } = await somebody.approve(consent);
    assert.ok(new URL(redirect).searchParams.has("code"));
    await at(T);
    const late = await somebody.open((await client.request()).url);
    await at(T + 600);
    const page = await somebody.approve(late);
    assert.ok(!page.redirect);
    assert.equal(page.response.status, 400);
    assert.match(page.html.textContent, /took too long/);
  });

  test("H04: an access token", async () => {
    const { access_token: token, refresh_token } = await client.signIn(person());
    assert.deepEqual([await callAt(T, token), await callAt(T + 899, token), await callAt(T + 900, token)], [200, 200, 401]);
    const { access_token: next } = await client.refresh(refresh_token);
    assert.equal(await callAt(T + 900, next), 200, "which is all that it ends");
  });

  test("D08 S13: a refresh token that nobody uses for thirty days; each use begins them anew", async () => {
    const days = 30 * 86_400;
    let tokens = await client.signIn(person());
    await at(T + days - 1);
    tokens = await client.refresh(tokens.refresh_token);
    await at(T + days);
    tokens = await client.refresh(tokens.refresh_token);
    await at(T + days + days);
    assert.match(await errorOf(client.refresh(tokens.refresh_token)), /^invalid_grant/);
  });

  test("D09 D02 S10 S11: the token just rotated, for a minute; then whoever has it ends everything", async () => {
    const { refresh_token: old } = await client.signIn(person());
    const next = await client.refresh(old);
    await at(T + 59);
    assert.equal((await client.refresh(old)).refresh_token, next.refresh_token);
    assert.equal(await callAt(T + 59, next.access_token), 200);
    await at(T + 60);
    assert.match(await errorOf(client.refresh(old)), /^invalid_grant/);
    assert.equal(await callAt(T + 60, next.access_token), 401);
    assert.match(await errorOf(client.refresh(next.refresh_token)), /^invalid_grant/);
  });

  test("A8: the refresh after a 403 is refused once, for a minute", async () => {
    const { access_token: token, refresh_token } = await client.signIn(person(), { scope: "todos:read" });
    assert.equal((await send(world, { token, method: "tools/call", params: { name: "add_todo", arguments: {} } })).status, 403);
    await at(T + 60);
    await client.refresh(refresh_token);
  });

  describe("copies of metadata documents", () => {
    const open = async (clientId, changes) => {
      const published = new Client(world, client.as, { client_id: clientId, redirect_uris: [REDIRECT_URI] });
      return person().open((await published.request(changes)).url);
    };
    for (const [cacheControl, seconds] of [
      ["max-age=0", 60], ["no-store", 60], ["max-age=59", 60], ["max-age=61", 61], ["max-age=315360000", 86_400], ["max-age=-1", 60],
      ["max-age=1e9", 60], ["max-age=100, max-age=200", 60], ["public", 3600], ["", 3600],
    ]) {
      test(`S45 F06: Cache-Control "${cacheControl}": ${seconds} s`, async () => {
        const path = `/cached/${encodeURIComponent(cacheControl)}.json`;
        const clientId = documents.publish(path, {}, { "cache-control": cacheControl });
        for (const [later, fetches] of [[0, 1], [seconds - 1, 1], [seconds, 2], [seconds + 30, 2]]) {
          await at(T + later);
          assert.equal((await open(clientId)).response.status, 200);
          assert.equal(documents.fetches(path), fetches, `after ${later} s`);
        }
      });
    }

    test("S45 F05 F06: an error is not kept; a copy outlives what comes after it, but not its time", async () => {
      const path = "/unsteady.json";
      const clientId = documents.answer(path, { status: 500 });
      assert.equal((await open(clientId)).response.status, 503);
      documents.publish(path, {}, { "cache-control": "max-age=120" });
      assert.equal((await open(clientId)).response.status, 200, "at once");
      documents.answer(path, { body: "{}" });
      await at(T + 119);
      assert.equal((await open(clientId)).response.status, 200);
      await at(T + 120);
      assert.equal((await open(clientId)).response.status, 400);
      documents.publish(path);
      assert.equal((await open(clientId)).response.status, 200, "at once");
    });

    test("S44 F10 F15: what the user agreed to is what is redeemed; what has changed is asked anew", async () => {
      const path = "/rotating.json";
      const clientId = documents.publish(path, {}, { "cache-control": "no-store" });
      const published = new Client(world, client.as, { client_id: clientId, redirect_uris: [REDIRECT_URI] });
      const agreed = await published.authorize(person());
      const other = "https://other.example.com/cb";
      documents.publish(path, { client_name: "Renamed", redirect_uris: [other] }, { "cache-control": "no-store" });
      await at(T + 100);
      assert.equal((await open(clientId)).response.status, 400, "the old address is not there any more");
      const page = await open(clientId, { redirect_uri: other });
      assert.match(page.html.querySelector("h1").textContent, /Renamed/);
      assert.match(page.html.textContent, /other\.example\.com/);
      assert.match(await errorOf(published.redeem({ ...agreed, redirectUri: other })), /^invalid_grant/);
      assert.ok((await published.redeem(agreed)).access_token);
      // Reverted, it is asked again all the same: nothing was remembered.
      documents.publish(path, {}, { "cache-control": "no-store" });
      await at(T + 200);
      assert.ok((await open(clientId)).html.querySelector("form"));
    });
  });

  test("S56 J17: the other clock may differ by a minute, either way", async () => {
    const { claims } = provider;
    for (const [changes, works] of [
      [{ iat: T + 60 }, true], [{ iat: T + 61 }, false], [{ nbf: T + 60 }, true], [{ nbf: T + 61 }, false], [{ exp: T }, true], [{ exp: T - 59 }, true], [{ exp: T - 60 }, false],
      [{ iat: T - 86_400 }, true], [{ iat: T + 0.5 }, false], [{ exp: 0 }, false],
    ]) {
      provider.claims = () => ({ ...claims(), iat: T, exp: T + 300, ...changes });
      const answer = new URL(await person().signIn((await client.request()).url)).searchParams;
      assert.equal(answer.has("code"), works, `${JSON.stringify(changes)}: ${answer}`);
    }
    provider.claims = claims;
  });

  test("S56: a downstream token that says no time that is one is none; one that says nothing lives", async () => {
    const { tokens, answers } = provider;
    const answerToken = answers["/token"];
    for (const [expiry, works] of [["300", true], ['"300"', true], ["0", true], ["null", true], ["1e400", false], ["-1", false], ['"soon"', false], ["1.5", false], ["4294967296", false], ["[300]", false], ["true", false]]) {
      answers["/token"] = (_req, res) => {
        const said = JSON.stringify({ ...tokens(), id_token: provider.idToken(), expires_in: "@" }).replace('"@"', expiry);
        res.writeHead(200, { "content-type": "application/json" }).end(said);
      };
      const answer = new URL(await person().signIn((await client.request()).url)).searchParams;
      assert.equal(answer.has("code"), works, `${expiry}: ${answer}`);
    }
    answers["/token"] = answerToken;
  });
});
