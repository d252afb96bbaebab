/**
 * The same module, byte for byte, under tests/wasmtime/host.py, with a configuration, secrets and
 * storage of its own.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { startProgram } from "./program.js";
import { readStorage } from "./storage.js";

const ROOT = resolve(import.meta.dirname, "../../..");

/** @param {import("./gateway.js").HostOptions} options */
export async function startWasmtime({ port, config, secrets, limit, on = "host" }) {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const stored = join(folder, "state");
  const settings = {
    module: join(ROOT, "build/latchkey.wasm"),
    config: join(folder, "latchkey.json"),
    secrets: join(folder, ".dev.vars"),
    store: join(stored, "store.sqlite"),
    port,
    limit,
    scheme: new URL(config.issuer).protocol.slice(0, -1), // as if something before it ended TLS
  };
  const settle = (config, secrets) => {
    writeFileSync(settings.config, JSON.stringify(config));
    writeFileSync(settings.secrets, Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`).join(""));
  };
  mkdirSync(stored);
  settle(config, secrets);
  const given = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const program = startProgram(join(ROOT, "build/venv/bin/python"), [join(ROOT, `tests/wasmtime/${on}.py`), ...given]);
  let files;

  return {
    ...program,
    stored,

    /** Once more after kill(), on what is stored. */
    start(config, secrets) {
      settle(config, secrets);
      program.start();
    },

    /** What was stored is kept in memory; the folder goes. */
    async stop() {
      await program.end();
      files ??= readStorage(stored);
      rmSync(folder, { recursive: true, force: true });
    },

    /** Once it has stopped: everything that was stored. */
    storageDump: () => files,
  };
}
