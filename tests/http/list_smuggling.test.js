// List 5: what hides in headers and bodies, on the way in, on the way to the runtime and back. S64.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { Client } from "./support/client.js";
import { Person } from "./support/person.js";
import { exchange, requestBytes } from "./support/raw.js";
import { startWorld } from "./support/world.js";

const MESSAGE = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

let world, client, token, ask;
before(async () => {
  world = await startWorld();
  client = await Client.register(world);
  token = (await client.signIn(new Person(world, "alice"))).access_token;
  const { host, port } = new URL(world.url);
  ask = (method, target, lines, body = "") =>
    exchange(port, requestBytes(method, target, [`Host: ${host}`, ...lines], body));
});
after(() => world?.stop());
afterEach(() => delete world.hooks.onRuntimeRequest);

/** Answers in the runtime's place, and keeps what it was sent. */
function runtime(headers = {}, body = '{"jsonrpc":"2.0","id":1,"result":{}}') {
  const seen = [];
  world.hooks.onRuntimeRequest = async (req, res) => {
    let text = "";
    for await (const chunk of req) text += chunk;
    seen.push({ headers: req.headers, rawHeaders: req.rawHeaders, url: req.url, body: text });
    res.writeHead(200, { "content-type": "application/json", ...headers }).end(body);
  };
  return seen;
}

const call = (lines, body = MESSAGE, target = "/mcp/todo") =>
  ask("POST", target, [`Content-Length: ${Buffer.byteLength(body, "latin1")}`, "Content-Type: application/json", ...lines], body);
const bearer = () => `Authorization: Bearer ${token}`;
const challengeOf = ({ headers }) => headers.find(([name]) => name === "www-authenticate")?.[1];

test("S64 H07 H08 H09: of all ways to write Authorization, the one with one token", async (t) => {
  const passes = [
    ["as it is written", () => [bearer()]],
    ["bearer", () => [`Authorization: bearer ${token}`]],
    ["BEARER", () => [`authorization: BEARER ${token}`]],
    ["two spaces: RFC 9110 allows any number", () => [`Authorization: Bearer  ${token}`]],
    ["space around the value is not part of it", () => [`Authorization:   Bearer ${token}  `]],
  ];
  const refused = [
    ["twice", () => [bearer(), bearer()]],
    ["twice, another one first", () => ["Authorization: Bearer x", bearer()]],
    ["comma-joined", () => [`Authorization: Bearer ${token}, Bearer ${token}`]],
    ["two tokens", () => [`Authorization: Bearer ${token} ${token}`]],
    ["a tab", () => [`Authorization: Bearer\t${token}`]],
    ["no space", () => [`Authorization: Bearer${token}`]],
    ["no scheme", () => [`Authorization: ${token}`]],
    ["another scheme", () => [`Authorization: Token ${token}`]],
    ["DPoP", () => [`Authorization: DPoP ${token}`]],
    ["Basic", () => [`Authorization: Basic ${Buffer.from(`${token}:`).toString("base64")}`]],
    ["quoted", () => [`Authorization: Bearer "${token}"`]],
    ["as a parameter", () => [`Authorization: Bearer token="${token}"`]],
    ["a comma behind it", () => [`Authorization: Bearer ${token},`]],
    ["nothing", () => ["Authorization:"]],
    ["a scheme only", () => ["Authorization: Bearer"]],
    ["obsolete folding", () => ["Authorization: Bearer", ` ${token}`]],
    ["UTF-8", () => [`Authorization: Bearer ${token}\u00c3\u00a9`]],
    ["a non-breaking space", () => [`Authorization: Bearer\u00c2\u00a0${token}`]],
    ["NUL", () => [`Authorization: Bearer ${token}\0`]],
    ["a name with a space", () => [`Authorization : Bearer ${token}`]],
    ["32 KB", () => [`Authorization: Bearer ${"a".repeat(32_768)}`]],
    ["32 KB behind the token", () => [`Authorization: Bearer ${token}${"a".repeat(32_768)}`]],
    ["X-Authorization", () => [`X-Authorization: Bearer ${token}`]],
    ["Proxy-Authorization", () => [`Proxy-Authorization: Bearer ${token}`]],
    ["a cookie", () => [`Cookie: access_token=${token}; Authorization=Bearer ${token}`]],
    ["in the query", () => [], (t) => `/mcp/todo?access_token=${t}`],
    ["in the query too", () => [bearer()], (t) => `/mcp/todo?access_token=${t}`, 400],
    ["twice in the query", () => [], (t) => `/mcp/todo?access_token=${t}&access_token=${t}`],
  ];
  const seen = runtime();
  for (const [why, lines] of passes) assert.equal((await call(lines())).status, 200, why);
  assert.equal(seen.length, passes.length);
  for (const [why, lines, target = () => undefined, status = 401] of refused) {
    const answer = await call(lines(), MESSAGE, target(token));
    const isRuntimes = answer.status === 400 && !answer.body.startsWith("{"); // no HTTP at all
    assert.ok(answer.status === status || answer.status === 413 || isRuntimes, `${why}: ${answer.status} ${answer.body}`);
    if (answer.status === 401) assert.match(challengeOf(answer), /^Bearer /, why);
    assert.ok(!answer.text.includes(token.slice(-20)), `${why}: it comes back`);
  }
  assert.equal(seen.length, passes.length, "the runtime has seen none of them");
  t.diagnostic(`list 5: ${refused.length} ways to write Authorization refused, ${passes.length} accepted`);
});

