/**
 * Who is calling? Both the API and the MCP server ask this of every request, and
 * only an access token that our provider made for our API is an answer.
 */
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

import { sendJson } from "./http.js";

/**
 * @typedef {object} Caller
 * @property {string} sub
 * @property {string} clientId
 * @property {string[]} scopes
 * @property {number} expiresAt seconds since 1970
 * @property {string} token as it came, to be passed on to the API
 */

export class Unauthorized extends Error {
  /** @param {string} [reason] none if there were no credentials at all (RFC 6750, section 3.1) */
  constructor(reason) {
    super(reason ?? "An access token is needed.");
    this.challenge = `Bearer realm="todo"${reason ? `, error="invalid_token", error_description="${reason}"` : ""}`;
  }
}

/**
 * A check by RFC 9068: signature, type, issuer, audience, lifetime.
 *
 * @param {{ issuer: string, audience: string }} options
 * @returns {(authorization?: string) => Promise<Caller>} throws Unauthorized
 */
export function tokenVerifier({ issuer, audience }) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));

  return async function verify(authorization) {
    if (!authorization) throw new Unauthorized();
    const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization) ?? [];
    if (!token) throw new Unauthorized("The Authorization header holds no bearer token.");
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        typ: "at+jwt",
        algorithms: ["RS256"],
        requiredClaims: ["sub", "exp", "iat", "client_id"],
      });
      return {
        sub: payload.sub,
        clientId: String(payload.client_id),
        scopes: String(payload.scope ?? "").split(" ").filter(Boolean),
        expiresAt: payload.exp,
        token,
      };
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error; // not the caller's fault
      throw new Unauthorized(error instanceof errors.JWTExpired ? "The access token has expired." : "The access token is not valid.");
    }
  };
}

/** @param {import("node:http").ServerResponse} res @param {Unauthorized} refusal */
export function sendUnauthorized(res, refusal) {
  sendJson(res, 401, { error: "invalid_token", error_description: refusal.message }, { "WWW-Authenticate": refusal.challenge });
}
