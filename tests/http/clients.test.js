// How clients make themselves known: registration, metadata documents, and proof at /token.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import * as oauth from "oauth4webapi";

import { Client, refusal, REDIRECT_URI } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { checkPage, Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const SECRET = "a secret that was chosen: 100% & more";

let world, alice;
before(async () => {
  world = await startWorld({
    secrets: { CONFIDENTIAL_SECRET: SECRET, INTROSPECTOR_SECRET: SECRET.repeat(2) },
    config: (config) => {
      config.clients = {
        confidential: { redirect_uris: [REDIRECT_URI], client_secret: { secret: "CONFIDENTIAL_SECRET" } },
        introspector: { client_secret: { secret: "INTROSPECTOR_SECRET" }, introspect: "todo" },
        elsewhere: { client_secret: { secret: "INTROSPECTOR_SECRET" }, introspect: "other" },
      };
      config.servers.other = { ...config.servers.todo, name: "Other" };
    },
  });
  alice = new Person(world, "alice");
});
after(() => world?.stop());

const register = (metadata, headers = { "content-type": "application/json" }) =>
  world.fetch(`${world.url}/register`, {
    method: "POST",
    headers,
    body: typeof metadata === "string" ? metadata : JSON.stringify({ redirect_uris: [REDIRECT_URI], ...metadata }),
  });

describe("registration", () => {
  const refused = {
    "E02: no redirect URIs": [{ redirect_uris: [] }, "invalid_redirect_uri"],
    "E02: redirect URIs that are no list": [{ redirect_uris: REDIRECT_URI }, "invalid_redirect_uri"],
    "A03: http that is not loopback": [{ redirect_uris: ["http://client.example/cb"] }, "invalid_redirect_uri"],
    "A04: a fragment": [{ redirect_uris: ["https://client.example/cb#x"] }, "invalid_redirect_uri"],
    "E03: a script": [{ redirect_uris: ["JavaScript:alert(1)"] }, "invalid_redirect_uri"],
    "E03: a script with a line break": [{ redirect_uris: ["java\nscript:alert(1)"] }, "invalid_redirect_uri"],
    "E03: data": [{ redirect_uris: ["data:text/html,x"] }, "invalid_redirect_uri"],
    "S15: userinfo": [{ redirect_uris: ["https://client.example@evil.example/cb"] }, "invalid_redirect_uri"],
    "S15: a wildcard": [{ redirect_uris: ["https://*.client.example/cb"] }, "invalid_redirect_uri"],
    "E05: implicit": [{ grant_types: ["implicit"] }, "invalid_client_metadata"],
    "E05: tokens as response": [{ response_types: ["token"] }, "invalid_client_metadata"],
    "E05: a method that is not offered": [{ token_endpoint_auth_method: "client_secret_jwt" }, "invalid_client_metadata"],
    "E06: jwks and jwks_uri": [{ jwks: { keys: [] }, jwks_uri: "https://client.example/jwks" }, "invalid_client_metadata"],
    "E05: private_key_jwt without keys": [{ token_endpoint_auth_method: "private_key_jwt" }, "invalid_client_metadata"],
    "E04: a logo by http": [{ logo_uri: "http://client.example/logo.png" }, "invalid_client_metadata"],
    "E04: a page that is a script": [{ client_uri: "javascript:alert(1)" }, "invalid_client_metadata"],
    "S36: a name that stands twice": [`{"redirect_uris":["${REDIRECT_URI}"],"redirect_uris":["https://evil.example/cb"]}`, "invalid_client_metadata"],
    "Q2: no object": ["[]", "invalid_client_metadata"],
    "Q2: no JSON": ["redirect_uris=x", "invalid_client_metadata"],
    "Q2: nothing": ["", "invalid_client_metadata"],
    "S35: deep": [`${"[".repeat(500)}${"]".repeat(500)}`, "invalid_client_metadata"],
    "E10 S35: more than can be packed": [{ redirect_uris: Array.from({ length: 32 }, (_, i) => `https://client.example/${"x".repeat(100)}${i}`) }, "invalid_client_metadata"],
    "E10 S35: too many redirect URIs": [{ redirect_uris: Array.from({ length: 1000 }, (_, i) => `https://client.example/${i}`) }, "invalid_redirect_uri"],
  };
  for (const [why, [metadata, error]] of Object.entries(refused))
    test(`A5 ${why}`, async () => {
      const response = await register(metadata);
      assert.equal(response.status, 400);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal((await response.json()).error, error);
    });

  test("A5 E10 S35: too large", async () => assert.equal((await register({ client_name: "x".repeat(70_000) })).status, 413));
  test("A5 Q2: a form", async () => assert.equal((await register("x", { "content-type": "application/x-www-form-urlencoded" })).status, 400));

  test("A5: one private-use URI does not kill a registration", async () => {
    const redirect_uris = ["cursor://anysphere.cursor-mcp/oauth/callback", REDIRECT_URI];
    const response = await register({ redirect_uris, token_endpoint_auth_method: "none" });
    assert.equal(response.status, 201);
    assert.deepEqual((await response.json()).redirect_uris, redirect_uris);
  });

  test("A5 E07 E08 E09: what a client cannot choose", async () => {
    const response = await register({
      client_id: "https://chosen.example/client", client_secret: "chosen", client_id_issued_at: 1, software_statement: "x", registration_access_token: "x",
    });
    assert.equal(response.status, 201);
    const body = await response.json();
    assert.match(body.client_id, /^lkc_[\w-]+$/);
    assert.equal(body.token_endpoint_auth_method, "client_secret_basic"); // RFC 7591's default
    assert.match(body.client_secret, /^[\w-]{43}$/);
    assert.equal(body.client_secret_expires_at, 0);
    for (const name of ["software_statement", "registration_access_token", "registration_client_uri"]) assert.equal(body[name], undefined);
  });
});

describe("proof at the token endpoint", () => {
  for (const method of ["client_secret_basic", "client_secret_post"])
    test(`A4: ${method}, registered`, async () => {
      const client = await Client.register(world, { token_endpoint_auth_method: method });
      const tokens = await client.signIn(alice);
      await client.refresh(tokens.refresh_token);
    });

  test("A4 C06: a secret of the operator's with everything in it, form-encoded and not", async () => {
    const information = { client_id: "confidential", redirect_uris: [REDIRECT_URI], client_secret: SECRET, token_endpoint_auth_method: "client_secret_basic" };
    const client = new Client(world, (await Client.register(world)).as, information);
    const { refresh_token } = await client.signIn(alice);
    const basic = { authorization: `basic ${btoa(`confidential:${SECRET}`)}` };
    assert.equal((await world.post("/token", { grant_type: "refresh_token", refresh_token }, basic)).status, 200);
  });

  const jwt = async (key, claims, header) =>
    new SignJWT({ jti: crypto.randomUUID(), ...claims }).setProtectedHeader({ alg: "ES256", ...header }).setIssuedAt().setExpirationTime("1m").sign(key);

  test("A4 K01 K02: private_key_jwt, ES256 and RS256", async () => {
    for (const alg of ["ES256", "RS256"]) {
      const { privateKey, publicKey } = await generateKeyPair(alg);
      const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg, use: "sig" }] };
      const auth = oauth.PrivateKeyJwt({ key: privateKey, kid: "1" });
      const client = await Client.register(world, { token_endpoint_auth_method: "private_key_jwt", jwks }, auth);
      const tokens = await client.signIn(alice);
      await client.refresh(tokens.refresh_token);
    }
  });

  test("A4 K01 K02 S47: assertions that do not hold", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" }] };
    const client = await Client.register(world, { token_endpoint_auth_method: "private_key_jwt", jwks }, oauth.PrivateKeyJwt({ key: privateKey, kid: "1" }));
    const tokens = await client.signIn(alice);
    const good = { iss: client.id, sub: client.id, aud: world.url };
    const refreshWith = async (client_assertion) => {
      const response = await world.post("/token", {
        grant_type: "refresh_token", refresh_token: tokens.refresh_token, client_assertion,
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      });
      return [response.status, (await response.json()).error];
    };
    const bad = {
      "signed by another": await jwt((await generateKeyPair("ES256")).privateKey, good, { kid: "1" }),
      "for another audience": await jwt(privateKey, { ...good, aud: "https://elsewhere.example" }, { kid: "1" }),
      "of another client": await jwt(privateKey, { ...good, iss: "other", sub: "other" }, { kid: "1" }),
      "without jti": await jwt(privateKey, { ...good, jti: undefined }, { kid: "1" }),
      "no assertion but an access token": tokens.access_token,
    };
    for (const [why, assertion] of Object.entries(bad)) assert.deepEqual(await refreshWith(assertion), [401, "invalid_client"], why);
    const once = await jwt(privateKey, good, { kid: "1" });
    assert.equal((await refreshWith(once))[0], 200);
    assert.deepEqual(await refreshWith(once), [401, "invalid_client"], "used twice");
  });

  test("A4 C03 C04 C05: no proof, wrong proof, two proofs, and no way down", async () => {
    const client = await Client.register(world, { token_endpoint_auth_method: "client_secret_basic" });
    const open = await Client.register(world, { token_endpoint_auth_method: "none" });
    const { refresh_token } = await client.signIn(alice);
    const basic = (secret) => ({ authorization: `Basic ${btoa(`${client.id}:${secret}`)}` });
    const secret = client.information.client_secret;
    const cases = [
      ["none at all", { client_id: client.id }, {}, 401, "invalid_client"],
      ["a wrong secret", {}, basic("wrong"), 401, "invalid_client"],
      ["the secret by the other way", { client_id: client.id, client_secret: secret }, {}, 401, "invalid_client"],
      ["two ways at once", { client_id: client.id, client_secret: secret }, basic(secret), 400, "invalid_request"],
      ["another client in the body", { client_id: open.id }, basic(secret), 400, "invalid_request"],
      ["a public client with a secret", { client_id: open.id, client_secret: secret }, {}, 401, "invalid_client"],
      ["no base64", {}, { authorization: "Basic ???" }, 401, "invalid_client"],
      ["another scheme", {}, { authorization: "Bearer x" }, 401, "invalid_client"],
    ];
    for (const [why, parameters, headers, status, error] of cases) {
      const response = await world.post("/token", { grant_type: "refresh_token", refresh_token, ...parameters }, headers);
      assert.deepEqual([response.status, (await response.json()).error], [status, error], why);
      if (headers.authorization && status === 401) assert.match(response.headers.get("www-authenticate"), /^Basic /, why);
    }
    await client.refresh(refresh_token);
  });
});

