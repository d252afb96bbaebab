// The platform fails, delays, lies and answers twice: what comes of it is safe, and as kind as it can be.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { Client } from "../http/support/client.js";
import { callTool } from "../http/support/mcp.js";
import { upToCallback } from "../http/support/midway.js";
import { Person } from "../http/support/person.js";
import { due, startWorld, until } from "../http/support/world.js";

const SHORT = 2;
const LONG = 3600;

let world, client, alice;
let lifetime = LONG;

const plan = (faults) => fetch(`${world.url}/__faults`, { method: "POST", body: JSON.stringify(faults) });
const told = () => fetch(`${world.url}/__faults`).then((response) => response.json());
const visits = async (place) => (await told()).visits[place] ?? 0;

async function answerOf(response) {
  const text = await response.text();
  return { status: response.status, retryAfter: response.headers.get("retry-after"), ...(text.startsWith("{") && JSON.parse(text)) };
}

const token = (parameters, headers) => world.post("/token", { client_id: client.id, ...parameters }, headers).then(answerOf);
const refresh = (refreshToken, headers) => token({ grant_type: "refresh_token", refresh_token: refreshToken }, headers);
const redeem = ({ callback, verifier }, headers) =>
  token({ grant_type: "authorization_code", code: callback.get("code"), code_verifier: verifier, redirect_uri: client.redirectUri }, headers);
const revoke = (refreshToken) => world.post("/revoke", { token: refreshToken, client_id: client.id }).then(answerOf);
const call = (accessToken, headers) => callTool(world, accessToken, "whoami", {}, { headers }).then(answerOf);

async function signIn(first = LONG) {
  lifetime = first;
  const tokens = await client.signIn(alice);
  lifetime = LONG;
  if (first < LONG) await due(first);
  return tokens;
}

/** An answer under faults: it worked, or the client is told to come again. */
function checkAnswer({ status, retryAfter, error }, why) {
  if (status === 200) return;
  assert.equal(status, 503, `${why}: ${status} ${JSON.stringify(error)}`);
  assert.ok(Number(retryAfter) >= 1, why);
}

/** Everything that a client can do with its tokens works; they are what is stored. */
async function checkTokens(tokens, why) {
  assert.equal((await call(tokens.access_token)).status, 200, why);
  const next = await refresh(tokens.refresh_token);
  assert.equal(next.status, 200, why);
  assert.equal((await call(next.access_token)).status, 200, why);
}

async function checkDead({ access_token, refresh_token }, why) {
  assert.equal((await call(access_token)).status, 401, why);
  assert.equal((await refresh(refresh_token)).error, "invalid_grant", why);
}

/**
 * The flows: each is prepared without faults, done with one, and looked at without. `under` is the
 * answer with the fault; `lost`: that a step may have been done and its answer lost; `copies`: that
 * the flow reads what KV has.
 */
