// One full run, with everything that can go wrong in it; then all that was said, logged and stored
// is searched for every secret that was ever in play.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Client, REDIRECT_URI } from "./support/client.js";
import { callTool } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { findSecrets, spellingsOf } from "./support/secrets.js";
import { wiretap } from "./support/wiretap.js";
import { due, startWorld } from "./support/world.js";

const CANARY = `canary-${"x".repeat(20)}`; // no secret: the name of a client, which is said, logged and stored
const RUNTIME_KEY = "key-of-the-runtime-0123456789";

let world, answers, logs, storage, audit;
const SHORT = 2; // seconds; refreshed at half of so short a life
let lifetime = SHORT; // of the product's access tokens
/** What each party alone may know; by where it comes from. */
const downstream = {}; // the product's tokens, codes, verifiers: never to be seen by a client
const upstream = {}; // ours: told to one party, once
const configured = {};
const personal = { "alice's e-mail": "alice@acme.example", "bob's e-mail": "bob@acme.example", "alice's name": "Alice Adams 1001" };

const note = (into, name, secret) => {
  if (secret) into[`${name} ${Object.keys(into).length}`] = secret;
};
const places = (texts, where) => texts.map((text, i) => ({ where: `${where} ${i}: ${text.slice(0, 60)}`, bytes: Buffer.from(text, "latin1") }));

before(async () => {
  const taps = [];
  world = await startWorld({
    secrets: { RUNTIME_KEY },
    todo: { accessTokenSeconds: () => lifetime },
    config({ profiles, servers }) {
      profiles.todo.scopes.push("email", "profile"); // so that there is something not to keep
      servers.todo.headers = { "x-api-key": { secret: "RUNTIME_KEY" } };
    },
  });
  world.hooks.onProviderRequest = (req, res) => void (req.url === "/token" && taps.push(wiretap(req, res)));
  await fullRun();
  lifetime = 3600;
  await fullRun();
  await failures();
  await world.stop();

  for (const [name, value] of Object.entries(world.secrets)) configured[name] = value;
  for (const tap of taps) noteDownstream(tap);
  for (const { headers } of world.seen.runtime) note(downstream, "token at the runtime", headers.authorization?.slice(7));
  const ofGateway = (await world.tape.answers()).filter(({ url }) => url.startsWith(world.url));
  answers = places(ofGateway.map(({ text }) => text), "answer");
  for (const { bytes } of answers) noteUpstream(bytes.toString());
  logs = places(world.logs, "log line");
  storage = world.storageDump();
  audit = world.logs.filter((line) => line.startsWith('{"audit"')).map((line) => JSON.parse(line));
});
after(() => world?.stop());

/** Everybody's daily life. */
async function fullRun() {
  const open = await Client.register(world, { client_name: CANARY });
  const confidential = await Client.register(world, { client_name: CANARY, token_endpoint_auth_method: "client_secret_basic" });
  for (const client of [open, confidential])
    for (const login of ["alice", "bob"]) {
      const person = new Person(world, login);
      const authorized = await client.authorize(person);
      note(upstream, "client's verifier", authorized.verifier);
      const tokens = await client.redeem(authorized);
      if (lifetime === SHORT) await due(SHORT);
      for (const name of ["whoami", "list_todos"]) await (await callTool(world, tokens.access_token, name)).text();
      const progress = { params: { name: "whoami", arguments: {}, _meta: { progressToken: 1 } } };
      await (await callTool(world, tokens.access_token, "whoami", {}, progress)).text();
      const next = await client.refresh(tokens.refresh_token);
      await (await callTool(world, next.access_token, "add_todo", { title: "x" })).text();
      if (login === "bob") await client.revoke(next.refresh_token);
    }
}

/** What is refused, and what breaks, with secrets in hand. */
async function failures() {
  const client = await Client.register(world, { client_name: CANARY });
  const alice = new Person(world, "alice");
  const ignore = (promise) => promise.then((response) => response.text?.(), () => undefined);

  const authorized = await client.authorize(alice);
  note(upstream, "client's verifier", authorized.verifier);
  const parameters = { grant_type: "authorization_code", code: authorized.callback.get("code"), code_verifier: authorized.verifier, client_id: client.id };
  await ignore(world.post("/token", { ...parameters, redirect_uri: REDIRECT_URI, resource: "https://elsewhere.example" }));
  await ignore(world.post("/token", { ...parameters, code_verifier: "x".repeat(50) }));
  await ignore(world.post("/token", { ...parameters, grant_type: parameters.code }));
  await ignore(world.fetch(`${world.url}/token?${new URLSearchParams(parameters)}`));
  const tokens = await client.redeem(authorized);
  const second = await client.refresh(tokens.refresh_token);
  await ignore(callTool(world, `${second.access_token}x`, "whoami"));
  await ignore(callTool(world, second.refresh_token, "whoami"));
  await ignore(world.fetch(`${world.url}/nothing?${new URLSearchParams(second)}`, { headers: { cookie: `x=${second.access_token}` } }));

  for (const status of [401, 500]) {
    world.hooks.onRuntimeRequest = (req, res) => void res.writeHead(status, { "set-cookie": `a=${req.headers.authorization.slice(7)}`, "www-authenticate": `Bearer ${req.headers.authorization}` }).end();
    await ignore(callTool(world, second.access_token, "whoami"));
  }
  delete world.hooks.onRuntimeRequest;
  const tap = world.hooks.onProviderRequest;
  lifetime = SHORT;
  const broken = await client.signIn(alice);
  await (await callTool(world, broken.access_token, "whoami")).text();
  await due(2 * SHORT); // it has expired
  world.hooks.onProviderRequest = (req, res) => void (req.url === "/token" && res.writeHead(503).end());
  await ignore(callTool(world, broken.access_token, "whoami"));
  await ignore(new Person(world, "alice").signIn((await client.request()).url));
  world.hooks.onProviderRequest = tap;
  world.todo.provider.revokeAll("user-1001");

  await client.redeem(authorized).catch(() => undefined); // a replay
  await ignore(callTool(world, second.access_token, "whoami"));
}

