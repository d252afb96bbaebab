// List 2: URLs that a client gives us to fetch, and that lead where nothing of ours may go. S38,
// S40 and S41. Under an https issuer, as deployed: a development gateway fetches from loopback.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";

import { discover, REDIRECT_URI } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { exchange, requestBytes } from "./support/raw.js";
import { startWorld } from "./support/world.js";

const GATEWAY = "mcp.latchkey-test.net";

const HOSTS = [
  "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "0", "0.0.0.0", "2130706433", "0x7f000001", "017700000001",
  "0177.0.0.1", "0x7f.1", "127.0.0.1.", "127.000.000.001", "①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1",
  "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
  "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[2001:db8::1]", "[fe80::1]", "[fe80::1%25lo]",
  "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]",
  "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.257", "100.64.0.1", "100.127.255.255",
  "169.254.169.254", "2852039166", "0xa9fea9fe", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255",
  "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
  "localhost", "LOCALHOST", "localhost.", "a.localhost", "xn--localhost-", "localhost.localdomain", "printer.local", "api.internal",
  "metadata.google.internal", "router.home.arpa", "host.test", "client.example", "client.invalid", "hidden.onion", "nas.lan",
  "wiki.intranet", "db.corp", "box.home", "ldap.private", "metadata", "127.0.0.1.nip.io", "127-0-0-1.sslip.io", "localtest.me",
  "a.lvh.me", "client.example.com.", "xn--11h.xn--",
  GATEWAY, GATEWAY.toUpperCase(), `${GATEWAY}.`,
];

const WHOLE = [
  "http://127.0.0.1:PORT/c.json", "http://client.example.com/c.json", "ftp://127.0.0.1:PORT/c.json",
  "gopher://127.0.0.1:PORT/c.json", "file:///etc/passwd", "data:application/json,{}", "ws://127.0.0.1:PORT/c.json",
  "https://u@client.example.com/c.json", "https://u:p@127.0.0.1:PORT/c.json", "https://@127.0.0.1:PORT/c.json",
  "https://client.example.com@127.0.0.1:PORT/c.json", "https://127.0.0.1:PORT@client.example.com/c.json",
  "https://client.example.com%2f@127.0.0.1:PORT/c.json", "https://client.example.com\\@127.0.0.1:PORT/c.json",
  "https://a@b@127.0.0.1:PORT/c.json", "https://127.0.0.1:PORT\\c.json", "https:127.0.0.1:PORT/c.json",
  "https:/127.0.0.1:PORT/c.json", "https:///127.0.0.1:PORT/c.json", "https:\\\\127.0.0.1:PORT/c.json",
  " https://127.0.0.1:PORT/c.json", "https://\t127.0.0.1:PORT/c.json", "https://127.0.0.1\n:PORT/c.json",
  "https://127.0.0.1\0:PORT/c.json", "https://client.example.com/c.json\r\nHost: 127.0.0.1", "HTTPS://127.0.0.1:PORT/c.json",
  "https://client.example.com:22/c.json", "https://client.example.com:25/c.json", "https://client.example.com:0/c.json",
  "https://client.example.com:65536/c.json", "https://client.example.com:443443/c.json", "https://client.example.com:/c.json",
  "https://client.example.com:0443/c.json", "https://client.example.com:+443/c.json",
  `https://${GATEWAY}/authorize?client_id=x`, `https://${GATEWAY}:443/cdn-cgi/trace`, `https://${GATEWAY}:8443/c.json`,
  `https://client.example.com/${"c".repeat(15_000)}`,
];

/** As client_id only: there is a path, and it is the plain one (CIMD section 3). The host is public. */
const NO_DOCUMENT = [
  "https://client.example.com#@127.0.0.1/c.json", "https://client.example.com?@127.0.0.1/c.json",
  "https://client.example.com", "https://client.example.com/", "https://client.example.com/a/../c.json",
  "https://client.example.com/./c.json", "https://client.example.com/%2e%2e/c.json", "https://client.example.com/a/..;/c.json",
  "https://client.example.com/c.json#f", "https://client.example.com/c.json#",
];

const variants = (port) => [...HOSTS.map((host) => `https://${host}:${port}/c.json`), ...WHOLE.map((url) => url.replaceAll("PORT", port))];

/** Counts who connects, at every address of this computer. */
async function startListener() {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise((resolve) => server.listen(0, "::", resolve));
  return { port: server.address().port, connections: () => connections, stop: () => server.close() };
}

let listener;
before(async () => (listener = await startListener()));
after(() => listener?.stop());

