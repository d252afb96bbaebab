// `make dev`, as on a fresh machine: one command, and an MCP client can sign in.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { Client } from "../http/support/client.js";
import { callTool, resultOf } from "../http/support/mcp.js";
import { Person } from "../http/support/person.js";
import { until } from "../http/support/world.js";

const ROOT = resolve(import.meta.dirname, "../..");
/** What is not linked: of whoever works here (secrets, storage, history), and what a configuration changes. */
const OWN = [".dev.vars", ".wrangler", ".git", "shim", "build", "build/latchkey.json"];
const PORTS = [8787, 9400, 9401];

const isOpen = (port) => new Promise((resolve) => {
  const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)));
  socket.once("error", () => resolve(false));
});
const open = async () => (await Promise.all(PORTS.map(isOpen))).filter(Boolean).length;

let folder;
const inFolder = (name) => join(folder, name);
before(async () => {
  assert.equal(await open(), 0, `one of the ports ${PORTS} is taken, perhaps by a make dev: end that first`);
  folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  mkdirSync(inFolder("build"));
  const names = [...readdirSync(ROOT), ...readdirSync(join(ROOT, "build")).map((name) => `build/${name}`)];
  for (const name of names.filter((name) => !OWN.includes(name))) symlinkSync(join(ROOT, name), inFolder(name));
  cpSync(join(ROOT, "shim"), inFolder("shim"), { recursive: true }); // a link would lead to the build beside it
});
after(() => folder && rmSync(folder, { recursive: true, force: true }));

/** `make`, to be interrupted as a terminal does it. */
function start(t, ...args) {
  const child = spawn("make", args, { cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  const ended = new Promise((resolve) => child.once("close", resolve));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const interrupt = () => process.kill(-child.pid, "SIGINT"); // to the whole group
  t.after(() => hasEnded() || (interrupt(), ended));
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => lines.push(line));
  return { lines, ended, hasEnded, interrupt };
}

/** @type {[string, string, RegExp][]} what is wrong, the configuration, what is said */
const WRONG = [
  ["no JSON", `{"issuer": "http://127.0.0.1:8787", // here`, /^my\.json: .* \(line 1 column/],
  ["another machine's", `{"issuer": "https://mcp.example.com"}`, /^my\.json: issuer: https:\S+ does not lead here; .*8787"$/],
  ["what the gateway refuses", `{"issuer": "http://127.0.0.1:8787", "sever": {}}`, /latchkey\.json: sever: unknown; what can/],
];

for (const [why, text, said] of WRONG)
  test(`Q1: a configuration that cannot serve is refused before there is a URL to paste: ${why}`, async (t) => {
    writeFileSync(inFolder("my.json"), text);
    const { lines, ended } = start(t, "dev", "CONFIG=my.json");
    assert.notEqual(await ended, 0, "make dev succeeds");
    assert.match(lines.find((line) => said.test(line)) ?? lines.join("\n"), said);
    assert.doesNotMatch(lines.join("\n"), /claude mcp add/);
    assert.equal(await open(), 0, "a port is still open");
  });

test("Q1: the demonstration is not deployed in place of a configuration that is missing", async (t) => {
  const { lines, ended } = start(t, "deploy", "CONFIG=examples/todo/latchkey.json", "ARGS=--dry-run");
  assert.notEqual(await ended, 0, "make deploy succeeds");
  assert.match(lines.join("\n"), /^deploy: write latchkey\.json first/m);
});

test("Q1 S2: one command, a URL, a sign-in, a call; and Ctrl-C leaves nothing behind", async (t) => {
  const { lines, ended, hasEnded, interrupt } = start(t, "dev");
  const urlOf = (line) => line.includes("claude mcp add") && /http:\S+\/mcp\/todo/.exec(line)?.[0];
  await until(() => lines.some(urlOf) || hasEnded(), "it is ready", 120_000);
  assert.ok(!hasEnded(), lines.join("\n"));

  // What a user would do with what the terminal says.
  const url = lines.map(urlOf).find(Boolean);
  const world = { url: new URL(url).origin, mcp: url, fetch, todo: { provider: { issuer: "http://127.0.0.1:9400" } } };
  const client = await Client.register(world);
  const { access_token } = await client.signIn(new Person(world, "alice"));
  const { structuredContent } = await resultOf(await callTool(world, access_token, "whoami"));
  assert.equal(structuredContent.name, "Alice Adams");

  interrupt();
  await ended;
  assert.equal(await open(), 0, "a port is still open");
});
