// /mcp/{server}: who may call, what of a request reaches the runtime, what of its answer comes back.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { generateKeyPair, SignJWT } from "jose";

import { Client } from "./support/client.js";
import { HOST } from "./support/gateway.js";
import { callTool, resultOf, send, STATELESS } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld, until } from "./support/world.js";

const KEY = "key-of-the-runtime-0123456789";

let world, client, token;
before(async () => {
  world = await startWorld({
    secrets: { RUNTIME_KEY: KEY },
    config: (config) => {
      const { servers } = config;
      config.body_limit_bytes = 1 << 17;
      servers.todo.headers = { "X-API-Key": { secret: "RUNTIME_KEY" }, "X-Tenant-Id": "acme" };
      servers.todo.origins = ["https://app.example"];
      servers.other = { ...servers.todo, name: "Other", origins: [] };
    },
  });
  client = await Client.register(world);
  token = (await client.signIn(new Person(world, "alice"))).access_token;
});
after(() => world?.stop());
afterEach(() => {
  for (const name of Object.keys(world.hooks)) delete world.hooks[name];
});

/** That nothing of it came to the runtime. */
async function stopped(response, status, code) {
  assert.equal(response.status, status);
  assert.match(response.headers.get("content-type"), /^application\/json/);
  const body = await response.json();
  if (code) assert.equal(body.error.code, code);
  return body;
}
const untouched = async (steps) => {
  const from = world.seen.runtime.length;
  await steps();
  assert.equal(world.seen.runtime.length, from, "it came to the runtime");
};