describe("under an https issuer", () => {
  let world, port;
  before(async () => {
    world = await startWorld({
      config(config) {
        config.issuer = `https://${GATEWAY}`;
        Object.assign(config.profiles.todo, { issuer: "https://auth.example.com", resource: "https://api.example.com/api" });
        config.servers.todo.runtime = "https://runtime.example.com/mcp";
      },
    });
    port = new URL(world.url).port;
  });
  after(() => world?.stop());

  const ask = (method, target, lines = [], body) => exchange(port, requestBytes(method, target, [`Host: ${GATEWAY}`, ...lines], body));
  const post = (target, type, body) =>
    ask("POST", target, [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`], Buffer.from(body).toString("latin1"));
  const authorize = (clientId) => ask("GET", `/authorize?${new URLSearchParams({ client_id: clientId })}`);
  const register = (more) => post("/register", "application/json", JSON.stringify({ redirect_uris: [REDIRECT_URI], ...more }));

  test("S38 S41 F01 F12: as client_id: refused before anything is fetched", async (t) => {
    const all = [...variants(listener.port), ...NO_DOCUMENT];
    for (const url of all) {
      const { status, body, headers } = await authorize(url);
      assert.equal(status, 400, `${url.slice(0, 100)}: ${status}`);
      assert.ok(!headers.some(([name]) => name === "location"));
      assert.doesNotMatch(body, /could not be fetched/, url);
    }
    t.diagnostic(`list 2: ${all.length} URLs as client_id`);
  });

  test("S38 C03: the same at the token endpoint", async () => {
    for (const url of variants(listener.port)) {
      const parameters = { grant_type: "authorization_code", code: "x", code_verifier: "v".repeat(43), client_id: url, client_secret: "s" };
      const { status, body } = await post("/token", "application/x-www-form-urlencoded", `${new URLSearchParams(parameters)}`);
      assert.ok([400, 401].includes(status), `${url.slice(0, 100)}: ${status} ${body}`);
      assert.doesNotMatch(body, /could not be fetched|access_token/, url);
    }
  });

  test("S38 E04 F12: as jwks_uri: refused at registration", async (t) => {
    const all = variants(listener.port);
    for (const url of all) {
      const { status, body } = await register({ token_endpoint_auth_method: "private_key_jwt", jwks_uri: url });
      assert.equal(status, 400, `${url.slice(0, 100)}: ${status}`);
      assert.equal(JSON.parse(body).error, "invalid_client_metadata", url);
    }
    t.diagnostic(`list 2: ${all.length} URLs as jwks_uri`);
  });

  test("S38 S33 E04 A19: as logo_uri: never fetched, never shown; only https can be registered", async (t) => {
    const all = variants(listener.port);
    for (const url of all) {
      const { status, body } = await register({ token_endpoint_auth_method: "none", logo_uri: url });
      if (status === 400) assert.equal(JSON.parse(body).error, "invalid_client_metadata", url);
      else {
        assert.equal(status, 201, `${url.slice(0, 100)}: ${status}`);
        assert.match(url, /^https:\/\//i, url);
        const { client_id: clientId } = JSON.parse(body);
        assert.ok(!Buffer.from(clientId.slice(4), "base64url").includes(new URL(url).host), "not even kept");
      }
    }
    t.diagnostic(`list 2: ${all.length} URLs as logo_uri`);
  });

  test("S40: what a name resolves to, the platform checks when it connects; it is told to", async () => {
    assert.match(readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8"), /"global_fetch_strictly_public"/);
    // For comparison: a name that may well be public is looked up, and nowhere to be found here.
    const { status, body } = await authorize("https://client.example.com/c.json");
    assert.equal(status, 503);
    assert.match(body, /could not be fetched/);
  });

  test("S38: nobody has connected", () => assert.equal(listener.connections(), 0));
});

describe("in development", () => {
  let world, documents, as;
  before(async () => {
    world = await startWorld();
    documents = await startDocuments();
    as = await discover(world);
  });
  after(async () => {
    await world?.stop();
    await documents?.stop();
  });
  const authorize = (clientId) => world.fetch(`${as.authorization_endpoint}?${new URLSearchParams({ client_id: clientId })}`);

  test("S38 F12: a document whose jwks_uri is one of them: refused", async (t) => {
    // Two things are different here: the gateway has another name, and may fetch from loopback.
    const all = variants(listener.port).filter((url) => !url.startsWith("http://127.0.0.1") && !url.toLowerCase().includes(GATEWAY));
    for (const [i, url] of all.entries()) {
      const response = await authorize(documents.publish(`/${i}.json`, { token_endpoint_auth_method: "private_key_jwt", jwks_uri: url }));
      assert.equal(response.status, 400, url);
      assert.match(await response.text(), /jwks_uri must be|one JSON object|larger than 5 KB/, url);
    }
    assert.equal(listener.connections(), 0);
    t.diagnostic(`list 2: ${all.length} URLs as jwks_uri of a document`);
  });

  test("S38: every other spelling of loopback is refused in development too", async () => {
    const port = listener.port;
    for (const host of HOSTS.filter((host) => !["localhost", "LOCALHOST", "[::1]", "[0:0:0:0:0:0:0:1]"].includes(host) && !/^127\.\d+\.\d+\.\d+$/.test(host))) {
      const response = await authorize(`http://${host}:${port}/c.json`);
      assert.equal(response.status, 400, host);
      await response.text();
    }
    assert.equal(listener.connections(), 0);
  });

  test("S38: the listener listens: the one exception of development reaches it", async () => {
    for (const host of ["127.0.0.1", "localhost"]) {
      const before = listener.connections();
      assert.equal((await authorize(`http://${host}:${listener.port}/c.json`)).status, 503);
      assert.ok(listener.connections() > before, host);
    }
  });
});