describe("A6: introspection", () => {
  const client = (id, secret) => new Client(world, world.as, { client_id: id, redirect_uris: [], client_secret: secret, token_endpoint_auth_method: "client_secret_basic" });
  let tokens, introspector, owner;
  before(async () => {
    owner = await Client.register(world);
    world.as = owner.as;
    tokens = await owner.signIn(alice);
    introspector = client("introspector", SECRET.repeat(2));
  });

  test("A6 M07: of a live token, to the server that it is for", async () => {
    const told = await introspector.introspect(tokens.access_token);
    const claims = JSON.parse(Buffer.from(tokens.access_token.split(".")[1], "base64url"));
    assert.equal(told.active, true);
    for (const name of ["iss", "sub", "aud", "exp", "scope"]) assert.equal(told[name], claims[name], name);
  });

  test("A6 M06 M07: anything else is inactive, without a word more", async () => {
    const dead = (await owner.signIn(alice)).access_token;
    await owner.revoke(dead);
    for (const token of [dead, tokens.refresh_token, "unknown", `${tokens.access_token}x`]) assert.deepEqual(await introspector.introspect(token), { active: false });
    assert.deepEqual(await client("elsewhere", SECRET.repeat(2)).introspect(tokens.access_token), { active: false }, "of another server");
  });

  test("A6 M05: nobody else may ask", async () => {
    for (const [id, secret] of [["introspector", "wrong"], ["confidential", SECRET]])
      await assert.rejects(client(id, secret).introspect(tokens.access_token), { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 });
    await assert.rejects(owner.introspect(tokens.access_token), refusal("invalid_client", 401));
    assert.equal((await world.post("/introspect", { token: tokens.access_token })).status, 401);
  });
});

