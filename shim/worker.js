/**
 * The driver: asks the core what it wants, does it, tells the core what came
 * of it and asks again, until a response comes out. It decides nothing: no URL,
 * header, status or body is looked at here.
 */
import module from "../build/latchkey.wasm";
import configuration from "../build/latchkey.json";
import { Reader, Writer } from "./wire.js";

export { Ledger } from "./ledger.js";

const [OK, FAILED, TOO_LARGE, BUSY] = [0, 1, 3, 4];
const RESPONSE = 0;
const MAX_RUNS = 64;
const MAX_CACHED = 10000;

/* ---- the core: one instance for all requests, dropped when it traps ---- */

let core;

function load(env) {
  if (core) return core;
  const { exports } = new WebAssembly.Instance(module, {});
  const secrets = Object.entries(env).filter(([, value]) => typeof value === "string");
  const input = new Writer().text(configuration).pairs(secrets);
  const problem = new TextDecoder().decode(call(exports, "configure", input));
  if (problem) throw new Error(`latchkey.json: ${problem}`);
  return (core = exports);
}

function call(exports, name, input) {
  const at = exports.input(input.size);
  if (at === 0) throw new RangeError("more input than the core has memory for");
  new Uint8Array(exports.memory.buffer, at).set(input.bytes());
  const output = exports[name](input.size);
  const bytes = new Uint8Array(exports.memory.buffer, output, exports.output_size()).slice();
  exports.wipe();
  return bytes;
}

function run(env, journal) {
  try {
    return new Reader(call(load(env), "run", journal));
  } catch (error) {
    core = undefined;
    throw error;
  }
}

/* ---- effects: each reads what is wanted and writes what came of it ---- */

const keep = (r) => new Writer().raw(r.bytes.subarray(r.at));
const log = (r) => console.log(r.text());
const EFFECTS = [, body, ledger, kvGet, kvPut, outbound, limit, forward, keep, log];

/** What comes decompressed is counted decompressed: its Content-Length says nothing. */
async function readAll(stream, limit) {
  const all = new Writer();
  for await (const chunk of stream ?? []) {
    if (all.size + chunk.length > limit) return null;
    all.raw(chunk);
  }
  return all.bytes();
}

async function body(r, c) {
  const limit = r.u32(), { request } = c;
  const { headers } = request; // with a transfer coding, the length is not what will come
  const fits = !headers.has("transfer-encoding") && Number(headers.get("content-length") ?? NaN) <= limit;
  c.body = fits ? new Uint8Array(await request.arrayBuffer()) : await readAll(request.body, limit);
  return new Writer((c.body?.length ?? 0) + 8).u8(c.body ? OK : TOO_LARGE).span(c.body);
}

const cache = new Map(); // shard -> what was read, for steps that may be answered so

async function ledger(r, { env }) {
  const shard = r.text(), cacheMs = r.u32(), now = Date.now();
  if (cache.get(shard)?.until > now && cacheMs > 0) return cache.get(shard).answer;
  cache.delete(shard);
  const answer = new Writer().raw(await env.LEDGER.getByName(shard).apply(r.span()));
  if (cacheMs > 0) cache.set(shard, { until: now + cacheMs, answer });
  if (cache.size > MAX_CACHED) cache.delete(cache.keys().next().value);
  return answer;
}

async function kvGet(r, { env }) {
  const value = await env.KV.get(r.text(), "arrayBuffer");
  return new Writer().u8(OK).span(value && new Uint8Array(value));
}

function kvPut(r, { env }) {
  return env.KV.put(r.text(), r.span(), { expirationTtl: r.u32() });
}

async function outbound(r) {
  const method = r.text(), url = r.text(), headers = r.pairs(), body = r.span();
  const signal = AbortSignal.timeout(r.u32());
  const response = await fetch(url, { method, headers, body, signal, redirect: "manual" });
  const bytes = await readAll(response.body, r.u32());
  if (!bytes) return new Writer().u8(TOO_LARGE);
  return new Writer().u8(OK).u32(response.status).pairs(response.headers).span(bytes);
}

async function limit(r, { env }) {
  const { success } = await env.LIMITER.limit({ key: r.text() });
  return new Writer().u8(OK).u8(success ? 1 : 0);
}

/** Answers with the runtime's response itself, unless it has the status that the core wants back. */
async function forward(r, c) {
  const method = r.text(), url = r.text(), sent = r.pairs(), body = r.u8() ? c.body : null;
  const returned = r.u32(), kept = r.list(() => r.text()), added = r.pairs();
  const { signal } = c.request;
  const response = await fetch(url, { method, headers: sent, body, signal, redirect: "manual" });
  if (response.status === returned) {
    await response.body?.cancel();
    return new Writer().u8(OK);
  }
  const isKept = (name) => kept.some((k) => (k.endsWith("*") ? name.startsWith(k.slice(0, -1)) : k === name));
  const headers = new Headers([...response.headers].filter(([name]) => isKept(name)));
  for (const [name, value] of added) headers.set(name, value);
  return new Response(response.body, { status: response.status, headers });
}

/** @returns {Promise<Writer | Response | undefined>} a Response ends the request */
async function perform(effect, c) {
  const r = new Reader(effect);
  try {
    return await EFFECTS[r.u8()](r, c);
  } catch (error) {
    return new Writer().u8(error.overloaded ? BUSY : FAILED); // what to make of it is the core's
  }
}

/* ---- one request ---- */

function begin(request) {
  return new Writer(8192)
    .u64(Math.floor(Date.now() / 1000))
    .span(crypto.getRandomValues(new Uint8Array(32)))
    .text(request.method)
    .text(request.url)
    .pairs(request.headers);
}

async function serve(request, env, ctx) {
  const c = { request, env };
  const journal = begin(request);
  const later = (effects) => effects.length && ctx.waitUntil(Promise.all(effects.map((e) => perform(e, c))));
  for (let runs = 0; runs < MAX_RUNS; runs++) {
    const out = run(env, journal);
    if (out.u8() === RESPONSE) {
      const status = out.u32(), headers = out.pairs(), body = out.span();
      later(out.list(() => out.span()));
      return new Response(body?.length ? body : null, { status, headers });
    }
    const answers = await Promise.all(out.list(() => out.span()).map((effect) => perform(effect, c)));
    const response = answers.find((answer) => answer instanceof Response);
    if (response) {
      later(out.list(() => out.span()));
      return response;
    }
    for (const answer of answers) journal.span(answer.bytes());
  }
  throw new Error("a request that does not end");
}

const fault = JSON.stringify({ error: "server_error", error_description: "See the gateway's log." });

export default {
  async fetch(request, env, ctx) {
    const served = serve(request, env, ctx).catch((error) => {
      console.error(error.message);
      return new Response(fault, { status: 500, headers: { "content-type": "application/json" } });
    });
    ctx.waitUntil(served); // a client that leaves does not leave a sign-in half done
    return served;
  },
};
