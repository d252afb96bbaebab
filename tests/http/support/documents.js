/**
 * A host of clients: whatever stands at a URL of theirs is one answer in a table. In development
 * the gateway accepts http on loopback where it would insist on https otherwise.
 */
import { createServer } from "node:http";

import { REDIRECT_URI } from "./client.js";

/** @returns a server with the addresses of what it publishes, and what it was asked for */
export async function startDocuments() {
  const answers = new Map();
  const seen = [];
  const server = createServer(async (req, res) => {
    seen.push({ method: req.method, path: req.url, headers: req.headers });
    const answer = answers.get(req.url);
    if (!answer) return res.writeHead(404).end();
    if (typeof answer === "function") return answer(req, res);
    const { status = 200, headers, body } = answer;
    res.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;

  return {
    origin,
    seen,
    fetches: (path) => seen.filter((request) => request.path === path).length,

    answerOf: (path) => answers.get(path),

    /** Any answer: { status, headers, body }, or a request handler of node:http. Returns its URL. */
    answer(path, answer) {
      answers.set(path, answer);
      return origin + path;
    },

    /** Client metadata, with `changes`. Returns the client_id. */
    publish(path, changes = {}, headers) {
      const document = {
        client_id: origin + path,
        client_name: "Published client",
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: "none",
        ...changes,
      };
      return this.answer(path, { headers, body: JSON.stringify(document) });
    },

    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
