/**
 * Workers to be measured, each in a workerd of its own, with nothing before it: `wrangler dev`
 * would put a Worker of its own in front and a simulation behind, whose cost hides the differences.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Miniflare } from "miniflare";
import { default as workerd } from "workerd";
import { unstable_readConfig as readConfig } from "wrangler";

import { freePort } from "../http/support/gateway.js";

export const ROOT = resolve(import.meta.dirname, "../..");
const TICK_MICROSECONDS = 10_000; // USER_HZ is 100 wherever Linux runs
const READY_MS = 30_000;

const { compatibility_date: date, compatibility_flags: flags } = readConfig({ config: join(ROOT, "wrangler.toml") });

/**
 * What is measured runs on the first processor, everything else on the others: so the one never
 * waits for the other, and throughput is what one processor can do.
 */
const PROCESSORS = availableParallelism();
const MEASURED = PROCESSORS > 1 ? ["taskset", "--cpu-list", "0"] : [];
if (PROCESSORS > 1)
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", `1-${PROCESSORS - 1}`, String(process.pid)], { stdio: "ignore" });

/**
 * @typedef {object} Worker
 * @property {Record<string, string | object>} modules name -> file from the root, or JSON; the main one first
 * @property {Record<string, string>} [texts] bindings
 * @property {Record<string, string>} [objects] bindings to Durable Objects: name -> class
 * @property {string} [kv] name of a binding
 */

/** The storage is on a file system in memory, where there is one: no disk is measured. */
function makeFolder() {
  for (const parent of ["/dev/shm", tmpdir()]) {
    try {
      return mkdtempSync(join(parent, "latchkey-bench-"));
    } catch {
      // The next one.
    }
  }
}

/* ---- workerd by itself, KV namespaces in memory ---- */

const quote = JSON.stringify;
const KINDS = { js: "esModule", wasm: "wasm", json: "text" };

function capnpWorker(name, { modules, texts = {}, objects = {}, kv }, embed) {
  const bindings = [
    ...Object.entries(texts).map(([key, text]) => `(name = ${quote(key)}, text = ${quote(text)})`),
    ...Object.entries(objects).map(([key, object]) => `(name = ${quote(key)}, durableObjectNamespace = ${quote(object)})`),
    ...(kv ? [`(name = ${quote(kv)}, kvNamespace = "kv")`] : []),
  ];
  const namespaces = Object.values(objects).map((o) => `(className = ${quote(o)}, uniqueKey = ${quote(o)}, enableSql = true)`);
  return `(name = ${quote(name)}, worker = (
    compatibilityDate = ${quote(date)}, compatibilityFlags = ${quote(flags)}, globalOutbound = "network",
    modules = [${Object.entries(modules).map(([key, file]) => `(name = ${quote(key)}, ${KINDS[key.split(".").at(-1)] ?? "esModule"} = ${embed(file)})`)}],
    bindings = [${bindings}],
    durableObjectNamespaces = [${namespaces}], durableObjectStorage = (localDisk = "storage"))),`;
}

/**
 * @param {(url: string) => Worker} workerAt
 * @param {{ isMeasured?: boolean }} [options] what is measured has a processor to itself
 */
export async function startWorkerd(workerAt, { isMeasured = true } = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = makeFolder();
  mkdirSync(join(folder, "storage"));
  const embed = (file) => (typeof file === "string" ? `embed ${quote(relative(folder, join(ROOT, file)))}` : quote(quote(file)));
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "network", network = (allow = ["public", "private"])),
    (name = "storage", disk = (path = ${quote(join(folder, "storage"))}, writable = true)),
    ${capnpWorker("kv", { modules: { "kv.js": "tests/bench/workers/memory_kv.js" } }, embed)}
    ${capnpWorker("main", workerAt(url), embed)}
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);`;
  writeFileSync(join(folder, "config.capnp"), config);
  const command = [...(isMeasured ? MEASURED : []), workerd.default, "serve", "--experimental", "config.capnp"];
  const started = performance.now();
  const child = spawn(command[0], command.slice(1), { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const stop = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", stop);
  await answers(url, () => child.exitCode !== null);
  return { url, pid: child.pid, folder, startMs: performance.now() - started, stop };
}

/* ---- the same worker in Miniflare, which simulates KV as `wrangler dev` does ---- */

/** @param {(url: string) => Worker} workerAt */
export async function startMiniflare() {
  throw new Error("not yet");
}

async function answers(url, hasEnded) {
  const end = performance.now() + READY_MS;
  while (performance.now() < end && !hasEnded()) {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response) return;
    await sleep(1);
  }
  throw new Error("workerd does not start");
}

/** Microseconds of CPU time that a process has used, in user and kernel mode. */
export function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}
