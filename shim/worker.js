/**
 * The driver: asks the core what it wants, does it, tells the core what came
 * of it and asks again, until a response comes out. It decides nothing: no URL,
 * header, status or body is looked at here.
 */
import module from "../build/latchkey.wasm";
import configuration from "../build/latchkey.json";
import { Cache } from "./cache.js";
import { Reader, Writer } from "./wire.js";

export { Ledger } from "./ledger.js";

const [OK, FAILED, TOO_LARGE, BUSY] = [0, 1, 3, 4], RESPONSE = 0, MAX_RUNS = 64;

/* ---- the core: one instance for all requests, dropped when it traps ---- */

let core;

function load(env) {
  if (core) return core;
  const { exports } = new WebAssembly.Instance(module, {});
  const loaded = { ...exports, memory: new Uint8Array(exports.memory.buffer) }; // it never grows
  const secrets = Object.entries(env).filter(([, value]) => typeof value === "string");
  const input = new Writer().text(configuration).pairs(secrets);
  const problem = new TextDecoder().decode(call(loaded, "configure", input));
  if (problem) throw new Error(`latchkey.json: ${problem}`);
  return (core = loaded);
}

function call(core, name, input) {
  const at = core.input(input.size);
  if (at === 0) throw new RangeError("more input than the core has memory for");
  core.memory.set(input.bytes(), at);
  const output = core[name](input.size);
  const bytes = core.memory.slice(output, output + core.output_size());
  core.wipe();
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

/* ---- effects: each reads what is wanted, and returns what writes down what came of it ---- */

const keep = (r) => (w) => w.raw(r.rest());
const EFFECTS = [, body, ledger, kvGet, kvPut, outbound, limit, forward, keep];

/** A message's body. With a coding, its Content-Length is not what will come: that is counted. */
async function readAll(message, limit) {
  const { headers } = message, all = new Writer();
  const isCoded = headers.has("transfer-encoding") || headers.has("content-encoding");
  if (!isCoded && Number(headers.get("content-length") ?? NaN) <= limit)
    return new Uint8Array(await message.arrayBuffer());
  for await (const chunk of message.body ?? []) {
    if (all.size + chunk.length > limit) return null;
    all.raw(chunk);
  }
  return all.bytes();
}

async function body(r, c) {
  c.body = await readAll(c.request, r.u32());
  return (w) => w.u8(c.body ? OK : TOO_LARGE).span(c.body);
}

const steps = new Cache(1000), copies = new Cache(100); // some 4 KB each; at most 64 KB

async function ledger(r, { env }) {
  const shard = r.text(), ms = r.u32(), step = r.span();
  const question = r.characters.slice(r.at - step.length + 8, r.at); // the operations, but not when they were wanted
  // slice: with a view, the whole run's output would be sent, tokens and all
  const answer = await steps.read(shard, ms, () => env.LEDGER.getByName(shard).apply(step.slice()), question);
  return (w) => w.raw(answer);
}

async function kvGet(r, { env }) {
  const key = r.text(), ms = r.u32();
  const value = await copies.read(key, ms, () => env.KV.get(key, "arrayBuffer"));
  return (w) => w.u8(OK).span(value && new Uint8Array(value));
}

function kvPut(r, { env }) {
  const key = r.text();
  copies.forget(key);
  return env.KV.put(key, r.span(), { expirationTtl: r.u32() });
}

async function outbound(r) {
  const method = r.text(), url = r.text(), headers = r.headers(), body = r.span();
  const signal = AbortSignal.timeout(r.u32());
  const response = await fetch(url, { method, headers, body, signal, redirect: "manual" });
  const bytes = await readAll(response, r.u32());
  if (!bytes) return (w) => w.u8(TOO_LARGE);
  return (w) => w.u8(OK).u32(response.status).pairs(response.headers).span(bytes);
}

async function limit(r, { env }) {
  const { success } = await env.LIMITER.limit({ key: r.text() });
  return (w) => w.u8(OK).u8(success ? 1 : 0);
}

/** Answers with the runtime's response itself, unless it has the status that the core wants back. */
async function forward(r, c) {
  const method = r.text(), url = r.text(), headers = r.headers(), body = r.u8() ? c.body : null;
  const returned = r.u32(), kept = r.list((r) => r.text()), answered = r.headers();
  const response = await fetch(url, { method, headers, body, redirect: "manual" });
  if (response.status === returned) {
    await response.body?.cancel();
    return (w) => w.u8(OK);
  }
  const isKept = (name) => kept.some((k) => (k.endsWith("*") ? name.startsWith(k.slice(0, -1)) : k === name));
  for (const [name, value] of response.headers) if (isKept(name) && !answered.has(name)) answered.append(name, value);
  return new Response(response.body, { status: response.status, headers: answered });
}

/** @returns {Promise<((w: Writer) => void) | Response | undefined>} a Response ends the request */
async function perform(r, c) {
  const effect = EFFECTS[r.u8()];
  try {
    return await effect(r, c);
  } catch (error) {
    console.warn(`${effect?.name}: ${error.name}`); // a message may say what it could not parse
    return (w) => w.u8(error.overloaded ? BUSY : FAILED); // what to make of it is the core's
  }
}

/* ---- one request ---- */

function begin(request) {
  return new Writer(4096)
    .u64(Math.floor(Date.now() / 1000))
    .span(crypto.getRandomValues(new Uint8Array(32)))
    .text(request.method)
    .text(request.url)
    .pairs(request.headers);
}

function respond(r) {
  const status = r.u32(), headers = r.headers(), body = r.span();
  return new Response(body?.length ? body : null, { status, headers });
}

async function serve(c) {
  const journal = begin(c.request);
  const performAll = (r) => r.list((r) => perform(r.inner(), c));
  const later = (r) => {
    const deferred = performAll(r), line = r.text();
    if (deferred.length > 0) c.ctx.waitUntil(Promise.all(deferred));
    if (line) console.log(line);
  };
  for (let runs = 0; runs < MAX_RUNS; runs++) {
    const out = run(c.env, journal);
    if (out.u8() === RESPONSE) {
      const response = respond(out);
      later(out);
      return response;
    }
    const mustFinish = out.u8(), answers = Promise.all(performAll(out));
    if (mustFinish) c.ctx.waitUntil(answers); // the client may leave, but nothing is left half done
    later(out);
    for (const answer of await answers) {
      if (answer instanceof Response) return answer;
      journal.spanOf(answer);
    }
  }
  throw new Error("a request that does not end");
}

export default {
  async fetch(request, env, ctx) {
    try {
      return await serve({ request, env, ctx });
    } catch (error) {
      console.error(error.message);
      return Response.json({ error: "server_error", error_description: "See the gateway's log." }, { status: 500 });
    }
  },
};
