/**
 * An OAuth client as a careful developer writes it: with oauth4webapi, which checks every answer
 * against the RFCs and throws at what it does not like.
 */
import assert from "node:assert/strict";

import * as oauth from "oauth4webapi";

export const REDIRECT_URI = "http://127.0.0.1:52814/callback";

const AUTH = {
  none: () => oauth.None(),
  client_secret_basic: oauth.ClientSecretBasic,
  client_secret_post: oauth.ClientSecretPost,
};

/** RFC 9728 and RFC 8414, from nothing but the URL of the MCP endpoint. */
export async function discover(world) {
  const options = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: world.fetch };
  const resource = await oauth
    .resourceDiscoveryRequest(new URL(world.mcp), options)
    .then((response) => oauth.processResourceDiscoveryResponse(new URL(world.mcp), response));
  const issuer = new URL(resource.authorization_servers[0]);
  return oauth
    .discoveryRequest(issuer, { algorithm: "oauth2", ...options })
    .then((response) => oauth.processDiscoveryResponse(issuer, response));
}

export class Client {
  /**
   * @param {object} information as a registration endpoint returns it
   * @param {oauth.ClientAuth} [auth]
   */
  constructor(world, as, information, auth) {
    Object.assign(this, { world, as, information });
    const method = information.token_endpoint_auth_method ?? "none";
    this.auth = auth ?? AUTH[method](information.client_secret);
    this.redirectUri = information.redirect_uris[0];
    this.options = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: world.fetch };
  }

  /** RFC 7591. */
  static async register(world, metadata = {}, auth) {
    const as = await discover(world);
    const response = await oauth.dynamicClientRegistrationRequest(
      as,
      { client_name: "Test client", redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: "none", ...metadata },
      { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: world.fetch },
    );
    return new Client(world, as, await oauth.processDynamicClientRegistrationResponse(response), auth);
  }

  get id() {
    return this.information.client_id;
  }

  /** A request for authorization; parameters that are undefined are left out. */
  async request(changes = {}) {
    const verifier = oauth.generateRandomCodeVerifier();
    const parameters = {
      response_type: "code",
      client_id: this.id,
      redirect_uri: this.redirectUri,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: oauth.generateRandomState(),
      resource: this.world.mcp,
      ...changes,
    };
    const sent = Object.entries(parameters).filter(([, value]) => value !== undefined);
    const url = `${this.as.authorization_endpoint}?${new URLSearchParams(sent)}`;
    return { url, verifier, redirectUri: parameters.redirect_uri ?? this.redirectUri, state: parameters.state };
  }

  /** What came back to the redirect URI, checked: state, iss, no error. */
  validate(request, redirect) {
    assert.ok(redirect.startsWith(request.redirectUri), redirect);
    return oauth.validateAuthResponse(this.as, this.information, new URL(redirect), request.state ?? oauth.expectNoState);
  }

  /** The person signs in. */
  async authorize(person, changes, options) {
    const request = await this.request(changes);
    return { ...request, callback: this.validate(request, await person.signIn(request.url, options)) };
  }

  /** The code for tokens. */
  async redeem({ callback, redirectUri, verifier }) {
    const additionalParameters = { resource: this.world.mcp };
    const response = await oauth.authorizationCodeGrantRequest(
      this.as, this.information, this.auth, callback, redirectUri, verifier, { ...this.options, additionalParameters });
    return oauth.processAuthorizationCodeResponse(this.as, this.information, response);
  }

  /** From the link to the tokens. */
  async signIn(person, changes, options) {
    return this.redeem(await this.authorize(person, changes, options));
  }

  async refresh(refreshToken, additionalParameters = {}) {
    const response = await oauth.refreshTokenGrantRequest(
      this.as, this.information, this.auth, refreshToken, { ...this.options, additionalParameters });
    return oauth.processRefreshTokenResponse(this.as, this.information, response);
  }

  async revoke(token) {
    const response = await oauth.revocationRequest(this.as, this.information, this.auth, token, this.options);
    return oauth.processRevocationResponse(response);
  }

  async introspect(token) {
    const response = await oauth.introspectionRequest(this.as, this.information, this.auth, token, this.options);
    return oauth.processIntrospectionResponse(this.as, this.information, response);
  }
}

/** For assert.rejects: the token endpoint has refused with this error. */
export function refusal(error, status = 400) {
  return (thrown) => {
    assert.equal(thrown.error, error, thrown.stack);
    assert.equal(thrown.status, status);
    assert.equal(typeof thrown.error_description, "string");
    return true;
  };
}
