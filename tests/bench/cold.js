/** Before the first call, and while a thousand wait: time to start, size, memory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";

import { call } from "./flow.js";
import { roam } from "./load.js";
import { residentMemory } from "./processes.js";
import { table } from "./report.js";
import { alternate, median } from "./rounds.js";
import { ROOT } from "./server.js";
import { labelOf, startSignedIn, startVariant } from "./variants.js";

const NAMES = ["bare", "latchkey", "provider"];
const WAITING = 1000;
const WAIT_MS = 30_000;
const TIMES = 20;

const kilobytes = (bytes) => (bytes / 1000).toFixed(1);
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

/** In this process's V8, which is not workerd's but a close relative. */
function measureModule() {
  const bytes = readFileSync(join(ROOT, "build/latchkey.wasm"));
  // V8 remembers what it has compiled: an empty custom section of another name makes it another module.
  const fresh = (i) => Buffer.concat([bytes, Buffer.from([0, 2, 1, i])]);
  const time = (work) => {
    const start = performance.now();
    const made = work();
    return [performance.now() - start, made];
  };
  const others = Array.from({ length: TIMES }, (_, i) => fresh(65 + i));
  const compiled = others.map((other) => time(() => new WebAssembly.Module(other)));
  const instantiated = compiled.map(([, module]) => time(() => new WebAssembly.Instance(module, {})));
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    compileMs: median(compiled.map(([ms]) => ms)),
    instantiateMs: median(instantiated.map(([ms]) => ms)),
  };
}

async function measureStart(name, product) {
  const { startMs, pid, stop } = await startVariant(name, product);
  const memory = residentMemory(pid);
  await stop();
  return { startMs, memory };
}

/** A thousand calls that wait for the product, all at once; then they are let go. */
async function measureWaiting(name, product) {
  const isOurs = name === "latchkey";
  const server = await startSignedIn(name, product, { runtime: "/slow", ...(isOurs && { main: "memory" }) });
  const before = residentMemory(server.pid);
  const answers = roam(server, [call()], { next: () => server.journey }, { connections: WAITING, amount: WAITING });
  const end = performance.now() + WAIT_MS;
  const ask = async (url) => (await fetch(url)).json();
  while ((await ask(`${product.url}/waiting`)) < WAITING) {
    if (performance.now() > end) throw new Error(`${name}: not all calls reach the product`);
    await sleep(100);
  }
  const during = residentMemory(server.pid);
  const instances = isOurs ? await ask(`${server.url}/__memory`) : [];
  await fetch(`${product.url}/release`);
  await answers;
  await server.stop();
  const wasm = instances.reduce((sum, bytes) => sum + bytes, 0);
  return { more: during - before, wasm, instances: instances.length };
}

export async function measureCold(product, { rounds }) {
  const { raw, gzip, compileMs, instantiateMs } = measureModule();
  const start = await alternate({ what: "starting", rounds }, NAMES, (name) => measureStart(name, product));
  const how = { what: `${WAITING} calls that wait`, rounds: Math.ceil(rounds / 2), warmUps: 0 };
  const waiting = await alternate(how, NAMES, (name) => measureWaiting(name, product));
  const { wasm, instances } = waiting.latchkey;
  const rows = NAMES.map((name) => [
    labelOf(name), start[name].startMs.toFixed(0), megabytes(start[name].memory), megabytes(waiting[name].more),
  ]);
  const head = ["", "start to first answer, ms", "resident then, MB", `more with ${WAITING} calls under way, MB`];
  const text = `${table(head, rows)}

The second figure is the process's resident memory, V8 and all. For the third, so many calls wait at once for a product that does not answer, in one process that has done nothing else before.

The module has ${raw.toLocaleString("en")} bytes, ${gzip.toLocaleString("en")} with gzip. V8 compiles it in ${compileMs.toFixed(1)} ms and makes an instance in ${instantiateMs.toFixed(2)} ms (in Node). While the calls waited, there ${instances === 1 ? "was 1 instance" : `were ${instances} instances`} of it, counted where they are made, with ${megabytes(wasm)} MB of memory in all: the build fixes it (initial = maximum).`;
  return {
    heading: "Start, size, memory",
    text,
    goals: [
      { what: "the module, KB", atMost: 200, is: kilobytes(raw) },
      { what: "the module with gzip, KB", atMost: 80, is: kilobytes(gzip) },
      { what: `wasm memory with ${WAITING} requests under way, MB`, atMost: 16, is: megabytes(wasm) },
    ],
  };
}
