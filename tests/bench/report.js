/** Tables, figures against their goals, and docs/benchmarks.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join, resolve } from "node:path";

import { PROCESSORS } from "./processes.js";

const ROOT = resolve(import.meta.dirname, "../..");

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** How many times as fast: in answers a second, and by the processor time that each takes. */
export const ratios = (ours, theirs) => ({ throughput: ours.perSecond / theirs.perSecond, cpu: theirs.cpu / ours.cpu });

export const showRatios = ({ throughput, cpu }) => `${throughput.toFixed(2)}, ${cpu.toFixed(2)}`;

/**
 * @typedef {object} Goal
 * @property {string} what
 * @property {number} [wanted] of both ratios, at least; without it, they are only shown
 * @property {number} [throughput]
 * @property {number} [cpu]
 * @property {number} [atMost] of a single figure
 * @property {number} [is]
 */

function goalRow({ what, wanted, throughput, cpu, atMost, is }) {
  if (atMost !== undefined) return [what, `≤ ${atMost}`, is, "", is <= atMost ? "yes" : "**no**"];
  if (wanted === undefined) return [what, "", throughput.toFixed(2), cpu.toFixed(2), ""];
  const reached = [throughput, cpu].filter((ratio) => ratio >= wanted).length;
  const verdict = ["**no**", throughput >= wanted ? "by throughput only" : "by CPU time only", "yes"][reached];
  return [what, `≥ ${wanted}`, throughput.toFixed(2), cpu.toFixed(2), verdict];
}

/** @param {Goal[]} goals */
const goalTable = (goals) => table(["goal", "wanted", "by throughput", "by CPU time", "reached"], goals.map(goalRow));

const versionOf = (name) => JSON.parse(readFileSync(join(ROOT, `node_modules/${name}/package.json`), "utf8")).version;

const settings = ["ROUNDS", "SECONDS"].filter((name) => process.env[name]).map((name) => ` ${name}=${process.env[name]}`);

const machine = (busy) =>
  table(["", ""], [
    ["processors", `${PROCESSORS} × ${cpus()[0].model.trim()}`],
    ["memory", `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ["system", `${type()} ${release().split("-")[0]}`],
    ["workerd", versionOf("workerd")],
    ["workers-oauth-provider", versionOf("@cloudflare/workers-oauth-provider")],
    ["load generator", `autocannon ${versionOf("autocannon")} in Node ${process.versions.node}`],
    ["busy with something else", `${busy} % when it began`],
    ["date", new Date().toISOString().slice(0, 10)],
    ["command", `\`make bench${settings.join("")}\``],
  ]);

/** @param {{ heading: string, text: string, goals: Goal[] }[]} sections */
export function report(sections) {
  const goals = sections.flatMap((section) => section.goals);
  const parts = goals.length > 0 ? [{ heading: "Against the goals", text: goalTable(goals) }, ...sections] : sections;
  return parts.map(({ heading, text }) => `## ${heading}\n\n${text}\n`).join("\n");
}

export function writeReport(text, { rounds, seconds, minutes, busy }) {
  const document = `# Benchmarks

Written by \`make bench\`. Absolute figures are of this machine; what counts are the ratios within one run.

${machine(busy)}

It took ${minutes} minutes; each figure is the median of ${rounds} rounds of ${seconds} s (half as many and as long for the table by size), in which the variants take turns, after rounds to become warm.

## How to read it

**What is measured.** Each variant runs in a workerd of its own, started with a generated configuration: nothing stands before it, as the proxy of \`wrangler dev\` would. Behind all of them is the same product in another workerd, which gives a constant answer. On a machine with more than one processor, the measured process has one to itself, the load generator and the product have the others.

**Figures.** *CPU µs* is the processor time of the measured process (user and system, all its threads) divided by its answers: the steadier of the two, and what a platform bills. *A second* is throughput with 16 requests under way, unless it says otherwise. *Against* another are two ratios, by throughput and by CPU time; above 1 is faster. A goal is reached if both are; where none is named, the ratios are shown all the same. Any answer with another status than the wanted one ends the benchmark.

**Variants.**

- *bare pass-through*: a Worker that only passes the request on. Nothing can be faster.
- *the floor*: the same with one read of a Durable Object (SQLite, by RPC) before it: what revocation at once costs at least.
- *the least gateway*: reads a few of the request's headers and its body, sends headers of its own (a token as long as the user's among them), answers with two headers and logs a line, in the cheapest words of the platform that we know, and checks nothing; with and without the floor's read. Whoever looks at a call and answers for its headers does as much: what Latchkey costs above it is Latchkey's own.
- *Latchkey*: as it is deployed, with one addition, a limiter that lets everything pass (workerd by itself has none). It reads the grant for each call.
- *Latchkey, \`grant_cache_seconds\` 5*: the grant may be five seconds old.
- *workers-oauth-provider*: the consent page, upstream sign-in and API handler of its documentation, passing on with the user's upstream token. *KV in memory*: its namespace is a Worker with a Map, in the same process, which is the fair comparison. *KV simulated*: what its users have in development (Miniflare's simulation, files and SQLite). In production KV is a network away, and so is a Durable Object: neither is measured here.

${text}
## What the time goes into

From profiles (perf, V8's symbols) of the calls above:

- **A call.** In a loop the module's two runs take some 26 µs together: a MAC and the hash of the token, one box, JSON. Between two requests the processor's caches are filled with other things, and there they take twice that. The rest of what lies between *the least gateway* and Latchkey is the shim: the journal, the promises of two runs, the headers of both sides, and some more garbage to collect. What the least gateway leaves of the goals stands below its table: from one run to the next, between less than nothing and what the module takes by itself. How far a shim that costs nothing would come was measured apart, with the module's two runs put into the least gateway and given recorded journals: to 0.66 and 0.68 of the bare Worker's CPU time, where Latchkey had 0.60 and 0.64, and with the grant's read to 0.78 and 0.82 of the floor's, where Latchkey had 0.69 and 0.71.
- **A token.** Its ES256 signature takes 0.16 ms in wasm (P-256 with 30-bit words: wasm has no wide multiplication and no carry); the provider's tokens are random and unsigned, so nobody else can verify them. It is computed once: the journal keeps it for the runs that follow. The rest is the platform's: one step on the grant's object, which reads nothing before.
- **A sign-in.** Besides that, the check of an RS256 ID token (0.16 ms, once), and a new object for the grant, with its file and its alarm: a quarter of the whole.
- **A forgery** that names an existing grant needs that grant to be read; one that does not is refused by a MAC, without any I/O: nearly all of its time is the platform's, for a request, an answer and a line in the log.
`;
  writeFileSync(join(ROOT, "docs/benchmarks.md"), document);
}
