// Bad input of every kind at every URL: a clear 4xx, told the way that URL tells things.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { Client } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { checkPage, Person } from "./support/person.js";
import { exchange, requestBytes } from "./support/raw.js";
import { startWorld } from "./support/world.js";

/** Each URL: how it is called, whether a person or a program reads its errors, whether browsers may. */
const URLS = [
  { path: "/.well-known/oauth-authorization-server", methods: ["GET", "HEAD"], cors: true },
  { path: "/.well-known/oauth-protected-resource", methods: ["GET", "HEAD"], cors: true },
  { path: "/.well-known/oauth-protected-resource/mcp/todo", methods: ["GET", "HEAD"], cors: true },
  { path: "/.well-known/jwks.json", methods: ["GET", "HEAD"], cors: true },
  { path: "/authorize", methods: ["GET", "HEAD"], page: true },
  { path: "/consent", methods: ["POST"], page: true, form: true },
  { path: "/callback/todo", methods: ["GET", "HEAD"], page: true },
  { path: "/token", methods: ["POST"], cors: true, form: true },
  { path: "/revoke", methods: ["POST"], cors: true, form: true },
  { path: "/introspect", methods: ["POST"], form: true },
  { path: "/register", methods: ["POST"], cors: true },
  { path: "/mcp/todo", methods: ["GET", "POST", "DELETE"], cors: "by origin" },
  { path: "/health", methods: ["GET", "HEAD"] },
  { path: "/", methods: ["GET", "HEAD"], page: true },
];
const FORMS = URLS.filter(({ form }) => form);
const FORM = { "content-type": "application/x-www-form-urlencoded" };

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

/** 4xx, in the form that this URL has for it; its status is returned. */
async function refused({ path, page, cors }, response) {
  const { status, headers } = response;
  assert.ok(status >= 400 && status < 500, `${status} at ${path}`);
  assert.equal(headers.get("cache-control"), "no-store", path);
  assert.equal(headers.get("access-control-allow-origin"), cors === true ? "*" : null, path);
  if (page) checkPage({ response }, status);
  else assert.equal(headers.get("content-type"), "application/json", path);
  const text = await response.text();
  if (!page) {
    const { error, error_description } = JSON.parse(text);
    assert.match(error, /^[a-z_]+$/);
    assert.match(error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]{5,}$/);
  }
  return status;
}

const send = (path, init) => world.fetch(world.url + path, { redirect: "manual", ...init });
const post = (path, body, headers = FORM) => send(path, { method: "POST", body, headers });

describe("methods", () => {
  for (const url of URLS)
    test(`Q2 C01: ${url.path} takes ${url.methods.join(", ")} and nothing else`, async () => {
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"].filter((method) => !url.methods.includes(method))) {
        const response = await send(url.path, { method });
        const allow = response.headers.get("allow");
        assert.equal(await refused(url, response), 405, method);
        assert.deepEqual(allow.split(", ").filter((name) => name !== "HEAD"), url.methods.filter((name) => name !== "HEAD"));
      }
    });

  test("Q2: HEAD is GET without the body", async () => {
    for (const { path } of URLS.filter(({ methods, page }) => methods.includes("HEAD") && !page)) {
      const [head, get] = [await send(path, { method: "HEAD" }), await send(path)];
      assert.equal(head.status, get.status);
      assert.equal(head.headers.get("content-type"), get.headers.get("content-type"));
      assert.equal(await head.text(), "");
    }
  });

  test("C17 A18: preflights are answered where browsers may call, and nowhere else", async () => {
    const headers = { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    for (const { path, cors } of URLS.filter(({ cors }) => cors !== "by origin")) {
      const { status, headers: answered } = await send(path, { method: "OPTIONS", headers });
      assert.equal(status, cors ? 204 : 405, path);
      assert.equal(answered.get("access-control-allow-origin"), cors ? "*" : null, path);
      assert.equal(answered.get("access-control-allow-credentials"), null);
    }
  });
});

