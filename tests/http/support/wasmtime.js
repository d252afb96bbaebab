/**
 * The same module, byte for byte, under tests/wasmtime/host.py, with a configuration, secrets and
 * storage of its own.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import { readStorage } from "./storage.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const STOP_MS = 5000;

/** @param {import("./gateway.js").HostOptions} options */
export async function startWasmtime({ port, config, secrets, limit }) {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const inFolder = (name, content) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const settings = {
    module: join(ROOT, "build/latchkey.wasm"),
    config: inFolder("latchkey.json", JSON.stringify(config)),
    secrets: inFolder(".dev.vars", Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`).join("")),
    store: inFolder("store.sqlite", ""),
    port,
    limit,
  };
  const given = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(join(ROOT, "build/venv/bin/python"), [join(ROOT, "tests/wasmtime/host.py"), ...given], {
    stdio: ["ignore", "pipe", "pipe"],
  });

  const logs = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => logs.push(line));
  child.once("error", (error) => logs.push(`${error.message}: .ci/deps test installs what is missing`));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const killNow = () => child.kill("SIGKILL");
  process.once("exit", killNow);
  let files;

  return {
    logs,
    hasEnded: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,

    /** What was stored is kept in memory; the folder goes. */
    async stop() {
      child.kill("SIGINT");
      const timer = setTimeout(killNow, STOP_MS);
      await ended;
      clearTimeout(timer);
      process.off("exit", killNow);
      rmSync(settings.config);
      rmSync(settings.secrets);
      files ??= readStorage(folder);
      rmSync(folder, { recursive: true, force: true });
    },

    /** Once it has stopped: everything that was stored. */
    storageDump: () => files,
  };
}
