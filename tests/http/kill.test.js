// The gateway dies in the middle of things and comes back to what is stored. Clients behave as
// clients do: what got no answer is asked again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Client } from "./support/client.js";
import { callTool } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { readRecord, readShards, tokenHash } from "./support/records.js";
import { wiretap } from "./support/wiretap.js";
import { startWorld, until } from "./support/world.js";

const SEED = Number(process.env.SEED ?? 20261121);
const KILLS = 10;
const APPS = 6;
const OPERATIONS_BETWEEN = 24;
const SHORT = 2; // seconds: of a downstream token that is refreshed after one of them
const LONG = 3600;

/** mulberry32 */
function makeRandom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = makeRandom(SEED);
const pick = (list) => list[Math.floor(random() * list.length)];

let world, client;
let finished = false; // the apps come to an end
let failed = false; // and at once
let operations = 0; // that were begun
const kills = []; // { from, to, point }: until the gateway lives again
const counts = {};
const count = (what) => (counts[what] = (counts[what] ?? 0) + 1);

before(async () => {
  world = await startWorld({
    todo: { accessTokenSeconds: () => (random() < 0.5 ? SHORT : LONG) },
    // A machine with much to do may take long to bring the gateway back.
    config: (config) => (config.lifetimes = { refresh_retry_seconds: 600, code_seconds: 300 }),
  });
  world.hooks.onProviderRequest = onProviderRequest;
  world.hooks.onRuntimeRequest = () => reached("the runtime was called");
  client = await Client.register(world);
});
after(() => world?.stop());

/* ---- the killer ---- */

/** Where the next kill comes: at a point, or some time after an operation was begun. */
let next;
const POINTS = [
  "the product was asked for tokens",
  "the product has answered a code",
  "the product was asked for a refresh",
  "the product has answered a refresh",
  "the runtime was called",
  "after a while",
  "after a while",
];

function reached(point) {
  if (next?.point === point && operations >= next.from) next.kill();
}

async function killAndRestart(point) {
  const killed = Promise.withResolvers();
  next = { point, from: operations + Math.floor(random() * OPERATIONS_BETWEEN), kill: killed.resolve };
  if (point === "after a while") {
    await until(() => operations >= next.from, "operations go on");
    setTimeout(killed.resolve, random() * 60);
  }
  await killed.promise;
  next = undefined;
  const kill = { from: performance.now(), to: Infinity, point };
  kills.push(kill);
  await world.kill();
  await world.restart();
  kill.to = performance.now(); // what the dead one sent may be seen until now
}

/* ---- the product's side: which connections there are, and which it has ended ---- */

const connections = new Map(); // by the code that began it
const connectionOf = (refreshToken) => [...connections.values()].find(({ presented }) => presented.has(refreshToken));

function onProviderRequest(req, res) {
  if (req.url !== "/token") return;
  const tap = wiretap(req, res);
  const sent = () => new URLSearchParams(tap.sent());
  req.once("end", () => {
    const refreshToken = sent().get("refresh_token");
    connectionOf(refreshToken)?.presented.get(refreshToken).push(performance.now());
    reached(refreshToken ? "the product was asked for a refresh" : "the product was asked for tokens");
  });
  res.once("finish", () => {
    const { refresh_token: issued, error } = JSON.parse(tap.answered());
    const [code, refreshToken] = [sent().get("code"), sent().get("refresh_token")];
    if (code && issued) connections.set(code, { presented: new Map() });
    const connection = code ? connections.get(code) : connectionOf(refreshToken);
    if (issued) connection.presented.set(issued, []);
    if (error === "invalid_grant") connection.refused ??= { refreshToken, at: performance.now() };
    reached(code ? "the product has answered a code" : "the product has answered a refresh");
  });
}

/* ---- the clients ---- */

