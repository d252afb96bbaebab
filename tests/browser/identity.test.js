// The last step of the known consent bypass: a valid signature alone is nobody's sign-in.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { startDocuments } from "../http/support/documents.js";
import { jws } from "../http/support/forge.js";
import { startProvider } from "../http/support/provider.js";
import { startWorld } from "../http/support/world.js";
import { allow, askFor, startApp, startBrowser } from "./support/browser.js";

const header = { alg: "ES256", kid: "1", typ: "JWT" };
const makeKey = () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" }] },
    signer: (text) => sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
};
const [productKey, clientKey] = [makeKey(), makeKey()];

let world, browser, provider, documents, app, context, page, good;
before(async () => {
  provider = await startProvider({ header, ...productKey });
  good = { ...provider.answers };
  world = await startWorld({ config: provider.config });
  browser = await startBrowser();
  documents = await startDocuments();
  app = await startApp(world, { client_id: `${documents.origin}/client` });
  documents.publish("/client", {
    redirect_uris: [app.client.redirectUri],
    token_endpoint_auth_method: "none",
    jwks: clientKey.jwks,
  });
});
after(async () => {
  await browser?.close();
  for (const started of [app, documents, world, provider]) await started?.stop();
});
beforeEach(async () => {
  Object.assign(provider.answers, good);
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

async function signIn() {
  const request = await app.request();
  await askFor(page, request);
  await allow(page);
  return app.redeem(page, request);
}
const claimsOfClient = () => ({ ...provider.claims(), iss: app.client.id, aud: world.url });

describe("S3: who somebody is, the product says to the gateway, and nobody else", () => {
  test("N15: as it should be, with the product's key", async () => assert.ok((await signIn()).access_token));

  const tokens = {
    "signed with the client's key under the product's kid": () => jws(header, provider.claims(), clientKey.signer),
    "signed with the client's key in the client's name": () => jws(header, claimsOfClient(), clientKey.signer),
    "of the product, for another client of it": () => jws(header, { ...provider.claims(), aud: "another" }, productKey.signer),
    "of the product, for another sign-in": () => jws(header, { ...provider.claims(), nonce: "another" }, productKey.signer),
    "with the client's key in its own header": () =>
      jws({ ...header, jwk: clientKey.jwks.keys[0] }, provider.claims(), clientKey.signer),
  };
  for (const [what, make] of Object.entries(tokens)) {
    test(`N15: an ID token ${what}`, async () => {
      provider.answers["/token"] = (_req, res) => provider.json(res, { ...provider.tokens(), id_token: make() });
      await assert.rejects(signIn(), { error: "server_error" });
    });
  }

  test("N15: the product's own ID token, brought by the browser instead of a code", async () => {
    const exchanges = provider.fetches("/token");
    provider.answers["/authorize"] = (req, res) => {
      const query = new URL(req.url, provider.issuer).searchParams;
      provider.nonce = query.get("nonce");
      const answer = new URLSearchParams({ id_token: provider.idToken(), state: query.get("state"), iss: provider.issuer });
      res.writeHead(303, { location: `${query.get("redirect_uri")}?${answer}` }).end();
    };
    await assert.rejects(signIn(), { error: "server_error" });
    assert.equal(provider.fetches("/token"), exchanges);
  });

  const assertions = {
    "the product's": () => provider.idToken(),
    "the client's": () => jws(header, claimsOfClient(), clientKey.signer),
  };
  for (const [whose, make] of Object.entries(assertions)) {
    test(`N15: ${whose} signed word for who this is, as a hint to /authorize, is no answer to the question`, async () => {
      const asked = provider.fetches("/authorize");
      const hints = { id_token_hint: make(), login_hint: provider.subject, prompt: "none" };
      await askFor(page, await app.request(hints));
      assert.ok(await page.getByRole("button", { name: "Allow and continue" }).isVisible());
      assert.equal(provider.fetches("/authorize"), asked);
    });

    test(`N15: ${whose} signed word for who this is, at /token and at the server`, async () => {
      const assertion = make();
      const grants = [
        { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion },
        {
          grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
          subject_token: assertion,
          subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
        },
      ];
      for (const grant of grants) {
        const response = await world.post("/token", { ...grant, client_id: app.client.id, resource: world.mcp });
        assert.equal(response.status, 400);
        assert.equal((await response.json()).error, "unsupported_grant_type");
      }
      const headers = { authorization: `Bearer ${assertion}`, "content-type": "application/json" };
      assert.equal((await world.fetch(world.mcp, { method: "POST", headers, body: "{}" })).status, 401);
    });
  }
});
