/**
 * make bench: how fast Latchkey is beside the least that could be done and beside
 * @cloudflare/workers-oauth-provider. All of it writes docs/benchmarks.md; a part is only shown.
 */
import { measureCall, measureSizes } from "./call.js";
import { measureCold } from "./cold.js";
import { measureGrowth } from "./growth.js";
import { busyShare } from "./processes.js";
import { report, writeReport } from "./report.js";
import { progress } from "./rounds.js";
import { measureTokens } from "./tokens.js";
import { startProduct } from "./variants.js";

const SECTIONS = {
  call: measureCall,
  sizes: measureSizes,
  tokens: measureTokens,
  cold: measureCold,
  growth: measureGrowth,
};

function numberFrom(name, otherwise) {
  const value = Number(process.env[name] ?? otherwise);
  if (!(value > 0)) throw new Error(`${name} is a number above 0`);
  return value;
}

async function main() {
  const how = { rounds: numberFrom("ROUNDS", 5), seconds: numberFrom("SECONDS", 1.5) };
  const only = process.env.ONLY;
  if (only && !SECTIONS[only]) throw new Error(`ONLY is one of ${Object.keys(SECTIONS).join(", ")}`);
  const busy = Math.round(100 * (await busyShare()));
  if (busy > 10) console.error(`bench: the processors are ${busy} % busy with something else: the figures will be rough`);
  const begun = performance.now();
  const product = await startProduct();
  const sections = [];
  for (const [name, measure] of Object.entries(SECTIONS)) {
    if (only && name !== only) continue;
    sections.push(await measure(product, how));
    console.log(report(sections.slice(-1)));
  }
  if (!only) writeReport(report(sections), { ...how, busy, minutes: Math.round((performance.now() - begun) / 60_000) });
}

// On exit, what is running is stopped.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
main().then(
  () => process.exit(0),
  (error) => {
    progress("");
    console.error(`bench: ${error.message}`);
    process.exit(1);
  },
);
