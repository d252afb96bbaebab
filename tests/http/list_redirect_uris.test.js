// List 1: what is not the registered redirect URI, in every spelling. S15 and S16.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { discover } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const REGISTERED = "https://client.example/cb";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; // RFC 7636, appendix B

// Why a client may register some of them: nothing is decoded, so each is an address of its own.
const OWN_ADDRESS = "an https address like any other, on a host that the consent page shows";
const OWN_LOOPBACK = "plain http is for this computer, in the three spellings that RFC 8252 and clients use";

/** [redirect URI, why a client may register it; undefined: it may not] */
const VARIANTS = [
  // the path
  ["https://client.example/cb/", OWN_ADDRESS],
  ["https://client.example/CB", OWN_ADDRESS],
  ["https://client.example//cb", OWN_ADDRESS],
  ["https://client.example/cb/../cb", OWN_ADDRESS],
  ["https://client.example/cb/..;/x", OWN_ADDRESS],
  ["https://client.example/cb%2f..", OWN_ADDRESS],
  ["https://client.example/%63b", OWN_ADDRESS],
  ["https://client.example/cb;x=1", OWN_ADDRESS],
  ["https://client.example/cb?", OWN_ADDRESS],
  ["https://client.example/cb?x=1", OWN_ADDRESS],
  ["https://client.example/cb%0d%0aX:1", OWN_ADDRESS],
  ["https://client.example/cb#"],
  ["https://client.example/cb#f"],
  // the host
  ["https://client.example:443/cb", OWN_ADDRESS],
  ["https://CLIENT.example/cb", OWN_ADDRESS],
  ["HTTPS://client.example/cb", OWN_ADDRESS],
  ["https://client.example./cb", OWN_ADDRESS],
  ["https://client.example.evil.example/cb", OWN_ADDRESS],
  ["https://evilclient.example/cb", OWN_ADDRESS],
  ["https://evil.example/client.example/cb", OWN_ADDRESS],
  ["https://evil.example?u=https://client.example/cb", OWN_ADDRESS],
  ["http://client.example/cb"],
  ["https://client.example@evil.example/cb"],
  ["https://evil.example@client.example/cb"],
  ["https://a@b@evil.example/cb"],
  ["https://client.example%2f@evil.example/"],
  ["https://client.example\\@evil.example/cb"],
  ["https://client.example%00.evil.example/cb"],
  ["https://client.example\0.evil.example/cb"],
  ["https://*.client.example/cb"],
  ["https://client.example/*"],
  // what only a browser would take for a URL
  ["//evil.example/cb"],
  ["/cb"],
  ["///evil.example"],
  ["https:evil.example"],
  ["https:/evil.example"],
  ["https:///evil.example"],
  ["https:\\\\evil.example"],
  [" https://client.example/cb"],
  ["\thttps://client.example/cb"],
  ["\nhttps://client.example/cb"],
  ["https://client.example/cb "],
  ["https://client.example/cb\r\nX:1"],
  ["ht\ntps://client.example/cb"],
  // schemes
  ["javascript:alert(1)"],
  ["JavaScript:alert(1)"],
  ["java\nscript:alert(1)"],
  ["java%0ascript:alert(1)"],
  ["javascript://client.example/%0aalert(1)"],
  ["data:text/html,x"],
  ["file:///etc/passwd"],
  ["vbscript:x"],
  ["blob:https://client.example/1"],
  ["about:blank"],
  ["ftp://client.example/cb"],
  ["com.app:/cb", "a private-use scheme (RFC 8252 section 7.1); the page says that any app may claim it"],
  // loopback
  ["http://localhost/cb", OWN_LOOPBACK],
  ["http://127.0.0.1/cb", OWN_LOOPBACK],
  ["http://[::1]/cb", OWN_LOOPBACK],
  ["http://127.1/cb"],
  ["http://2130706433/cb"],
  ["http://0x7f000001/cb"],
  ["http://127.0.0.1.evil.example/cb"],
  ["http://localhost.evil.example/cb"],
  ["http://localhost:99999/cb"],
  ["http://localhost:0/cb"],
  // names that look alike
  ["https://сlient.example/cb"],
  ["https://xn--lient-3of.example/cb", OWN_ADDRESS],
  ["https://cli\u00adent.example/cb"],
  ["https://ｃlient.example/cb"],
  ["https://client。example/cb"],
  ["https://straße.example/cb"],
  ["https://client.example/\u202ebc"],
  // sizes
  [`https://client.example/${"c".repeat(2026)}`],
  [`https://client.example/${"c".repeat(20_000)}`],
];

