// The host of a client's metadata document is a stranger's: what it may do to us. S39, S42, S43.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { Client, discover, REDIRECT_URI } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { HOST } from "./support/gateway.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

let world, documents, other, alice;
const visits = [];
before(async () => {
  world = await startWorld();
  world.as = await discover(world);
  documents = await startDocuments();
  other = createServer((req, res) => {
    visits.push(req.url);
    res.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
  alice = new Person(world, "alice");
});
after(async () => {
  await world?.stop();
  await documents?.stop();
  other.close();
});

const open = async (clientId) => alice.open((await new Client(world, world.as, { client_id: clientId, redirect_uris: [REDIRECT_URI] }).request()).url);
const json = (res, body, headers) => res.writeHead(200, { "content-type": "application/json", ...headers }).end(body);

describe("redirects", () => {
  const targets = {
    "to itself": (path) => path,
    "to another of its documents": () => "/good.json",
    "to http on loopback": () => `http://127.0.0.1:${other.address().port}/`,
    "to a private address": () => "http://10.0.0.1/",
    "to the cloud's metadata": () => "http://169.254.169.254/latest/meta-data/",
    "to us": () => `${world.url}/authorize`,
    "to nowhere": () => "",
    "to a script": () => "javascript:alert(1)",
  };
  for (const status of [301, 302, 303, 307, 308])
    test(`S39 F02: ${status}: not followed, wherever it leads`, async () => {
      documents.publish("/good.json");
      for (const [why, target] of Object.entries(targets)) {
        const path = `/${status}/${encodeURIComponent(why)}.json`;
        const page = await open(documents.answer(path, { status, headers: { location: target(path) } }));
        assert.equal(page.response.status, 400, why);
        assert.equal(documents.fetches(path), 1, `${why}: asked once`);
      }
      assert.deepEqual([visits.length, documents.fetches("/good.json")], [0, 0]);
    });

  test("S39: other ways to say that it is elsewhere", async () => {
    const elsewhere = `http://127.0.0.1:${other.address().port}/`;
    for (const [i, headers] of [{ refresh: `0; url=${elsewhere}` }, { "content-location": elsewhere }, { link: `<${elsewhere}>; rel="canonical"` }, { "alt-svc": `h3="127.0.0.1:${other.address().port}"` }].entries())
      assert.equal((await open(documents.publish(`/elsewhere/${i}.json`, {}, headers))).response.status, 200, "as if it had not been said");
    assert.equal(visits.length, 0);
  });
});

describe("size and time", () => {
  /** A document of so many bytes. */
  const sized = (clientId, bytes) => {
    const text = JSON.stringify({ client_id: clientId, client_name: "Sized", redirect_uris: [REDIRECT_URI], x: "" });
    return `${text.slice(0, -2)}${"x".repeat(bytes - text.length)}"}`;
  };
  // Each host inflates what it has asked for; of what it has not, no more is read than of anything.
  const encodings = { "": (text) => text, gzip: gzipSync, ...(HOST === "wrangler" && { br: brotliCompressSync }) };
  for (const [encoding, encode] of Object.entries(encodings))
    test(`S42 F13: 5,120 bytes ${encoding && `of ${encoding} `}pass, one more does not`, async () => {
      for (const [bytes, status] of [[5120, 200], [5121, 400]]) {
        const path = `/${encoding}/${bytes}.json`;
        const body = encode(sized(documents.origin + path, bytes));
        const clientId = documents.answer(path, (_req, res) => json(res, body, encoding && { "content-encoding": encoding }));
        assert.equal((await open(clientId)).response.status, status, `${bytes} bytes`);
      }
    });

  test("S42 F13: what is cut off as soon as it is too much", async () => {
    const endless = (encoding) => {
      let sent = 0;
      const answer = (_req, res) => {
        res.writeHead(200, { "content-type": "application/json", ...(encoding && { "content-encoding": encoding }) });
        const chunk = encoding ? gzipSync(Buffer.alloc(1 << 20, " ")) : Buffer.alloc(1 << 16, " ");
        const go = () => {
          while (!res.destroyed && res.write(chunk)) sent += chunk.length;
          if (!res.destroyed) res.once("drain", () => ((sent += chunk.length), go()));
        };
        go();
      };
      return { answer, sent: () => sent };
    };
    for (const encoding of ["", "gzip"]) {
      const { answer, sent } = endless(encoding);
      assert.equal((await open(documents.answer(`/endless${encoding}.json`, answer))).response.status, 400, encoding);
      assert.ok(sent() < 64 << 20, `${encoding}: ${sent()} bytes were taken`);
    }
    const bomb = gzipSync(Buffer.alloc(100 << 20));
    assert.equal((await open(documents.answer("/bomb.json", (_req, res) => json(res, bomb, { "content-encoding": "gzip" })))).response.status, 400);
    assert.equal((await open(documents.publish("/after.json"))).response.status, 200, "and all is well");
  });

  test("S42 S51 F14: one that never ends, or never begins, is given up; others do not wait for it", async () => {
    const held = [];
    const silent = documents.answer("/silent.json", (_req, res) => held.push(res));
    const dripping = documents.answer("/dripping.json", (_req, res) => {
      res.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => res.write(" "), 50);
      res.once("close", () => clearInterval(timer));
    });
    const slow = Promise.all([open(silent), open(dripping)]);
    assert.equal((await open(documents.publish("/quick.json"))).response.status, 200, "meanwhile");
    for (const page of await slow) assert.equal(page.response.status, 503);
    for (const res of held) res.destroy();
  });

  test("S42: lengths that are not what comes", async () => {
    const raw = (length, body) => (_req, res) => {
      res.socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`);
    };
    const path = "/short.json";
    const text = sized(documents.origin + path, 400);
    assert.equal((await open(documents.answer(path, raw(4000, text)))).response.status, 503, "cut off");
    assert.ok([400, 503].includes((await open(documents.answer(path, raw(399, text)))).response.status), "no JSON so far; to some hosts no HTTP");
    assert.equal((await open(documents.answer(path, raw(400, text)))).response.status, 200);
    assert.equal((await open(documents.answer("/unknown.json", (_req, res) => json(res, "?", { "content-encoding": "rot13" })))).response.status, 400);
    assert.ok([400, 503].includes((await open(documents.answer("/no-gzip.json", (_req, res) => json(res, "{}", { "content-encoding": "gzip" })))).response.status));
  });
});

describe("what it says", () => {
  const document = (changes) => (clientId) => JSON.stringify({ client_id: clientId, client_name: "Client", redirect_uris: [REDIRECT_URI], ...changes });
  const changed = (change) => (clientId) => change(document({})(clientId));
  for (const [why, make, status, headers] of [
    ["nothing unusual", document({}), 200],
    ["application/json; charset=utf-8", document({}), 200, { "content-type": "application/json; charset=utf-8" }],
    ["a type that ends in +json", document({}), 200, { "content-type": "application/client-metadata+json" }],
    ["members that nobody knows", document({ x: { y: [1] }, __proto__x: 1 }), 200],
    ["HTML", document({}), 400, { "content-type": "text/html" }],
    ["text", document({}), 400, { "content-type": "text/plain" }],
    ["text/json", document({}), 400, { "content-type": "text/json" }],
    ["another charset", document({}), 400, { "content-type": "application/json; charset=utf-16" }],
    ["no type", document({}), 400, { "content-type": "" }],
    ["two types", document({}), 400, { "content-type": "application/json, text/html" }],
    ["another port in client_id", changed((text) => text.replace(/:\d+\//, ":1/")), 400],
    ["an upper case host", changed((text) => text.replace("http:", "HTTP:")), 400],
    ["a query in client_id", changed((text) => text.replace('.json"', '.json?"')), 400],
    ["a fragment in client_id", changed((text) => text.replace('.json"', '.json#"')), 400],
    ["no client_id", document({ client_id: undefined }), 400],
    ["client_id in a list", (clientId) => document({ client_id: [clientId] })(clientId), 400],
    ["client_id twice", changed((text) => text.replace("{", '{"client_id":"x",')), 400],
    ["redirect_uris twice", changed((text) => text.replace("{", '{"redirect_uris":["https://evil.example/"],')), 400],
    ["a BOM", changed((text) => `\ufeff${text}`), 400],
    ["UTF-16", changed((text) => Buffer.from(text, "utf16le")), 400],
    ["invalid UTF-8", changed((text) => Buffer.from(text.replace("Client", "Cli\u00ffent"), "latin1")), 400],
    ["NUL behind it", changed((text) => `${text}\0`), 400],
    ["a list", changed((text) => `[${text}]`), 400],
    ["null", () => "null", 400],
    ["nothing", () => "", 400],
    ["no redirect_uris", document({ redirect_uris: undefined }), 400],
    ["no client_name", document({ client_name: undefined }), 400],
    ["client_secret", document({ client_secret: "s" }), 400],
    ["client_secret_expires_at", document({ client_secret_expires_at: 0 }), 400],
    ["client_secret_basic", document({ token_endpoint_auth_method: "client_secret_basic" }), 400],
    ["client_secret_post", document({ token_endpoint_auth_method: "client_secret_post" }), 400],
    ["client_secret_jwt", document({ token_endpoint_auth_method: "client_secret_jwt" }), 400],
    ["client_secret_jwt, and none as well", document({ token_endpoint_auth_method: "client_secret_jwt", token_endpoint_auth_methods_supported: ["none"] }), 400],
    ["private_key_jwt without keys", document({ token_endpoint_auth_method: "private_key_jwt" }), 400],
    ["private_key_jwt with a private key", document({ token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [{ kty: "EC", crv: "P-256", x: "AA", y: "AA", d: "AA" }] } }), 400],
    ["jwks and jwks_uri", document({ jwks: { keys: [] }, jwks_uri: "https://client.example.com/jwks" }), 400],
    ["no code flow", document({ response_types: ["token"] }), 400],
    ["no code grant", document({ grant_types: ["client_credentials"] }), 400],
  ])
    test(`S43 F03 F04 F06: ${why}: ${status}, and nothing bad is kept`, async () => {
      const path = `/says/${encodeURIComponent(why)}.json`;
      const clientId = documents.origin + path;
      documents.answer(path, (_req, res) => json(res, make(clientId), headers));
      assert.equal((await open(clientId)).response.status, status);
      if (status === 200) return;
      documents.publish(path);
      assert.equal((await open(clientId)).response.status, 200, "once it is mended");
    });

  for (const status of [201, 203, 204, 206, 304, 400, 401, 403, 410, 418])
    test(`S43 F02: ${status} is no document`, async () => {
      const path = `/status/${status}.json`;
      const good = documents.answerOf(new URL(documents.publish(path)).pathname);
      const clientId = documents.answer(path, status === 204 || status === 304 ? { status } : { ...good, status });
      assert.equal((await open(clientId)).response.status, 400);
    });
});