describe("metadata documents that are refused", () => {
  let host;
  before(async () => (host = await startDocuments()));
  after(() => host.stop());

  async function authorize(clientId) {
    const client = new Client(world, world.as, { client_id: clientId, redirect_uris: [REDIRECT_URI] });
    return alice.open((await client.request()).url);
  }

  const withText = (change) => (path) => {
    const id = host.publish(path);
    const { body } = host.answerOf(path);
    return host.answer(path, { body: change(body, id) });
  };
  const publish = (changes, headers) => (path) => host.publish(path, changes, headers);
  const answer = (answer) => (path) => host.answer(path, answer);
  const cases = {
    "F03 S43: another client_id": publish({ client_id: "http://127.0.0.1:1/client.json" }),
    "F03 S43: a client_id with a slash at its end": (path) => host.publish(path, { client_id: `${host.origin}${path}/` }),
    "F03 S43: a client_id in another case": (path) => host.publish(path, { client_id: host.origin + path.toUpperCase() }),
    "F04: a secret": publish({ client_secret: "x" }),
    "F04: a method by secret": publish({ token_endpoint_auth_method: "client_secret_basic" }),
    "F13 S42: 5 KB and a little": publish({ x: "x".repeat(5100) }),
    "F13 S42: 10 MB of nothing, in 10 KB": answer((req, res) => res.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(10_000_000, " ")))),
    "S43: HTML": publish({}, { "content-type": "text/html" }),
    "S43: a list": withText((text) => `[${text}]`),
    "S43: a name that stands twice": withText((text) => `{"client_id":"x",${text.slice(1)}`),
    "S43: no name": publish({ client_name: undefined }),
    "F02: 404": answer({ status: 404 }),
    "F02: 201": (path) => host.answer(path, { ...host.answerOf(new URL(host.publish(path)).pathname), status: 201 }),
    "F02 S39: a redirect": (path) => host.answer(path, { status: 302, headers: { location: host.publish("/elsewhere.json") } }),
    "F05: 500": answer({ status: 500 }),
    "F05: a cut connection": answer((req, res) => res.destroy()),
  };
  for (const [i, [why, make]] of Object.entries(cases).entries())
    test(`A5 ${why}: a page; and once it is mended, all is well`, async () => {
      const path = `/client-${i}.json`;
      const page = await authorize(make(path));
      checkPage(page, page.response.status);
      assert.ok([400, 503].includes(page.response.status), String(page.response.status));
      assert.ok(host.fetches(path) >= 1); // workerd itself asks again when a connection is cut
      assert.equal(host.fetches("/elsewhere.json"), 0);
      assert.equal((await authorize(host.publish(path))).response.status, 200, "errors are not kept");
    });

  test("A5 F07: a redirect URI that is not in the document", async () => {
    const id = host.publish("/other.json", { redirect_uris: ["https://client.example/cb"] });
    checkPage(await authorize(id), 400);
  });
});
