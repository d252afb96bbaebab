/**
 * What clients do, as steps, so that one person and a load generator go the same way. A step
 * makes a request of what is known so far (a `Journey`), and learns from the response.
 */
import { createHash } from "node:crypto";

import { parse } from "node-html-parser";

const REDIRECT_URI = "http://127.0.0.1:52814/callback";
const VERIFIER = "v".repeat(43);
const FORM = { "content-type": "application/x-www-form-urlencoded" };

let users = 0; // each signs in once: the provider ends a grant when its user signs in anew

/**
 * @typedef {object} Journey
 * @property {string} url the gateway's
 * @property {string} [server] the MCP server's id, "todo" if not given
 * @property {string} [clientId]
 * @property {Record<string, string>} [cookies]
 * @property {URL} [at] where the browser was sent
 * @property {object} [tokens]
 */

const form = (parameters) => new URLSearchParams(parameters).toString();
const cookieOf = ({ cookies = {} }) => Object.entries(cookies).map((pair) => pair.join("=")).join("; ");

/** Cookies and where to go next, as a browser takes them. */
function follow(journey, { headers }) {
  for (const line of [headers["set-cookie"] ?? []].flat()) {
    const [name, value] = line.split(";", 1)[0].split(/=(.*)/s);
    journey.cookies = { ...journey.cookies, [name]: value };
  }
  if (headers.location) journey.at = new URL(headers.location, journey.url);
}

export const register = {
  expected: 201,
  request: () => ({
    method: "POST",
    path: "/register",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "Benchmark", redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: "none" }),
  }),
  learn: (journey, { body }) => (journey.clientId = JSON.parse(body).client_id),
};

const authorize = {
  expected: 200,
  request: ({ url, clientId, server = "todo" }) => ({
    method: "GET",
    path: `/authorize?${form({
      response_type: "code",
      client_id: clientId,
      redirect_uri: REDIRECT_URI,
      code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
      code_challenge_method: "S256",
      state: "a-state-of-the-clients",
      scope: "todos:read todos:write",
      resource: `${url}/mcp/${server}`,
    })}`,
    headers: { accept: "text/html" },
  }),
  learn(journey, response) {
    follow(journey, response);
    const page = parse(response.body);
    const inputs = page.querySelectorAll("input").map((input) => [input.getAttribute("name"), input.getAttribute("value")]);
    journey.approval = new URLSearchParams([...inputs, ["decision", "approve"]]).toString();
    journey.action = page.querySelector("form").getAttribute("action") ?? "/authorize";
  },
};

const approve = {
  expected: [302, 303],
  request: (journey) => ({
    method: "POST",
    path: journey.action,
    headers: { ...FORM, cookie: cookieOf(journey), origin: journey.url, "sec-fetch-site": "same-origin" },
    body: journey.approval,
  }),
  learn: follow,
};

/** The product lets everybody in: its code is the nonce and the user's name. */
const callback = {
  expected: [302, 303],
  request: (journey) => {
    const { searchParams } = journey.at;
    const parameters = { code: `${searchParams.get("nonce")}.user-${++users}`, state: searchParams.get("state") };
    const path = new URL(searchParams.get("redirect_uri")).pathname;
    return { method: "GET", path: `${path}?${form(parameters)}`, headers: { cookie: cookieOf(journey) } };
  },
  learn: follow,
};

const learnTokens = (journey, { body }) => (journey.tokens = JSON.parse(body));

export const redeem = {
  expected: 200,
  request: ({ url, clientId, server = "todo", at }) => ({
    method: "POST",
    path: "/token",
    headers: FORM,
    body: form({
      grant_type: "authorization_code",
      code: at.searchParams.get("code"),
      redirect_uri: REDIRECT_URI,
      client_id: clientId,
      code_verifier: VERIFIER,
      resource: `${url}/mcp/${server}`,
    }),
  }),
  learn: learnTokens,
};

export const refresh = {
  expected: 200,
  request: ({ clientId, tokens }) => ({
    method: "POST",
    path: "/token",
    headers: FORM,
    body: form({ grant_type: "refresh_token", refresh_token: tokens.refresh_token, client_id: clientId }),
  }),
  learn: learnTokens,
};

export const toCode = [authorize, approve, callback];
export const signIn = [...toCode, redeem];

/** An MCP tool call whose body has so many bytes, and the journey's token or what is made of it. */
export function call({ size = 200, expected = 200, tokenOf = (token) => token } = {}) {
  const message = (text) =>
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "add_todo", arguments: { text } } });
  const body = message("x".repeat(size - message("").length));
  return {
    expected,
    request: ({ tokens, server = "todo" }) => ({
      method: "POST",
      path: `/mcp/${server}`,
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": "2025-06-18",
        "user-agent": "bench",
        authorization: `Bearer ${tokenOf(tokens.access_token)}`,
      },
      body,
    }),
    learn() {},
  };
}

export const isExpected = (step, status) => [step.expected].flat().includes(status);

/** One person's way. @returns {Promise<Journey>} */
export async function walk(journey, steps) {
  for (const step of steps) {
    const { path, ...request } = step.request(journey);
    const response = await fetch(journey.url + path, { ...request, redirect: "manual" });
    const body = await response.text();
    const headers = { ...Object.fromEntries(response.headers), "set-cookie": response.headers.getSetCookie() };
    if (!isExpected(step, response.status))
      throw new Error(`${request.method} ${path.split("?")[0]}: ${response.status} ${body}`);
    step.learn(journey, { body, headers });
  }
  return journey;
}