/** What a request to the runtime may hold: what we forward, what we set, and what makes it HTTP. */
const TO_RUNTIME = /^(accept|accept-language|content-type|last-event-id|mcp-[\w-]+|traceparent|tracestate|user-agent|authorization|host|connection|content-length|transfer-encoding|accept-encoding|cf-[\w-]+|sec-fetch-mode)$/;

test("S64 S63 H11 G9: nothing that names somebody, or steers a proxy, reaches the runtime", async (t) => {
  const rows = [
    "Cookie: session=evil", "Proxy-Authorization: Basic evil", "X-Upstream-Authorization: Bearer evil", "X-Api-Key: evil",
    "X-Forwarded-For: evil", "X-Forwarded-User: evil", "X-Forwarded-Host: evil", "X-Forwarded-Proto: evil", "Forwarded: for=evil",
    "X-Real-IP: evil", "True-Client-IP: evil", "X-User-Id: evil", "X-User-Email: evil", "X-Tenant-Id: evil", "X-Remote-User: evil",
    "Remote-User: evil", "X_User: evil", "X_Forwarded_For: evil", "x-USER-id: evil", "X-Auth-Request-Email: evil",
    "Cf-Access-Jwt-Assertion: evil", "Cf-Access-Authenticated-User-Email: evil", "Cf-Connecting-IP6: evil", "Cf-Worker: evil",
    "X-Original-URL: /evil", "X-Rewrite-URL: /evil", "X-HTTP-Method-Override: DELETE-evil", "X-Method-Override: evil",
    "Connection: close, X-Evil", "X-Evil: evil", "Keep-Alive: timeout=evil", "TE: trailers, evil", "Trailer: X-Evil",
    "Upgrade: evil", "Range: bytes=0-evil", "If-None-Match: \"evil\"", "If-Modified-Since: evil", "Cache-Control: evil",
    "Pragma: evil", "Referer: https://evil.example/", "Via: 1.1 evil", "Max-Forwards: 0-evil", "From: evil@evil.example",
    "DPoP: evil", "Client-Cert: evil", "SSL-Client-Cert: evil", "X-ARR-ClientCert: evil", "Link: <https://evil.example>",
    "Accept-Charset: evil", "Baggage: evil", "X-Request-Id: evil", "Sec-Evil: evil", "Host-Evil: evil", "A: evil",
  ];
  const seen = runtime();
  const lines = [bearer(), "Accept-Language: de", "MCP-Protocol-Version: 2025-11-25", "Mcp-Session-Id: s-1", "traceparent: 00-1-2-3", "User-Agent: me"];
  for (const row of rows) {
    const answer = await call([row, ...lines]);
    assert.equal(answer.status, 200, `${row}: ${answer.status} ${answer.body}`);
  }
  const many = await call([...Array.from({ length: 90 }, (_, i) => `X-Evil-${i}: evil`), ...lines]);
  assert.equal(many.status, 200);
  for (const { headers, body, rawHeaders } of seen) {
    assert.doesNotMatch(JSON.stringify(rawHeaders), /evil/i);
    for (const name of Object.keys(headers)) assert.match(name, TO_RUNTIME);
    assert.match(headers.authorization, /^Bearer [\w.-]+$/);
    assert.ok(!headers.authorization.includes(token), "the client's token stays here");
    assert.deepEqual([headers["accept-language"], headers["mcp-session-id"], headers.traceparent, headers["user-agent"]], ["de", "s-1", "00-1-2-3", "me"]);
    assert.equal(body, MESSAGE);
  }
  assert.equal(seen.length, rows.length + 1);
  const tooMany = await call([bearer(), ...Array.from({ length: 200 }, (_, i) => `X-${i}: y`)]);
  assert.ok([413, 431, 400].includes(tooMany.status), String(tooMany.status));
  t.diagnostic(`list 5: ${rows.length + 2} headers of the client's, none at the runtime`);
});

