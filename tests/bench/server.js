/**
 * Workers to be measured, each in a workerd of its own with nothing before it: `wrangler dev`
 * would put a Worker of its own in front, whose cost hides the differences.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// Not among our own packages: these are wrangler's, in the versions that it runs.
import { convertV4MiniflareOptions as optionsFrom, Miniflare } from "miniflare";
import { default as workerd } from "workerd";
import { unstable_readConfig as readConfig } from "wrangler";

import { freePort } from "../http/support/gateway.js";
import { childrenRunning, MEASURED, runOn } from "./processes.js";

export const ROOT = resolve(import.meta.dirname, "../..");
const READY_MS = 30_000;
const ROOM_BYTES = 8 * 2 ** 30; // for the storage of 100,000 grants

const { compatibility_date: date, compatibility_flags: flags } = readConfig({ config: join(ROOT, "wrangler.toml") });

/**
 * @typedef {object} Worker
 * @property {Record<string, string | object>} modules name -> file from the root, or JSON; the main one first
 * @property {Record<string, string>} [texts] bindings
 * @property {Record<string, string>} [objects] bindings to Durable Objects: name -> class
 * @property {string} [kv] name of a binding
 *
 * @typedef {object} Server
 * @property {string} url
 * @property {number} pid
 * @property {number} startMs until its first answer
 * @property {() => unknown} stop
 * @property {(change: (storage: string) => unknown) => Promise<Server>} [restart] on what is stored, changed
 */

/** The storage is on a file system in memory, where there is one with room: no disk is measured. */
function makeFolder() {
  const parent = ["/dev/shm", tmpdir()].find((path) => {
    const { bavail, bsize } = statfsSync(path, { throwIfNoEntry: false }) ?? {};
    return bavail * bsize > ROOM_BYTES;
  });
  return mkdtempSync(join(parent ?? tmpdir(), "latchkey-bench-"));
}

const running = new Set(); // what is to be stopped at the end, however that comes
process.once("exit", () => running.forEach((stop) => stop()));

function stopper(stop, folder) {
  const stopOnce = () => {
    if (!running.delete(stopOnce)) return undefined;
    const stopped = stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    return stopped;
  };
  running.add(stopOnce);
  return stopOnce;
}

/** Until something listens, then the first answer. */
async function answers(port, hasEnded) {
  const end = performance.now() + READY_MS;
  const listens = () =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
  while (performance.now() < end && !hasEnded()) {
    if (await listens()) return (await fetch(`http://127.0.0.1:${port}/health`)).arrayBuffer();
    await sleep(1);
  }
  throw new Error("workerd does not start");
}

/* ---- workerd by itself, KV namespaces in memory ---- */

const quote = JSON.stringify;
const KINDS = { js: "esModule", wasm: "wasm", json: "text" };
const kindOf = (name) => KINDS[name.split(".").at(-1)] ?? KINDS.js;

function capnpWorker(name, { modules, texts = {}, objects = {}, kv }, embed) {
  const bindings = [
    ...Object.entries(texts).map(([key, text]) => `(name = ${quote(key)}, text = ${quote(text)})`),
    ...Object.entries(objects).map(([key, object]) => `(name = ${quote(key)}, durableObjectNamespace = ${quote(object)})`),
    ...(kv ? [`(name = ${quote(kv)}, kvNamespace = "kv")`] : []),
  ];
  const namespaces = Object.values(objects).map((o) => `(className = ${quote(o)}, uniqueKey = ${quote(o)}, enableSql = true)`);
  return `(name = ${quote(name)}, worker = (
    compatibilityDate = ${quote(date)}, compatibilityFlags = ${quote(flags)}, globalOutbound = "network",
    modules = [${Object.entries(modules).map(([key, file]) => `(name = ${quote(key)}, ${kindOf(key)} = ${embed(file)})`)}],
    bindings = [${bindings}],
    durableObjectNamespaces = [${namespaces}], durableObjectStorage = (localDisk = "storage"))),`;
}

function capnpConfig(worker, port, folder) {
  const embed = (file) => (typeof file === "string" ? `embed ${quote(relative(folder, join(ROOT, file)))}` : quote(quote(file)));
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "network", network = (allow = ["public", "private"])),
    (name = "storage", disk = (path = ${quote(join(folder, "storage"))}, writable = true)),
    ${capnpWorker("kv", { modules: { "kv.js": "tests/bench/workers/memory_kv.js" } }, embed)}
    ${capnpWorker("main", worker, embed)}
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);`;
}

/** @param {(url: string) => Worker} workerAt @returns {Promise<Server>} */
export async function startWorkerd(workerAt, processors = MEASURED) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = makeFolder();
  const storage = join(folder, "storage");
  mkdirSync(storage);
  writeFileSync(join(folder, "config.capnp"), capnpConfig(workerAt(url), port, folder));
  const command = ["taskset", "--cpu-list", processors, workerd.default, "serve", "--experimental", "config.capnp"];
  let child;
  const start = async () => {
    const started = performance.now();
    child = spawn(command[0], command.slice(1), { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    await answers(port, () => child.exitCode !== null);
    return { url, pid: child.pid, startMs: performance.now() - started, stop, restart };
  };
  const stop = stopper(() => child.kill("SIGKILL"), folder);
  const restart = async (change) => {
    child.kill("SIGKILL");
    await once(child, "exit");
    await change(storage);
    return start();
  };
  return start();
}

/* ---- the same in Miniflare, which simulates KV as `wrangler dev` does; no proxy before it either ---- */

/** @param {(url: string) => Worker} workerAt @returns {Promise<Server>} */
export async function startMiniflare(workerAt) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = makeFolder();
  const { modules, texts, kv } = workerAt(url);
  const before = childrenRunning("workerd");
  const started = performance.now();
  const miniflare = new Miniflare(
    optionsFrom({
      modules: Object.entries(modules).map(([path, file]) => ({ type: "ESModule", path, contents: readFileSync(join(ROOT, file), "utf8") })),
      compatibilityDate: date,
      compatibilityFlags: flags,
      bindings: texts,
      kvNamespaces: [kv],
      unsafeDirectSockets: [{ host: "127.0.0.1", port }],
      stripCfConnectingIp: false,
      resourcePersistencePath: folder,
      cf: false,
    }),
  );
  await miniflare.ready;
  await answers(port, () => false);
  const [pid] = childrenRunning("workerd").filter((child) => !before.includes(child));
  runOn(MEASURED, pid);
  return { url, pid, startMs: performance.now() - started, stop: stopper(() => miniflare.dispose(), folder) };
}
