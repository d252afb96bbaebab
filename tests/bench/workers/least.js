/**
 * The least that a gateway does which looks at a call and answers for its headers, in the cheapest
 * words of the platform that we know: it reads a few headers and the body, sends headers of its
 * own, a token as long as the user's among them, answers with two headers and logs a line. It
 * checks nothing. With a Durable Object, it reads a row as the floor does.
 */
export { Rows } from "./floor.js";

const AUTHORIZATION = `Bearer ${"a".repeat(600)}`; // as long as that of product.js
const LINE = JSON.stringify({ audit: "call", outcome: "forwarded", server: "todo", method: "tools/call", tool: "list_todos" });

export default {
  async fetch(request, { RUNTIME, ROWS }) {
    const accept = request.headers.get("accept"), type = request.headers.get("content-type");
    const headers = { accept, "content-type": type, authorization: AUTHORIZATION };
    const read = ROWS?.getByName("grant").read("row");
    const body = await request.arrayBuffer();
    await read;
    const response = await fetch(RUNTIME, { method: request.method, headers, body, redirect: "manual" });
    console.log(LINE);
    const answered = { "content-type": response.headers.get("content-type"), "x-content-type-options": "nosniff" };
    return new Response(response.body, { status: response.status, headers: answered });
  },
};
