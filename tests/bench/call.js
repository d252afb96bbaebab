/** The same tool call through each variant. */
import { call } from "./flow.js";
import { repeat } from "./load.js";
import { ratios, showRatios, table } from "./report.js";
import { alternate } from "./rounds.js";
import { labelOf, startSignedIn } from "./variants.js";

const SIZED = ["bare", "floor", "latchkey", "cached", "provider", "simulated"];
const NAMES = [...SIZED, "least", "leastRead"];
const CONNECTIONS = [1, 16, 128];
const WARM_UPS = 8; // V8 is done with compiling after some ten thousand calls
const SIZES = { "200 B": 200, "10 KB": 10_000, "1 MB": 1_000_000 };

async function startAll(product, names) {
  const servers = {};
  for (const name of names) servers[name] = await startSignedIn(name, product);
  return { servers, stop: () => Promise.all(Object.values(servers).map((server) => server.stop())) };
}

function measure(servers, { seconds, connections, size, ...how }) {
  const step = call({ size });
  return alternate(how, Object.keys(servers), (name) => repeat(servers[name], step, servers[name].journey, { connections, seconds }));
}

const GOALS = { bare: 0.8, floor: 0.85 };

/** What a gateway that meets the goals has for its checks, if it does the rest as cheaply as the least one. */
function whatIsLeft({ bare, floor, least, leastRead }) {
  const [above, aboveRead] = [bare.cpu / GOALS.bare - least.cpu, floor.cpu / GOALS.floor - leastRead.cpu].map(Math.round);
  return `Of the CPU time that the goals allow, the least gateway leaves ${above} µs a call for every check against the bare pass-through, and ${aboveRead} µs against the floor.`;
}

/** Where the goals are: 16 requests under way, bodies of 200 bytes. */
export async function measureCall(product, { rounds, seconds }) {
  const { servers, stop } = await startAll(product, NAMES);
  const f = await measure(servers, { rounds, seconds, connections: 16, size: 200, what: "a tool call", warmUps: WARM_UPS });
  await stop();
  const rows = NAMES.map((name) => {
    const { perSecond, cpu } = f[name];
    const against = [f.floor, f.bare].map((other) => showRatios(ratios(f[name], other)));
    return [labelOf(name), perSecond.toFixed(0), cpu.toFixed(0), ...against];
  });
  return {
    heading: "A tool call",
    text: `${table(["", "calls a second", "CPU µs a call", "against the floor", "against the bare"], rows)}\n\n${whatIsLeft(f)}`,
    goals: [
      { what: "a call, against the floor", wanted: GOALS.floor, ...ratios(f.latchkey, f.floor) },
      { what: `a call, against ${labelOf("simulated")}`, wanted: 1.8, ...ratios(f.latchkey, f.simulated) },
      { what: `a call, against ${labelOf("provider")}`, ...ratios(f.latchkey, f.provider) },
      { what: "a call with `grant_cache_seconds` 5, against the bare pass-through", wanted: GOALS.bare, ...ratios(f.cached, f.bare) },
      { what: "the same, against the least gateway", ...ratios(f.cached, f.least) },
      { what: "a call, against the least gateway with the floor's read", ...ratios(f.latchkey, f.leastRead) },
    ],
  };
}

/** The same call for other sizes and more at once: fewer and shorter rounds, there are many. */
export async function measureSizes(product, { rounds, seconds }) {
  const { servers, stop } = await startAll(product, SIZED);
  const rows = [];
  for (const [label, size] of Object.entries(SIZES)) {
    for (const connections of CONNECTIONS) {
      const what = `a tool call of ${label}, ${connections} at once`;
      const how = { what, rounds: Math.ceil(rounds / 2), seconds: seconds / 2, warmUps: rows.length > 0 ? 0 : WARM_UPS };
      const f = await measure(servers, { ...how, connections, size });
      rows.push([label, connections, ...SIZED.map((name) => `${f[name].perSecond.toFixed(0)}/s, ${f[name].cpu.toFixed(0)} µs`)]);
    }
  }
  await stop();
  return {
    heading: "A tool call, by size and number under way",
    text: table(["body", "at once", ...SIZED.map(labelOf)], rows),
    goals: [],
  };
}
