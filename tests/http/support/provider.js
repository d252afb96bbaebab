/**
 * An OpenID provider that does as it is told, for faults that no real one could be talked into.
 * It signs everybody in at once. Whatever it answers can be replaced:
 *
 *     provider.answers["/token"] = (req, res, body) => res.writeHead(500).end();
 */
import { createServer } from "node:http";

import { jws } from "./forge.js";

/** @param {(text: string) => Uint8Array} signer of id_tokens @param {object} jwks */
export async function startProvider({ header, signer, jwks }) {
  const seen = [];
  const server = createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    const { pathname, searchParams } = new URL(req.url, provider.issuer);
    seen.push({ method: req.method, path: pathname, query: searchParams, headers: req.headers, body: new URLSearchParams(body) });
    const answer = provider.answers[pathname];
    if (answer) await answer(req, res, new URLSearchParams(body));
    else res.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const json = (res, value, headers) => res.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
  const now = () => Math.floor(Date.now() / 1000);

  const provider = {
    issuer,
    seen,
    fetches: (path) => seen.filter((request) => request.path === path).length,
    subject: "user-1",
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      authorization_response_iss_parameter_supported: true,
    },
    jwks,
    /** Of an ID token for whoever has signed in last. */
    claims: () => ({ iss: issuer, aud: "latchkey", sub: provider.subject, iat: now(), exp: now() + 3600, nonce: provider.nonce }),
    idToken: () => jws(header, provider.claims(), signer),
    tokens: () => ({ access_token: `at-${crypto.randomUUID()}`, refresh_token: `rt-${crypto.randomUUID()}`, token_type: "Bearer", expires_in: 3600 }),
    json,
    answers: {
      "/.well-known/openid-configuration": (_req, res) => json(res, provider.metadata),
      "/jwks": (_req, res) => json(res, provider.jwks),
      "/authorize": (req, res) => {
        const query = new URL(req.url, issuer).searchParams;
        provider.nonce = query.get("nonce");
        const answer = new URLSearchParams({ code: crypto.randomUUID(), state: query.get("state"), iss: issuer });
        res.writeHead(303, { location: `${query.get("redirect_uri")}?${answer}` }).end();
      },
      "/token": (_req, res) => json(res, { ...provider.tokens(), id_token: provider.idToken() }),
    },

    /** For startWorld: this one instead of Todo's. */
    config: (config) => {
      config.profiles.todo.issuer = issuer;
      config.profiles.todo.claims = { subject: "sub" };
      delete config.profiles.todo.resource;
    },

    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}