describe("who may call", () => {
  const parts = () => token.split(".");
  const claims = () => JSON.parse(Buffer.from(parts()[1], "base64url"));
  const forge = async (changes) => {
    const { privateKey } = await generateKeyPair("ES256");
    return new SignJWT({ ...claims(), ...changes }).setProtectedHeader({ alg: "ES256", typ: "at+jwt" }).sign(privateKey);
  };
  const unsigned = (header) => `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${parts()[1]}.`;

  const cases = {
    "H06: not a JWT": () => "opaque",
    "S46: signed by somebody else": () => forge({}),
    "S46: signed by somebody else, other claims": () => forge({ sub: "u_somebody", scope: "todos:read todos:write" }),
    "S46 J02: alg none": () => unsigned({ alg: "none", typ: "at+jwt" }),
    "S46: the signature removed": () => `${parts()[0]}.${parts()[1]}.`,
    "S46: one byte of the signature": () => `${token.slice(0, -5)}${token.at(-5) === "A" ? "B" : "A"}${token.slice(-4)}`,
    "S46: a longer life, and the jti as it was": () =>
      [parts()[0], Buffer.from(JSON.stringify({ ...claims(), exp: 9999999999 })).toString("base64url"), parts()[2]].join("."),
    "S46: a jti that is not ours": () => forge({ jti: "A".repeat(64) }),
    "H06: a refresh token": async () => (await client.signIn(new Person(world, "alice"))).refresh_token,
    "H06 S47: the product's own access token": async () => {
      await (await callTool(world, token, "whoami")).text();
      return world.seen.runtime.at(-1).headers.authorization.slice(7);
    },
    "S46: a token of 100 KB": () => token + "A".repeat(100_000),
  };
  for (const [why, make] of Object.entries(cases)) {
    test(`G1 H04 H08 ${why}`, async () => {
      const bad = await make();
      await untouched(async () => {
        const response = await callTool(world, bad, "whoami");
        assert.match(response.headers.get("www-authenticate"), /^Bearer error="invalid_token", .*resource_metadata="/);
        await stopped(response, 401);
      });
    });
  }

  test("G1 H05 I03: a token for another server of the same gateway", async () => {
    const response = await send({ ...world, mcp: `${world.url}/mcp/other` }, { token });
    assert.match(response.headers.get("www-authenticate"), /error="invalid_token".*\/mcp\/other"/);
    await stopped(response, 401);
  });

  test("H07: a token in the query is not seen", async () => {
    await stopped(await send({ ...world, mcp: `${world.mcp}?access_token=${token}` }), 401);
  });

  for (const authorization of ["Bearer", "Bearer ", "Basic dTpw", "Bearer a b", "Bearer a,b", "Bearer a, Bearer b", "Bearer ü"]) {
    test(`H08: Authorization: ${authorization}`, async () => {
      await untouched(async () => stopped(await send(world, { headers: { authorization: Buffer.from(authorization).toString("latin1") } }), 401));
    });
  }

  for (const scheme of ["bearer", "BEARER", "Bearer "])
    test(`H09: the scheme ${JSON.stringify(scheme)}`, async () => {
      assert.equal((await send(world, { headers: { authorization: `${scheme} ${token}` } })).status, 200);
    });

  test("S57: a call without the tool's scopes is 403, with all that are needed", async () => {
    const narrow = await client.signIn(new Person(world, "alice"), { scope: "todos:read" });
    await resultOf(await callTool(world, narrow.access_token, "list_todos"));
    await untouched(async () => {
      const response = await callTool(world, narrow.access_token, "add_todo", { title: "x" });
      assert.match(response.headers.get("www-authenticate"), /^Bearer error="insufficient_scope".* scope="todos:read todos:write", resource_metadata="/);
      await stopped(response, 403);
    });
  });
});

describe("Origin", () => {
  for (const origin of ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example", "https://app.example:444"])
    test(`G1: ${origin} is refused`, () => untouched(async () => {
      const response = await send(world, { token, headers: { origin } });
      assert.equal(response.headers.get("access-control-allow-origin"), null);
      assert.equal((await stopped(response, 403)).error, "forbidden_origin");
    }));

  for (const origin of ["https://app.example", "http://localhost:6274"])
    test(`G1 C17: ${origin} may call, and read the challenge`, async () => {
      const preflight = await world.fetch(world.mcp, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,mcp-protocol-version" },
      });
      assert.equal(preflight.status, 204);
      assert.match(preflight.headers.get("access-control-allow-headers"), /Authorization.*MCP-Protocol-Version/);
      for (const response of [preflight, await send(world, { headers: { origin } }), await send(world, { token, headers: { origin } })]) {
        assert.equal(response.headers.get("access-control-allow-origin"), origin);
        assert.match(response.headers.get("vary"), /Origin/i);
        await response.text();
      }
    });
});

describe("what reaches the runtime", () => {
  test("G9 G7 S63 S64: what is named, the user's token, the operator's headers, and nothing else", async () => {
    const kept = { "accept-language": "de", "last-event-id": "7", "mcp-session-id": "s1", "user-agent": "client/1", traceparent: "00-1-2-01" };
    const dropped = {
      cookie: "session=1", "x-user-id": "user-1002", x_user: "user-1002", "x-forwarded-for": "10.0.0.1", "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https", forwarded: "host=evil.example", "x-real-ip": "10.0.0.1", "x-upstream-authorization": "Bearer x",
      "proxy-authorization": "Basic eA==", "x-original-url": "/admin", "x-api-key": "mine", "x-tenant-id": "globex", "x-http-method-override": "DELETE",
      "if-none-match": "*", range: "bytes=0-1", referer: "https://evil.example", "cf-connecting-ip": "10.0.0.1", "cf-access-jwt-assertion": "x",
    };
    world.hooks.onRuntimeRequest = (req, res) => void res.writeHead(200, { "content-type": "application/json" }).end("{}");
    await (await send(world, { token, headers: { ...kept, ...dropped } })).text();
    const { headers } = world.seen.runtime.at(-1);
    for (const [name, value] of Object.entries(kept)) assert.equal(headers[name], value, name);
    for (const name of Object.keys(dropped).filter((name) => !["x-api-key", "x-tenant-id"].includes(name)))
      assert.equal(headers[name], undefined, name);
    assert.equal(headers["x-api-key"], KEY);
    assert.equal(headers["x-tenant-id"], "acme");
    assert.equal(headers["mcp-protocol-version"], STATELESS);
    assert.notEqual(headers.authorization, `Bearer ${token}`);
  });

  test("G10: the message as it was sent, to the byte; the query stays behind", async () => {
    let body;
    world.hooks.onRuntimeRequest = async (req, res) => {
      body = Buffer.concat(await req.toArray());
      res.writeHead(200, { "content-type": "application/json" }).end("{}");
    };
    const sent = ' {\t"jsonrpc":"2.0","method":"notifications/x", "params":{"t":"ü \\u00fc","n":1.50, "requestState":"a+/="}}\n';
    await (await send({ ...world, mcp: `${world.mcp}?debug=1` }, { token, version: "2025-11-25", body: sent })).text();
    assert.equal(body.toString(), sent);
    assert.equal(world.seen.runtime.at(-1).url, "/mcp");
  });

  const messages = {
    "a batch": ["[]", -32600],
    "a batch of one": ['[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', -32600],
    "a name that stands twice": ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_todos","name":"delete_todo"}}', -32700],
    "a name that stands twice, once escaped": ['{"jsonrpc":"2.0","id":1,"method":"tools/list","m\\u0065thod":"tools/call"}', -32700],
    "no JSON": ["hello", -32700],
    "nothing": ["", -32700],
    "JSON with a comma too many": ['{"jsonrpc":"2.0","id":1,"method":"tools/list",}', -32700],
    "two documents": ['{"jsonrpc":"2.0","id":1,"method":"tools/list"}{}', -32700],
    "a byte order mark": ['\ufeff{"jsonrpc":"2.0","id":1,"method":"tools/list"}', -32700],
    "deep nesting": [`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${"[".repeat(1000)}${"]".repeat(1000)}}`, -32700],
    "invalid UTF-8": [Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/\xff"}', "latin1"), -32700],
    "no JSON-RPC": ['{"id":1,"method":"tools/list"}', -32600],
    "a method that is no text": ['{"jsonrpc":"2.0","id":1,"method":["tools/call"]}', -32600],
    "an id that is an object": ['{"jsonrpc":"2.0","id":{},"method":"tools/list"}', -32600],
    "a tool without a name": ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}', -32600],
    "a tool whose name is a list": ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["list_todos"]}}', -32600],
    "compressed": [gzipSync('{"jsonrpc":"2.0","id":1,"method":"tools/list"}'), -32700],
  };
  for (const [why, [body, code]] of Object.entries(messages))
    test(`P2 Q2 S74: ${why} goes no further`, () =>
      untouched(async () => stopped(await send(world, { token, version: "2025-11-25", body }), 400, code)));

  test("P2 Q2: a message that is too large", () =>
    untouched(async () => stopped(await send(world, { token, body: `{"a":"${"a".repeat(1 << 17)}"}` }), 413)));

  const mismatches = {
    "another method": { "mcp-method": "tools/call" },
    "no method": { "mcp-method": undefined },
    "another name": { method: "tools/call", "mcp-name": "list_todos" },
    "another name, encoded": { method: "tools/call", "mcp-name": `=?base64?${btoa("list_todos")}?=` },
    "a name that is not well encoded": { method: "tools/call", "mcp-name": "=?base64?*?=" },
    "no name": { method: "tools/call", "mcp-name": undefined },
    "another version in the body": { version: "2026-12-31" },
  };
  for (const [why, { method, version, ...headers }] of Object.entries(mismatches))
    test(`P2 G10: in the stateless era, ${why} in the headers than in the body`, () => untouched(async () => {
      const params = method ? { name: "whoami", arguments: {} } : {};
      const response = await send(world, { token, method, params, version, headers: { "mcp-protocol-version": STATELESS, ...headers } });
      await stopped(response, 400, -32020);
    }));

  test("P2: an encoded name that is the same passes; in the older era headers mean nothing", async () => {
    const headers = { "mcp-name": `=?base64?${btoa("whoami")}?=` };
    await resultOf(await callTool(world, token, "whoami", {}, { headers }));
    const from = world.seen.runtime.length;
    await (await send(world, { token, version: "2025-11-25", headers: { "mcp-method": "other", "mcp-name": "other" } })).text();
    assert.equal(world.seen.runtime.length, from + 1);
  });
});

describe("what comes back", () => {
  test("G9 S63: no cookie, no challenge, nothing that would change what we say", async () => {
    const kept = { "mcp-session-id": "s1", "cache-control": "no-cache", "content-language": "de", "retry-after": "3" };
    world.hooks.onRuntimeRequest = (req, res) => void res.writeHead(200, {
      "content-type": "application/json", "set-cookie": ["a=1", "b=2"], "www-authenticate": "Bearer", "x-powered-by": "x", server: "x", location: "/x",
      "access-control-allow-origin": "*", "strict-transport-security": "max-age=1", "content-security-policy": "x", link: "<x>", ...kept,
    }).end('{"jsonrpc":"2.0","id":1,"result":{}}');
    const { headers } = await send(world, { token });
    for (const [name, value] of Object.entries(kept)) assert.equal(headers.get(name), value, name);
    for (const name of ["set-cookie", "www-authenticate", "x-powered-by", "server", "location", "access-control-allow-origin", "strict-transport-security", "content-security-policy", "link"])
      assert.equal(headers.get(name), null, name);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  });

  for (const status of [202, 400, 403, 404, 405, 406, 409, 415, 422, 429, 500, 503])
    test(`G10: the runtime's ${status} passes as it is`, async () => {
      const body = status === 202 ? "" : `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"${status}"}}`;
      world.hooks.onRuntimeRequest = (req, res) => void res.writeHead(status, { "content-type": "application/json", allow: "POST" }).end(body);
      const response = await send(world, { token });
      assert.equal(response.status, status);
      assert.equal(await response.text(), body);
      assert.equal(response.headers.get("allow"), "POST");
      assert.equal(response.headers.get("www-authenticate"), null);
    });

  test("S65: the runtime's redirect is not followed, and takes nobody along", async () => {
    world.hooks.onRuntimeRequest = (req, res) => void res.writeHead(307, { location: `${world.todo.runtime.apiUrl}/me` }).end();
    const from = world.seen.api.length;
    const response = await world.fetch(world.mcp, { headers: { authorization: `Bearer ${token}` }, redirect: "manual" });
    assert.equal(response.headers.get("location"), null);
    assert.equal(world.seen.api.length, from);
  });

  test("G10: events pass at once and to the byte, comments too, on POST and on GET", async () => {
    for (const method of ["POST", "GET"]) {
      const events = [": comment\n\n", 'event: message\nid: 1\ndata: {"a":\ndata: 1}\n\n', "data: ü\r\n\r\n"];
      let next;
      world.hooks.onRuntimeRequest = async (req, res) => {
        res.writeHead(200, { "content-type": "text/event-stream" });
        for (const event of events) {
          res.write(event);
          await new Promise((resolve) => (next = resolve));
        }
        res.end();
      };
      const headers = { accept: "text/event-stream", "content-type": "application/json", authorization: `Bearer ${token}` };
      const body = method === "POST" ? '{"jsonrpc":"2.0","method":"x"}' : undefined;
      const response = await world.fetch(world.mcp, { method, headers, body });
      const reader = response.body.getReader();
      for (const event of events) {
        const { value } = await reader.read();
        assert.equal(Buffer.from(value).toString(), event);
        next(); // only now the runtime says more
      }
      assert.equal((await reader.read()).done, true);
    }
  });

  test("P5: a call stands in the log as soon as it is sent on, whether or not its client waits for the answer", async () => {
    const called = Promise.withResolvers(), answered = Promise.withResolvers(), hangUp = new AbortController();
    let hungUp = false;
    world.hooks.onRuntimeRequest = (req, res) => {
      res.once("close", () => (hungUp = !res.writableFinished));
      called.resolve();
      return answered.promise;
    };
    const lines = () => world.logs.filter((line) => line.includes('"outcome":"forwarded"')).length;
    const before = lines();
    const call = callTool(world, token, "whoami", {}, { signal: hangUp.signal });
    await called.promise;
    await until(() => lines() === before + 1, "the line is written, and nobody has an answer");
    hangUp.abort();
    await assert.rejects(call);
    // A local workerd notices a client that leaves only when there is something to send.
    if (HOST === "wasmtime") await until(() => hungUp, "the forward is cancelled");
    answered.resolve();
    for (let calls = 2; calls < 4; calls++) {
      await resultOf(await callTool(world, token, "whoami"));
      await until(() => lines() >= before + calls, "its line is there");
    }
    assert.equal(lines(), before + 3, "a line each");
  });

  test("Q2: a runtime that hangs up at once is a bad gateway; the next call is well", async () => {
    world.hooks.onRuntimeRequest = (req, res) => void res.destroy();
    await stopped(await send(world, { token }), 502, -32603);
    delete world.hooks.onRuntimeRequest;
    await resultOf(await callTool(world, token, "whoami"));
  });
});
