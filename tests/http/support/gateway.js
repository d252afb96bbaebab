/**
 * A running gateway, whatever hosts it. HOST=wasmtime asks for another host than wrangler.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const READY_MS = 60_000;

/**
 * @typedef {object} HostOptions
 * @property {number} port
 * @property {object} config latchkey.json
 * @property {Record<string, string>} secrets
 * @property {number} limit how often in a minute the platform's limiter lets one key pass
 * @property {"clock" | "faulty"} [on] a platform whose clock can be stopped; one where things go
 *   wrong (wrangler only)
 */

/**
 * A host is a function from HostOptions to { logs, hasEnded(), stop(), storageDump() }, and
 * { kill(), start(config, secrets), stored } for what is to survive: `stored` is a folder.
 */
const HOSTS = {
  wrangler: async () => (await import("./wrangler.js")).startWrangler,
  wasmtime: async () => (await import("./wasmtime.js")).startWasmtime,
};
export const HOST = process.env.HOST in HOSTS ? process.env.HOST : "wrangler";

/** @param {HostOptions} options */
export async function startGateway(options) {
  const start = await HOSTS[HOST]();
  const host = await start(options);
  const url = `http://127.0.0.1:${options.port}`;
  try {
    await answers(url, host, options.config.issuer);
  } catch (error) {
    await host.stop();
    throw error;
  }
  return {
    url,
    ...host,
    /** After kill(). */
    async start(config, secrets) {
      host.start(config, secrets);
      await answers(url, host, config.issuer);
    },
  };
}

async function answers(url, host, issuer) {
  const end = performance.now() + READY_MS;
  while (performance.now() < end && !host.hasEnded()) {
    const response = await fetch(`${url}/.well-known/oauth-authorization-server`).catch(() => undefined);
    const metadata = await response?.json().catch(() => undefined);
    if (metadata?.issuer === issuer) return;
    // Deployed, its issuer is another name than the one under which it is asked here: it says so.
    if (response?.status === 421 && metadata?.error_description.endsWith(` ${issuer}`)) return;
    if (response) break; // it is up, and not what we want: perhaps the configuration is wrong
    await sleep(100);
  }
  throw new Error(`The gateway does not start:\n${host.logs.join("\n")}`);
}

/**
 * A port of 127.0.0.1 below those that the system gives to outgoing connections, one of which
 * could otherwise sit on it before the gateway does.
 * @returns {Promise<number>}
 */
export function freePort() {
  const port = randomInt(12_000, 32_000);
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(freePort()));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(port)));
  });
}