let world, documents, as, dynamic, published;
before(async () => {
  world = await startWorld();
  documents = await startDocuments();
  as = await discover(world);
  dynamic = (await register(REGISTERED)).body.client_id;
  published = documents.publish("/client.json", { redirect_uris: [REGISTERED] });
});
after(async () => {
  await world?.stop();
  await documents?.stop();
});

async function register(...redirectUris) {
  const response = await world.fetch(as.registration_endpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ redirect_uris: redirectUris, token_endpoint_auth_method: "none" }),
  });
  return { status: response.status, body: await response.json() };
}

const authorizeUrl = (clientId, ...rest) =>
  `${as.authorization_endpoint}?${new URLSearchParams([
    ["client_id", clientId],
    ["response_type", "code"],
    ["code_challenge", CHALLENGE],
    ["code_challenge_method", "S256"],
    ["state", "list-1"],
    ...rest,
  ])}`;

/** A page of ours that leads nowhere; not even by a link. */
async function assertDeadEnd(url, why) {
  const before = world.seen.provider.length;
  const response = await world.fetch(url, { redirect: "manual" });
  const page = await response.text();
  assert.ok(response.status >= 400 && response.status < 500, `${why}: ${response.status}`);
  assert.equal(response.headers.get("location"), null, why);
  assert.equal(response.headers.getSetCookie().length, 0, why);
  if (response.status !== 413) assert.match(response.headers.get("content-type"), /^text\/html/, why);
  assert.doesNotMatch(page, /<form|<a |<script|href=/i, why);
  assert.equal(world.seen.provider.length, before, why);
}

async function assertConsent(url, why) {
  const { response, html } = await new Person(world, "alice").open(url);
  assert.equal(response.status, 200, why);
  assert.ok(html.querySelector("form"), why);
}

test("S15 A01 A02 A06 F07: no variant passes at /authorize for a registered client and for a published one", async (t) => {
  for (const clientId of [dynamic, published]) {
    await assertConsent(authorizeUrl(clientId, ["redirect_uri", REGISTERED]), "the registered one");
    for (const [uri] of VARIANTS)
      await assertDeadEnd(authorizeUrl(clientId, ["redirect_uri", uri]), JSON.stringify(uri.slice(0, 80)));
  }
  t.diagnostic(`list 1: ${VARIANTS.length} redirect URIs, at /authorize for two kinds of client`);
});

test("S15 A03 A04 E02 E03: registration takes only those that are addresses of a client", async (t) => {
  for (const [uri, why] of VARIANTS) {
    const { status, body } = await register(REGISTERED, uri);
    if (why) assert.equal(status, 201, `${uri}: ${body.error_description}`);
    else {
      const error = uri.includes("\0") ? "invalid_client_metadata" : "invalid_redirect_uri"; // no NUL in any JSON
      assert.deepEqual([status, body.error], [400, error], JSON.stringify(uri.slice(0, 80)));
    }
  }
  t.diagnostic(`list 1: ${VARIANTS.filter(([, why]) => !why).length} refused by /register, the others explained`);
});

test("S15 F07 E03: a metadata document may hold what a registration may", async () => {
  for (const [i, [uri, why]] of VARIANTS.entries()) {
    const clientId = documents.publish(`/${i}.json`, { redirect_uris: [uri] });
    const url = authorizeUrl(clientId, ["redirect_uri", uri]);
    if (why) await assertConsent(url, uri);
    else await assertDeadEnd(url, JSON.stringify(uri.slice(0, 80)));
  }
});

