/** The little that the three servers need from HTTP. Everything listens on loopback only. */
import http from "node:http";

/** The largest request body that is read: far more than a todo needs. */
const BODY_LIMIT = 64 * 1024;

/**
 * Starts to listen before there is anything to serve, because an issuer must
 * know its own port. `serve` comes next.
 *
 * @param {number} port 0 takes any free port
 * @param {string} what for the message if the port is taken
 */
export async function listen(port, what) {
  const server = http.createServer();
  await new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new Error(`Port ${port} is taken, so ${what} cannot start.`, { cause: error }) : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  const origin = `http://127.0.0.1:${server.address().port}`;

  return {
    origin,

    /** @param {(req: http.IncomingMessage, res: http.ServerResponse) => unknown} handle */
    serve(handle) {
      server.on("request", async (req, res) => {
        try {
          await handle(req, res);
        } catch (error) {
          console.error(`${req.method} ${req.url}:`, error);
          if (res.headersSent) res.destroy();
          else sendJson(res, 500, { error: "server_error", error_description: "Something went wrong." });
        }
      });
    },

    /** Open streams would keep the server alive for ever: they are cut. */
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @param {http.ServerResponse} res */
export function sendJson(res, status, body, headers = {}) {
  res.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers });
  res.end(JSON.stringify(body));
}

/**
 * The body as text, or undefined if it is larger than anything we expect. The
 * rest of it is read and dropped, so that there is still somebody to answer to.
 *
 * @param {http.IncomingMessage} req
 */
export async function readBody(req) {
  const chunks = [];
  let length = 0;
  for await (const chunk of req) {
    length += chunk.length;
    if (length <= BODY_LIMIT) chunks.push(chunk);
  }
  return length <= BODY_LIMIT ? Buffer.concat(chunks).toString("utf8") : undefined;
}