test("S64: a header that the runtime shall see cannot carry another one", async (t) => {
  const rows = [
    "Mcp-Session-Id: a\rX-Evil: 1", "Mcp-Session-Id: a\nX-Evil: 1", "Mcp-Session-Id: a\0X-Evil: 1", "Mcp-Session-Id: a\x7f",
    "Mcp-Session-Id: a\u00e9", "Mcp-Session-Id: a\x0b", "User-Agent: a\x1b[31m", "Mcp-Evil\0: 1", "Mcp-Evil : 1", "Mcp-Evil\t: 1",
    "Mcp-(Evil): 1", "Accept-Language: a\r\n X-Evil: 1", "Content-Type: application/json\r\n\tX-Evil: 1", "Mcp-Session-Id: a\r\n\r\nGET /evil HTTP/1.1",
  ];
  const seen = runtime();
  for (const row of rows) {
    const answer = await call([bearer(), row]);
    assert.ok([200, 400, 415].includes(answer.status), `${JSON.stringify(row)}: ${answer.status} ${answer.body}`);
  }
  for (const { rawHeaders, url } of seen) {
    assert.equal(url, "/mcp");
    for (const text of rawHeaders) assert.match(text, /^[\t -~]*$/);
    assert.ok(!rawHeaders.some((text) => /^x-evil/i.test(text)));
  }
  t.diagnostic(`list 5: ${rows.length} headers with another one inside`);
});

test("S64 S74: where a body ends, and what it is, is never in doubt", async (t) => {
  const form = "grant_type=refresh_token&refresh_token=x&client_id=x";
  const type = "Content-Type: application/x-www-form-urlencoded";
  const length = (body) => `Content-Length: ${Buffer.byteLength(body, "latin1")}`;
  const chunked = "34\r\n" + form + "\r\n0\r\n\r\n";
  const gzipped = gzipSync(form).toString("latin1");
  const multipart = '--b\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nrefresh_token\r\n--b--\r\n';
  const CLIENT = ["invalid_client"]; // read in full, and then its client is none
  const FORM = ["invalid_request"]; // not read as a form
  const rows = [
    ["plainly", [type, length(form)], form, CLIENT],
    ["chunked", [type, "Transfer-Encoding: chunked"], chunked, CLIENT],
    ["charset=utf-8", [`${type}; charset=UTF-8`, length(form)], form, CLIENT],
    ["chunked, with a length", [type, "Transfer-Encoding: chunked", "Content-Length: 4"], chunked, [...CLIENT, ...FORM, undefined]],
    ["two lengths", [type, length(form), "Content-Length: 4"], form, [undefined]],
    ["a length with a sign", [type, `Content-Length: +${form.length}`], form, [undefined]],
    ["an unknown transfer coding", [type, "Transfer-Encoding: xchunked"], chunked, [undefined]],
    ["two transfer codings", [type, "Transfer-Encoding: chunked, identity"], chunked, [undefined]],
    ["chunked twice", [type, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], chunked, [undefined, ...CLIENT]],
    ["a coding with a tab", [type, "Transfer-Encoding:\tchunked"], chunked, [undefined, ...CLIENT]],
    ["chunk garbage", [type, "Transfer-Encoding: chunked"], "zz\r\n" + form, [...FORM, undefined]],
    ["empty", [type, "Content-Length: 0"], "", FORM],
    ["no type", [length(form)], form, FORM],
    ["two types", [type, "Content-Type: application/json", length(form)], form, [...FORM, undefined]],
    ["two types, joined", [`${type}, application/json`, length(form)], form, FORM],
    ["JSON", ["Content-Type: application/json", length(form)], form, FORM],
    ["multipart", ["Content-Type: multipart/form-data; boundary=b", length(multipart)], multipart, FORM],
    ["text", ["Content-Type: text/plain", length(form)], form, FORM],
    ["a type that begins like it", [`${type}x`, length(form)], form, FORM],
    ["charset=utf-7", [`${type}; charset=utf-7`, length(form)], form, FORM],
    ["charset=utf-16", [`${type};charset="utf-16"`, length(form)], form, FORM],
    ["two charsets", [`${type}; charset=utf-8; charset=utf-7`, length(form)], form, FORM],
    ["a parameter broken off", [`${type}; charset`, length(form)], form, FORM],
    ["gzip", [type, "Content-Encoding: gzip", length(gzipped)], gzipped, [...FORM, ...CLIENT]],
    ["UTF-16", [type, length("g\0r\0")], "g\0r\0", FORM],
    ["a BOM", [type, length(`\u00ef\u00bb\u00bf${form}`)], `\u00ef\u00bb\u00bf${form}`, FORM],
    ["invalid UTF-8", [type, length(`${form}&x=\u00ff`)], `${form}&x=\u00ff`, FORM],
    ["%00", [type, length(`${form}&x=%00`)], `${form}&x=%00`, FORM],
    ["a broken escape", [type, length(`${form}&x=%4`)], `${form}&x=%4`, FORM],
    ["1,000 parameters", [type, length(`${form}${"&a=b".repeat(1000)}`)], `${form}${"&a=b".repeat(1000)}`, FORM],
    ["semicolons for ampersands", [type, length(form)], form.replaceAll("&", ";"), ["unsupported_grant_type", ...FORM]],
    ["in the query", [type, "Content-Length: 0"], "", FORM, `/token?${form}`],
    ["33 KB", [type, length(`${form}&x=${"y".repeat(33_000)}`)], `${form}&x=${"y".repeat(33_000)}`, FORM],
  ];
  for (const [why, lines, body, errors, target = "/token"] of rows) {
    const answer = await ask("POST", target, lines, body);
    const ours = answer.body.startsWith("{");
    assert.ok(errors.includes(ours ? JSON.parse(answer.body).error : undefined), `${why}: ${answer.status} ${answer.body.slice(0, 200)}`);
    assert.ok(answer.status < 500 || !ours, `${why}: ${answer.status}`);
    assert.doesNotMatch(answer.body, /access_token/, why);
  }
  t.diagnostic(`list 5: ${rows.length} bodies at /token`);
});

