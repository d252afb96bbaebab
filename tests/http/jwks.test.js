// The keys of others: how long a copy is good, and what a stranger, an outage or a rotation does
// to it. At the callback (the product's keys) and at the token endpoint (a client's).
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { Client } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { jws } from "./support/forge.js";
import { Person } from "./support/person.js";
import { startProvider } from "./support/provider.js";
import { startWorld } from "./support/world.js";

const KEPT = 3600;
const REFETCH = 60;

const makeKey = (kid, type = "ec") => {
  const { publicKey, privateKey } = generateKeyPairSync(type, { namedCurve: "P-256", modulusLength: 2048 });
  const alg = type === "ec" ? "ES256" : "RS256";
  const signer = (text) => sign("sha256", Buffer.from(text), { key: privateKey, ...(type === "ec" && { dsaEncoding: "ieee-p1363" }) });
  return { header: { alg, kid }, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" }, signer };
};

let world, provider, documents, client, time;
/** Hours pass from test to test: each begins when whatever the others left has ended. */
const later = async (seconds) => {
  time += seconds;
  await fetch(`${world.url}/__clock`, { method: "POST", body: String(time) });
};

/** The two places where a set is fetched and believed, made alike. */
const places = {
  "the product's": {
    publish(answer) {
      provider.answers["/jwks"] = (req, res) => (typeof answer === "function" ? answer(req, res) : provider.json(res, { keys: answer.map(({ jwk }) => jwk) }));
    },
    fetches: () => provider.fetches("/jwks"),
    async try(key) {
      provider.idToken = () => jws(key.header, { ...provider.claims(), iat: time, exp: time + 300 }, key.signer);
      const alice = new Person(world, "alice");
      alice.home.push(provider.issuer);
      const answer = new URL(await alice.signIn((await client.request()).url)).searchParams;
      return answer.get("error") ?? "accepted";
    },
    refused: "server_error",
  },
  "a client's": {
    publish(answer) {
      documents.answer("/jwks", typeof answer === "function" ? answer : { body: JSON.stringify({ keys: answer.map(({ jwk }) => jwk) }) });
    },
    fetches: () => documents.fetches("/jwks"),
    async try(key) {
      const clientId = `${documents.origin}/client.json`;
      const claims = { iss: clientId, sub: clientId, aud: world.url, jti: crypto.randomUUID(), iat: time, exp: time + 60 };
      const response = await world.post("/token", {
        grant_type: "authorization_code", code: "x", code_verifier: "v".repeat(43), client_assertion: jws(key.header, claims, key.signer),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      });
      const { error } = await response.json();
      return error === "invalid_grant" ? "accepted" : error;
    },
    refused: "invalid_client",
  },
};

const HOUR_OUT = {
  "500": (_req, res) => res.writeHead(500).end(),
  "404": (_req, res) => res.writeHead(404).end(),
  "a cut connection": (_req, res) => res.destroy(),
  "HTML": (_req, res) => res.writeHead(200, { "content-type": "text/html" }).end("<p>Sorry</p>"),
  "another type": (_req, res) => res.writeHead(200, { "content-type": "text/plain" }).end('{"keys":[]}'),
  "an empty set": (_req, res) => res.writeHead(200, { "content-type": "application/json" }).end('{"keys":[]}'),
  "no set": (_req, res) => res.writeHead(200, { "content-type": "application/json" }).end("[]"),
  "no usable key": (_req, res) => res.writeHead(200, { "content-type": "application/json" }).end('{"keys":[{"kty":"oct","k":"AA","kid":"new"}]}'),
  "10 MB": (_req, res) => res.writeHead(200, { "content-type": "application/json" }).end(`{"keys":[],"x":"${"x".repeat(10_000_000)}"}`),
  "a redirect": (_req, res) => res.writeHead(302, { location: "/jwks2" }).end(),
};

describe("JWK sets", () => {
  before(async () => {
    provider = await startProvider({ header: {}, signer: () => "", jwks: { keys: [] } });
    documents = await startDocuments();
    world = await startWorld({ on: "clock", config: provider.config });
    time = Math.floor(Date.now() / 1000);
    documents.publish("/client.json", { token_endpoint_auth_method: "private_key_jwt", jwks_uri: `${documents.origin}/jwks` });
    await later(0);
    client = await Client.register(world);
  });
  after(async () => {
    await world?.stop();
    await provider?.stop();
    await documents?.stop();
  });

  for (const [whose, place] of Object.entries(places)) {
    describe(`${whose} keys`, () => {
      /** A fresh copy of a set with these keys, and how many fetches there have been since. */
      async function begin(...keys) {
        await later(2 * KEPT);
        place.publish(keys);
        assert.equal(await place.try(keys[0]), "accepted");
        const before = place.fetches();
        return () => place.fetches() - before;
      }

      test("S48 J11 J21: a new key works after one fetch; one that was withdrawn dies with the copy", async () => {
        const [old, next] = [makeKey("old"), makeKey("next")];
        const fetches = await begin(old);
        place.publish([old, next]);
        assert.equal(await place.try(next), "accepted");
        assert.equal(fetches(), 1);
        place.publish([next]);
        await later(KEPT - 1);
        assert.equal(await place.try(old), "accepted", "to the second");
        await later(1);
        assert.equal(await place.try(old), place.refused);
        assert.equal(await place.try(next), "accepted");
        assert.equal(fetches(), 2);
      });

      test("S48 J20: two keys with one kid, and a kid whose key is another now", async () => {
        const [one, two, rsa] = [makeKey("same"), makeKey("same"), makeKey("same", "rsa")];
        await begin(one, two, rsa);
        for (const key of [one, two, rsa]) assert.equal(await place.try(key), "accepted");
        assert.equal(await place.try({ ...makeKey("same") }), place.refused);
        assert.equal(await place.try({ ...two, header: rsa.header }), place.refused);
        place.publish([two]);
        await later(KEPT);
        assert.equal(await place.try(one), place.refused);
        assert.equal(await place.try(two), "accepted");
      });

      test("S50 J21: 40 tokens with keys that nobody knows: one fetch a minute", async () => {
        const key = makeKey("known");
        const fetches = await begin(key);
        for (let minute = 1; minute <= 2; minute++) {
          for (let i = 0; i < 20; i++) assert.equal(await place.try({ ...key, header: { ...key.header, kid: crypto.randomUUID() } }), place.refused);
          assert.equal(fetches(), minute);
          await later(REFETCH);
        }
        assert.equal(await place.try(key), "accepted");
        assert.equal(fetches(), 2);
      });

      for (const [why, answer] of Object.entries(HOUR_OUT))
        test(`S49: an hour of ${why}: known keys work as long as the copy is good, then it is said; then all is well`, async () => {
          const [known, next] = [makeKey("known"), makeKey("next")];
          await begin(known);
          place.publish(answer);
          assert.equal(await place.try(next), place.refused);
          assert.equal(await place.try(known), "accepted");
          await later(KEPT - 1);
          assert.equal(await place.try(known), "accepted");
          await later(1);
          assert.equal(await place.try(known), "temporarily_unavailable");
          place.publish([known, next]);
          assert.equal(await place.try(known), "accepted");
          assert.equal(await place.try(next), "accepted");
        });
    });
  }
});
