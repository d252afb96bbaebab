/**
 * The official SDKs as clients, told nothing but a URL. When the gateway wants somebody to sign
 * in, they "open a browser" with a Person in front of it.
 */
import * as v2 from "@modelcontextprotocol/client";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { REDIRECT_URI } from "./client.js";
import { STATELESS } from "./mcp.js";

const makeV2 = (mode) => ({
  makeClient: (info) => new v2.Client(info, { versionNegotiation: { mode } }),
  Transport: v2.StreamableHTTPClientTransport,
  UnauthorizedError: v2.UnauthorizedError,
  finish: (transport, redirect) => transport.finishAuth(redirect.searchParams),
  callTool: (client, params, options) => client.callTool(params, options),
});

/** Each SDK and era that it speaks. */
export const SDKS = {
  "SDK 2, 2026-07-28": { stateless: true, ...makeV2({ pin: STATELESS }) },
  "SDK 2, older era": makeV2("legacy"),
  "SDK 1": {
    makeClient: (info) => new ClientV1(info),
    Transport: TransportV1,
    UnauthorizedError,
    finish: (transport, redirect) => transport.finishAuth(redirect.searchParams.get("code")),
    callTool: (client, params, options) => client.callTool(params, undefined, options),
  },
};

/** What an application keeps for the SDK: OAuthClientProvider, in memory. */
class Keeper {
  signIns = 0;
  redirectUrl = REDIRECT_URI;
  clientMetadata = { client_name: "SDK test", redirect_uris: [REDIRECT_URI] };

  constructor(person, information) {
    Object.assign(this, { person, information });
  }
  state = () => (this.lastState = crypto.randomUUID());
  clientInformation = () => this.information;
  saveClientInformation = (information) => void (this.information = information);
  tokens = () => this.saved;
  saveTokens = (tokens) => void (this.saved = tokens);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  invalidateCredentials = () => void (this.saved = undefined);
  saveDiscoveryState = (state) => void (this.discovered = state);
  discoveryState = () => this.discovered;
  async redirectToAuthorization(url) {
    this.signIns++;
    this.redirect = new URL(await this.person.signIn(url.href));
  }
}

/**
 * Connects as `person`, and signs in on the way.
 *
 * @param {object} [options]
 * @param {object} [options.information] of a client that needs no registration
 */
export async function connect(sdk, world, person, { information } = {}) {
  const keeper = new Keeper(person, information);
  const open = async () => {
    const transport = new sdk.Transport(new URL(world.mcp), {
      authProvider: keeper,
      fetch: world.fetch,
      requestInit: { headers: { "user-agent": `${person.login}'s client` } },
    });
    const client = sdk.makeClient({ name: "test", version: "1.0.0" });
    try {
      await client.connect(transport);
    } catch (error) {
      if (!(error instanceof sdk.UnauthorizedError) || !keeper.redirect) throw error;
      if (keeper.redirect.searchParams.get("state") !== keeper.lastState) throw new Error("another state came back");
      await sdk.finish(transport, keeper.redirect);
      return undefined; // a transport is used once
    }
    return { client, transport };
  };
  const { client, transport } = (await open()) ?? (await open());

  return {
    client,
    transport,
    keeper,
    callTool: (name, args = {}, options) => sdk.callTool(client, { name, arguments: args }, options),
    close: () => client.close(),
  };
}
