// /authorize: what is refused, where that is told, and to whom.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, REDIRECT_URI } from "./support/client.js";
import { checkPage, Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

const OPERATORS = "https://trusted.example/callback";

let world, client, trusted;
before(async () => {
  world = await startWorld({
    config: (config) => {
      config.clients = { trusted: { name: "Trusted", redirect_uris: [OPERATORS] } };
    },
  });
  client = await Client.register(world);
  trusted = new Client(world, client.as, { client_id: "trusted", redirect_uris: [OPERATORS] });
});
after(() => world?.stop());

const open = async (changes, person = new Person(world, "alice")) => person.open((await client.request(changes)).url);

describe("A06: before the redirect URI is trusted, a page, and no link", () => {
  const cases = {
    "A06: a client that is not known": { client_id: "unknown" },
    "A06: a client_id with one byte changed": { client_id: (id) => `${id.slice(0, -1)}${id.endsWith("A") ? "B" : "A"}` },
    "A11: no client": { client_id: undefined },
    "A01 S15: another path": { redirect_uri: "http://127.0.0.1:52814/callback/" },
    "A01 S15: another case": { redirect_uri: "http://127.0.0.1:52814/Callback" },
    "A01 S15: a query": { redirect_uri: `${REDIRECT_URI}?x=1` },
    "A04 S15: a fragment": { redirect_uri: `${REDIRECT_URI}#x` },
    "A02 S16: another loopback host": { redirect_uri: "http://localhost:52814/callback" },
    "S15: userinfo": { redirect_uri: "http://127.0.0.1:52814@evil.example/callback" },
    "S15: another host": { redirect_uri: "https://evil.example/callback" },
    "S15: a path with dots": { redirect_uri: "http://127.0.0.1:52814/x/../callback" },
    "S15: a relative one": { redirect_uri: "/callback" },
    "S15: a script": { redirect_uri: "javascript:alert(1)" },
    "A07: none, for loopback": { redirect_uri: undefined },
  };
  for (const [why, changes] of Object.entries(cases)) {
    test(`A2 ${why}`, async () => {
      const made = Object.fromEntries(Object.entries(changes).map(([name, value]) =>
        [name, typeof value === "function" ? value(client.id) : value]));
      const page = await open(made);
      checkPage(page, page.response.status);
      assert.equal(page.response.status, 400);
      assert.equal(page.html.querySelector("a"), null);
      assert.equal(page.html.querySelector("form"), null);
    });
  }

  for (const name of ["client_id", "redirect_uri", "state", "code_challenge", "scope"]) {
    test(`A2 A11 S26: ${name} twice`, async () => {
      const { url } = await client.request({ scope: "todos:read" });
      const page = await new Person(world, "alice").open(`${url}&${new URLSearchParams({ [name]: "x" })}`);
      checkPage(page, 400);
      assert.equal(page.html.querySelector("a"), null);
    });
  }
});

describe("A09: then the error is for the client, but a stranger's is not sent on by itself", () => {
  const cases = [
    ["A12: implicit", { response_type: "token" }, "unsupported_response_type"],
    ["A12: no response_type", { response_type: undefined }, "invalid_request"],
    ["B01 S18: no challenge", { code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
    ["B02 S18: plain", { code_challenge_method: "plain" }, "invalid_request"],
    ["B02 S18: no method", { code_challenge_method: undefined }, "invalid_request"],
    ["B03 S18: s256", { code_challenge_method: "s256" }, "invalid_request"],
    ["B04 S18: a challenge of 42 characters", { code_challenge: "x".repeat(42) }, "invalid_request"],
    ["B04 S18: a challenge of 44 characters", { code_challenge: "x".repeat(44) }, "invalid_request"],
    ["I02: a resource that is not here", { resource: "https://elsewhere.example/mcp" }, "invalid_target"],
    ["I01: a resource with a fragment", { resource: (mcp) => `${mcp}#x` }, "invalid_target"],
    ["A8: only scopes that are not known", { scope: "admin root" }, "invalid_scope"],
    ["A8: a malformed scope", { scope: 'todos:read "' }, "invalid_scope"],
    ["S19: a state beyond all measure", { state: "x".repeat(2049) }, "invalid_request"],
  ];
  for (const [why, given, error] of cases) {
    test(`A2 A09 A14 S17 ${why}`, async () => {
      const changes = Object.fromEntries(Object.entries(given).map(([name, value]) =>
        [name, typeof value === "function" ? value(world.mcp) : value]));
      const page = await open(changes);
      checkPage(page, 400);
      const state = changes.state === undefined ? "given" : undefined;

      const { url } = await trusted.request({ state: "given", ...changes });
      const { redirect } = await new Person(world, "alice").open(url);
      const link = new URL(page.html.querySelector("a.back").getAttribute("href").replaceAll("&amp;", "&"));
      assert.ok(link.href.startsWith(`${REDIRECT_URI}?`));
      assert.ok(redirect.startsWith(`${OPERATORS}?`), "the operator's own client is told at once");
      for (const { searchParams } of [link, new URL(redirect)]) {
        assert.equal(searchParams.get("error"), error);
        assert.match(searchParams.get("error_description"), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
        assert.equal(searchParams.get("iss"), world.url);
        assert.equal(searchParams.get("code"), null);
      }
      assert.equal(new URL(redirect).searchParams.get("state"), state ?? null);
    });
  }

  test("A2 I04: two resources", async () => {
    const { url } = await client.request();
    const page = await new Person(world, "alice").open(`${url}&resource=https%3A%2F%2Felsewhere.example`);
    checkPage(page, 400);
    assert.match(page.html.querySelector("a.back").getAttribute("href"), /error=invalid_target/);
  });
});

describe("what is accepted", () => {
  const signIn = async (changes, options) => {
    const authorized = await client.authorize(new Person(world, "alice"), changes, options);
    return { ...authorized, tokens: await client.redeem(authorized) };
  };

  test("A2 A02 S16: another port of a loopback redirect URI", async () => {
    await signIn({ redirect_uri: "http://127.0.0.1:40001/callback" });
  });

  test("A2 I05: a resource written otherwise, and none where there is one server", async () => {
    for (const resource of [world.mcp.replace("http:", "HTTP:"), undefined]) await signIn({ resource });
  });

  test("A8 C14: scopes with spaces around them, and unknown ones are left out", async () => {
    const { tokens } = await signIn({ scope: "  todos:read   offline_access openid " });
    assert.equal(tokens.scope, "todos:read");
  });

  test("A3 A8: the user unticks a scope", async () => {
    const { tokens } = await signIn({}, { untick: ["todos:write"] });
    assert.equal(tokens.scope, "todos:read");
  });

  for (const state of ["", "a b+c%20", "ünïcödé ✓", `"'><script>alert(1)</script>`, "x".repeat(2048), undefined]) {
    test(`A2 A13 S19: the state ${JSON.stringify(state)?.slice(0, 40)} comes back to the byte`, async () => {
      const { callback } = await signIn({ state: state || undefined });
      assert.equal(callback.get("state"), state || null);
      if (!state) return;
      const page = await open({ state });
      assert.ok(!page.html.toString().includes(state), "and stands on no page");
    });
  }
});