const FLOWS = {
  "the return from the product": {
    copies: true,
    async prepare() {
      const request = await client.request();
      return { request, url: await upToCallback(alice, request.url), asked: world.seen.provider.length };
    },
    async perform({ url }) {
      const { redirect } = await alice.open(url);
      return { redirect };
    },
    async check({ request, asked }, { redirect }, { why }) {
      const answer = new URL(redirect).searchParams;
      if (!answer.has("code")) {
        assert.equal(answer.get("error"), "temporarily_unavailable", why);
        assert.equal(answer.get("state"), request.state);
        const wasAsked = (path) => world.seen.provider.slice(asked).some(({ url }) => url === path);
        if (!wasAsked("/token")) return "told to try again";
        await until(() => wasAsked("/token/revocation"), "tokens that nobody got are given back");
        return "told to try again, tokens given back";
      }
      const tokens = await redeem({ ...request, callback: client.validate(request, redirect) });
      assert.equal(tokens.status, 200, `${why}: a code that is shown is good`);
      await checkTokens(tokens, why);
    },
  },
  "a code's redemption": {
    prepare: () => client.authorize(alice),
    perform: redeem,
    async check(authorized, under, { why, lost }) {
      checkAnswer(under, why);
      if (under.status === 200) return checkTokens(under, why);
      const again = await redeem(authorized);
      if (again.status === 200) return checkTokens(again, why);
      assert.ok(lost, `${why}: the code was not used`);
      assert.equal(again.error, "invalid_grant");
      return "sign in again";
    },
  },
  "a refresh": {
    prepare: signIn,
    perform: ({ refresh_token }) => refresh(refresh_token),
    async check({ refresh_token }, under, { why }) {
      checkAnswer(under, why);
      const again = await refresh(refresh_token);
      assert.equal(again.status, 200, `${why}: the same token again`);
      if (under.status === 200) assert.equal(again.refresh_token, under.refresh_token, "one chain");
      await checkTokens(again, why);
    },
  },
  "a first call": {
    prepare: signIn,
    perform: ({ access_token }) => call(access_token),
    async check(tokens, under, { why }) {
      checkAnswer(under, why);
      await checkTokens(tokens, why);
    },
  },
  "a call that refreshes downstream": {
    copies: true,
    prepare: () => signIn(SHORT),
    perform: ({ access_token }) => call(access_token),
    async check(tokens, under, { why }) {
      checkAnswer(under, why);
      await checkTokens(tokens, why);
    },
  },
  "a revocation": {
    copies: true,
    prepare: signIn,
    perform: ({ refresh_token }) => revoke(refresh_token),
    async check(tokens, under, { why }) {
      checkAnswer(under, why);
      if (under.status !== 200) assert.equal((await revoke(tokens.refresh_token)).status, 200, why);
      await checkDead(tokens, why);
    },
  },
};

/* How a step may fail. `lost`: it may have been done all the same. */
const LEDGER_FAULTS = [
  { place: "ledger", how: "before" },
  { place: "ledger", how: "before", times: 2 },
  { place: "ledger", how: "overloaded" },
  { place: "ledger", how: "after" },
  { place: "ledger", how: "after", times: 2, lost: true },
  { place: "ledger", how: "twice" },
  { place: "ledger", how: "late" },
  { place: "ledger", how: "noise", times: 2, lost: true },
  { place: "ledger", how: "empty" },
  { place: "ledger", how: "cut", times: 2, lost: true },
  { place: "ledger", how: "more", times: 2, lost: true },
  { place: "object", how: "abort before" },
  { place: "object", how: "abort after" },
  { place: "object", how: "abort after", times: 2, lost: true },
];

const COPY_FAULTS = [
  ...["before", "null", "noise", "empty", "stale", "late"].map((how) => ({ place: "kv get", how, times: 100 })),
  { place: "kv put", how: "before", times: 100 },
];

const nameOf = ({ place, how, times = 1 }) => `${place} ${how}${times > 1 ? `, ${times} times` : ""}`;

