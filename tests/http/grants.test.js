// Codes and refresh tokens: who may use them, how often, and what a wrong use costs.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, refusal, REDIRECT_URI } from "./support/client.js";
import { callTool } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

let world, client, alice;
before(async () => {
  world = await startWorld();
  client = await Client.register(world);
  alice = new Person(world, "alice");
});
after(() => world?.stop());

const works = async (token) => {
  const response = await callTool(world, token, "whoami");
  await response.text();
  return response.status === 200;
};

/** The parameters of a good token request, and what each case changes about them. */
const codeRequest = ({ callback, verifier }) => ({
  grant_type: "authorization_code",
  code: callback.get("code"),
  code_verifier: verifier,
  redirect_uri: REDIRECT_URI,
  resource: world.mcp,
  client_id: client.id,
});

async function refused(response, error, status = 400) {
  const body = await response.json();
  assert.deepEqual({ error: body.error, status: response.status }, { error, status });
  assert.match(body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/); // A16
  assert.equal(response.headers.get("cache-control"), "no-store"); // C08
  assert.equal(response.headers.get("access-control-allow-origin"), "*"); // C17
  return body;
}

describe("a code is refused, and stays good for its owner", () => {
  const other = { client_id: "", verifier: "x".repeat(43) };
  const cases = [
    ["B06: the verifier of another request", { code_verifier: other.verifier }, "invalid_grant"],
    ["B05: a verifier that is too short", { code_verifier: "x".repeat(42) }, "invalid_request"],
    ["B05: a verifier with other characters", { code_verifier: `${"x".repeat(42)}=` }, "invalid_request"],
    ["B07: no verifier", { code_verifier: undefined }, "invalid_request"],
    ["C13: another redirect URI", { redirect_uri: "http://127.0.0.1:52814/other" }, "invalid_grant"],
    ["C13: another port", { redirect_uri: "http://127.0.0.1:52815/callback" }, "invalid_grant"],
    ["I02: a resource that is not here", { resource: "https://elsewhere.example/mcp" }, "invalid_target"],
    ["I01: a resource that is no URI", { resource: "todo" }, "invalid_target"],
    ["C15: a grant type that is not offered", { grant_type: "password" }, "unsupported_grant_type"],
    ["A11: no grant type", { grant_type: undefined }, "invalid_request"],
    ["S05: a code with its first byte changed", { code: (code) => (code[0] === "A" ? "B" : "A") + code.slice(1) }, "invalid_grant"],
    ["S05: a code cut short", { code: (code) => code.slice(0, -1) }, "invalid_grant"],
    ["A11: no code", { code: undefined }, "invalid_request"],
    ["C03: no client", { client_id: undefined }, "invalid_client", 401],
    ["C03: a client that is not known", { client_id: "lkc_unknown" }, "invalid_client", 401],
  ];
  for (const [why, changes, error, status] of cases) {
    test(`A4 ${why}`, async () => {
      const authorized = await client.authorize(alice);
      const good = codeRequest(authorized);
      const bad = Object.entries({ ...good, ...changes })
        .map(([name, value]) => [name, typeof value === "function" ? value(good[name]) : value])
        .filter(([, value]) => value !== undefined);
      await refused(await world.post("/token", bad), error, status);
      await client.redeem(authorized);
    });
  }

  test("A4 C12 S04: another client, with everything else right", async () => {
    const authorized = await client.authorize(alice);
    const thief = await Client.register(world, { client_name: "Thief" });
    await refused(await world.post("/token", { ...codeRequest(authorized), client_id: thief.id }), "invalid_grant");
    assert.ok(await works((await client.redeem(authorized)).access_token));
  });
});

test("A4 C09 S01: of 50 parallel redemptions one wins, and no two token sets live", async () => {
  const authorized = await client.authorize(alice);
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.post("/token", codeRequest(authorized))));
  const bodies = await Promise.all(answers.map((answer) => answer.json()));
  const winners = bodies.filter(({ access_token }) => access_token);
  assert.equal(winners.length, 1);
  for (const { error } of bodies.filter((body) => !winners.includes(body))) assert.equal(error, "invalid_grant");
  // The losers were replays (C10): what the winner got is revoked.
  assert.equal(await works(winners[0].access_token), false);
});

test("A4 C10 S02: a replay that is right in everything is refused and revokes", async () => {
  const authorized = await client.authorize(alice);
  const tokens = await client.redeem(authorized);
  assert.ok(await works(tokens.access_token));
  await assert.rejects(client.redeem(authorized), refusal("invalid_grant"));
  assert.equal(await works(tokens.access_token), false);
  await assert.rejects(client.refresh(tokens.refresh_token), refusal("invalid_grant"));
});

test("A4 C11 S03: a replay that is wrong in anything revokes nothing", async () => {
  const authorized = await client.authorize(alice);
  const tokens = await client.redeem(authorized);
  const thief = await Client.register(world, { client_name: "Thief" });
  for (const change of [{ code_verifier: "x".repeat(43) }, { client_id: thief.id }, { redirect_uri: "http://127.0.0.1:1/callback" }, { resource: "https://elsewhere.example" }])
    assert.equal((await world.post("/token", { ...codeRequest(authorized), ...change })).status, 400);
  assert.ok(await works(tokens.access_token));
});

