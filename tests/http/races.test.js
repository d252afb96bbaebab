// What must happen once happens once, however many ask for it at the same moment.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Client, refusal } from "./support/client.js";
import { HOST } from "./support/gateway.js";
import { callTool, resultOf } from "./support/mcp.js";
import { upToCallback } from "./support/midway.js";
import { Person } from "./support/person.js";
import { due, startWorld } from "./support/world.js";

const ROUNDS = HOST === "wrangler" ? 100 : 10; // of the real Durable Object, and of its stand-in
const SHORT = 2; // seconds; Latchkey refreshes at half of so short a life
const LONG = 3600;

let world, client, alice;
let lifetime = LONG; // of the product's access tokens
before(async () => {
  world = await startWorld({ todo: { accessTokenSeconds: () => lifetime } });
  client = await Client.register(world);
  alice = new Person(world, "alice"); // signed in at the product once, and at this browser ever after
});
after(() => world?.stop());

const atOnce = (count, ask) => Promise.all(Array.from({ length: count }, (_, i) => ask(i)));

const redeem = ({ callback, redirectUri, verifier }) =>
  world.post("/token", {
    grant_type: "authorization_code",
    code: callback.get("code"),
    code_verifier: verifier,
    redirect_uri: redirectUri,
    resource: world.mcp,
    client_id: client.id,
  });

const refresh = (token) => world.post("/token", { grant_type: "refresh_token", refresh_token: token, client_id: client.id });

async function answerOf(response) {
  const body = await response.json();
  return { status: response.status, ...body };
}

const calls = async (token) => {
  const response = await callTool(world, token, "whoami");
  await response.text();
  return response.status;
};

/** How often something came out, for a line of figures. */
function tally(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => `${count} × ${value}`).join(", ");
}

test(`S5 C09 S01: 50 parallel redemptions of one code have 1 winner, in each of ${ROUNDS} rounds`, async (t) => {
  const outcomes = [];
  for (let round = 0; round < ROUNDS; round++) {
    const authorized = await client.authorize(alice);
    const answers = await atOnce(50, () => redeem(authorized).then(answerOf));
    const winners = answers.filter(({ status }) => status === 200);
    outcomes.push(...answers.map(({ status, error }) => error ?? status));
    assert.equal(winners.length, 1, `round ${round}: ${tally(answers.map(({ status, error }) => error ?? status))}`);
    // OAuth 2.1 section 4.1.3: the others were replays, so the winner's tokens are dead.
    if (round % 20 > 0) continue;
    assert.equal(await calls(winners[0].access_token), 401);
    assert.equal((await answerOf(await refresh(winners[0].refresh_token))).error, "invalid_grant");
  }
  t.diagnostic(`1 winner of 50 in ${ROUNDS} rounds: ${tally(outcomes)}`);
});

test("S5 S21: 30 parallel returns from the product with one state: one code, and the product was asked once", async (t) => {
  const request = await client.request();
  const url = await upToCallback(alice, request.url);
  const cookie = await alice.jar.getCookieString(url);
  const asked = world.todo.provider.tokenRequests.length;
  const answers = await atOnce(30, () => world.fetch(url, { redirect: "manual", headers: { cookie } }));
  const results = answers.map(({ status, headers }) => {
    const location = headers.get("location");
    return location ? new URL(location).searchParams.get("error") ?? "code" : status;
  });
  assert.equal(results.filter((result) => result === "code").length, 1, tally(results));
  assert.deepEqual(world.todo.provider.tokenRequests.slice(asked).map(({ error }) => error), [undefined]);
  const location = answers.map(({ headers }) => headers.get("location")).find((location) => location?.includes("code="));
  const tokens = await client.redeem({ ...request, callback: client.validate(request, location) });
  assert.equal(await calls(tokens.access_token), 200);
  t.diagnostic(tally(results));
});

test("S6 D09 S09: 50 parallel refreshes of one token: the same successor to all, and one chain, ten times over", async (t) => {
  let tokens = await client.signIn(alice);
  const chain = [tokens.refresh_token];
  let answered = 0;
  for (let generation = 0; generation < 10; generation++) {
    const answers = await atOnce(50, () => refresh(tokens.refresh_token).then(answerOf));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    for (const name of ["refresh_token", "access_token"]) assert.equal(new Set(answers.map((answer) => answer[name])).size, 1, name);
    [tokens] = answers;
    chain.push(tokens.refresh_token);
    answered += answers.length;
  }
  assert.equal(new Set(chain).size, 11);
  assert.equal(await calls(tokens.access_token), 200);
  t.diagnostic(`${answered} refreshes answered, 10 successors`);
});

