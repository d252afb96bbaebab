/**
 * The gateway under `wrangler dev`: the real wrangler.toml, shim and module, in a folder of its
 * own, with a configuration, secrets and storage of its own.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { startProgram } from "./program.js";
import { readStorage } from "./storage.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const MAIN = "shim/worker.js";

/** As it is, but for the build (there is no source here) and, if asked for, the limiter and the entry. */
function wranglerToml(limit, main) {
  const text = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  const changed = text
    .replace(/^\[build\]\n(.+\n)*/m, "")
    .replace(/limit = \d+/, `limit = ${limit}`)
    .replace(`main = "${MAIN}"`, `main = "${main}"`);
  if (changed.includes("[build]") || ![`limit = ${limit}`, `main = "${main}"`].every((part) => changed.includes(part)))
    throw new Error("wrangler.toml is not as expected");
  return changed;
}

/** @param {import("./gateway.js").HostOptions} options */
export async function startWrangler({ port, config, secrets, limit, on }) {
  const main = on ? `tests/http/support/${on}.js` : MAIN;
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const inFolder = (...path) => join(folder, ...path);
  cpSync(join(ROOT, "shim"), inFolder("shim"), { recursive: true });
  if (main !== MAIN) cpSync(join(ROOT, main), inFolder(main));
  cpSync(join(ROOT, "build/latchkey.wasm"), inFolder("build/latchkey.wasm"));
  writeFileSync(inFolder("wrangler.toml"), wranglerToml(limit, main));
  const settle = (config, secrets) => {
    writeFileSync(inFolder("build/latchkey.json"), JSON.stringify(config));
    writeFileSync(inFolder(".dev.vars"), Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`).join(""));
  };
  settle(config, secrets);

  // What TLS ends before the Worker would be: with an https issuer, requests arrive as https.
  const scheme = new URL(config.issuer).protocol.slice(0, -1);
  const where = ["--upstream-protocol", scheme, "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0", "--persist-to", inFolder("state")];
  const program = startProgram(process.execPath, [WRANGLER, "dev", ...where], {
    cwd: folder,
    detached: true, // so that workerd is stopped with it
    env: {
      ...process.env,
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      X_LOCAL_OBSERVABILITY: "false", // wrangler's own store of traces keeps whole URLs
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_LOG_PATH: inFolder("logs"),
      WRANGLER_REGISTRY_PATH: inFolder("registry"),
    },
  });
  let files;

  return {
    ...program,
    stored: inFolder("state"),

    /** Once more after kill(), on what is stored. */
    start(config, secrets) {
      settle(config, secrets);
      program.start();
    },

    /** What was stored is kept in memory; the folder goes. */
    async stop() {
      await program.end();
      files ??= readStorage(inFolder("state"));
      rmSync(folder, { recursive: true, force: true });
    },

    /** Once it has stopped: everything that was stored. */
    storageDump: () => files,
  };
}
