// The module that is deployed: what it takes from outside (nothing), what it offers, how big it is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const bytes = readFileSync(new URL("../build/latchkey.wasm", import.meta.url));
const module = new WebAssembly.Module(bytes);

test("it imports nothing", () => {
  assert.deepEqual(WebAssembly.Module.imports(module), []);
});

test("it exports one memory of a fixed size, and functions", (t) => {
  const exported = WebAssembly.Module.exports(module);
  t.diagnostic(exported.map(({ name }) => name).join(", "));
  assert.deepEqual(exported.filter(({ kind }) => kind !== "function"), [{ name: "memory", kind: "memory" }]);
  assert.ok(exported.length > 2);

  const { memory } = new WebAssembly.Instance(module).exports;
  assert.throws(() => memory.grow(1), RangeError);
});

test("it is at most 200 KB, and 80 KB on its way", (t) => {
  const compressed = gzipSync(bytes, { level: 9 });
  t.diagnostic(`${bytes.length} bytes, ${compressed.length} compressed`);
  assert.ok(bytes.length <= 200_000);
  assert.ok(compressed.length <= 80 * 1024); // compilers differ by a little
});

test("it instantiates, again and again", (t) => {
  const milliseconds = Array.from({ length: 20 }, () => {
    const start = performance.now();
    new WebAssembly.Instance(module);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  t.diagnostic(`median ${milliseconds[10].toFixed(3)} ms`);
});
