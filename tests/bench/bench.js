/** make bench: ONLY=call, ROUNDS=3, SECONDS=3 */
import { measureCall, startSignedIn, warmUp } from "./call.js";
import { labelOf, startProduct } from "./variants.js";

const rounds = Number(process.env.ROUNDS ?? 5);
const seconds = Number(process.env.SECONDS ?? 2);

process.once("SIGINT", () => process.exit(130)); // which stops the servers

const product = await startProduct();
const servers = [];
for (const name of ["bare", "floor", "latchkey", "cached", "provider"]) servers.push(await startSignedIn(name, product));
await warmUp(servers);
const figures = await measureCall(servers, { rounds, seconds, note: "a tool call" });
for (const [name, { perSecond, cpu }] of Object.entries(figures))
  console.log(labelOf(name).padEnd(40), perSecond.toFixed(0).padStart(8), "/s", cpu.toFixed(0).padStart(8), "us CPU");
process.exit(0);
