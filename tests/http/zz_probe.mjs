import { Client } from "./support/client.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { startWorld } from "./support/world.js";
let lifetime = 30;
const world = await startWorld({ todo: { accessTokenSeconds: () => lifetime } });
try {
const client = await Client.register(world);
for (let round = 0; round < 3; round++) {
lifetime = 30;
const tokens = await client.signIn(new Person(world, "alice"));
lifetime = 3600;
const t0 = performance.now();
const times = await Promise.all(Array.from({length: 50}, async () => { const r = await callTool(world, tokens.access_token, "whoami"); await r.text(); return [r.status, Math.round(performance.now() - t0)]; }));
console.log(times.map(String).join(" "));
}
console.log(world.logs.slice(-5));
} finally { await world.stop(); }
