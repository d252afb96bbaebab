/** The same tool call through each variant, in alternation. */
import { call, register, signIn, walk } from "./flow.js";
import { repeat, roam } from "./load.js";
import { alternate } from "./rounds.js";
import { startVariant } from "./variants.js";

const NEEDS_NO_TOKEN = ["bare", "floor"];

export async function startSignedIn(name, product) {
  const server = await startVariant(name, product);
  const journey = { url: server.url, tokens: { access_token: "none" } };
  if (!NEEDS_NO_TOKEN.includes(name)) await walk(journey, [register, ...signIn]);
  return { ...server, journey };
}

/** Code is compiled where it is seen to be worth it: after some thousands of calls. */
export function warmUp(servers, amount = 1500) {
  const journeyOf = (server) => ({ next: () => server.journey });
  return alternate(servers, { rounds: 1, note: "warming up" }, (server) => roam(server, [call()], journeyOf(server), { amount }));
}

export function measureCall(servers, { rounds, seconds, connections, size, note }) {
  const step = call(size);
  return alternate(servers, { rounds, note }, (server) => repeat(server, step, server.journey, { connections, seconds }));
}
