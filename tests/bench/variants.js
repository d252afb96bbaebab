/** What is measured: Workers before the same product, each under the name that the tables have. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { register, signIn, walk } from "./flow.js";
import { REST } from "./processes.js";
import { ROOT, startMiniflare, startWorkerd } from "./server.js";

const WORKERS = "tests/bench/workers";
const SCOPES = { "todos:read": "See your todos", "todos:write": "Add and complete your todos" };
const PROVIDER = "@cloudflare/workers-oauth-provider";

/** latchkey.json: one server and its product, or as many as are asked for. */
function latchkeyConfig(url, product, { servers = 1, cacheSeconds = 0, runtime = "/mcp" }) {
  const todo = {
    name: "Todo",
    runtime: product + runtime,
    profile: "todo",
    scopes: SCOPES,
    tools: { add_todo: { scopes: ["todos:write"] } },
  };
  const more = Array.from({ length: servers - 1 }, (_, i) => [`todo-${i + 2}`, { ...todo, name: `Todo ${i + 2}` }]);
  return {
    issuer: url,
    profiles: { todo: { issuer: product, client_id: "latchkey", scopes: ["openid", "offline_access"] } },
    servers: { todo, ...Object.fromEntries(more) },
    lifetimes: { access_token_seconds: 7200, grant_cache_seconds: cacheSeconds },
  };
}

function latchkeyWorker(url, product, options) {
  const shim = readdirSync(join(ROOT, "shim")).map((name) => `shim/${name}`);
  const entries = [options.main, "latchkey"].filter(Boolean).map((name) => `${WORKERS}/${name}.js`);
  const files = [...entries, ...shim, "build/latchkey.wasm"];
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

const passOn = (names, objects) => (url, product, { runtime = "/mcp" }) => ({
  modules: Object.fromEntries(names.map((name) => [`${name}.js`, `${WORKERS}/${name}.js`])),
  texts: { RUNTIME: product + runtime },
  objects,
});

function providerWorker(url, product, { runtime = "/mcp" }) {
  return {
    modules: {
      "provider.js": `${WORKERS}/provider.js`,
      [PROVIDER]: `node_modules/${PROVIDER}/dist/oauth-provider.js`,
    },
    texts: { ORIGIN: url, PRODUCT: product, RUNTIME: product + runtime },
    kv: "OAUTH_KV",
  };
}

const VARIANTS = {
  bare: { label: "bare pass-through", worker: passOn(["bare"]) },
  floor: { label: "the floor", worker: passOn(["floor"], { ROWS: "Rows" }) },
  least: { label: "the least gateway", worker: passOn(["least", "floor"]) },
  leastRead: { label: "the least gateway, with the floor's read", worker: passOn(["least", "floor"], { ROWS: "Rows" }) },
  latchkey: { label: "Latchkey", worker: latchkeyWorker },
  cached: { label: "Latchkey, `grant_cache_seconds` 5", worker: latchkeyWorker, options: { cacheSeconds: 5 } },
  provider: { label: "workers-oauth-provider, KV in memory", worker: providerWorker },
  simulated: { label: "workers-oauth-provider, KV simulated", worker: providerWorker, start: startMiniflare },
};

const KNOW_NOBODY = ["bare", "floor", "least", "leastRead"];

export const labelOf = (name) => VARIANTS[name].label;

/** What all of them stand before. */
export const startProduct = () =>
  startWorkerd(() => ({ modules: { "product.js": `${WORKERS}/product.js` } }), REST);

/**
 * @param {object} [more]
 * @param {string} [more.runtime] path at the product
 * @param {number} [more.servers] that Latchkey is configured with
 * @param {string} [more.main] another entry of Latchkey
 * @returns the server, with its name
 */
export async function startVariant(name, product, more) {
  const { worker, options, start = startWorkerd } = VARIANTS[name];
  return { name, ...(await start((url) => worker(url, product.url, { ...options, ...more }))) };
}

/** The same, with somebody signed in: `journey`. Some of them know nobody. */
export async function startSignedIn(name, product, more) {
  const server = await startVariant(name, product, more);
  const journey = { url: server.url, server: more?.servers && `todo-${more.servers}`, tokens: {} };
  if (!KNOW_NOBODY.includes(name)) await walk(journey, [register, ...signIn]);
  return { ...server, journey };
}
