/**
 * The gateway under `wrangler dev`: the real wrangler.toml, shim and module, in a folder of its
 * own, with a configuration, secrets and storage of its own.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import { readStorage } from "./storage.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const STOP_MS = 5000;

/** As it is, but for the build (there is no source here) and, if asked for, the limiter. */
function wranglerToml(limit) {
  const text = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  const changed = text.replace(/^\[build\]\n(.+\n)*/m, "").replace(/limit = \d+/, `limit = ${limit}`);
  if (changed.includes("[build]") || !changed.includes(`limit = ${limit}`)) throw new Error("wrangler.toml is not as expected");
  return changed;
}

/** @param {import("./gateway.js").HostOptions} options */
export async function startWrangler({ port, config, secrets, limit }) {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const inFolder = (...path) => join(folder, ...path);
  cpSync(join(ROOT, "shim"), inFolder("shim"), { recursive: true });
  cpSync(join(ROOT, "build/latchkey.wasm"), inFolder("build/latchkey.wasm"));
  writeFileSync(inFolder("build/latchkey.json"), JSON.stringify(config));
  writeFileSync(inFolder("wrangler.toml"), wranglerToml(limit));
  writeFileSync(inFolder(".dev.vars"), Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`).join(""));

  // What TLS ends before the Worker would be: with an https issuer, requests arrive as https.
  const scheme = new URL(config.issuer).protocol.slice(0, -1);
  const where = ["--upstream-protocol", scheme, "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0", "--persist-to", inFolder("state")];
  const child = spawn(process.execPath, [WRANGLER, "dev", ...where], {
    cwd: folder,
    detached: true, // the leader of a group, so that workerd can be stopped with it
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_LOG_PATH: inFolder("logs"),
      WRANGLER_REGISTRY_PATH: inFolder("registry"),
    },
  });

  const logs = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => logs.push(line));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended by itself.
    }
  };
  const killNow = () => kill("SIGKILL");
  process.once("exit", killNow);
  let files;

  return {
    logs,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,

    /** What was stored is kept in memory; the folder goes. */
    async stop() {
      kill("SIGINT");
      const timer = setTimeout(killNow, STOP_MS);
      await ended;
      clearTimeout(timer);
      killNow(); // whatever of the group has stayed behind
      process.off("exit", killNow);
      files ??= readStorage(inFolder("state"));
      rmSync(folder, { recursive: true, force: true });
    },

    /** Once it has stopped: everything that was stored. */
    storageDump: () => files,
  };
}