describe("a faulty platform", () => {
  before(async () => {
    world = await startWorld({ on: "faulty", todo: { accessTokenSeconds: () => lifetime } });
    client = await Client.register(world);
    alice = new Person(world, "alice");
  });
  after(() => world?.stop());
  afterEach(() => plan({}));

  for (const [flow, { prepare, perform, check, copies }] of Object.entries(FLOWS)) {
    describe(flow, () => {
      let steps; // of the ledger, in a good run
      before(async () => {
        const scene = await prepare();
        await plan({});
        const good = await perform(scene);
        await until(() => visits("object"), "it comes to the ledger");
        steps = await visits("object");
        await check(scene, good, { why: "no fault" });
      });

      for (const { lost, ...fault } of LEDGER_FAULTS) {
        test(`S69 S72 S73: ${nameOf(fault)}`, async (t) => {
          const outcomes = [];
          for (let nth = 1; nth <= steps; nth++) {
            // A lease that is held by nobody, new tokens that cannot be stored: below.
            if (flow.includes("downstream") && nth > 1 && fault.times === 2) continue;
            const scene = await prepare();
            await plan({ [fault.place]: { nth, ...fault } });
            const under = await perform(scene);
            assert.ok((await visits(fault.place)) >= nth, "the fault was met");
            await plan({});
            const outcome = await check(scene, under, { why: `step ${nth}`, lost });
            outcomes.push(outcome ?? under.status ?? "a code");
          }
          t.diagnostic(outcomes.join(", "));
        });
      }

      for (const fault of copies ? COPY_FAULTS : []) {
        test(`S70 S71: ${nameOf(fault)}: nobody notices`, async () => {
          const scene = await prepare();
          await plan({ [fault.place]: fault });
          const under = await perform(scene);
          if (fault.place === "kv get") assert.ok((await visits("kv get")) > 0);
          await plan({});
          assert.equal(under.status ?? 200, 200);
          assert.doesNotMatch(under.redirect ?? "", /error=/);
          await check(scene, under, { why: nameOf(fault) });
        });
      }
    });
  }

  test("S70: only public documents are ever copied to KV, so none admits a revoked token", async (t) => {
    const { copies } = await told();
    for (const key of copies) assert.match(key, /^(metadata|jwks|document):/);
    t.diagnostic(copies.join(", "));
    const tokens = await signIn();
    assert.equal((await revoke(tokens.refresh_token)).status, 200);
    for (const how of ["stale", "before", "null", "late"]) {
      await plan({ "kv get": { how, times: 100 } });
      await checkDead(tokens, how);
    }
  });

  test("S1: an object gets its step and keeps its rows, and nothing that lay beside them in memory", async () => {
    const { refresh_token } = await signIn();
    await plan({});
    const { access_token } = await refresh(refresh_token); // which the core keeps in the run that wants the step
    assert.equal(await visits("object"), 1);
    const { held } = await told();
    assert.ok(held.length > 2, "steps and rows");
    assert.ok(access_token.length > 400);
    assert.ok(!held.some(({ text }) => text.includes(access_token)), "our token");
    for (const { own, text } of held) assert.equal(text.length, own);
  });

  test("S72: a platform that is away for good: 503 and Retry-After everywhere, and then all is as before", async () => {
    const [tokens, authorized] = [await signIn(), await client.authorize(alice)];
    await plan({ ledger: { how: "before", times: 1000 } });
    const logged = world.logs.length;
    for (const answer of [await call(tokens.access_token), await refresh(tokens.refresh_token), await redeem(authorized), await revoke(tokens.refresh_token)])
      assert.deepEqual([answer.status, answer.retryAfter], [503, "1"]);
    await until(() => world.logs.slice(logged).some((text) => text.includes("ledger: Error")), "the operator is told what failed");
    await plan({});
    await checkTokens(tokens, "not revoked");
    await checkTokens(await redeem(authorized), "not redeemed");
  });

  test("S72: tokens of the product that cannot be stored: they are used by nobody, and the user connects again", async () => {
    const tokens = await signIn(SHORT);
    await due(SHORT); // and its other half
    const called = world.seen.runtime.length;
    await plan({ ledger: { how: "before", nth: 3, times: 2 } });
    const under = await call(tokens.access_token);
    await plan({});
    assert.deepEqual([under.status, under.retryAfter], [503, "1"]);
    assert.equal(world.seen.runtime.length, called);
    // The product has given its one refresh token away; what we still have is refused.
    const answer = await until(async () => {
      const answer = await call(tokens.access_token);
      return answer.status !== 503 && answer;
    }, "the lease of the failed attempt ends");
    assert.equal(answer.status, 401);
    assert.equal((await refresh(tokens.refresh_token)).error, "invalid_grant");
    await checkTokens(await signIn(), "after signing in again");
  });

  test("S73: an overloaded object is not asked again by the request that found it so", async () => {
    const tokens = await signIn();
    for (const perform of [() => refresh(tokens.refresh_token), () => call(tokens.access_token), () => revoke(tokens.refresh_token)]) {
      await plan({ ledger: { how: "overloaded", times: 1000 } });
      assert.deepEqual([(await perform()).status, await visits("ledger")], [503, 1]);
    }
    await plan({});
    const authorized = await client.authorize(alice);
    await plan({ ledger: { how: "overloaded", times: 1000 } });
    assert.deepEqual([(await redeem(authorized)).status, await visits("ledger")], [503, 1]);
  });

  test("S73: except for tokens of the product's that exist nowhere else", async () => {
    const tokens = await signIn(SHORT);
    await plan({ ledger: { how: "overloaded", nth: 3 } });
    assert.equal((await call(tokens.access_token)).status, 200);
    assert.equal(await visits("ledger"), 4);
    await plan({});
    await checkTokens(tokens, "the connection lives");
  });

  test("S72: a lease that nobody holds, its answer having been lost, is waited for and then over", async () => {
    const tokens = await signIn(20);
    await plan({ ledger: { how: "after", nth: 2, times: 2 } });
    assert.equal((await call(tokens.access_token)).status, 503);
    await plan({});
    assert.equal((await call(tokens.access_token)).status, 200, "with a token that lives a little");
    await checkTokens(tokens, "afterwards");
  });

  test("S73: other users are served while one meets faults", async () => {
    const [mine, others] = [await signIn(), await client.signIn(new Person(world, "bob"))];
    await plan({ marked: true, ledger: { how: "late", times: 1000 }, "kv get": { how: "before", times: 1000 } });
    const slow = call(mine.access_token, { "x-faulty": "1" });
    let isSlow = true;
    void slow.then(() => (isSlow = false));
    let served = 0;
    while (isSlow && served < 5) {
      assert.equal((await call(others.access_token)).status, 200);
      served++;
    }
    assert.ok(served > 0);
    assert.equal((await slow).status, 200);
  });

  test("S69: a limiter that fails lets everybody pass", async () => {
    await plan({ limiter: { how: "before", times: 1000 } });
    await checkTokens(await signIn(), "no limiter");
    await Client.register(world);
    assert.ok((await visits("limiter")) > 0);
  });

  for (const how of ["throws", "short"]) {
    test(`S69 S76: randomness ${how}: nothing is issued, nothing is stored, nothing is used up`, async () => {
      const [tokens, authorized, request] = [await signIn(), await client.authorize(alice), await client.request()];
      const returning = await upToCallback(alice, request.url);
      const asked = world.todo.provider.tokenRequests.length;
      await plan({ random: { how, times: 1000 } });
      const attempts = [
        await refresh(tokens.refresh_token),
        await redeem(authorized),
        await alice.request((await client.request()).url).then(answerOf),
        await alice.request(returning).then(answerOf),
        await world.fetch(client.as.registration_endpoint, { method: "POST", body: "{}" }).then(answerOf),
      ];
      for (const { status, error } of attempts) assert.deepEqual([status, error], [500, "server_error"]);
      assert.equal(await visits("ledger"), 0);
      assert.equal(world.todo.provider.tokenRequests.length, asked);
      await plan({});
      await checkTokens(tokens, "not rotated");
      await checkTokens(await redeem(authorized), "not redeemed");
      const { redirect } = await alice.open(returning);
      await checkTokens(await redeem({ ...request, callback: client.validate(request, redirect) }), "not used");
    });
  }

  test("S67: a request that traps is answered with 500, alone; those beside it and the next 1,000 are served", async (t) => {
    const tokens = await signIn();
    await plan({ marked: true, request: { how: "swollen", times: 1000 } });
    const beside = await Promise.all(
      Array.from({ length: 30 }, (_, i) => (i % 3 ? call(tokens.access_token) : call(tokens.access_token, { "x-faulty": "1" }))),
    );
    for (const [i, { status }] of beside.entries()) assert.equal(status, i % 3 ? 200 : 500);
    await plan({ random: { how: "short" } }); // host_begin traps
    assert.equal((await world.fetch(`${world.url}/health`)).status, 500);
    let served = 0;
    for (let batch = 0; batch < 20; batch++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${world.url}/.well-known/jwks.json`)));
      for (const answer of answers) {
        assert.equal(answer.status, 200);
        await answer.body.cancel();
        served++;
      }
    }
    await checkTokens(tokens, "afterwards");
    t.diagnostic(`10 of 30 at once and 1 alone trapped; ${served} served after that`);
  });

  test("S69: 60 answers of the ledger that are noise: 503 each, and no trap", async () => {
    const tokens = await signIn();
    await plan({ ledger: { how: "noise", times: 1_000_000 } });
    for (let i = 0; i < 30; i++) {
      for (const answer of [await call(tokens.access_token), await refresh(tokens.refresh_token)])
        assert.equal(answer.status, 503);
    }
    await plan({});
    await checkTokens(tokens, "afterwards");
  });
});
