/**
 * The MCP server of Todo (the runtime, in Latchkey's words), for both eras of
 * Streamable HTTP on one endpoint: since 2026-07-28 every request stands alone;
 * before, `initialize` opens a session. Nothing is served without an access token
 * of our provider.
 */
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { toWebRequest } from "@modelcontextprotocol/node";
import { createMcpHandler, isLegacyRequest, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";

import { sendUnauthorized, Unauthorized } from "./access.js";
import { createTools } from "./tools.js";

/** The oldest session makes room for a new one beyond this. */
const SESSION_LIMIT = 1000;

/**
 * @param {object} options
 * @param {(authorization?: string) => Promise<import("./access.js").Caller>} options.verify
 * @param {string} options.apiUrl
 */
export function createMcp({ verify, apiUrl }) {
  const modern = createMcpHandler(() => createTools(apiUrl), { legacy: "reject" });
  const sessions = createSessions(() => createTools(apiUrl));

  return {
    async handle(req, res) {
      let caller;
      try {
        caller = await verify(req.headers.authorization);
      } catch (error) {
        if (error instanceof Unauthorized) return sendUnauthorized(res, error);
        throw error;
      }

      const request = await toWebRequest(req, undefined, { signal: closed(res) });
      const serve = (await isLegacyRequest(request)) ? sessions.fetch : modern.fetch;
      await send(res, await serve(request, { authInfo: authInfo(caller) }));
    },

    async close() {
      await Promise.all([modern.close(), sessions.close()]);
    },
  };
}

/** Sessions of the older era. A session id is not a credential: it only works for the user who opened it. */
function createSessions(createServer) {
  /** @type {Map<string, { sub: string, transport: WebStandardStreamableHTTPServerTransport }>} */
  const sessions = new Map();

  async function open(sub) {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized(id) {
        sessions.set(id, { sub, transport });
        if (sessions.size > SESSION_LIMIT) sessions.values().next().value.transport.close();
      },
    });
    const server = createServer();
    // Connecting chains this handler, so it comes first.
    transport.onclose = () => sessions.delete(transport.sessionId);
    await server.connect(transport);
    return transport;
  }

  return {
    async fetch(request, options) {
      const { sub } = options.authInfo.extra;
      const id = request.headers.get("mcp-session-id");
      if (!id) return (await open(sub)).handleRequest(request, options); // refuses all but `initialize`

      const session = sessions.get(id);
      if (session?.sub !== sub) {
        return Response.json({ jsonrpc: "2.0", error: { code: -32001, message: "Session not found" }, id: null }, { status: 404 });
      }
      return session.transport.handleRequest(request, options);
    },

    async close() {
      await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
    },
  };
}

/** @param {import("./access.js").Caller} caller */
function authInfo({ token, clientId, scopes, expiresAt, sub }) {
  return { token, clientId, scopes, expiresAt, extra: { sub } };
}

/** Aborts when the client hangs up: in the newer era that cancels the request. */
function closed(res) {
  const controller = new AbortController();
  res.once("close", () => controller.abort());
  return controller.signal;
}

/** @param {import("node:http").ServerResponse} res @param {Response} response */
async function send(res, response) {
  res.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) return res.end();
  res.flushHeaders(); // an event stream may have nothing to say for a while
  try {
    await pipeline(Readable.fromWeb(response.body), res);
  } catch (error) {
    if (!res.destroyed) throw error; // else the client is gone, which is its right
  }
}
