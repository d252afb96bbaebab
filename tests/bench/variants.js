/** What is measured: Workers before the same product, each under the name that the tables have. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { ROOT, startMiniflare, startWorkerd } from "./server.js";

const WORKERS = "tests/bench/workers";
const SCOPES = { "todos:read": "See your todos", "todos:write": "Add and complete your todos" };
const PROVIDER = "@cloudflare/workers-oauth-provider";

/** latchkey.json: one server and its product, or as many as are asked for. */
function latchkeyConfig(url, product, { servers = 1, cacheSeconds = 0 }) {
  const todo = {
    name: "Todo",
    runtime: `${product}/mcp`,
    profile: "todo",
    scopes: SCOPES,
    tools: { add_todo: { scopes: ["todos:write"] } },
  };
  const more = Array.from({ length: servers - 1 }, (_, i) => [`todo-${i + 2}`, { ...todo, name: `Todo ${i + 2}` }]);
  return {
    issuer: url,
    profiles: { todo: { issuer: product, client_id: "latchkey", scopes: ["openid", "offline_access"] } },
    servers: { todo, ...Object.fromEntries(more), slow: { ...todo, name: "Slow", runtime: `${product}/slow` } },
    lifetimes: { access_token_seconds: 7200, grant_cache_seconds: cacheSeconds },
  };
}

export function latchkeyWorker(url, product, options = {}) {
  const shim = readdirSync(join(ROOT, "shim")).map((name) => `shim/${name}`);
  const main = `${WORKERS}/${options.main ?? "latchkey"}.js`;
  const files = [main, ...shim, "build/latchkey.wasm"];
  return {
    modules: {
      ...Object.fromEntries(files.map((file) => [file, file])),
      "build/latchkey.json": latchkeyConfig(url, product, options),
    },
    texts: { LATCHKEY_SECRET: "bench".repeat(9) },
    objects: { LEDGER: "Ledger" },
    kv: "KV",
  };
}

const passOn = (name, objects) => (url, product) => ({
  modules: { [`${name}.js`]: `${WORKERS}/${name}.js` },
  texts: { RUNTIME: `${product}/mcp` },
  objects,
});

function providerWorker(url, product) {
  return {
    modules: {
      "provider.js": `${WORKERS}/provider.js`,
      [PROVIDER]: `node_modules/${PROVIDER}/dist/oauth-provider.js`,
    },
    texts: { ORIGIN: url, PRODUCT: product, RUNTIME: `${product}/mcp` },
    kv: "OAUTH_KV",
  };
}

const latchkey = (options) => (url, product) => latchkeyWorker(url, product, options);

const VARIANTS = {
  bare: { label: "bare pass-through", worker: passOn("bare") },
  floor: { label: "the floor", worker: passOn("floor", { ROWS: "Rows" }) },
  latchkey: { label: "Latchkey", worker: latchkey() },
  cached: { label: "Latchkey, `grant_cache_seconds` 5", worker: latchkey({ cacheSeconds: 5 }) },
  provider: { label: "workers-oauth-provider, KV in memory", worker: providerWorker },
  simulated: { label: "workers-oauth-provider, KV simulated", worker: providerWorker, start: startMiniflare },
};

export const labelOf = (name) => VARIANTS[name].label;

/** What all of them stand before. */
export const startProduct = () =>
  startWorkerd(() => ({ modules: { "product.js": `${WORKERS}/product.js` } }), { isMeasured: false });

/** @returns the server, with its name */
export async function startVariant(name, product) {
  const { worker, start = startWorkerd } = VARIANTS[name];
  return { name, ...(await start((url) => worker(url, product.url))) };
}
