// What real MCP clients send, as they send it: each registers or publishes itself, signs somebody
// in, calls a tool and refreshes. The bodies are those of the clients of 2026.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";

import * as oauth from "oauth4webapi";

import { Client, discover } from "./support/client.js";
import { startDocuments } from "./support/documents.js";
import { jws } from "./support/forge.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const CODE = { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] };
const OPEN = { ...CODE, token_endpoint_auth_method: "none" };

/** register: what is posted to /register; asks: what /authorize is asked with, besides the usual. */
const REGISTERED = {
  "Claude": {
    register: { client_name: "Claude", redirect_uris: ["https://claude.ai/api/mcp/auth_callback"], ...OPEN, scope: "todos:read todos:write" },
    asks: { scope: " todos:read todos:write" },
  },
  "Claude, with a secret": {
    register: { client_name: "Claude", redirect_uris: ["https://claude.ai/api/mcp/auth_callback"], ...CODE, token_endpoint_auth_method: "client_secret_post" },
  },
  "Claude Code": {
    register: { client_name: "Claude Code (todo)", redirect_uris: ["http://localhost:3118/callback"], ...OPEN, scope: "todos:read todos:write", application_type: "native" },
    asks: { redirect_uri: "http://localhost:3118/callback" },
  },
  "Claude Code, without resource": {
    register: { client_name: "Claude Code (todo)", redirect_uris: ["http://localhost:3118/callback"], ...OPEN },
    asks: { resource: undefined },
  },
  "ChatGPT": {
    register: { client_name: "ChatGPT", redirect_uris: ["https://chatgpt.com/connector/oauth/OUbdUMlL15Ct"], ...OPEN },
    asks: { scope: "todos:read todos:write offline_access" },
  },
  "Codex": {
    register: { client_name: "Codex", redirect_uris: ["http://127.0.0.1:37819/callback/zHu_pcZxCCTJ"], ...OPEN, application_type: "native" },
    asks: { redirect_uri: "http://127.0.0.1:41022/callback/zHu_pcZxCCTJ" },
  },
  "Cursor": {
    register: {
      client_name: "Cursor", ...OPEN,
      redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"],
    },
    asks: { redirect_uri: "cursor://anysphere.cursor-mcp/oauth/callback" },
  },
  "Visual Studio Code": {
    register: {
      client_name: "Visual Studio Code", client_uri: "https://code.visualstudio.com", ...OPEN, scope: "todos:read todos:write", application_type: "native",
      redirect_uris: ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"],
    },
    asks: { redirect_uri: "http://127.0.0.1:33418/", scope: "todos:read todos:write" },
  },
  "Visual Studio Code, when its port is taken": {
    register: { client_name: "Visual Studio Code", ...OPEN, redirect_uris: ["https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"] },
    asks: { redirect_uri: "http://127.0.0.1:50123/" },
  },
  "Windsurf": {
    register: { client_name: "Windsurf", redirect_uris: ["http://127.0.0.1:8080/oauth/callback", "windsurf://codeium.windsurf/oauth/callback"], ...OPEN },
    asks: { redirect_uri: "windsurf://codeium.windsurf/oauth/callback" },
  },
  "Inspector": {
    register: { client_name: "MCP Inspector", client_uri: "https://github.com/modelcontextprotocol/inspector", redirect_uris: ["http://localhost:6274/oauth/callback"], ...OPEN, scope: "" },
  },
  "TypeScript SDK 2": {
    register: { client_name: "Agent", redirect_uris: ["http://localhost:8090/callback"], ...OPEN, application_type: "native", scope: "todos:read todos:write" },
    asks: { scope: "todos:read todos:write" },
  },
  "Python SDK": {
    register: {
      client_name: "Agent", redirect_uris: ["http://localhost:3030/callback"], ...CODE, token_endpoint_auth_method: "client_secret_post",
      client_uri: null, logo_uri: null, scope: "todos:read", contacts: null, tos_uri: null, policy_uri: null, jwks_uri: null, jwks: null, software_id: null, software_version: null,
    },
    asks: { scope: "todos:read" },
  },
  "one that says as little as possible": { register: { redirect_uris: ["https://agent.example.com/cb"] } },
};