/** Asks until there is an answer that is not "come again". */
async function insist(what, ask) {
  operations++;
  for (let unanswered = 0; !failed; ) {
    const response = await ask().catch(() => undefined);
    const body = await response?.text().catch(() => undefined);
    if (body === undefined) {
      if (unanswered++ === 0) count(`${what} without an answer`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    count(`${what} ${response.status}`);
    if (response.status !== 503) return { unanswered, status: response.status, ...(body.startsWith("{") && JSON.parse(body)) };
    assert.ok(Number(response.headers.get("retry-after")) >= 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("this test has failed elsewhere");
}

const token = (what, parameters) => insist(what, () => world.post("/token", { client_id: client.id, ...parameters }));

class App {
  constructor(number) {
    this.person = new Person(world, ["alice", "bob", "carol"][number % 3]);
    this.person.fetch = (url, init) => {
      if (url.startsWith(`${world.url}/callback/`)) this.code = new URL(url).searchParams.get("code");
      return world.fetch(url, init);
    };
  }

  /** A person whose browser shows an error goes back to the application and starts again. */
  async signIn() {
    operations++;
    for (let unanswered = 0; !failed; ) {
      const request = await client.request();
      const redirect = await this.person.signIn(request.url).catch(() => undefined);
      const answer = redirect && new URL(redirect).searchParams;
      if (answer) count(`sign-in ${answer.get("error") ?? "with a code"}`);
      else if (unanswered++ === 0) count("sign-in without an answer");
      if (!answer) await new Promise((resolve) => setTimeout(resolve, 50));
      if (!answer?.has("code")) continue;
      this.connection = connections.get(this.code);
      assert.ok(this.connection, "a code was shown, so the product has made a connection");
      const got = await token("code", {
        grant_type: "authorization_code",
        code: answer.get("code"),
        code_verifier: request.verifier,
        redirect_uri: request.redirectUri,
      });
      if (got.status === 200) return (this.tokens = got);
      // The first request may have been served and its answer lost: a code is used once.
      assert.equal(got.error, "invalid_grant");
      assert.ok(got.unanswered > 0, "a code that was shown and is asked for once is good");
    }
  }

  async refresh() {
    const got = await token("refresh", { grant_type: "refresh_token", refresh_token: this.tokens.refresh_token });
    if (got.status === 200) return (this.tokens = got);
    assert.equal(got.error, "invalid_grant");
    return this.mustReconnect();
  }

  async call() {
    const { status } = await insist("call", () => callTool(world, this.tokens.access_token, "whoami"));
    if (status === 200) return;
    assert.equal(status, 401, "a call is answered, or asks to sign in");
    await this.mustReconnect();
  }

  async revoke() {
    const { status } = await insist("revoke", () => world.post("/revoke", { token: this.tokens.refresh_token, client_id: client.id }));
    assert.equal(status, 200);
    this.tokens = undefined;
  }

  /** Only because the product has ended the connection; and that only because its answer died with the gateway. */
  mustReconnect() {
    count("asked to connect again");
    const { refused, presented } = this.connection;
    assert.ok(refused, "asked to connect again, though the product has not ended the connection");
    const [first, second] = presented.get(refused.refreshToken);
    assert.ok(second, "refused, though it was presented once");
    const killed = kills.some(({ from, to }) => to > first && from < second);
    assert.ok(killed, `presented twice in ${second - first} ms, though nothing was killed`);
    this.tokens = undefined;
  }

  async live() {
    while (!finished) {
      if (!this.tokens) await this.signIn();
      else await pick([this.call, this.call, this.call, this.refresh, this.refresh, this.revoke]).call(this);
    }
    if (!this.tokens) await this.signIn();
  }
}

/* ---- the test ---- */

test(`S5 S7 S66 S72: ${KILLS} kills in the middle of sign-ins, refreshes and calls`, { timeout: 600_000 }, async (t) => {
  const apps = Array.from({ length: APPS }, (_, i) => new App(i));
  const living = Promise.all(apps.map((app) => app.live()));
  const killing = (async () => {
    for (let i = 0; i < KILLS; i++) await killAndRestart(POINTS[i % POINTS.length]);
    finished = true;
  })();
  await Promise.all([killing, living]).catch((error) => {
    failed = finished = true;
    next?.kill();
    throw error;
  });

  await t.test("everybody's connection works, or is really dead", async () => {
    for (const app of apps) {
      await app.call();
      if (app.tokens) await app.refresh();
      if (app.tokens) continue;
      await app.signIn(); // now nothing is killed any more
      await app.call();
      await app.refresh();
      assert.ok(app.tokens);
    }
  });

  await world.kill();
  const shards = readShards(world.stored);
  await t.test("no grant is half written", () => {
    const shapes = {};
    for (const rows of shards) {
      const shape = checkShape(rows);
      shapes[shape] = (shapes[shape] ?? 0) + 1;
    }
    t.diagnostic(`${shards.length} shards: ${JSON.stringify(shapes)}`);
  });

  await t.test("each client's token is the one live chain of its grant, and there is no other", () => {
    const known = new Set(apps.map(({ tokens }) => tokenHash(tokens.refresh_token).toString("hex")));
    const live = shards
      .map(readRecord)
      .filter(({ grant, lives }) => grant.state === "live" && lives.has("refresh"))
      .map(({ lives }) => lives.get("refresh").hash.toString("hex"));
    assert.deepEqual(new Set(live), known);
    assert.equal(live.length, apps.length);
  });
  await world.restart();

  t.diagnostic(`seed ${SEED}; ${kills.length} kills: ${kills.map(({ point }) => point).join("; ")}`);
  t.diagnostic(`${operations} operations: ${Object.entries(counts).map(([what, n]) => `${n} × ${what}`).join(", ")}`);
  const ended = [...connections.values()].filter(({ refused }) => refused).length;
  t.diagnostic(`${connections.size} connections at the product, ${ended} ended by it; asked to connect again: ${counts["asked to connect again"] ?? 0}`);
});

/** The rows of a grant that belong together; anything else is half a grant. */
function checkShape(rows) {
  const names = [...rows.keys()].sort();
  assert.ok(rows.has("grant"), names.join());
  const { grant: { state }, lives } = readRecord(rows);
  if (state === "claimed" || state === "ended") assert.deepEqual(names, ["grant"], state);
  else if (lives.has("code")) assert.deepEqual([state, ...names], ["live", "code", "grant"]);
  else assert.deepEqual([lives.has("refresh"), lives.has("access/0")], [state === "live", true], `${state}: ${names}`);
  return lives.has("code") ? "not redeemed" : state;
}
