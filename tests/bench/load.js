/** Load, and what it costs the process that bears it. */
import { setTimeout as sleep } from "node:timers/promises";

import autocannon from "autocannon";

import { isExpected } from "./flow.js";
import { cpuTime } from "./processes.js";

const RAMP_MS = 200; // until all connections are at work
const POLL_MS = 20;
const END_SECONDS = 600;
const TIMEOUT_SECONDS = 30;

/** @typedef {{ perSecond: number, cpu: number }} Figure cpu: the server's processor time for one, in microseconds */

/** So many requests under way, of one step that stays as it is. @returns {Promise<Figure>} */
export function repeat(server, step, journey, { connections = 16, seconds }) {
  const load = new Load(server);
  const onResponse = (status, body) => load.isRight(step, status, body) && load.count++;
  return load.forSeconds(seconds, { connections, requests: [{ ...step.request(journey), onResponse }] });
}

/**
 * So many journeys under way, each through all steps, then another.
 *
 * @param {{ next(): object, done?(journey: object): void }} journeys
 * @param {{ connections?: number, seconds?: number, amount?: number }} how so long, or so many of a single step
 * @returns {Promise<Figure>} of whole journeys
 */
export function roam(server, steps, journeys, { connections = 16, seconds, amount }) {
  const load = new Load(server);
  const requests = steps.map((step, i) => ({
    setupRequest(request, context) {
      if (i === 0) context.journey = journeys.next();
      const { headers, ...made } = step.request(context.journey);
      return { ...request, ...made, headers: { ...headers } };
    },
    onResponse(status, body, { journey }, headers) {
      if (!load.isRight(step, status, body)) return;
      const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
      step.learn(journey, { body, headers: Object.fromEntries(entries) });
      if (step !== steps.at(-1)) return;
      load.count++;
      journeys.done?.(journey);
    },
  }));
  return amount ? load.forAll({ connections, requests, amount }) : load.forSeconds(seconds, { connections, requests });
}

class Load {
  count = 0;
  failures = new Map(); // what went wrong -> how often
  clients = new Set(); // who is at work
  ended = Promise.withResolvers(); // all clients are done, or something went wrong

  constructor(server) {
    this.server = server;
  }

  fail(what) {
    this.failures.set(what, (this.failures.get(what) ?? 0) + 1);
    this.ended.resolve();
  }

  isRight(step, status, body) {
    if (!isExpected(step, status)) this.fail(`${status} ${body.slice(0, 200)}`);
    return isExpected(step, status);
  }

  start(options) {
    const setupClient = (client) => {
      this.clients.add(client);
      client.once("done", () => this.clients.delete(client) && this.clients.size === 0 && this.ended.resolve());
    };
    const { url } = this.server;
    this.running = autocannon({ url, duration: END_SECONDS, timeout: TIMEOUT_SECONDS, setupClient, ...options });
    this.running.on("reqError", (error) => this.fail(error.message));
  }

  /** Nothing is left under way, so that whoever is measured next has the machine. */
  async end() {
    for (const client of this.clients) client.responseMax = 1; // each ends with the answer that it waits for
    if (this.failures.size === 0) await this.ended.promise;
    this.running.stop();
  }

  now() {
    return { count: this.count, time: performance.now(), cpu: cpuTime(this.server.pid) };
  }

  since(before) {
    const after = this.now();
    const count = after.count - before.count;
    const what = [...this.failures].map(([text, times]) => `${times} times ${text}`);
    if (what.length > 0) throw new Error(`${this.server.name} answers what it should not: ${what.join("; ")}`);
    if (count === 0) throw new Error(`${this.server.name} does not answer`);
    return { perSecond: (1000 * count) / (after.time - before.time), cpu: (after.cpu - before.cpu) / count };
  }

  /** A piece out of the middle: longer if there are too few answers in it to count. */
  async forSeconds(seconds, options) {
    this.start(options);
    await sleep(RAMP_MS);
    const before = this.now();
    const enough = before.count + 2 * options.connections;
    const end = before.time + 1000 * TIMEOUT_SECONDS;
    await sleep(1000 * seconds);
    while (this.count < enough && this.failures.size === 0 && performance.now() < end) await sleep(POLL_MS);
    const figure = this.since(before);
    await this.end();
    return figure;
  }

  /** From the first to the last. */
  async forAll(options) {
    const before = this.now();
    this.start(options);
    await this.ended.promise;
    return this.since(before);
  }
}
