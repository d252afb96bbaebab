/**
 * The least that a gateway does which looks at a call and answers for its headers: it reads the
 * request's headers and body, sends headers of its own, lets some of the answer's through and
 * logs a line. It checks nothing. With a Durable Object, it reads a row as the floor does.
 */
export { Rows } from "./floor.js";

const KEPT = ["content-type", "mcp-session-id"];
const LINE = JSON.stringify({ audit: "call", outcome: "forwarded", server: "todo", tool: "list_todos" });

export default {
  async fetch(request, { RUNTIME, ROWS }) {
    const { accept, "content-type": type, authorization } = Object.fromEntries(request.headers);
    const [body] = await Promise.all([request.arrayBuffer(), ROWS?.getByName("grant").read("row")]);
    const sent = { accept, "content-type": type, authorization: authorization ?? "Bearer none" };
    const response = await fetch(RUNTIME, { method: request.method, headers: sent, body: body.byteLength > 0 ? body : null, redirect: "manual" });
    const answer = new Response(response.body, { status: response.status });
    answer.headers.append("x-content-type-options", "nosniff");
    for (const [name, value] of response.headers) if (KEPT.includes(name)) answer.headers.append(name, value);
    console.log(LINE);
    return answer;
  },
};
