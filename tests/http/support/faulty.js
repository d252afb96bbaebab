/**
 * An entry of the Worker for tests: the production shim on a platform where things go wrong.
 * What is to go wrong is posted to /__faults as { place: { how, nth, times } }: the nth time
 * (and `times` in all) that this place is come to. GET tells how often each was come to since,
 * and what objects got hold of.
 * With { marked: true }, only requests with an x-faulty header meet any fault.
 */
import { Cache } from "../../../shim/cache.js";
import production, { Ledger as ProductionLedger } from "../../../shim/worker.js";

Cache.prototype.read = (key, ms, ask) => ask(); // a Worker that remembers nothing meets every fault

const CONTROL = "/__faults";
const LATE_MS = 1500;

let plan = {};
let visits = {};
let held = []; // what steps and remembered rows hold on to: all of the memory that they are pieces of
const latin1 = new TextDecoder("latin1");
const copies = new Map(); // of KV: each key's values so far

/** How to fail at this place, if at all. */
function fault(place, isMarked = true) {
  if (plan.marked && !isMarked) return undefined;
  visits[place] = (visits[place] ?? 0) + 1;
  const { how, nth = 1, times = 1 } = plan[place] ?? {};
  return visits[place] >= nth && visits[place] < nth + times ? how : undefined;
}

const late = () => new Promise((resolve) => setTimeout(resolve, LATE_MS));
const lost = (properties) => Object.assign(new Error("Network connection lost."), properties);
const noise = () => Uint8Array.from({ length: Math.floor(Math.random() * 200) }, () => Math.floor(Math.random() * 256));

/** An object that the platform moves or that breaks down: everything in its memory is gone. */
export class Ledger extends ProductionLedger {
  async apply(step) {
    const how = fault("object");
    if (how === "abort before") this.ctx.abort("a test has ended it");
    const answer = await super.apply(step);
    const views = [step, ...this.rows.values().map(({ value }) => value).filter(ArrayBuffer.isView)];
    held.push(...views.map((view) => ({ own: view.length, text: latin1.decode(view.buffer) })));
    if (how === "abort after") this.ctx.abort("a test has ended it");
    return answer;
  }
}

const WAYS = {
  before: async () => {
    throw lost({ retryable: true });
  },
  overloaded: async () => {
    throw lost({ overloaded: true });
  },
  after: async (perform) => {
    await perform();
    throw lost({ retryable: true });
  },
  twice: async (perform) => {
    await perform();
    return perform();
  },
  late: (perform) => late().then(perform),
  noise: async () => noise(),
  empty: async () => new Uint8Array(0),
  cut: async (perform) => (await perform()).slice(0, -1),
  more: async (perform) => Uint8Array.from([...(await perform()), 0]),
  null: async () => null,
};
const perhaps = (how, perform) => (how ? WAYS[how](perform) : perform());

/** The bindings, each with its faults. */
function faulty(env, request) {
  const isMarked = request.headers.has("x-faulty");
  const { LEDGER, KV, LIMITER } = env;
  return {
    ...env,
    LEDGER: {
      getByName: (name) => ({
        apply: (step) => perhaps(fault("ledger", isMarked), () => LEDGER.getByName(name).apply(step)),
      }),
    },
    KV: {
      async get(key, type) {
        const how = fault("kv get", isMarked);
        if (how === "stale") return copies.get(key)?.at(-2)?.slice().buffer ?? null;
        return perhaps(how, () => KV.get(key, type));
      },
      async put(key, value, options) {
        copies.set(key, [...(copies.get(key) ?? []), value.slice()]);
        return perhaps(fault("kv put", isMarked), () => KV.put(key, value, options));
      },
    },
    LIMITER: { limit: (key) => perhaps(fault("limiter", isMarked), () => LIMITER.limit(key)) },
  };
}

const getRandomValues = crypto.getRandomValues.bind(crypto);
crypto.getRandomValues = (array) => {
  const how = fault("random");
  if (how === "throws") throw new Error("no randomness");
  return getRandomValues(how === "short" ? new Uint8Array(array.length / 2) : array);
};

/** A request that is larger than the core has memory for. */
function swollen(request) {
  const headers = [...request.headers, ["x-swollen", "x".repeat(6 << 20)]];
  return new Proxy(request, { get: (target, name) => (name === "headers" ? headers : target[name]) });
}

async function control(request) {
  if (request.method === "POST") [plan, visits, held] = [await request.json(), {}, []];
  return Response.json({ visits, held, copies: [...copies.keys()] });
}

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === CONTROL) return control(request);
    const bindings = faulty(env, request);
    const how = fault("request", request.headers.has("x-faulty"));
    return production.fetch(how === "swollen" ? swollen(request) : request, bindings, ctx);
  },
};
