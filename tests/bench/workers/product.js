/**
 * Everything behind the gateways, in a process that is not measured: an MCP server that gives one
 * constant answer, and an authorization server that lets everybody in. A code is the nonce and
 * the user's name, so that nothing needs to be remembered.
 */
const { subtle } = crypto;
const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const ANSWER = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "done" }] } });
const ACCESS_TOKEN = "a".repeat(600); // as long as a JWT of a product's usually is
const POLL_MS = 200;

let keys;
const signingKeys = () => (keys ??= subtle.generateKey(RS256, true, ["sign", "verify"]));

const encode = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const encodeJson = (value) => encode(new TextEncoder().encode(JSON.stringify(value)));

async function idToken(issuer, [nonce, sub]) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub, aud: "latchkey", iat: now, exp: now + 300, nonce };
  const text = `${encodeJson({ alg: "RS256", typ: "JWT", kid: "1" })}.${encodeJson(claims)}`;
  const { privateKey } = await signingKeys();
  return `${text}.${encode(new Uint8Array(await subtle.sign(RS256.name, privateKey, new TextEncoder().encode(text))))}`;
}

async function token(request, issuer) {
  const form = new URLSearchParams(await request.text());
  return Response.json({
    access_token: ACCESS_TOKEN,
    refresh_token: "r".repeat(64),
    token_type: "Bearer",
    expires_in: 3600,
    ...(form.has("code") && { id_token: await idToken(issuer, form.get("code").split(".")) }),
  });
}

async function jwks() {
  const { publicKey } = await signingKeys();
  return Response.json({ keys: [{ ...(await subtle.exportKey("jwk", publicKey)), kid: "1", use: "sig", alg: "RS256" }] });
}

const metadata = (issuer) =>
  Response.json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  });

async function call(request) {
  await request.arrayBuffer();
  return new Response(ANSWER, { headers: { "content-type": "application/json" } });
}

let waiting = 0;
let released = 0;

/** Until all who wait are released. */
async function slowCall(request) {
  const before = released;
  waiting++;
  while (released === before) await scheduler.wait(POLL_MS);
  waiting--;
  return call(request);
}

function release() {
  released++;
  return new Response();
}

export default {
  async fetch(request) {
    const { origin, pathname } = new URL(request.url);
    if (pathname === "/mcp") return call(request);
    if (pathname === "/slow" && request.method === "POST") return slowCall(request);
    if (pathname === "/waiting") return Response.json(waiting);
    if (pathname === "/release") return release();
    if (pathname === "/token") return token(request, origin);
    if (pathname === "/jwks") return jwks();
    return metadata(origin);
  },
};