describe("refresh tokens", () => {
  let tokens;
  const refresh = (token, changes = {}) =>
    world.post("/token", { grant_type: "refresh_token", refresh_token: token, client_id: client.id, ...changes });

  before(async () => (tokens = await client.signIn(alice)));

  test("A4 D09 S11: the token just rotated gets the same successor again", async () => {
    const [first, second] = [await client.refresh(tokens.refresh_token), await client.refresh(tokens.refresh_token)];
    assert.equal(second.refresh_token, first.refresh_token);
    assert.equal(second.access_token, first.access_token);
    tokens = first;
  });

  test("A4 D09 S09: 30 parallel refreshes of one token have one successor", async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => client.refresh(tokens.refresh_token)));
    assert.equal(new Set(all.map(({ refresh_token }) => refresh_token)).size, 1);
    assert.ok(await works(all[0].access_token));
    tokens = all[0];
  });

  const refusals = [
    ["D03: another client", async () => ({ client_id: (await Client.register(world, { client_name: "Thief" })).id }), "invalid_grant"],
    ["D04 A8: more scopes than were granted", async () => ({ scope: "todos:read todos:admin" }), "invalid_scope"],
    ["I03: another resource", async () => ({ resource: "https://elsewhere.example/mcp" }), "invalid_target"],
    ["D07: one bit changed", async () => ({ refresh_token: tokens.refresh_token.slice(0, -2) + (tokens.refresh_token.endsWith("AA") ? "BA" : "AA") }), "invalid_grant"],
    ["D07: an access token instead", async () => ({ refresh_token: tokens.access_token }), "invalid_grant"],
    ["A11: none", async () => ({ refresh_token: "" }), "invalid_request"],
  ];
  for (const [why, changes, error] of refusals) {
    test(`A4 ${why}: refused, and nothing is lost`, async () => {
      await refused(await refresh(tokens.refresh_token, await changes()), error);
      assert.ok(await works(tokens.access_token));
    });
  }

  test("A4 D04 D05: scopes may shrink for one access token; the refresh token keeps them all", async () => {
    const narrow = await client.refresh(tokens.refresh_token, { scope: "todos:read" });
    assert.equal(narrow.scope, "todos:read");
    assert.equal((await callTool(world, narrow.access_token, "add_todo", { title: "no" })).status, 403);
    tokens = await client.refresh(narrow.refresh_token);
    assert.equal(tokens.scope, "todos:read todos:write");
  });

  test("A4 D02 S10: an older token ends the whole family, and only this one", async () => {
    const spared = await client.signIn(alice);
    const second = await client.refresh(tokens.refresh_token);
    const third = await client.refresh(second.refresh_token);
    await refused(await refresh(tokens.refresh_token), "invalid_grant");
    await assert.rejects(client.refresh(third.refresh_token), refusal("invalid_grant"));
    assert.equal(await works(third.access_token), false);
    assert.ok(await works(spared.access_token));
    await client.refresh(spared.refresh_token);
  });

  test("A4 S12: a thief and the owner both refresh: one chain survives, or none", async () => {
    const stolen = await client.signIn(alice);
    const [owner, thief] = [await client.refresh(stolen.refresh_token), await client.refresh(stolen.refresh_token)];
    const owners = await client.refresh(owner.refresh_token);
    const thiefs = await client.refresh(thief.refresh_token);
    assert.equal(owners.refresh_token, thiefs.refresh_token);
  });
});

describe("A6: revocation", () => {
  test("A6 M03: a refresh token goes with its access tokens; a wrong hint does not matter", async () => {
    const tokens = await client.signIn(alice);
    const response = await world.post("/revoke", { token: tokens.refresh_token, token_type_hint: "access_token", client_id: client.id });
    assert.equal(response.status, 200);
    assert.equal(await works(tokens.access_token), false);
    await assert.rejects(client.refresh(tokens.refresh_token), refusal("invalid_grant"));
  });

  test("A6: an access token goes alone", async () => {
    const tokens = await client.signIn(alice);
    const second = await client.refresh(tokens.refresh_token);
    await client.revoke(second.access_token);
    assert.equal(await works(second.access_token), false);
    assert.ok(await works((await client.refresh(second.refresh_token)).access_token));
  });

  test("A6 M01 M02: unknown, dead and others' tokens are answered alike, and nothing happens", async () => {
    const tokens = await client.signIn(alice);
    const stranger = await Client.register(world, { client_name: "Stranger" });
    const dead = await client.signIn(alice);
    await client.revoke(dead.refresh_token);
    for (const token of [tokens.refresh_token, tokens.access_token, dead.refresh_token, dead.access_token, "unknown", "lkr_AAAA"]) {
      const response = await world.post("/revoke", { token, client_id: stranger.id });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "{}");
    }
    assert.ok(await works(tokens.access_token));
    await client.refresh(tokens.refresh_token);
  });

  test("A6 S14: after a revocation nothing that was refreshed meanwhile works", async () => {
    const tokens = await client.signIn(alice);
    const refreshes = Array.from({ length: 20 }, () => client.refresh(tokens.refresh_token).catch(() => undefined));
    await client.revoke(tokens.refresh_token);
    for (const got of await Promise.all(refreshes)) if (got) assert.equal(await works(got.access_token), false);
    await assert.rejects(client.refresh(tokens.refresh_token), refusal("invalid_grant"));
  });
});
