/** The same call when much is stored or configured. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { call, register, signIn, walk } from "./flow.js";
import { repeat, roam } from "./load.js";
import { residentMemory } from "./processes.js";
import { ratios, table } from "./report.js";
import { alternate, progress } from "./rounds.js";
import { startSignedIn, startVariant } from "./variants.js";

const CALLED = 100; // grants that calls come for, in both cases
const GRANTS = [100, 100_000];
const SERVERS = [10, 1000];
const NOISE = 0.9;
const MONTH_MS = 30 * 24 * 3600 * 1000;

/**
 * What workerd has stored for one grant, so many times more under other names: a file for its
 * object, and the alarm for its expiry. To sign in as often would take longer than all the rest.
 */
function multiply(storage, count) {
  const folder = join(storage, "Ledger");
  const isObject = (name) => /^[0-9a-f]{64}\.sqlite$/.test(name);
  const example = join(folder, readdirSync(folder).find(isObject));
  const database = new DatabaseSync(example);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const bytes = readFileSync(example);

  const metadata = new DatabaseSync(join(folder, "metadata.sqlite"));
  const alarm = metadata.prepare("INSERT INTO _cf_ALARM VALUES (?, ?, ?)");
  const at = BigInt(Date.now() + MONTH_MS) * 1_000_000n;
  metadata.exec("BEGIN");
  for (let i = 0; i < count; i++) {
    const id = randomBytes(32).toString("hex");
    writeFileSync(join(folder, `${id}.sqlite`), bytes);
    alarm.run(id, at, `grant:${randomBytes(16).toString("base64url")}`);
  }
  metadata.exec("COMMIT");
  metadata.close();
}

async function startWithGrants(grants, product) {
  progress(`storing ${grants.toLocaleString("en")} grants`);
  const before = await startVariant("latchkey", product);
  const { url, clientId } = await walk({ url: before.url }, [register]);
  const people = await Promise.all(Array.from({ length: CALLED }, () => walk({ url, clientId }, [...signIn, call()])));
  const server = await before.restart((storage) => multiply(storage, grants - CALLED));
  let next = 0;
  return { ...server, name: "Latchkey", journeys: { next: () => people[next++ % people.length] } };
}

const row = (what, { perSecond, cpu }, server) =>
  [what, perSecond.toFixed(0), cpu.toFixed(0), server.startMs.toFixed(0), (residentMemory(server.pid) / 1e6).toFixed(0)];

export async function measureGrowth(product, { rounds, seconds }) {
  const byGrants = {};
  for (const grants of GRANTS) byGrants[grants] = await startWithGrants(grants, product);
  const byServers = {};
  for (const servers of SERVERS) byServers[servers] = await startSignedIn("latchkey", product, { servers });

  const few = await alternate({ what: "a call, many servers", rounds }, SERVERS, (servers) =>
    repeat(byServers[servers], call(), byServers[servers].journey, { seconds }));
  const many = await alternate({ what: "a call, many grants", rounds }, GRANTS, (grants) =>
    roam(byGrants[grants], [call()], byGrants[grants].journeys, { seconds }));
  const rows = [
    ...SERVERS.map((servers) => row(`${servers.toLocaleString("en")} servers configured`, few[servers], byServers[servers])),
    ...GRANTS.map((grants) => row(`${grants.toLocaleString("en")} grants stored`, many[grants], byGrants[grants])),
  ];
  for (const server of [...Object.values(byGrants), ...Object.values(byServers)]) await server.stop();
  return {
    heading: "Growth",
    text: `${table(["", "calls a second", "CPU µs a call", "start to first answer, ms", "resident, MB"], rows)}

Of the servers, the last is called. Of the grants, ${CALLED} are called in both cases, each made by a sign-in; the others are what such a sign-in has stored, under other names (a file for each object, an alarm for its expiry), written before workerd was started once more: stored and idle, as nearly all grants are. In production, objects are spread over machines; here one process and one folder hold them all.`,
    goals: [
      { what: "a call with 100,000 grants stored, against 100", wanted: NOISE, ...ratios(many[GRANTS[1]], many[GRANTS[0]]) },
      { what: "a call with 1,000 servers configured, against 10", wanted: NOISE, ...ratios(few[SERVERS[1]], few[SERVERS[0]]) },
    ],
  };
}
