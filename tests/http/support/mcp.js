/** MCP by hand: single requests, for what no SDK would send or show. */

export const STATELESS = "2026-07-28";

/** A message with all that its era wants in it. */
function messageOf({ method, params, version }) {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const all = version < STATELESS ? params : { ...params, _meta: { ...meta, ...params._meta } };
  return { jsonrpc: "2.0", id: 1, method, params: all };
}

/**
 * Posts one message.
 *
 * @param {object} [call]
 * @param {string} [call.token]
 * @param {string} [call.method] of MCP
 * @param {object} [call.params]
 * @param {string} [call.version] of the protocol
 * @param {object} [call.headers] undefined takes one away
 * @param {string} [call.body] instead of the message
 */
export function send(world, { token, method = "tools/list", params = {}, version = STATELESS, headers, body, signal } = {}) {
  const all = {
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-protocol-version": version,
    ...(version >= STATELESS && { "mcp-method": method, "mcp-name": params.name }),
    authorization: token && `Bearer ${token}`,
    ...headers,
  };
  return world.fetch(world.mcp, {
    method: "POST",
    headers: Object.entries(all).filter(([, value]) => value !== undefined),
    body: body ?? JSON.stringify(messageOf({ method, params, version })),
    signal,
  });
}

export function callTool(world, token, name, args = {}, more = {}) {
  return send(world, { token, method: "tools/call", params: { name, arguments: args }, ...more });
}

/** The result of a tool call that must have worked, whether it came as JSON or as events. */
export async function resultOf(response) {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  const messages = response.headers.get("content-type").startsWith("text/event-stream")
    ? text.split("\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)))
    : [JSON.parse(text)];
  const { result, error } = messages.find((message) => "result" in message || "error" in message);
  if (error) throw new Error(`${error.code} ${error.message}`);
  return result;
}
