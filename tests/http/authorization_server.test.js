// Rules of OAuth 2.1 and its companions that no single endpoint is responsible for, and what is not
// offered: that has to be absent everywhere.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, REDIRECT_URI, refusal } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

let world, client, alice;
before(async () => {
  world = await startWorld();
  client = await Client.register(world);
  alice = new Person(world, "alice");
});
after(() => world?.stop());

const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

describe("redirects", () => {
  test("A08: no endpoint sends a browser to what a parameter says", async () => {
    const evil = "https://evil.example/";
    const names = ["redirect_uri", "redirect_url", "redirect", "return_to", "returnTo", "next", "url", "u", "continue", "dest", "post_logout_redirect_uri", "target_link_uri", "RelayState", "state", "iss", "request_uri", "login_hint"];
    const query = new URLSearchParams(names.map((name) => [name, evil]));
    const paths = ["/", "/authorize", "/consent", "/callback/todo", "/callback/other", "/token", "/register", "/revoke", "/introspect", "/health", "/mcp/todo", "/login", "/logout", "/account", `/${evil}`, "//evil.example/", "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/mcp/todo"];
    for (const path of paths) {
      for (const init of [{}, { method: "POST", body: query }, { method: "POST", body: "{}", headers: { "content-type": "application/json" } }]) {
        const response = await world.fetch(`${world.url}${path}?${query}`, { ...init, redirect: "manual" });
        await response.text();
        assert.ok(response.status < 300 || response.status >= 400, `${init.method} ${path}: ${response.status} ${response.headers.get("location")}`);
      }
    }
  });

  test("A10 S28: every redirect of ours is a 303: no form is ever sent twice", async () => {
    const ways = {
      allow: (bob, page) => bob.approve(page).then((login) => bob.logIn(login)),
      deny: (bob, page) => bob.deny(page),
      "allow nothing": (bob, page) => bob.submit(page, ["decision", "approve"], { untick: ["todos:read", "todos:write"] }),
      "change one's mind at the product": (bob, page) => bob.approve(page).then((login) => bob.cancelLogin(login)),
    };
    for (const [way, go] of Object.entries(ways)) {
      const bob = new Person(world, "bob");
      const { redirect } = await go(bob, await bob.open((await client.request()).url));
      assert.equal(new URL(redirect).searchParams.has("code"), way === "allow", way);
    }
    const ours = (await world.tape.answers()).filter(({ url }) => url.startsWith(world.url));
    const redirects = ours.map(({ text }) => Number(text.slice(0, 3))).filter((status) => status >= 300 && status < 400);
    assert.ok(redirects.length >= 6, String(redirects.length));
    assert.deepEqual(new Set(redirects), new Set([303]));
  });
});