describe("forms", () => {
  const types = {
    "none": undefined,
    "JSON": "application/json",
    "text": "text/plain",
    "multipart": "multipart/form-data; boundary=x",
    "another charset": "application/x-www-form-urlencoded; charset=utf-16",
    "two": "application/x-www-form-urlencoded, text/plain",
    "nonsense": ";;;=",
    "very much of it": `application/x-www-form-urlencoded${"x".repeat(8000)}`,
  };
  for (const [why, type] of Object.entries(types))
    test(`Q2 C02: content type: ${why}`, async () => {
      for (const url of FORMS) {
        const body = new Blob(["grant_type=refresh_token&token=x&client_id=x"]); // of no type of its own
        assert.equal(await refused(url, await post(url.path, body, type ? { "content-type": type } : {})), 400);
      }
    });

  const bodies = {
    "nothing": [""],
    "JSON": ['{"grant_type":"refresh_token"}'],
    "a broken escape": ["grant_type=%zz"],
    "half an escape": ["grant_type=refresh_token%"],
    "invalid UTF-8": ["grant_type=%ff%fe"],
    "invalid UTF-8, not escaped": [Buffer.from("grant_type=\xff\xfe", "latin1")],
    "a NUL": ["grant_type=refresh_token%00"],
    "1000 parameters": [Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join("&")],
    "only separators": ["&".repeat(1000)],
    "a bomb": [gzipSync(Buffer.alloc(1_000_000, "a"))],
    "compressed, and said to be": [gzipSync("grant_type=refresh_token"), { ...FORM, "content-encoding": "gzip" }],
    "a name that JavaScript knows": ["__proto__=x&constructor=x&grant_type=toString"],
  };
  for (const [why, [body, headers]] of Object.entries(bodies))
    test(`Q2 S74: ${why}`, async () => {
      for (const url of FORMS) await refused(url, await post(url.path, body, headers));
    });

  test("Q2 S74: a body that is too large, whatever it says", async () => {
    for (const url of FORMS) assert.equal(await refused(url, await post(url.path, `x=${"a".repeat(40_000)}`)), 413);
  });

  test("A11: a parameter twice", async () => {
    for (const url of FORMS)
      for (const name of ["client_id", "token", "grant_type", "transaction", "unknown"])
        assert.equal(await refused(url, await post(url.path, `${name}=a&${name}=a`)), 400);
  });

  test("C01: parameters in the URL are not read", async () => {
    const client = await Client.register(world);
    const { refresh_token } = await client.signIn(new Person(world, "alice"));
    const query = new URLSearchParams({ grant_type: "refresh_token", refresh_token, client_id: client.id });
    assert.equal((await post(`/token?${query}`, "")).status, 400);
    assert.equal((await post(`/token?grant_type=x&client_id=y`, `${query}`)).status, 200);
  });

  test("Q2 S19: what was sent stands in no answer as it was", async () => {
    const marker = `<script>x</script>"'\r\nSet-Cookie: x=1`;
    for (const path of ["/token", "/revoke", "/introspect", "/consent"])
      for (const name of ["grant_type", "client_id", "code", "token", "scope", "resource", "transaction"]) {
        const response = await post(path, new URLSearchParams({ grant_type: "authorization_code", client_id: "x", [name]: marker }));
        assert.equal(response.headers.getSetCookie().length, 0);
        assert.ok(!(await response.text()).includes("<script>"));
      }
  });
});

