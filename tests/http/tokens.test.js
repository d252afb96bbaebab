// The downstream side of a grant: refreshed when needed, once, and what happens when it fails.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Client, refusal } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { due, startWorld, until } from "./support/world.js";

/** Of the product's access tokens, in seconds. Latchkey refreshes at half of a life as short as this. */
const SHORT = 2;
const LONG = 3600;

/** A token as young as this has not died, though the runtime may refuse it: it is not refreshed. */
const NEW_SECONDS = 30;

let world, client, lifetime;
const older = []; // grants of carol's, for the last tests
let signedIn;
before(async () => {
  world = await startWorld({ todo: { accessTokenSeconds: () => lifetime } });
  client = await Client.register(world);
  for (let i = 0; i < 3; i++) older.push(await signIn("carol", LONG));
  signedIn = Date.now();
});
after(() => world?.stop());
afterEach(() => {
  for (const name of Object.keys(world.hooks)) delete world.hooks[name];
});

/** Signs in while downstream tokens live for `first` seconds; those that follow live long. */
async function signIn(login, first = SHORT) {
  lifetime = first;
  const tokens = await client.signIn(new Person(world, login));
  lifetime = LONG;
  if (first < LONG) await due(first);
  return observed(tokens);
}

/** What happens from now on. */
function observed(tokens) {
  const from = world.todo.provider.tokenRequests.length;
  const called = world.seen.runtime.length;
  return {
    ...tokens,
    refreshes: () => world.todo.provider.tokenRequests.slice(from).filter(({ grantType }) => grantType === "refresh_token"),
    atRuntime: () => world.seen.runtime.slice(called).map(({ headers }) => headers.authorization),
    call: () => callTool(world, tokens.access_token, "whoami"),
    whoami: async () => (await resultOf(await callTool(world, tokens.access_token, "whoami"))).structuredContent,
  };
}

/** A grant whose token is not new any more. */
async function anOlder() {
  const { access_token, whoami, atRuntime } = older.pop();
  await whoami();
  const tokenAtRuntime = atRuntime().at(-1);
  await until(() => Date.now() > signedIn + 1000 * NEW_SECONDS, "it is not new any more", 60_000);
  return { ...observed({ access_token }), tokenAtRuntime };
}

test("S4: 50 parallel calls with a token about to expire: one refresh, and all get the new token", async () => {
  const alice = await signIn("alice");
  const answers = await Promise.all(Array.from({ length: 50 }, alice.whoami));
  for (const { sub } of answers) assert.equal(sub, "user-1001");
  assert.deepEqual(alice.refreshes(), [{ grantType: "refresh_token", sub: "user-1001", error: undefined }]);
  assert.equal(alice.atRuntime().length, 50);
  assert.equal(new Set(alice.atRuntime()).size, 1, "nobody used the old one");
});

test("S4: two users at once: one refresh for each", async () => {
  const users = [await signIn("alice"), await signIn("bob")];
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => users[i % 2].whoami()));
  for (const [i, { sub }] of answers.entries()) assert.equal(sub, ["user-1001", "user-1002"][i % 2]);
  assert.deepEqual(users[1].refreshes().map(({ sub }) => sub).sort(), ["user-1001", "user-1002"]);
});

test("S4: a token that has expired is refreshed too; one that lives is left alone", async () => {
  const alice = await signIn("alice", 1);
  await due(2);
  assert.equal((await alice.whoami()).sub, "user-1001");
  assert.equal((await alice.whoami()).sub, "user-1001");
  assert.equal(alice.refreshes().length, 1);
});

test("S4: refreshed again and again, each time with the token that came last", async () => {
  const alice = await signIn("alice");
  for (let round = 1; round <= 4; round++) {
    lifetime = SHORT;
    await alice.whoami();
    await due(SHORT);
    assert.equal(alice.refreshes().length, round);
  }
  assert.ok(alice.refreshes().every(({ error }) => error === undefined));
});

