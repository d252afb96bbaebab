/**
 * Todo, the product that stands behind Latchkey: an identity provider, an API,
 * and an MCP server that calls the API as the user whose token it was given.
 *
 *     const todo = await startTodo();
 *     … todo.provider.issuer, todo.runtime.url …
 *     await todo.close();
 */
import { randomBytes } from "node:crypto";

import { tokenVerifier } from "./access.js";
import { createApi } from "./api.js";
import { listen, sendJson } from "./http.js";
import { createMcp } from "./mcp.js";
import { createProvider } from "./provider.js";

/**
 * A hook sees a request before Todo does. It must not read the body. If it answers
 * itself, that is the answer; while it waits, so does the request.
 * @typedef {(req: import("node:http").IncomingMessage, res: import("node:http").ServerResponse) => unknown} Hook
 */

/**
 * @typedef {object} TokenRequest what the provider's token endpoint was asked
 * @property {string} grantType
 * @property {string} [sub] whose tokens, if that became known
 * @property {string} [error] the OAuth error, if it was refused
 */

/**
 * @param {object} [options]
 * @param {number} [options.providerPort] 0 takes any free port
 * @param {number} [options.runtimePort]
 * @param {string[]} [options.redirectUris] of the client `latchkey`
 * @param {string} [options.clientSecret] a random one if absent
 * @param {object} [options.client] more metadata of that client (RFC 7591), such as another token_endpoint_auth_method
 * @param {number} [options.accessTokenSeconds]
 * @param {string} [options.dataFile]
 * @param {Hook} [options.onProviderRequest]
 * @param {Hook} [options.onRuntimeRequest] requests to the MCP server
 * @param {Hook} [options.onApiRequest]
 */
export async function startTodo({
  providerPort = 0,
  runtimePort = 0,
  redirectUris = ["http://127.0.0.1:8787/callback/todo"],
  clientSecret = randomBytes(32).toString("base64url"),
  client = {},
  accessTokenSeconds = 300,
  dataFile = ":memory:",
  onProviderRequest,
  onRuntimeRequest,
  onApiRequest,
} = {}) {
  const providerServer = await listen(providerPort, "the identity provider");
  const runtimeServer = await listen(runtimePort, "the MCP server").catch(async (error) => {
    await providerServer.close();
    throw error;
  });
  const issuer = providerServer.origin;
  const apiUrl = `${runtimeServer.origin}/api`;

  const { provider, revokeAll } = await createProvider({
    issuer,
    audience: apiUrl,
    accessTokenSeconds,
    client: {
      client_id: "latchkey",
      client_secret: clientSecret,
      redirect_uris: redirectUris,
      response_types: ["code"],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_basic",
      ...client,
    },
  });
  const verify = tokenVerifier({ issuer, audience: apiUrl });
  const api = createApi({ verify, dataFile });
  const mcp = createMcp({ verify, apiUrl });

  providerServer.serve(hooked(onProviderRequest, provider.callback()));
  const toApi = hooked(onApiRequest, api.handle);
  const toMcp = hooked(onRuntimeRequest, mcp.handle);
  runtimeServer.serve((req, res) => {
    const { pathname } = new URL(req.url, runtimeServer.origin);
    if (pathname.startsWith("/api/")) return toApi(req, res);
    if (pathname === "/mcp") return toMcp(req, res);
    sendJson(res, 404, { error: "not_found", error_description: "The MCP server is at /mcp, the API at /api." });
  });

  return {
    provider: { issuer, clientSecret, revokeAll, tokenRequests: recordTokenRequests(provider) },
    runtime: { url: `${runtimeServer.origin}/mcp`, apiUrl, audience: apiUrl },

    async close() {
      await mcp.close();
      await Promise.all([providerServer.close(), runtimeServer.close()]);
      api.close();
    },
  };
}

/** @param {Hook} [hook] */
function hooked(hook, handle) {
  if (!hook) return handle;
  return async (req, res) => {
    await hook(req, res);
    if (!res.headersSent && !res.destroyed) await handle(req, res);
  };
}

/** @returns {TokenRequest[]} grows with each request */
function recordTokenRequests(provider) {
  const requests = [];
  const record = ({ oidc }, error) =>
    requests.push({ grantType: oidc.params?.grant_type, sub: oidc.account?.accountId, error: error?.error });
  provider.on("grant.success", record);
  provider.on("grant.error", record);
  return requests;
}