/** RFC 6749, as it was spoken between the gateway and the product. */
function noteDownstream({ sent, answered }) {
  const request = new URLSearchParams(sent());
  for (const name of ["code", "code_verifier", "refresh_token"]) note(downstream, name, request.get(name));
  const answer = answered().startsWith("{") ? JSON.parse(answered()) : {};
  for (const name of ["access_token", "refresh_token", "id_token"]) note(downstream, name, answer[name]);
}

/** Whatever a client was given that is worth something. */
function noteUpstream(text) {
  const [, body] = text.split("\n\n");
  const told = body?.startsWith("{") ? JSON.parse(body) : {};
  for (const name of ["access_token", "refresh_token", "client_secret"]) note(upstream, name, told[name]);
  const location = /^location: (.*)$/m.exec(text)?.[1];
  if (location?.startsWith(REDIRECT_URI)) note(upstream, "code", new URL(location).searchParams.get("code"));
  for (const [, cookie] of text.matchAll(/__Host-latchkey-[\w-]+=([\w-]{20,})/g)) note(upstream, "cookie", cookie);
}

test("the searcher finds what is there, in every spelling", () => {
  const secret = "lkr_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA";
  for (const spelling of spellingsOf(secret))
    for (const before of ["", "x", "xy"]) {
      const bytes = Buffer.concat([Buffer.from(before), spelling, Buffer.from("z")]);
      assert.equal(findSecrets({ secret }, [{ where: "here", bytes }]).length, 1);
    }
  for (const before of ["", "x", "xy"])
    for (const encoding of ["base64", "base64url"])
      assert.equal(findSecrets({ secret }, places([Buffer.from(before + secret + "tail").toString(encoding)], "")).length, 1);
  assert.equal(findSecrets({ secret }, places([secret.slice(0, -1)], "")).length, 0);
  assert.throws(() => findSecrets({ secret: "" }, []));
});

test("the searcher has everything before it: what may be seen is found in each place", () => {
  for (const place of [answers, logs, storage]) assert.ok(findSecrets({ CANARY }, place).length > 0);
  assert.ok(findSecrets({ issuer: world.todo.provider.issuer }, storage).length > 0, "and in KV");
  assert.ok(Object.keys(downstream).length >= 60, String(Object.keys(downstream).length));
  assert.ok(Object.keys(upstream).length >= 60, String(Object.keys(upstream).length));
  for (const name of ["code", "code_verifier", "access_token", "refresh_token", "id_token", "token at the runtime"])
    assert.ok(Object.keys(downstream).some((key) => key.startsWith(`${name} `)), name);
  for (const name of ["code", "access_token", "refresh_token", "client_secret", "cookie", "client's verifier"])
    assert.ok(Object.keys(upstream).some((key) => key.startsWith(`${name} `)), name);
});

test("S1 Q2 S63 S78: nothing of the product's reaches a client", () => {
  assert.deepEqual(findSecrets({ ...downstream, ...configured }, answers), []);
});

test("S1 Q2 S78: what is ours is told once, to whom it is for", () => {
  for (const [name, secret] of Object.entries(upstream)) {
    const found = findSecrets({ [name]: secret }, answers);
    assert.ok(found.length <= 1, `${name}: ${found.join(", ")}`);
  }
});

test("P5 Q2 S78: no secret, and nobody's address, in the log", () => {
  assert.deepEqual(findSecrets({ ...downstream, ...upstream, ...configured, ...personal }, logs), []);
  assert.doesNotMatch(world.logs.join("\n"), /user-1001|user-1002|Alice|Bob Brown|@/);
});

test("S1 Q2 S78: no secret in what is stored", () => {
  assert.deepEqual(findSecrets({ ...downstream, ...upstream, ...configured }, storage), []);
});

test("P5: each decision has its line, with who, what and why", () => {
  const MEMBERS = ["audit", "outcome", "reason", "status", "user", "organization", "client", "door", "server", "grant", "method", "tool", "request", "time"];
  for (const line of audit) {
    for (const name of Object.keys(line)) assert.ok(MEMBERS.includes(name), name);
    assert.ok(line.time > 1.7e9);
    const isGood = line.outcome === "ok" || line.outcome === "forwarded";
    assert.equal(isGood, line.reason === undefined || line.reason === "token_refused", JSON.stringify(line));
  }
  const good = (action) => audit.find((line) => line.audit === action && line.reason === undefined);
  for (const action of ["register", "authorize", "consent", "sign_in", "authorization_code", "refresh_token", "call", "revoke"])
    assert.equal(good(action)?.client, CANARY, action);
  for (const action of ["sign_in", "authorization_code", "refresh_token", "call"])
    for (const name of ["user", "grant"]) assert.match(good(action)[name] ?? "", /^[\w-]{12,}$/, `${name} of ${action}`);
  assert.equal(good("call").server, "todo");
  const of = (action, reason) => audit.some((line) => line.audit === action && line.reason === reason);
  for (const [action, reason] of [["authorization_code", "verifier_differs"], ["call", "token_dead"], ["call", "runtime_refuses"]])
    assert.ok(of(action, reason), `${action} ${reason} in ${[...new Set(audit.map((line) => `${line.audit} ${line.reason}`))]}`);
});
