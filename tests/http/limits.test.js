// The platform's limiter: what a stranger may make us do, and how often.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Client, REDIRECT_URI } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const LIMIT = 5;

let world;
before(async () => (world = await startWorld({ limit: LIMIT })));
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
