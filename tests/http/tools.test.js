// Programs that people use, and the official conformance tests, against the gateway: unchanged,
// and told nothing but its URL. tools/call is made as the user who has signed in.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

import { freePort } from "./support/gateway.js";
import { Person } from "./support/person.js";
import { makeHome, programOf, run, signInWhenAsked } from "./support/tool.js";
import { startWorld } from "./support/world.js";

let world, callbackPort;
before(async () => {
  callbackPort = await freePort();
  world = await startWorld({
    config: (config) => (config.clients = { conformance: { redirect_uris: [`http://127.0.0.1:${callbackPort}/callback`] } }),
  });
});
after(() => world?.stop());

/** Every JSON file below a folder. */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".json"))
    .map((name) => readFileSync(join(folder, name), "utf8"));

/** Makes the access token that a program keeps worthless; its refresh token stays good. */
async function endAccessToken(folder) {
  const texts = filesOf(folder).filter((text) => text.includes('"access_token"'));
  assert.equal(texts.length, 1, "there is one file with tokens");
  const [, token] = /"access_token":\s*"([^"]+)"/.exec(texts[0]);
  const { client_id } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.equal((await world.post("/revoke", { token, client_id })).status, 200);
  return token;
}

// Public: where a server offers "none" too, they never use a secret that they were given.
test("A1 A2 A4: the official conformance tests for authorization servers", async (t) => {
  const home = makeHome();
  const args = ["authorization", "--url", world.url, "--client-id", "conformance", "--resource", world.mcp, "--port", String(callbackPort)];
  const { code, stdout, stderr } = await run("@modelcontextprotocol/conformance/dist/index.js", args, { world, person: new Person(world, "alice"), env: home.env });
  home.remove();
  assert.equal(code, 0, stdout + stderr);
  const [, passed, failed] = /Total: (\d+) passed, (\d+) failed/.exec(stdout);
  assert.equal(failed, "0", stdout);
  assert.ok(Number(passed) >= 3, stdout);
  t.diagnostic(`conformance: ${passed} passed`);
});

describe("mcp-remote", () => {
  const home = makeHome();
  after(home.remove);

  const connect = async (args = []) => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [programOf("mcp-remote/dist/proxy.js"), world.mcp, ...args],
      env: { ...home.env, MCP_REMOTE_CONFIG_DIR: home.folder },
      stderr: "pipe",
    });
    const said = signInWhenAsked(transport.stderr, world, new Person(world, "bob"));
    const client = new Client({ name: "desktop", version: "1" });
    await client.connect(transport).catch((error) => assert.fail(`${error.message}\n${said.text}`));
    return { client, said };
  };
  const whoami = async (client) => (await client.callTool({ name: "whoami", arguments: {} })).structuredContent.sub;

  test("A5 G10: registers, signs in, lists, calls", async () => {
    const { client, said } = await connect();
    assert.equal((await client.listTools()).tools.length, 5);
    assert.equal(await whoami(client), "user-1002");
    assert.equal(said.signIns, 1);
    await client.close();
  });

  test("A4 D01: comes back with what it kept, and refreshes by itself", async () => {
    const { client, said } = await connect();
    assert.equal(await whoami(client), "user-1002");
    const old = await endAccessToken(home.folder);
    assert.equal(await whoami(client), "user-1002");
    assert.equal(said.signIns, 0);
    assert.ok(!filesOf(home.folder).join().includes(old));
    await client.close();
  });

  test("G10: in the stateless era", async () => {
    const { client, said } = await connect(["--protocol", "auto"]);
    assert.equal((await client.listTools()).tools.length, 5);
    assert.equal(await whoami(client), "user-1002");
    assert.equal(said.signIns, 0);
    await client.close();
  });
});

describe("the Inspector's command line", () => {
  const home = makeHome();
  after(home.remove);
  let callback;
  before(async () => (callback = `http://127.0.0.1:${await freePort()}/oauth/callback`));

  const inspect = async (...args) => {
    const env = { ...home.env, MCP_AUTO_OPEN_ENABLED: "true", MCP_INSPECTOR_SECRET_STORE: "file" };
    const fixed = ["--cli", world.mcp, "--transport", "http", "--format", "json", "--callback-url", callback];
    const result = await run("@modelcontextprotocol/inspector/clients/launcher/build/index.js", [...fixed, ...args], { world, person: new Person(world, "carol"), env });
    assert.equal(result.code, 0, result.stdout + result.stderr);
    return { ...result, result: JSON.parse(result.stdout.split("\n").find((line) => line.startsWith('{"result"'))).result };
  };
  const whoami = ["--method", "tools/call", "--tool-name", "whoami"];

  test("A5 G10: registers, signs in, lists", async () => {
    const { result, signIns } = await inspect("--method", "tools/list");
    assert.equal(result.tools.length, 5);
    assert.equal(signIns, 1);
  });

  for (const era of ["legacy", "modern"])
    test(`G10: calls in the ${era} era, with what it kept`, async () => {
      const { result, signIns } = await inspect(...whoami, "--protocol-era", era);
      assert.equal(result.structuredContent.sub, "user-2001");
      assert.equal(signIns, 0);
    });

  test("A6 M03: signs out, and in again", async () => {
    const { result, signIns } = await inspect(...whoami, "--relogin");
    assert.equal(result.structuredContent.sub, "user-2001");
    assert.equal(signIns, 1);
  });
});