describe("codes and tokens", () => {
  test("A21: at least 160 bits of each cannot be guessed", async () => {
    const texts = { code: [], refresh: [], jti: [] };
    for (let i = 0; i < 12; i++) {
      const request = await client.authorize(alice);
      const tokens = await client.redeem(request);
      texts.code.push(request.callback.get("code"));
      texts.refresh.push(tokens.refresh_token.replace(/^lkr_/, ""));
      texts.jti.push(claimsOf(tokens.access_token).jti);
    }
    for (const [what, all] of Object.entries(texts)) {
      assert.equal(new Set(all).size, all.length, what);
      const bytes = all.map((text) => Buffer.from(text, "base64url"));
      const differing = [...bytes[0]].filter((_, i) => new Set(bytes.map((each) => each[i])).size > all.length / 2);
      assert.ok(differing.length >= 20, `${what}: ${differing.length} bytes differ from one to the next`);
    }
  });

  test("A22 C12 C13 I03: a code is for one client, one address, one verifier, one resource, one user", async () => {
    const other = await Client.register(world, { client_name: "Another" });
    const request = await client.authorize(alice);
    const parameters = { grant_type: "authorization_code", code: request.callback.get("code"), code_verifier: request.verifier, redirect_uri: REDIRECT_URI, client_id: client.id, resource: world.mcp };
    for (const [why, change, error] of [
      ["another client", { client_id: other.id }, "invalid_grant"],
      ["another port", { redirect_uri: "http://127.0.0.1:1/callback" }, "invalid_grant"],
      ["another address", { redirect_uri: "https://client.example/callback" }, "invalid_grant"],
      ["another verifier", { code_verifier: "v".repeat(43) }, "invalid_grant"],
      ["no verifier", { code_verifier: "" }, "invalid_request"],
      ["another resource", { resource: `${world.url}/mcp/other` }, "invalid_target"],
    ]) {
      const response = await world.post("/token", { ...parameters, ...change });
      assert.deepEqual([response.status, (await response.json()).error], [400, error], why);
    }
    const response = await world.post("/token", parameters);
    assert.equal(response.status, 200, "and it was not used up");
    const { access_token: token } = await response.json();
    assert.equal(claimsOf(token).aud, world.mcp);
    assert.equal((await resultOf(await callTool(world, token, "whoami"))).structuredContent.sub, "user-1001");
  });

  test("D06 M03: a grant that has ended is not refreshed, whatever ended it", async () => {
    const ended = {
      "the client revoked it": (tokens) => client.revoke(tokens.refresh_token),
      "its code was used again": (_tokens, request) => client.redeem(request).catch(() => {}),
      "an old refresh token was used": async (tokens) => {
        const next = await client.refresh((await client.refresh(tokens.refresh_token)).refresh_token);
        await client.refresh(tokens.refresh_token).catch(() => {});
        tokens.refresh_token = next.refresh_token;
      },
    };
    for (const [why, end] of Object.entries(ended)) {
      const request = await client.authorize(alice);
      const tokens = await client.redeem(request);
      await end(tokens, request);
      await assert.rejects(client.refresh(tokens.refresh_token), refusal("invalid_grant"), why);
    }
  });

  test("D10 D01: refresh tokens of confidential clients rotate too: one rule for everybody", async () => {
    const confidential = await Client.register(world, { token_endpoint_auth_method: "client_secret_basic" });
    const first = await confidential.signIn(alice);
    const second = await confidential.refresh(first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
  });
});

describe("consent", () => {
  test("A24 S29 N15: it is asked every time, of every client, whatever was allowed before", async () => {
    const attacker = await Client.register(world, { client_name: "Innocent", redirect_uris: ["https://attacker.example/cb"] });
    await client.signIn(alice);
    for (const [who, address] of [[client, "127.0.0.1:52814"], [attacker, "attacker.example"], [client, "127.0.0.1:52814"]]) {
      const seen = world.seen.provider.length;
      const page = await alice.open((await who.request()).url);
      assert.ok(page.html.querySelector("form"), "the browser is signed in at the product, and is asked all the same");
      assert.match(page.html.querySelector("main").textContent, new RegExp(address));
      assert.equal(world.seen.provider.length, seen);
      await who.signIn(alice);
    }
  });

  test("S32 A17 A18 A19: every page, whatever is on it, is shown alone and loads nothing", async () => {
    const consent = (await client.request()).url;
    const pages = {
      landing: [`${world.url}/`, 200],
      consent: [consent, 200],
      "an unknown client": [`${world.url}/authorize?client_id=x`, 400],
      "no client": [`${world.url}/authorize`, 400],
      "a bad redirect URI": [(await client.request({ redirect_uri: "https://evil.example/" })).url, 400],
      "an error for a stranger's client": [(await client.request({ response_type: "token" })).url, 400],
      "a way back to nowhere": [`${world.url}/callback/todo?state=x&code=x`, 403],
      "another profile": [`${world.url}/callback/other`, 404],
      "another method": [`${world.url}/consent`, 405],
      "a document that cannot be had": [`${world.url}/authorize?client_id=http://127.0.0.1:1/c.json`, 503],
    };
    for (const [name, [url, status]] of Object.entries(pages)) {
      const response = await world.fetch(url, { headers: { origin: "https://evil.example", accept: "text/html" } });
      const text = await response.text();
      assert.equal(response.status, status, name);
      assert.match(response.headers.get("content-type"), /^text\/html; charset=utf-8$/i, name);
      const policy = response.headers.get("content-security-policy");
      assert.match(policy, /default-src 'none'/, name);
      assert.match(policy, /frame-ancestors 'none'/, name);
      assert.match(policy, /base-uri 'none'/, name);
      assert.doesNotMatch(policy, /form-action|unsafe|https?:|\*/, name);
      assert.equal(response.headers.get("x-frame-options"), "DENY", name);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff", name);
      assert.equal(response.headers.get("referrer-policy"), "no-referrer", name);
      assert.equal(response.headers.get("access-control-allow-origin"), null, name);
      assert.match(response.headers.get("cache-control"), /no-store/, name);
      assert.doesNotMatch(text, /<script|<img|<iframe|<link|<object|\son\w+=|url\(|@import|src=/i, name);
    }
  });
});

describe("what is not offered is not there", () => {
  test("E11 E12 E13 S37: no management of registrations (RFC 7592)", async () => {
    const { information } = await Client.register(world);
    assert.equal(information.registration_access_token, undefined);
    for (const path of ["/register", `/register/${information.client_id}`, `/register?client_id=${information.client_id}`])
      for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
        const response = await world.fetch(world.url + path, { method, headers: { authorization: `Bearer ${information.client_id}` } });
        assert.ok([404, 405].includes(response.status), `${method} ${path}: ${response.status}`);
      }
  });

  test("C15 C16 H12 N01: no grants but the two", async () => {
    const grants = [
      "password", "client_credentials", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer",
      "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba", "Authorization_code", " refresh_token", "refresh_token ",
    ];
    for (const grant_type of grants) {
      const response = await world.post("/token", { grant_type, client_id: client.id, username: "alice", password: "any", code: "x", assertion: "x", subject_token: "x" });
      assert.deepEqual([response.status, (await response.json()).error], [400, "unsupported_grant_type"], grant_type);
    }
    assert.deepEqual(client.as.grant_types_supported, ["authorization_code", "refresh_token"]);
    const codesOnly = await Client.register(world, { grant_types: ["authorization_code"] });
    assert.equal((await codesOnly.signIn(alice)).refresh_token, undefined);
  });

  test("A12 L01 S27 K04 G06: no implicit flow, no pushed requests, no request objects, no DPoP", async () => {
    for (const type of ["token", "id_token", "code token", "none", "CODE", "code code"]) {
      const page = await alice.open((await client.request({ response_type: type })).url);
      assert.equal(page.response.status, 400, type);
    }
    for (const path of ["/par", "/device_authorization", "/userinfo", "/end_session"]) assert.equal((await world.fetch(world.url + path, { method: "POST" })).status, 404, path);
    for (const name of ["pushed_authorization_request_endpoint", "device_authorization_endpoint", "userinfo_endpoint", "end_session_endpoint", "dpop_signing_alg_values_supported", "request_parameter_supported", "id_token_signing_alg_values_supported"])
      assert.equal(client.as[name], undefined, name);
    const page = await alice.open((await client.request({ request_uri: "urn:ietf:params:oauth:request_uri:x", request: "e30.e30.", response_mode: "form_post" })).url);
    assert.equal(page.response.status, 200, "unknown parameters are ignored");
    const { redirect } = await alice.deny(page);
    assert.match(redirect, /\?/, "and the answer is a query");
  });
});

test("G03 C17: metadata is JSON, for everybody", async () => {
  for (const path of ["oauth-authorization-server", "oauth-protected-resource", "oauth-protected-resource/mcp/todo", "jwks.json"]) {
    const response = await world.fetch(`${world.url}/.well-known/${path}`, { headers: { origin: "https://app.example" } });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^application\/json(;|$)/);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    await response.json();
  }
});
