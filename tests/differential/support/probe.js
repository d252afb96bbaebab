// Our parsers, as tests/differential/probe.c exports them.
import { readFileSync } from "node:fs";

const bytes = readFileSync(new URL("../../../build/wasi/probe.wasm", import.meta.url));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
const OK = 0;

/**
 * What a parser of ours makes of an input.
 * @param {string} parser @param {Uint8Array | string} input
 * @returns {{ ok: boolean, output?: Uint8Array, result: number }}
 */
export function probe(parser, input) {
  const given = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const at = exports.input(given.length);
  new Uint8Array(exports.memory.buffer, at, given.length).set(given);
  const result = exports[parser]();
  if (result !== OK) return { ok: false, result };
  const output = new Uint8Array(exports.memory.buffer, exports.output(), exports.output_size());
  return { ok: true, result, output: output.slice() };
}

/** The same where the output is JSON. */
export function probeJson(parser, input) {
  const { ok, output } = probe(parser, input);
  return ok ? { ok, value: JSON.parse(new TextDecoder().decode(output)) } : { ok };
}