describe("URLs and headers", () => {
  const queries = ["?", "?&&&=", "?%", "?client_id=%ff", "?client_id=%00", "?state=x&state=y", `?${"a=1&".repeat(2000)}`, `?x=${"a".repeat(20_000)}`, "?code[]=x", "?%e2%82=1"];
  for (const query of queries)
    test(`Q2 S74 S26: ${query.slice(0, 30)}`, async () => {
      for (const url of URLS.filter(({ path }) => ["/authorize", "/callback/todo"].includes(path))) {
        const response = await send(url.path + query);
        if (query.length > 16_000) assert.equal(response.status, 413); // told before it is known whose URL it is
        else await refused(url, response);
      }
    });

  const paths = ["/nothing", "//authorize", "/Authorize", "/authorize/", "/token/x", "/callback/", "/callback/other", "/callback/todo/", "/mcp", "/mcp/", "/mcp/Todo", "/mcp/todo/", "/mcp/todo/x", "/mcp/%74odo", "/mcp/todo%00", "/.well-known/", "/.well-known/openid-configuration", "/.well-known/oauth-protected-resource/mcp/other", "/favicon.ico", "/__proto__", `/${"x".repeat(10_000)}`];
  for (const path of paths)
    test(`Q2 A1: ${path.slice(0, 40)} is not there`, async () => {
      const response = await send(path);
      if (path.startsWith("/callback/")) return checkPage({ response }, 404); // a person may stand there
      assert.equal(response.status, 404);
      assert.equal((await response.json()).error, "not_found");
    });

  test("Q2 S74: too many headers", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, "1"]));
    for (const { path } of URLS) assert.equal((await send(path, { headers: many })).status, 413, path);
  });

  test("G7 G07 S62: forwarding headers change nothing of what is said", async () => {
    const forwarded = { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-port": "444", forwarded: "host=evil.example;proto=https", "x-original-url": "/x", "x-rewrite-url": "/x", "x-host": "evil.example" };
    for (const { path } of URLS.filter(({ methods }) => methods.includes("GET"))) {
      const [plain, with_] = [await send(path), await send(path, { headers: forwarded })];
      assert.equal(with_.status, plain.status, path);
      assert.equal(await with_.text(), await plain.text(), path);
      assert.ok(![...with_.headers.values()].join().includes("evil.example"));
    }
  });

  for (const host of ["evil.example", "localhost", "127.0.0.1.evil.example", "127.0.0.1:1"])
    test(`G7 G07 S62: Host: ${host} is not ours, and is not repeated`, async () => {
      for (const { path } of URLS.filter(({ path }) => path !== "/health")) {
        const { status, text } = await exchange(new URL(world.url).port, requestBytes("GET", path, [`Host: ${host}`]));
        assert.ok([400, 421].includes(status), `${status} at ${path}`);
        assert.ok(!text.includes("evil.example"));
      }
    });
});

describe("MCP messages of 4 MiB", () => {
  const LIMIT = 4 << 20;
  /** As much of the filling as there is room for. */
  const filled = (start, filling, end) => start + filling.repeat((LIMIT - start.length - end.length) / filling.length) + end;
  const escaped = "\\u0061";
  const meta = `"_meta":{"a":[${"1,".repeat(32_700)}1]}`;
  const names = Array.from({ length: 32_700 }, (_, i) => `"${escaped}${i}":0,`).join("");
  const bodies = {
    "an id": filled('{"jsonrpc":"2.0","method":5,"id":"', "a", '"}'),
    "a method in escapes": filled('{"jsonrpc":"2.0","id":1,"method":"', escaped, '"}'),
    "as many names as there may be, in escapes": filled(`{"jsonrpc":"2.0","id":1,"method":"x","params":{${meta}},"n":{${names}"":0},"`, escaped, '":1}'),
  };
  for (const [why, body] of Object.entries(bodies))
    test(`Q2 S74: ${why}: refused, and no more memory than there is`, async () => {
      const client = await Client.register(world);
      const { access_token: token } = await client.signIn(new Person(world, "alice"));
      const response = await callTool(world, token, "whoami", {}, { body });
      assert.equal(response.status, 400);
      assert.ok((await response.json()).error.code < 0);
    });
});

test("Q2: after all this, a sign-in and a call are what they were", async () => {
  const client = await Client.register(world);
  const { access_token } = await client.signIn(new Person(world, "carol"));
  assert.equal((await resultOf(await callTool(world, access_token, "whoami"))).structuredContent.sub, "user-2001");
  assert.equal(world.logs.filter((line) => / 50\d /.test(line)).length, 0);
});
