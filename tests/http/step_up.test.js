// A token without the scope that a tool needs: 403, and each SDK finds its way to more. A8 and P1.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Client } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { connect, SDKS } from "./support/sdk.js";
import { startWorld } from "./support/world.js";

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const challengeOf = (response) => Object.fromEntries([...response.headers.get("www-authenticate").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));

test("A8 P1 H08: 403 insufficient_scope, with all that is needed; a refresh then answers invalid_grant once", async () => {
  const client = await Client.register(world);
  const alice = new Person(world, "alice");
  const { access_token, refresh_token, scope } = await client.signIn(alice, { scope: "todos:read" });
  assert.equal(scope, "todos:read");
  await resultOf(await callTool(world, access_token, "list_todos"));
  const refused = await callTool(world, access_token, "add_todo", { title: "no" });
  assert.equal(refused.status, 403);
  const { error, scope: wanted, resource_metadata } = challengeOf(refused);
  assert.equal(error, "insufficient_scope");
  assert.deepEqual(wanted.split(" ").sort(), ["todos:read", "todos:write"], "what it has and what it lacks");
  assert.equal(resource_metadata, `${world.url}/.well-known/oauth-protected-resource/mcp/todo`);

  // The token itself is as good as before; a refresh could not add anything, and says so once.
  await resultOf(await callTool(world, access_token, "list_todos"));
  await assert.rejects(client.refresh(refresh_token), { error: "invalid_grant" });
  const { access_token: next } = await client.refresh(refresh_token);
  await resultOf(await callTool(world, next, "list_todos"));

  const { access_token: more } = await client.signIn(alice, { scope: wanted });
  await resultOf(await callTool(world, more, "add_todo", { title: "yes" }));
});

test("A8 D04: a token with fewer scopes than its grant: the refresh is the way, and works", async () => {
  const client = await Client.register(world);
  const { refresh_token } = await client.signIn(new Person(world, "alice"));
  const less = await client.refresh(refresh_token, { scope: "todos:read" });
  const refused = await callTool(world, less.access_token, "add_todo", { title: "no" });
  assert.equal(refused.status, 403);
  const all = await client.refresh(less.refresh_token, { scope: challengeOf(refused).scope });
  await resultOf(await callTool(world, all.access_token, "add_todo", { title: "yes" }));
});

test("A8: the user may say no again: 403 again, and no loop", async () => {
  const client = await Client.register(world);
  const alice = new Person(world, "alice");
  for (let i = 0; i < 2; i++) {
    const { access_token } = await client.signIn(alice, {}, { untick: ["todos:write"] });
    assert.equal((await callTool(world, access_token, "add_todo", { title: "no" })).status, 403);
  }
});

for (const [name, sdk] of Object.entries(SDKS)) {
  test(`A8 P1 A24: ${name} signs in again, for the union of scopes`, async () => {
    const bob = new Person(world, "bob");
    const asked = [];
    const { signIn } = bob;
    // The first time the user allows reading only.
    bob.signIn = function (url) {
      asked.push(new URL(url).searchParams.get("scope"));
      return signIn.call(this, url, asked.length === 1 ? { untick: ["todos:write"] } : {});
    };
    const user = await connect(sdk, world, bob);
    await user.callTool("list_todos");
    await assert.rejects(user.callTool("add_todo", { title: name }));
    assert.equal(asked.length, 2, `asked for ${asked.join(", then ")}`);
    assert.deepEqual(asked[1].split(" ").sort(), ["todos:read", "todos:write"]);
    await sdk.finish(user.transport, user.keeper.redirect);
    assert.equal(user.keeper.saved.scope.split(" ").length, 2);
    const { structuredContent } = await user.callTool("add_todo", { title: name });
    assert.equal(structuredContent.title, name);
    await user.close();
  });
}
