// The platform's limiter: what a stranger may make us do, and how often.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Client, REDIRECT_URI } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const LIMIT = 5;
const SECRET = "a secret of the resource server, 32 bytes";

let world;
before(async () => {
  world = await startWorld({
    limit: LIMIT,
    secrets: { API_SECRET: SECRET },
    config: (config) => (config.clients = { api: { client_secret: { secret: "API_SECRET" }, introspect: "todo" } }),
  });
});
after(() => world?.stop());

test("E10 S35: registrations are counted; what is registered works on", async () => {
  const client = await Client.register(world);
  const statuses = [];
  for (let i = 0; i < LIMIT + 1; i++) {
    const body = JSON.stringify({ redirect_uris: [REDIRECT_URI], client_name: String(i) });
    const response = await world.fetch(`${world.url}/register`, { method: "POST", body, headers: { "content-type": "application/json" } });
    statuses.push(response.status);
    if (response.status !== 429) continue;
    assert.ok(Number(response.headers.get("retry-after")) >= 1);
    assert.equal((await response.json()).error, "too_many_requests");
  }
  assert.equal(statuses.at(-1), 429, statuses.join());

  const { access_token } = await client.signIn(new Person(world, "alice"));
  for (let i = 0; i < 2 * LIMIT; i++) await resultOf(await callTool(world, access_token, "whoami"));
});

test("C07: guesses at a secret are counted; the right one is not", async () => {
  const introspect = async (secret, times) => {
    const authorization = `Basic ${Buffer.from(`api:${secret}`).toString("base64")}`;
    const statuses = [];
    for (let i = 0; i < times; i++) statuses.push((await world.post("/introspect", { token: "x" }, { authorization })).status);
    return statuses;
  };
  const guesses = await introspect("a guess", 2 * LIMIT);
  assert.equal(guesses[0], 401);
  assert.equal(guesses.at(-1), 429, guesses.join());
  assert.deepEqual(new Set(await introspect(SECRET, 2 * LIMIT)), new Set([200]));
});
