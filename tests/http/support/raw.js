/** Requests byte by byte, for what fetch() would refuse to send or would mend on the way. */
import { connect } from "node:net";

const SILENCE_MS = 10_000;

/**
 * Writes `bytes` to a port of this computer and reads until the other side closes: ask for that
 * with "Connection: close", unless the request is one that should not be understood at all.
 *
 * @param {string | Buffer} bytes a string is sent as Latin-1, one byte a character
 * @returns {Promise<{ status: number, headers: [string, string][], body: string, text: string }>}
 *   status 0: closed without an answer
 */
export function exchange(port, bytes) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const chunks = [];
  const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from(bytes, "latin1")));
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error("no answer")));
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.once("error", (error) => (error.code === "ECONNRESET" || error.code === "EPIPE" ? resolve() : reject(error)));
  socket.once("close", () => resolve());
  return promise.then(() => parse(Buffer.concat(chunks).toString("latin1")));
}

function parse(text) {
  const end = text.indexOf("\r\n\r\n");
  const [first, ...lines] = text.slice(0, end < 0 ? text.length : end).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const chunked = headers.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
  const body = end < 0 ? "" : text.slice(end + 4);
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0),
    headers,
    body: chunked ? dechunk(body) : body,
    text,
  };
}

function dechunk(text) {
  const [, size] = /^([0-9a-f]+)\r\n/i.exec(text) ?? [, "0"];
  const [start, length] = [size.length + 2, parseInt(size, 16)];
  return length === 0 ? "" : text.slice(start, start + length) + dechunk(text.slice(start + length + 2));
}

/** A request from its parts; header lines as they are given, in that order. */
export function requestBytes(method, target, lines, body = "") {
  return [`${method} ${target} HTTP/1.1`, ...lines, "Connection: close", "", body].join("\r\n");
}