test("S64 S19 A16 H10: what is reflected stays inside its header", async (t) => {
  const values = ["a\r\nSet-Cookie: evil=1", "a\nX: evil", "a\0evil", 'a", error="evil', "a\\", "é", "\u2028", "a\u0085b", "<script>evil</script>", "%0d%0aX: evil"];
  for (const value of values) {
    for (const name of ["state", "scope", "resource", "code_challenge", "response_type"]) {
      const { url } = await client.request({ [name]: value });
      const answer = await ask("GET", url.slice(world.url.length), []);
      assert.ok([200, 303, 400].includes(answer.status), `${name}=${value}: ${answer.status}`);
      assert.ok(!answer.headers.some(([header, content]) => header === "x" || /evil/.test(header + content)), `${name}=${JSON.stringify(value)}`);
    }
  }
  // A state with all of them comes back as it was, escaped, in one Location.
  const state = values.filter((value) => !value.includes("\0")).join("|");
  const bob = new Person(world, "bob");
  const { redirect } = await bob.deny(await bob.open((await client.request({ state })).url));
  assert.match(redirect, /^[!-~]+$/);
  assert.equal(new URL(redirect).searchParams.get("state"), state);
  t.diagnostic(`list 5: ${values.length * 5} reflected values`);
});

test("S64 G9 A18: what the runtime answers is its body; the headers of this origin are ours", async () => {
  runtime({
    "set-cookie": ["evil=1; Path=/", "__Host-latchkey-x=evil; Path=/; Secure"],
    "www-authenticate": 'Bearer realm="evil"',
    "strict-transport-security": "max-age=0",
    "content-security-policy": "default-src *",
    "x-frame-options": "ALLOWALL",
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "true",
    "clear-site-data": '"*"',
    location: "https://evil.example/",
    refresh: "0; url=https://evil.example/",
    link: "<https://evil.example/>; rel=preload",
    server: "evil/1.0",
    "x-powered-by": "evil",
    "alt-svc": 'h3="evil.example:443"',
    authorization: "Bearer evil",
    "mcp-session-id": "from-the-runtime",
    "cache-control": "no-store",
  });
  const answer = await call([bearer()]);
  assert.equal(answer.status, 200);
  assert.doesNotMatch(answer.text, /evil/i);
  const headers = Object.fromEntries(answer.headers);
  assert.equal(headers["mcp-session-id"], "from-the-runtime");
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["access-control-allow-origin"], undefined);
  assert.equal(headers["access-control-allow-credentials"], undefined);
});

test("S64 G10: events pass as they are, whatever line ends are in them", async () => {
  const events = "event: message\r\ndata: {\"a\":\"b\\r\\nSet-Cookie: c\"}\r\n\r\n: a comment\r\rdata: x\n\n";
  runtime({ "content-type": "text/event-stream" }, events);
  const answer = await call([bearer()]);
  assert.equal(answer.body, events);
  assert.ok(!answer.headers.some(([name]) => name === "set-cookie"));
});
