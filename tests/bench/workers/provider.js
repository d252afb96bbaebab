/**
 * The same gateway made of @cloudflare/workers-oauth-provider, as its documentation has it:
 * consent page, sign-in through another provider, the user's upstream token on every call.
 */
import { OAuthProvider } from "@cloudflare/workers-oauth-provider";

const SCOPES = ["todos:read", "todos:write"];
const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (details, handle) => `<!doctype html><title>Allow</title>
<h1>Allow ${escape(details.clientName)} to access your account?</h1>
<p>Access will be sent to <strong>${escape(details.redirectHost)}</strong>.</p>
<form method="post"><input type="hidden" name="handle" value="${escape(handle)}">
${details.scope.map((s) => `<label><input type="checkbox" name="scope" value="${escape(s)}" checked>${escape(s)}</label>`)}
<button name="decision" value="approve">Allow</button><button name="decision" value="deny">Deny</button></form>`;

const redirect = (location, headers = new Headers()) => {
  headers.set("location", location);
  return new Response(null, { status: 302, headers });
};

async function authorize(request, { OAUTH_PROVIDER: oauth }) {
  const asked = await oauth.parseAuthRequest(request);
  const details = await oauth.describeConsent(asked);
  const { handle, headers } = await oauth.beginConsent(asked);
  headers.set("content-type", "text/html; charset=utf-8");
  return new Response(page(details, handle), { headers });
}

async function approve(request, { PRODUCT, ORIGIN, OAUTH_PROVIDER: oauth }) {
  const form = await request.formData();
  const approved = await oauth.approveConsent(request, form.get("handle"), { scope: form.getAll("scope") });
  const [verifier, nonce] = [crypto.randomUUID() + crypto.randomUUID(), crypto.randomUUID()];
  const { state, headers } = await oauth.beginUpstream(approved.request, { data: { verifier, nonce }, headers: approved.headers });
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code", client_id: "latchkey", redirect_uri: `${ORIGIN}/callback`, scope: "openid", state, nonce,
    code_challenge: new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true }), code_challenge_method: "S256",
  });
  return redirect(`${PRODUCT}/authorize?${query}`, headers);
}

async function callback(request, { PRODUCT, ORIGIN, OAUTH_PROVIDER: oauth }) {
  const { request: asked, data, headers } = await oauth.finishUpstream(request);
  const code = new URL(request.url).searchParams.get("code");
  const body = new URLSearchParams({
    grant_type: "authorization_code", code, redirect_uri: `${ORIGIN}/callback`, client_id: "latchkey", code_verifier: data.verifier,
  });
  const tokens = await (await fetch(`${PRODUCT}/token`, { method: "POST", body })).json();
  // OpenID Connect Core section 3.1.3.7: what came over TLS need not be verified by its signature.
  const { sub, nonce } = JSON.parse(atob(tokens.id_token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  if (nonce !== data.nonce) return new Response(null, { status: 403 });
  const props = { accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
  const { redirectTo } = await oauth.completeAuthorization({ request: asked, userId: sub, metadata: {}, scope: asked.scope, props });
  return redirect(redirectTo, headers);
}

const defaultHandler = {
  fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/callback") return callback(request, env);
    if (pathname !== "/authorize") return new Response(null, { status: 404 });
    return request.method === "POST" ? approve(request, env) : authorize(request, env);
  },
};

const apiHandler = {
  fetch(request, { RUNTIME }, { props }) {
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${props.accessToken}`);
    return fetch(RUNTIME, { method: request.method, headers, body: request.body, redirect: "manual" });
  },
};

let provider;

export default {
  fetch(request, env, ctx) {
    provider ??= new OAuthProvider({
      apiRoute: "/mcp/todo",
      apiHandler,
      defaultHandler,
      authorizeEndpoint: "/authorize",
      tokenEndpoint: "/token",
      clientRegistrationEndpoint: "/register",
      scopesSupported: SCOPES,
      requiredScopes: SCOPES,
      resourceMetadata: { resource: `${env.ORIGIN}/mcp/todo`, authorization_servers: [env.ORIGIN] },
      onError() {}, // by default it writes a warning
    });
    return provider.fetch(request, env, ctx);
  },
};