test("S15 A07 A11: other ways to give a redirect URI, or two", async (t) => {
  const evil = "https://evil.example/cb";
  const rows = [
    ["twice, the good one first", ["redirect_uri", REGISTERED], ["redirect_uri", evil]],
    ["twice, the good one last", ["redirect_uri", evil], ["redirect_uri", REGISTERED]],
    ["twice the same", ["redirect_uri", REGISTERED], ["redirect_uri", REGISTERED]],
    ["two, separated by a space", ["redirect_uri", `${REGISTERED} ${evil}`]],
    ["two, separated by a comma", ["redirect_uri", `${REGISTERED},${evil}`]],
  ];
  for (const clientId of [dynamic, published]) {
    for (const [why, ...parameters] of rows) await assertDeadEnd(authorizeUrl(clientId, ...parameters), why);
    // Unknown parameters are ignored (OAuth 2.1 section 3.1): what counts is the registered one.
    const brackets = await new Person(world, "alice").open(authorizeUrl(clientId, ["redirect_uri[]", evil]));
    assert.doesNotMatch(brackets.html.toString(), /evil/);
  }
  const body = { client_id: dynamic, redirect_uri: evil, response_type: "code", code_challenge: CHALLENGE, code_challenge_method: "S256" };
  for (const [type, content] of [
    ["application/json", JSON.stringify(body)],
    ["application/x-www-form-urlencoded", new URLSearchParams(body).toString()],
  ]) {
    const response = await world.fetch(as.authorization_endpoint, { method: "POST", headers: { "content-type": type }, body: content, redirect: "manual" });
    assert.equal(response.status, 405, type);
    assert.equal(response.headers.get("location"), null, type);
  }
  const { body: two } = await register(REGISTERED, "https://client.example/other");
  await assertDeadEnd(authorizeUrl(two.client_id), "none, of two registered ones");
  t.diagnostic(`list 1: ${2 * (rows.length + 1) + 3} requests with none, two or hidden ones`);
});

test("S15 A05: a registered query is part of the address, and is kept", async (t) => {
  const withQuery = `${REGISTERED}?a=1&b=2`;
  const { body } = await register(withQuery);
  const others = [REGISTERED, `${REGISTERED}?`, `${REGISTERED}?a=1`, `${withQuery}&c=3`, `${REGISTERED}?b=2&a=1`, `${REGISTERED}?a=1&amp;b=2`, `${withQuery}&`];
  for (const uri of others) await assertDeadEnd(authorizeUrl(body.client_id, ["redirect_uri", uri]), uri);
  const alice = new Person(world, "alice");
  const { redirect } = await alice.deny(await alice.open(authorizeUrl(body.client_id, ["redirect_uri", withQuery])));
  assert.ok(redirect.startsWith(`${withQuery}&`), redirect);
  assert.equal(new URL(redirect).searchParams.get("error"), "access_denied");
  t.diagnostic(`list 1: ${others.length} other queries`);
});

test("S16 A02: of a loopback address only the port may differ", async (t) => {
  const hosts = ["127.0.0.1", "[::1]", "localhost"];
  const spellings = ["127.1", "127.0.0.2", "2130706433", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "LOCALHOST", "localhost.", "evil.example"];
  let refused = 0;
  for (const host of hosts) {
    const { body } = await register(`http://${host}/cb`);
    for (const port of ["", ":1", ":3000", ":65535"])
      await assertConsent(authorizeUrl(body.client_id, ["redirect_uri", `http://${host}${port}/cb`]), host + port);
    const others = [
      ...[...hosts, ...spellings].filter((other) => other !== host).map((other) => `http://${other}:3000/cb`),
      ...["/", "/CB", "/cb/", "/cb?x=1", "/cb#f", "/../cb", ""].map((path) => `http://${host}:3000${path}`),
      ...[":0", ":65536", ":03000", ":", ":3000:3000", ":-1"].map((port) => `http://${host}${port}/cb`),
      `https://${host}:3000/cb`,
      `http://u@${host}:3000/cb`,
      `HTTP://${host}:3000/cb`,
    ];
    for (const uri of others) await assertDeadEnd(authorizeUrl(body.client_id, ["redirect_uri", uri]), `${host}: ${uri}`);
    await assertDeadEnd(authorizeUrl(body.client_id), `${host}: none, and so no port`);
    refused += others.length + 1;
  }
  // Where the port was registered, it is no less free; on any other host it is part of the address.
  const { body } = await register("http://127.0.0.1:4000/cb", "https://client.example:4000/cb");
  await assertConsent(authorizeUrl(body.client_id, ["redirect_uri", "http://127.0.0.1:3000/cb"]), "another port");
  await assertDeadEnd(authorizeUrl(body.client_id, ["redirect_uri", "https://client.example:3000/cb"]), "another port");
  t.diagnostic(`list 1: ${refused + 1} loopback spellings refused`);
});
