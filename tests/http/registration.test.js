// Registration by strangers: names that mislead, floods, and JSON that means two things.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, discover, REDIRECT_URI } from "./support/client.js";
import { Person } from "./support/person.js";
import { readStorage } from "./support/storage.js";
import { startWorld } from "./support/world.js";

const FLOOD = 10_000;
const AT_ONCE = 40;

let world, alice;
before(async () => {
  world = await startWorld({ limit: 10 * FLOOD });
  world.as = await discover(world);
  alice = new Person(world, "alice");
});
after(() => world?.stop());

const register = (body, { fetch = world.fetch, headers } = {}) =>
  fetch(world.as.registration_endpoint, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: typeof body === "string" ? body : JSON.stringify(body) });
const readBack = async (response) => [response.status, await response.json()];

/**
 * What may be refused before all of it has been sent: workerd then takes in 64 KB more and closes the
 * connection. If that comes too early for the client the answer is lost, and if for wrangler's proxy,
 * it is a 500 in plain text. So it is asked again, each time on a connection that nobody has after it.
 */
async function refusedEarly(body, tries = 5) {
  try {
    return await readBack(await register(body, { headers: { connection: "close" } }));
  } catch (error) {
    const isCut = error instanceof SyntaxError || ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"].includes(error.cause?.code);
    if (!isCut || tries === 1) throw error;
    return refusedEarly(body, tries - 1);
  }
}

/** Every row of every table that is stored, as text; and how many files there are. */
const rowsOf = () => readStorage(world.stored).filter(({ where }) => / \S+\.\S+$/.test(where));

test(`S35 E10: ${FLOOD} registrations leave nothing behind, and everybody else works on`, async (t) => {
  await (await Client.register(world)).signIn(alice); // what comes with a first sign-in is there before
  const before = rowsOf().length;
  const ids = new Set();
  let begun = 0;
  const worker = async () => {
    while (begun < FLOOD) {
      const metadata = { redirect_uris: [`https://client-${begun}.example/cb`], client_name: `Flood ${begun++}`, token_endpoint_auth_method: "none" };
      const [status, information] = await readBack(await register(metadata, { fetch }));
      assert.equal(status, 201);
      ids.add(information.client_id);
    }
  };
  const flood = Promise.all(Array.from({ length: AT_ONCE }, worker));
  assert.ok((await new Client(world, world.as, (await Client.register(world)).information).signIn(new Person(world, "bob"))).access_token, "meanwhile");
  await flood;
  assert.equal(ids.size, FLOOD);
  const stored = rowsOf();
  assert.ok(!stored.some(({ bytes }) => bytes.includes("Flood")), "none of them is stored");
  assert.ok(stored.length < before + 50, `${before} values before, ${stored.length} after: those of two sign-ins`);
  t.diagnostic(`${FLOOD} registrations; ${before} stored values before, ${stored.length} after`);
});

