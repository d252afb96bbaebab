// `make dev`: the Todo product and Latchkey in front of it, on this machine, until Ctrl-C.
//
//   node examples/dev.js CONFIG
//
// With a configuration other than Todo's, the gateway alone.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { parseEnv } from "node:util";

const config = process.argv[2];
const withProduct = config === "examples/todo/latchkey.json";
const HERE = "http://127.0.0.1:8787";

/** What was started, each the leader of a process group, so that all of it can be stopped. */
const running = new Set();
let stopping = false;

/** Fails if somebody listens there already. */
function checkPort(port, use) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", () =>
      reject(
        new Error(
          `Port ${port}, for ${use}, is taken: perhaps by another \`make dev\`.\n` +
            `\`ss -ltnp 'sport = :${port}'\` shows by what; stop it and try again.`,
        ),
      ),
    );
    server.listen(port, "127.0.0.1", () => server.close(resolve));
  });
}

/** The secrets of this machine, in .dev.vars, where wrangler looks for them; made on first use. */
function secrets(names) {
  const known = existsSync(".dev.vars") ? readFileSync(".dev.vars", "utf8") : "";
  const values = parseEnv(known);
  let added = known === "" || known.endsWith("\n") ? "" : "\n";
  for (const name of names.filter((name) => !values[name])) {
    values[name] = randomBytes(32).toString("base64url");
    added += `${name}=${values[name]}\n`;
  }
  appendFileSync(".dev.vars", added, { mode: 0o600 });
  return values;
}

/** Starts a Node program, shows what it says, and resolves when that tells that it is ready. */
function start(name, ready, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      detached: true,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        console.log(`${name.padEnd(7)} | ${line}`);
        if (ready.test(line)) resolve();
      });
    }
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      reject(new Error(`${name} could not start`));
      if (!stopping) stop(1, `${name} ended (${signal ?? code})`);
    });
  });
}

/** Ends every process group: politely, after five seconds not so. Why comes last, below what they said. */
async function stop(status, why) {
  if (stopping) return;
  stopping = true;
  for (const signal of ["SIGINT", "SIGKILL"]) {
    for (const child of running) kill(child, signal);
    await Promise.race([Promise.all([...running].map(ended)), setTimeout(5000)]);
  }
  if (why) console.error(why);
  process.exit(status);
}

/** Resolves when the program has ended. */
function ended(child) {
  const { exitCode, signalCode } = child;
  return exitCode ?? signalCode ?? new Promise((resolve) => child.once("exit", resolve));
}

function kill({ pid }, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended by itself.
  }
}

/** What the configuration publishes. It has to be for this machine: a gateway has one name only. */
function published() {
  try {
    const { issuer, servers } = JSON.parse(readFileSync(config, "utf8"));
    if (issuer === HERE) return Object.keys(servers ?? {});
    throw new Error(`issuer: ${issuer} does not lead here; for development give it "${HERE}"`);
  } catch (error) {
    throw new Error(`${config}: ${error.message}`);
  }
}

/** A configuration is read with the first request: what is wrong with it should be said now. */
async function checkGateway() {
  const { ok } = await fetch(`${HERE}/health`);
  if (!ok) throw new Error(`The gateway cannot work with ${config}: what is wrong stands above.`);
}

function welcome(servers) {
  console.log("\nLatchkey is ready. Give this URL to an MCP client:");
  for (const name of servers) {
    const url = `${HERE}/mcp/${name}`;
    console.log(`
  ${url}

  Claude Code   claude mcp add --transport http ${name} ${url}
  VS Code       code --add-mcp '${JSON.stringify({ name, type: "http", url })}'
  Cursor        ${JSON.stringify({ mcpServers: { [name]: { url } } })}   in ~/.cursor/mcp.json`);
  }
  if (withProduct) {
    console.log("\n  Sign in as alice or bob (of acme) or carol (of globex), with any password.");
  }
  console.log("\nCtrl-C stops everything.\n");
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(0));

try {
  const servers = published();
  await checkPort(8787, "the gateway");
  if (withProduct) {
    await checkPort(9400, "Todo's identity provider");
    await checkPort(9401, "Todo's API");
  }

  const names = ["LATCHKEY_SECRET", ...(withProduct ? ["TODO_CLIENT_SECRET"] : [])];
  const { TODO_CLIENT_SECRET } = secrets(names);
  if (withProduct) {
    await start("todo", /ready/i, ["examples/todo/main.js"], { TODO_CLIENT_SECRET });
  }
  const wrangler = ["node_modules/wrangler/bin/wrangler.js", "dev", "--inspector-port", "0"];
  await start("gateway", /Ready on/, wrangler, {
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_ERROR_REPORTS: "false",
  });
  await checkGateway();
  welcome(servers);
} catch (error) {
  stop(1, error.message);
}