test("S6 S10: two generations at once: the older token is a replay or has come first, never a second chain", async () => {
  for (let round = 0; round < 5; round++) {
    const first = await client.signIn(alice);
    const second = await client.refresh(first.refresh_token);
    // The clients that hold them do not know of each other; each asks ten times.
    const answers = await atOnce(20, (i) => refresh((i % 2 ? first : second).refresh_token).then(answerOf));
    const issued = new Set(answers.filter(({ status }) => status === 200).map(({ refresh_token }) => refresh_token));
    issued.delete(second.refresh_token); // the answer to `first`, while it was the token just rotated
    assert.ok(issued.size <= 1, "one successor of the second token at most");
    for (const { status, error } of answers) assert.ok(status === 200 || error === "invalid_grant", `${status} ${error}`);
    // `first` is now two generations old, if anybody was given the third: it ended everything.
    if (answers.some(({ error }) => error)) {
      for (const token of [...issued, second.refresh_token]) assert.equal((await answerOf(await refresh(token))).error, "invalid_grant");
      for (const { access_token } of answers.filter((answer) => answer.access_token)) assert.equal(await calls(access_token), 401);
    }
  }
});

test("S4: 50 parallel calls with an expired downstream token make 1 downstream refresh, in each of 10 rounds", async (t) => {
  const counts = [];
  const statuses = [];
  for (let round = 0; round < 10; round++) {
    lifetime = SHORT;
    const tokens = await client.signIn(alice);
    lifetime = LONG;
    await due(SHORT);
    const from = world.todo.provider.tokenRequests.length;
    const answers = await atOnce(50, () => callTool(world, tokens.access_token, "whoami"));
    for (const response of answers) assert.equal((await resultOf(response)).structuredContent.sub, "user-1001");
    const asked = world.todo.provider.tokenRequests.slice(from);
    assert.deepEqual(asked, [{ grantType: "refresh_token", sub: "user-1001", error: undefined }], `round ${round}`);
    counts.push(asked.length);
    statuses.push(...answers.map(({ status }) => status));
  }
  t.diagnostic(`${tally(statuses)}; ${counts.reduce((a, b) => a + b)} downstream refreshes in ${counts.length} rounds`);
});

test("S4 S14: client refreshes, calls and a downstream refresh at once: none gets in another's way", async () => {
  for (let round = 0; round < 5; round++) {
    lifetime = SHORT;
    const tokens = await client.signIn(alice);
    lifetime = LONG;
    await due(SHORT);
    const from = world.todo.provider.tokenRequests.length;
    const refreshed = atOnce(10, () => refresh(tokens.refresh_token).then(answerOf));
    const called = atOnce(20, () => calls(tokens.access_token));
    assert.deepEqual(new Set(await called), new Set([200]));
    const answers = await refreshed;
    assert.equal(new Set(answers.map(({ refresh_token }) => refresh_token)).size, 1);
    assert.ok(answers[0].refresh_token);
    assert.equal(await calls(answers[0].access_token), 200, "the tokens of the product open with the new token too");
    assert.equal(world.todo.provider.tokenRequests.length - from, 1);
  }
});

test("A6 S14: a revocation while 20 refreshes are on their way: after its answer nothing of the grant works", async (t) => {
  const kinds = [];
  for (let round = 0; round < 10; round++) {
    const tokens = await client.signIn(alice);
    // Before the revocation, around it and after it.
    const refreshes = atOnce(20, async (i) => {
      for (let turn = 0; turn < (i * round) % 25; turn++) await new Promise(setImmediate);
      return refresh(tokens.refresh_token).then(answerOf);
    });
    for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
    await client.revoke(tokens.refresh_token);
    const [afterwards, meanwhile] = await Promise.all([calls(tokens.access_token), refreshes]);
    assert.equal(afterwards, 401);
    for (const { status, error, ...got } of meanwhile) {
      kinds.push(error ?? "refreshed, then dead");
      if (status !== 200) assert.equal(error, "invalid_grant");
      else assert.equal(await calls(got.access_token), 401);
    }
    const issued = meanwhile.flatMap(({ refresh_token }) => refresh_token ?? []);
    for (const token of new Set([tokens.refresh_token, ...issued]))
      await assert.rejects(client.refresh(token), refusal("invalid_grant"));
  }
  t.diagnostic(tally(kinds));
});

test("A6 S14: each access token revoked while the grant is refreshed: the tokens are dead, the refreshes hold", async (t) => {
  let tokens = await client.signIn(alice);
  const old = [tokens.access_token];
  for (let i = 0; i < 4; i++) {
    tokens = await client.refresh(tokens.refresh_token);
    old.push(tokens.access_token);
  }
  /** All write the same row: who loses too often is told to come again, and does (RFC 7009 section 2.2.1). */
  const statuses = [];
  const insist = async (ask) => {
    for (;;) {
      const response = await ask();
      statuses.push(response.status);
      if (response.status !== 503) return answerOf(response);
      assert.equal(response.headers.get("retry-after"), "1");
    }
  };
  const [answers] = await Promise.all([
    atOnce(5, () => insist(() => refresh(tokens.refresh_token))),
    ...old.map((token) => insist(() => world.post("/revoke", { token, client_id: client.id }))),
  ]);
  assert.equal(new Set(answers.map(({ refresh_token }) => refresh_token)).size, 1);
  for (const token of old) assert.equal(await calls(token), 401);
  const next = await client.refresh(answers[0].refresh_token);
  assert.equal(await calls(next.access_token), 200);
  t.diagnostic(tally(statuses));
});