test("S4 D11: a grant revoked downstream: a challenge, then invalid_grant, until the user signs in again", async () => {
  const alice = await signIn("alice");
  world.todo.provider.revokeAll("user-1001");
  for (let attempt = 0; attempt < 2; attempt++) {
    const response = await alice.call();
    assert.equal(response.status, 401);
    assert.match(response.headers.get("www-authenticate"), /error="invalid_token".*resource_metadata="/);
  }
  assert.deepEqual(alice.refreshes().map(({ error }) => error), ["invalid_grant"], "asked once, not again and again");
  await assert.rejects(client.refresh(alice.refresh_token), refusal("invalid_grant"));
  assert.equal((await (await signIn("alice")).whoami()).sub, "user-1001");
});

test("S4: one user's revoked grant leaves others alone", async () => {
  const bob = await signIn("bob");
  world.todo.provider.revokeAll("user-1001");
  assert.equal((await bob.whoami()).sub, "user-1002");
});

/** What a failing token endpoint may answer, none of it a verdict on the grant. */
const FAILURES = {
  "503": (res) => res.writeHead(503, { "retry-after": "7" }).end(),
  "500 with HTML": (res) => res.writeHead(500, { "content-type": "text/html" }).end("<h1>Oops</h1>"),
  "429": (res) => res.writeHead(429, { "content-type": "application/json" }).end('{"error":"slow_down"}'),
  "200 with HTML": (res) => res.writeHead(200, { "content-type": "text/html" }).end("<h1>Maintenance</h1>"),
  "200 without a token": (res) => res.writeHead(200, { "content-type": "application/json" }).end('{"token_type":"Bearer"}'),
  "401 invalid_client": (res) => res.writeHead(401, { "content-type": "application/json" }).end('{"error":"invalid_client"}'),
  "400 unauthorized_client": (res) => res.writeHead(400, { "content-type": "application/json" }).end('{"error":"unauthorized_client"}'),
  "400 invalid_target": (res) => res.writeHead(400, { "content-type": "application/json" }).end('{"error":"invalid_target"}'),
  "400 and nothing": (res) => res.writeHead(400).end(),
  "403 of a firewall": (res) => res.writeHead(403, { "content-type": "text/html" }).end("<h1>Forbidden</h1>"),
  "404 of a deployment": (res) => res.writeHead(404, { "content-type": "application/json" }).end('{"error":"Not Found"}'),
  "a redirect": (res) => res.writeHead(307, { location: world.todo.provider.issuer + "/elsewhere" }).end(),
  "more than is sensible": (res) => res.writeHead(200, { "content-type": "application/json" }).end(`{"a":"${"a".repeat(300_000)}"}`),
  "a cut connection": (res) => res.destroy(),
};

for (const [failure, answer] of Object.entries(FAILURES)) {
  test(`S4 S52: the product's token endpoint answers ${failure}: 503, and later all is well`, async () => {
    const alice = await signIn("alice", 1);
    await due(2);
    const asked = world.seen.provider.length;
    world.hooks.onProviderRequest = (req, res) => void (req.url === "/token" && answer(res));
    const response = await alice.call();
    assert.equal(response.status, 503);
    assert.ok(Number(response.headers.get("retry-after")) >= 1);
    assert.equal((await response.json()).error.code, -32603);
    assert.ok(!world.seen.provider.slice(asked).some(({ url }) => url.includes("elsewhere")), "no redirect is followed");

    delete world.hooks.onProviderRequest;
    assert.equal((await alice.whoami()).sub, "user-1001");
    assert.equal(alice.refreshes().length, 1);
  });
}

test("S4: while the product's token endpoint is away, a token that still lives is used", async () => {
  const alice = await signIn("alice", 10);
  world.hooks.onProviderRequest = (req, res) => void (req.url === "/token" && res.writeHead(503).end());
  assert.equal((await alice.whoami()).sub, "user-1001");
  delete world.hooks.onProviderRequest;
  assert.equal((await alice.whoami()).sub, "user-1001");
  assert.equal(alice.refreshes().length, 1);
});

test("S4 S66: a client that hangs up during a refresh does not lose it", async () => {
  const alice = await signIn("alice");
  const held = Promise.withResolvers();
  world.hooks.onProviderRequest = ({ url }) => url === "/token" && held.promise;
  const asked = world.seen.provider.length;
  const hangUp = new AbortController();
  const call = callTool(world, alice.access_token, "whoami", {}, { signal: hangUp.signal });
  await until(() => world.seen.provider.slice(asked).some(({ url }) => url === "/token"), "the refresh is on its way");
  hangUp.abort();
  await assert.rejects(call);
  held.resolve();
  assert.equal((await alice.whoami()).sub, "user-1001");
  assert.equal(alice.refreshes().length, 1);
});

test("S4: the client's own refreshes and the product's are independent", async () => {
  const alice = await signIn("alice");
  const second = await client.refresh(alice.refresh_token);
  assert.deepEqual(alice.refreshes(), [], "nothing was needed downstream");
  const calls = [callTool(world, second.access_token, "whoami"), callTool(world, alice.access_token, "whoami")];
  for (const response of await Promise.all(calls)) assert.equal((await resultOf(response)).structuredContent.sub, "user-1001");
  assert.equal(alice.refreshes().length, 1);
});

test("S4 S1: the runtime refuses a token before its time: one refresh, one retry, the same message", async () => {
  const carol = await anOlder();
  world.hooks.onRuntimeRequest = (req, res) => {
    if (req.headers.authorization === carol.tokenAtRuntime) res.writeHead(401, { "www-authenticate": "Bearer" }).end();
  };
  const added = await callTool(world, carol.access_token, "add_todo", { title: "sent twice, done once" });
  assert.equal((await resultOf(added)).structuredContent.title, "sent twice, done once");
  assert.equal(carol.refreshes().length, 1);
  assert.equal(carol.atRuntime().length, 2);
  const { structuredContent } = await resultOf(await callTool(world, carol.access_token, "list_todos"));
  assert.equal(structuredContent.todos.filter(({ title }) => title.startsWith("sent twice")).length, 1);
});

test("S4: 50 parallel calls whose token the runtime refuses: one refresh still", async () => {
  const carol = await anOlder();
  world.hooks.onRuntimeRequest = (req, res) => {
    if (req.headers.authorization === carol.tokenAtRuntime) res.writeHead(401).end();
  };
  const answers = await Promise.all(Array.from({ length: 50 }, carol.whoami));
  for (const { sub } of answers) assert.equal(sub, "user-2001");
  assert.equal(carol.refreshes().length, 1);
});

test("S4 Q2: a runtime that refuses every token is a bad gateway, and no storm", async () => {
  const carol = await anOlder();
  world.hooks.onRuntimeRequest = (req, res) => void res.writeHead(401, { "www-authenticate": 'Bearer realm="runtime"' }).end();
  for (const calls of [2, 3]) {
    const response = await carol.call();
    assert.equal(response.status, 502);
    assert.equal(response.headers.get("www-authenticate"), null, "the client's token is good");
    assert.equal((await response.json()).error.code, -32603);
    assert.equal(carol.refreshes().length, 1, "the new token is too young for another");
    assert.equal(carol.atRuntime().length, calls);
  }
  delete world.hooks.onRuntimeRequest;
  assert.equal((await carol.whoami()).sub, "user-2001");
});
