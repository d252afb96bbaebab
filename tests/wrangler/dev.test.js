// `make dev`, as on a fresh machine: one command, and an MCP client can sign in.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
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
const OWN = [".dev.vars", ".wrangler", ".git"]; // of whoever works here: secrets, storage, history
const PORTS = [8787, 9400, 9401];

const isOpen = (port) => new Promise((resolve) => {
  const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)));
  socket.once("error", () => resolve(false));
});
const open = async () => (await Promise.all(PORTS.map(isOpen))).filter(Boolean).length;

let folder, taken;
const lines = [];
before(async () => {
  taken = await open();
  folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  for (const name of readdirSync(ROOT).filter((name) => !OWN.includes(name))) symlinkSync(join(ROOT, name), join(folder, name));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("Q1 S2: one command, a URL, a sign-in, a call; and Ctrl-C leaves nothing behind", async (t) => {
  assert.equal(taken, 0, `one of the ports ${PORTS} is taken, perhaps by a make dev: end that first`);
  const child = spawn("make", ["dev"], { cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const interrupt = () => process.kill(-child.pid, "SIGINT"); // to the whole group, as a terminal does it
  t.after(() => hasEnded() || (interrupt(), ended));
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => lines.push(line));
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