describe("too much", () => {
  const uris = (count) => Array.from({ length: count }, (_, i) => `https://client.example/cb/${i}`);
  const deep = (depth) => `{"redirect_uris":["${REDIRECT_URI}"],"x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  for (const [why, body, status, error] of [
    ["33 redirect URIs", { redirect_uris: uris(33) }, 400, "invalid_redirect_uri"],
    ["10,000 redirect URIs", { redirect_uris: uris(10_000) }, 413, "invalid_request"],
    ["redirect URIs that come to more than a client_id can hold", { redirect_uris: uris(32).map((uri) => uri.padEnd(200, "x")) }, 400, "invalid_client_metadata"],
    ["a megabyte", { redirect_uris: [REDIRECT_URI], x: "y".repeat(1 << 20) }, 413, "invalid_request"],
    ["100,000 members", `{"redirect_uris":["${REDIRECT_URI}"]${Array.from({ length: 100_000 }, (_, i) => `,"${i}":0`).join("")}}`, 413, "invalid_request"],
    ["33 levels", deep(33), 400, "invalid_client_metadata"],
    ["1,000 levels", deep(1000), 400, "invalid_client_metadata"],
    ["15,000 levels", deep(15_000), 400, "invalid_client_metadata"],
    ["100,000 levels", deep(100_000), 413, "invalid_request"],
  ])
    test(`S35 E10 S74: ${why}: ${status}`, async () => {
      const [got, { error: said }] = await refusedEarly(body);
      assert.deepEqual([got, said], [status, error]);
    });
});

describe("JSON that means two things", () => {
  const good = `"redirect_uris":["${REDIRECT_URI}"],"token_endpoint_auth_method":"none"`;
  for (const [why, body, status] of [
    ["redirect_uris twice", `{${good},"redirect_uris":["https://evil.example/"]}`, 400],
    ["redirect_uris twice, once escaped", `{${good},"redirect\\u005furis":["https://evil.example/"]}`, 400],
    ["the method twice", `{${good},"token_endpoint_auth_method":"client_secret_basic"}`, 400],
    ["redirect_uris in __proto__", `{"__proto__":{${good}}}`, 400],
    ["a member named __proto__", `{${good},"__proto__":{"client_id":"evil"}}`, 201],
    ["a member named constructor", `{${good},"constructor":{"prototype":{"client_id":"evil"}}}`, 201],
    ["another case", `{${good.replace("redirect_uris", "Redirect_URIs")}}`, 400],
    ["NUL in a name", `{${good},"client_name":"a\\u0000b"}`, 400],
    ["NUL in the text", `{${good}}\0`, 400],
    ["two documents", `{${good}}{${good}}`, 400],
    ["a BOM", `\ufeff{${good}}`, 400],
    ["a comment", `{/**/${good}}`, 400],
    ["a trailing comma", `{${good},}`, 400],
    ["an array", `[{${good}}]`, 400],
    ["a string for an array", '{"redirect_uris":"https://evil.example/"}', 400],
    ["an object for an array", '{"redirect_uris":{"0":"https://evil.example/"}}', 400],
    ["a list in the list", `{"redirect_uris":[["${REDIRECT_URI}"]]}`, 400],
    ["null in the list", `{"redirect_uris":["${REDIRECT_URI}",null]}`, 400],
    ["an empty list", '{"redirect_uris":[]}', 400],
    ["no list", "{}", 400],
    ["nothing", "", 400],
    ["1e400", `{${good},"x":1e400}`, 400],
  ])
    test(`S36 E02: ${why}: ${status}`, async () => {
      const [got, information] = await readBack(await register(body));
      assert.equal(got, status, JSON.stringify(information));
      if (status === 201) assert.deepEqual([information.redirect_uris, /^lkc_/.test(information.client_id)], [[REDIRECT_URI], true]);
      else assert.match(information.error, /^invalid_(client_metadata|redirect_uri)$/);
    });

  test("S36 E09: names of other things are no clients", async () => {
    for (const clientId of ["__proto__", "constructor", "toString", "hasOwnProperty", "undefined", "null", "todo", "latchkey", "u_x", "lkc_", "lkc_AAAA", "lkr_x", "grant:x", "jwks:x", "../todo", "*", " ", "client\0"]) {
      const page = await alice.open(`${world.as.authorization_endpoint}?${new URLSearchParams({ client_id: clientId, response_type: "code" })}`);
      assert.equal(page.response.status, 400, clientId);
      const response = await world.post("/token", { grant_type: "authorization_code", code: "x", client_id: clientId });
      assert.ok([400, 401].includes(response.status), clientId);
      await response.text();
    }
  });
});

describe("names that mislead", () => {
  const name = (text) => ({ client_name: text });
  for (const [why, metadata, shown] of [
    ["HTML", name('<b>Bank</b><script>alert(1)</script>"&'), /^<b>Bank<\/b><script>alert\(1\)<\/script>"& wants/],
    ["right to left", name("knaB\u202Eecneloiv"), /^knaB ?ecneloiv wants/],
    ["isolates", name("A\u2066\u2067\u2068B\u2069C"), /^A ?B ?C wants/],
    ["zero width", name("Ba\u200Bn\u200Dk\u2060\uFEFF"), /^Ba ?n ?k wants/],
    ["control characters", name("A\n\n\t\u0007B\u0085C"), /^A ?B ?C wants/],
    ["a line that looks like ours", name("Claude\nThis application is known here"), /^Claude This application is known here wants/],
    ["10 KB", name("x".repeat(10_000)), /^x{40,80}… wants|^x{40,80} wants/],
    ["nothing but spaces", name("  \u00a0\u2003 "), /^(127\.0\.0\.1) wants/],
    ["nothing visible", name("\u200B\u200B\u2060"), /^(127\.0\.0\.1) wants/],
    ["empty", name(""), /^127\.0\.0\.1 wants/],
    ["somebody else's", name("Google"), /^Google wants/],
    ["somebody else's, in other letters", name("Gооgle"), /^Gооgle wants/],
    ["emoji", name("Agent 🦊 ✅ verified"), /^Agent .* wants/],
    ["combining marks", name(`a${"\u0301".repeat(500)}`), /wants/],
  ])
    test(`S33 A19: ${why}`, async () => {
      const [status, information] = await readBack(await register({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: "none", logo_uri: "https://tracker.example/pixel.svg", ...metadata }));
      assert.equal(status, 201, JSON.stringify(information));
      const page = await alice.open((await new Client(world, world.as, information).request()).url);
      const [heading, text] = [page.html.querySelector("h1"), page.html.querySelector("main").textContent];
      assert.match(heading.textContent, shown);
      assert.ok(heading.querySelectorAll("bdi").length === 2 && heading.querySelectorAll("b, script").length === 0);
      assert.doesNotMatch(heading.textContent, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/);
      assert.ok(heading.textContent.length < 400);
      assert.match(text, /Not verified/);
      assert.match(text, /127\.0\.0\.1:52814/, "where the answer goes is always told");
      assert.doesNotMatch(page.html.toString(), /tracker/);
    });
});
