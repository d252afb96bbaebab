/** What comes before calls, and what is refused: Latchkey beside workers-oauth-provider. */
import { call, redeem, refresh, register, signIn, toCode, walk } from "./flow.js";
import { repeat, roam } from "./load.js";
import { ratios, showRatios, table } from "./report.js";
import { alternate } from "./rounds.js";
import { labelOf, startSignedIn } from "./variants.js";

const OTHERS = ["provider", "simulated"];
const NAMES = ["latchkey", ...OTHERS];
const CHAINS = 32; // of refresh tokens, for 16 requests under way
const CODES_A_SECOND = 200;

/** Another character where a JWT's id is, in the middle of its payload; or in the provider's user. */
const madeUp = (token) => {
  const at = token.startsWith("eyJ") ? token.indexOf(".") + 40 : 10;
  return token.slice(0, at) + (token[at] === "B" ? "C" : "B") + token.slice(at + 1);
};
/** Another character in its signature; or in the provider's secret. */
const changed = (token) => token.slice(0, -10) + (token.at(-10) === "B" ? "C" : "B") + token.slice(-9);

const fresh = ({ journey: { url, clientId } }) => ({ next: () => ({ url, clientId }) });

/** Journeys that stand at a certain point. */
async function collect(server, steps, amount) {
  const { next } = fresh(server);
  const pool = await Promise.all(Array.from({ length: amount }, () => walk(next(), steps)));
  return { next: () => pool.pop(), done: (journey) => pool.push(journey) };
}

/** Each: what it is called, how it is measured. */
const OPERATIONS = {
  register: { label: "a registration", measure: (server, { seconds }) => roam(server, [register], fresh(server), { seconds }) },
  signIn: { label: "a whole sign-in", measure: (server, { seconds }) => roam(server, signIn, fresh(server), { seconds }) },
  redeem: {
    label: "a token by code",
    async measure(server, { seconds }) {
      const amount = Math.ceil(CODES_A_SECOND * seconds);
      const { next } = await collect(server, toCode, amount);
      return roam(server, [redeem], { next }, { amount });
    },
  },
  refresh: {
    label: "a token by refresh",
    async measure(server, { seconds }) {
      server.chains ??= await collect(server, signIn, CHAINS);
      return roam(server, [refresh], server.chains, { seconds });
    },
  },
  forged: {
    label: "a refused forgery (another id)",
    measure: (server, { seconds }) => repeat(server, call({ expected: 401, tokenOf: madeUp }), server.journey, { seconds }),
  },
  changed: {
    label: "a refused forgery (another signature)",
    measure: (server, { seconds }) => repeat(server, call({ expected: 401, tokenOf: changed }), server.journey, { seconds }),
  },
};

export async function measureTokens(product, { rounds, seconds }) {
  const servers = {};
  for (const name of NAMES) servers[name] = await startSignedIn(name, product);
  const f = {};
  for (const [operation, { label, measure }] of Object.entries(OPERATIONS))
    f[operation] = await alternate({ what: label, rounds }, NAMES, (name) => measure(servers[name], { seconds }));
  for (const server of Object.values(servers)) await server.stop();

  const rows = Object.entries(OPERATIONS).map(([operation, { label }]) => {
    const of = f[operation];
    const figures = NAMES.map((name) => `${of[name].perSecond.toFixed(0)}/s, ${of[name].cpu.toFixed(0)} µs`);
    return [label, ...figures, ...OTHERS.map((name) => showRatios(ratios(of.latchkey, of[name])))];
  });
  const goal = (operation, name, wanted) => {
    const what = `${OPERATIONS[operation].label}, against ${labelOf(name)}`;
    return { what, wanted, ...ratios(f[operation].latchkey, f[operation][name]) };
  };
  return {
    heading: "Tokens and refusals",
    text: `${table(["", ...NAMES.map(labelOf), ...OTHERS.map((name) => `Latchkey against ${labelOf(name)}`)], rows)}

A whole sign-in is four requests: the consent page, its approval, the return from the product's authorization server (whose tokens are fetched, and Latchkey checks the ID token's signature), and the code for tokens. Codes are made beforehand, and only their redemption counts. Latchkey's tokens are JWTs (ES256), each signed where it is issued; the provider's are random. A forgery with another id is refused for that; one with another signature holds a right id, and its grant has to be read.`,
    goals: [
      goal("refresh", "simulated", 2.5), goal("refresh", "provider", 1),
      goal("signIn", "simulated", 3), goal("signIn", "provider"),
      goal("forged", "simulated", 3), goal("forged", "provider"),
    ],
  };
}