/** A metadata document, as it stands at an https URL. signs: it authenticates, for that audience. */
const CLAUDE_DOCUMENT = {
  client_name: "Claude", client_uri: "https://claude.ai", redirect_uris: ["https://claude.ai/api/mcp/auth_callback"],
  grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"], response_types: ["code"], token_endpoint_auth_method: "none",
};
const CHATGPT_DOCUMENT = {
  client_uri: "https://chatgpt.com/", redirect_uris: ["https://chatgpt.com/connector_platform_oauth_redirect"],
  token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_methods_supported: ["none", "private_key_jwt"], ...CODE, client_name: "ChatGPT",
  logo_uri: "https://persistent.oaistatic.com/sonic/misc/openai-logo.png", token_endpoint_auth_signing_alg: "RS256",
};
const PUBLISHED = {
  "Claude": { document: CLAUDE_DOCUMENT, cache: "public, max-age=300" },
  "Claude Code": {
    document: { client_name: "Claude Code", client_uri: "https://claude.ai", redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"], ...OPEN },
    asks: { redirect_uri: "http://localhost:52814/callback" },
    cache: "public, max-age=300",
  },
  "Visual Studio Code": {
    document: { client_name: "Visual Studio Code", client_uri: "https://vscode.dev/product", redirect_uris: ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"], ...OPEN },
    asks: { redirect_uri: "http://127.0.0.1:33418/" },
  },
  "ChatGPT, as a public client": { document: CHATGPT_DOCUMENT, keys: true },
  "ChatGPT, signing": { document: CHATGPT_DOCUMENT, keys: true, signs: "/token" },
  "ChatGPT, in its earlier form": { document: { ...CHATGPT_DOCUMENT, token_endpoint_auth_methods_supported: undefined }, keys: true, signs: "/token" },
  "one that signs for the issuer": { document: CHATGPT_DOCUMENT, keys: true, signs: "" },
};

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const KID = "cimd-20260428030119";

let world, documents;
before(async () => {
  world = await startWorld();
  world.as = await discover(world);
  documents = await startDocuments();
  documents.answer("/oauth/jwks.json", { body: JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: KID, use: "sig", alg: "RS256" }] }) });
});
after(async () => {
  await world?.stop();
  await documents?.stop();
});

/** From the link to a call and a refresh. */
async function wholeLife(client, asks) {
  const alice = new Person(world, "alice");
  const request = await client.request(asks);
  const consent = await alice.open(request.url);
  assert.equal(consent.response.status, 200, consent.html.querySelector("main")?.textContent);
  const callback = client.validate(request, await alice.signIn(request.url));
  const tokens = await client.redeem({ ...request, callback });
  assert.ok(tokens.refresh_token);
  const { structuredContent } = await resultOf(await callTool(world, tokens.access_token, "whoami"));
  assert.equal(structuredContent.sub, "user-1001");
  const next = await client.refresh(tokens.refresh_token, { resource: world.mcp });
  await resultOf(await callTool(world, next.access_token, "whoami"));
  return consent.html.querySelector("main").textContent;
}

describe("registered (RFC 7591)", () => {
  for (const [name, { register, asks }] of Object.entries(REGISTERED)) {
    test(`A5 E01 E07: ${name}`, async () => {
      const response = await world.fetch(world.as.registration_endpoint, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(register) });
      const information = await response.json();
      assert.equal(response.status, 201, JSON.stringify(information));
      assert.match(response.headers.get("cache-control"), /no-store/);
      for (const member of ["client_name", "redirect_uris", "grant_types", "response_types", "token_endpoint_auth_method", "client_uri"])
        if (register[member]) assert.deepEqual(information[member], register[member], member);
      assert.equal(information.client_secret !== undefined, (register.token_endpoint_auth_method ?? "client_secret_basic") !== "none");
      const page = await wholeLife(new Client(world, world.as, information), asks);
      assert.match(page, /Not verified/, "anybody could have said so");
    });
  }
});

describe("published (Client ID Metadata Documents)", () => {
  for (const [name, { document, asks, cache, keys, signs }] of Object.entries(PUBLISHED)) {
    test(`A5 F03 F07 F09 F11 K02: ${name}`, async () => {
      const changes = { ...document, ...(keys && { jwks_uri: `${documents.origin}/oauth/jwks.json` }) };
      const clientId = documents.publish(`/oauth/${name.replaceAll(/\W/g, "-")}/client.json`, changes, cache && { "cache-control": cache });
      const assertion = () => {
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: clientId, sub: clientId, aud: world.url + signs, jti: crypto.randomUUID(), iat: now, exp: now + 300 };
        return jws({ alg: "RS256", kid: KID, typ: "JWT" }, claims, (text) => sign("sha256", Buffer.from(text), privateKey));
      };
      const byKey = (_as, _client, body) => {
        body.set("client_id", clientId);
        body.set("client_assertion", assertion());
        body.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      };
      const client = new Client(world, world.as, { ...changes, client_id: clientId }, signs === undefined ? oauth.None() : byKey);
      const page = await wholeLife(client, asks);
      assert.match(page, new RegExp(`published by ${new URL(clientId).hostname}`));
      assert.equal(documents.fetches(new URL(clientId).pathname), 1, "one fetch for all of it");
    });
  }

  test("A5 F09: a document that lists no method but private_key_jwt is no public client", async () => {
    const clientId = documents.publish("/only-key.json", { ...CHATGPT_DOCUMENT, token_endpoint_auth_methods_supported: undefined, jwks_uri: `${documents.origin}/oauth/jwks.json` });
    const client = new Client(world, world.as, { ...CHATGPT_DOCUMENT, client_id: clientId }, oauth.None());
    const request = await client.authorize(new Person(world, "bob"));
    await assert.rejects(client.redeem(request), { error: "invalid_client", status: 401 });
  });
});
