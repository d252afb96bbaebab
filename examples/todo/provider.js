/**
 * The identity provider of Todo: what Latchkey calls the downstream
 * authorization server. It is oidc-provider, and only its configuration is ours:
 * authorization code with PKCE for everyone, rotating refresh tokens, JWT access
 * tokens for the Todo API, and a first-party client that needs no consent.
 */
import { generateKeyPair, randomBytes, randomUUID } from "node:crypto";
import { promisify } from "node:util";

import { errors, interactionPolicy, Provider } from "oidc-provider";

import { findBySub } from "./accounts.js";
import { escape, loginPages, showPage } from "./login.js";
import { memoryStore } from "./store.js";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/**
 * @param {object} options
 * @param {string} options.issuer
 * @param {string} options.audience the resource indicator of the Todo API
 * @param {number} options.accessTokenSeconds
 * @param {object} options.client metadata of the only client, by RFC 7591
 */
export async function createProvider({ issuer, audience, accessTokenSeconds, client }) {
  const store = memoryStore();
  const provider = new Provider(issuer, {
    adapter: store.adapter,
    clients: [client],
    jwks: { keys: await signingKeys() },
    cookies: { keys: [randomBytes(32).toString("base64url")] },

    findAccount: (_ctx, sub) => accountOf(sub),
    claims: { openid: ["sub", "org_id"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
    conformIdTokenClaims: false, // the claims are in the ID token too, not only in userinfo

    responseTypes: ["code"],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    loadExistingGrant: grantWhatIsAsked,
    interactions: { policy: promptPolicy(), url: (_ctx, { uid }) => `/interaction/${uid}` },
    renderError: (ctx, { error, error_description: description }) =>
      showPage(ctx, ctx.status, "That did not work", `<p>${escape(description ?? "")}</p><p class="hint">${escape(error)}</p>`),
    clientBasedCORS: () => false,

    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      introspection: { enabled: true, allowedPolicy: ownToken },
      revocation: { enabled: true, allowedPolicy: ownToken },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_ctx, resource) {
          if (resource !== audience) throw new errors.InvalidTarget();
          return { scope: "todos:read todos:write", accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } };
        },
      },
    },

    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: MINUTE,
      IdToken: 5 * MINUTE,
      Interaction: 15 * MINUTE,
      RefreshToken: 14 * DAY,
      Grant: 14 * DAY,
      Session: DAY,
    },
  });

  provider.use(allowOfflineAccess);
  provider.use(loginPages(provider));
  provider.on("server_error", (_ctx, error) => console.error("provider:", error));

  return { provider, revokeAll: store.revokeAll };
}

/** RS256 for ID tokens and access tokens; ES256 for clients that ask for it. New ones at each start. */
async function signingKeys() {
  const generate = promisify(generateKeyPair);
  const pairs = await Promise.all([
    generate("rsa", { modulusLength: 2048 }),
    generate("ec", { namedCurve: "P-256" }),
  ]);
  return pairs.map(({ privateKey }) => ({ ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig" }));
}

function accountOf(sub) {
  const account = findBySub(sub);
  return account && {
    accountId: sub,
    claims: () => ({
      sub,
      org_id: account.organization,
      email: account.email,
      email_verified: true,
      name: account.name,
      preferred_username: account.login,
    }),
  };
}

/**
 * Every client here belongs to Todo, so what it asks for is granted. Each
 * authorization gets a grant of its own: revoking one leaves the others alone.
 */
async function grantWhatIsAsked({ oidc }) {
  const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
  grant.addOIDCScope(oidc.requestParamOIDCScopes);
  for (const [resource, server] of Object.entries(oidc.resourceServers)) {
    grant.addResourceScope(resource, [...oidc.requestParamScopes].filter((scope) => server.scopes.has(scope)));
  }
  await grant.save();
  return grant;
}

/** Adds prompt=select_account to what the library knows, and asks for consent in no case. */
function promptPolicy() {
  const policy = interactionPolicy.base();
  policy.get("consent").checks.clear();
  policy.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }), 0);
  return policy;
}

/**
 * OpenID Connect Core, section 11: offline_access needs prompt=consent "unless
 * other conditions for processing the request permitting offline access … are in
 * place". Being first-party is such a condition; the library only knows the
 * prompt, so it is added here. (prompt=none stands alone and gets no refresh token.)
 */
function allowOfflineAccess(ctx, next) {
  const query = new URLSearchParams(ctx.querystring);
  const prompts = new Set(query.get("prompt")?.split(" "));
  if (ctx.path === "/auth" && query.get("scope")?.split(" ").includes("offline_access") && !prompts.has("none")) {
    query.set("prompt", [...prompts.add("consent")].join(" "));
    ctx.querystring = query.toString();
  }
  return next();
}

function ownToken(_ctx, client, token) {
  return token.clientId === client.clientId;
}
