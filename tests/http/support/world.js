/**
 * Latchkey with the Todo product behind it: the gateway in processes of its own, the product in
 * this one, where a test sees and changes what happens to it.
 *
 *     const world = await startWorld();
 *     after(() => world.stop());
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import { startTodo } from "../../../examples/todo/product.js";
import { freePort, startGateway } from "./gateway.js";
import { makeTape } from "./tape.js";

const CONFIG = readFileSync(new URL("../../../examples/todo/latchkey.json", import.meta.url), "utf8");

/**
 * @param {object} [options]
 * @param {Parameters<typeof startTodo>[0]} [options.todo]
 * @param {(config: object) => void} [options.config] changes the demonstration's latchkey.json
 * @param {Record<string, string>} [options.secrets] besides the two that are always there
 * @param {number} [options.limit] of the platform's rate limiter; high unless that is what is tested
 * @param {"clock" | "faulty"} [options.on] another platform than the host's own (HostOptions)
 */
export async function startWorld({ todo: todoOptions = {}, config: change, secrets = {}, limit = 100_000, on } = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;

  /** Each may be set at any time: onProviderRequest, onRuntimeRequest, onApiRequest of startTodo(). */
  const hooks = {};
  const seen = { provider: [], runtime: [], api: [] };
  const watch = (place, hook) => (req, res) => {
    seen[place].push({ method: req.method, url: req.url, headers: req.headers });
    return hooks[hook]?.(req, res);
  };
  const todo = await startTodo({
    redirectUris: [`${url}/callback/todo`],
    onProviderRequest: watch("provider", "onProviderRequest"),
    onRuntimeRequest: watch("runtime", "onRuntimeRequest"),
    onApiRequest: watch("api", "onApiRequest"),
    ...todoOptions,
  });

  const config = JSON.parse(CONFIG);
  config.issuer = url;
  Object.assign(config.profiles.todo, { issuer: todo.provider.issuer, resource: todo.runtime.audience });
  config.servers.todo.runtime = todo.runtime.url;
  change?.(config);
  const allSecrets = {
    LATCHKEY_SECRET: randomBytes(32).toString("base64url"),
    TODO_CLIENT_SECRET: todo.provider.clientSecret,
    ...secrets,
  };

  const gateway = await startGateway({ port, config, secrets: allSecrets, limit, on }).catch(async (error) => {
    await todo.close();
    throw error;
  });
  const tape = makeTape();
  let stopped;

  return {
    url,
    /** The one thing that a user is told. */
    mcp: `${url}/mcp/todo`,
    todo,
    hooks,
    seen,
    tape,
    fetch: tape.fetch,
    secrets: allSecrets,
    logs: gateway.logs,
    storageDump: gateway.storageDump,

    /** A form, as an OAuth client sends it. */
    post: (path, parameters, headers) =>
      tape.fetch(url + path, { method: "POST", body: new URLSearchParams(parameters), headers }),

    /** The gateway ends at once, in the middle of whatever it is doing. */
    kill: gateway.kill,
    /** After kill(): the gateway again, on what is stored, perhaps with a changed configuration or other secrets. */
    async restart({ config: change, secrets: changed = {} } = {}) {
      change?.(config);
      for (const [name, value] of Object.entries(changed)) {
        if (value === undefined) delete allSecrets[name];
        else allSecrets[name] = value;
      }
      await gateway.start(config, allSecrets);
    },
    /** The folder of what is stored; while the gateway runs, it is its own. */
    stored: gateway.stored,

    stop: () => (stopped ??= gateway.stop().then(todo.close)),
  };
}

/** Until the next call refreshes the product's token, which was to live so many seconds: at half of its life. */
export function due(seconds) {
  const end = Date.now() + 500 * seconds;
  return until(() => Date.now() >= end, "half of its life is over");
}

/** Waits until `happened()` returns something, and returns that. */
export async function until(happened, what, ms = 30_000) {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const value = await happened();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`This did not happen: ${what ?? happened}`);
}
