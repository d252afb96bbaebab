/** The processes that are measured: where they run, and what they have used so far. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const TICK_MICROSECONDS = 10_000; // USER_HZ is 100 wherever Linux runs
const readStatus = (pid, name) => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1];

/** Those that this process may use, which can be fewer than the machine has: "0-2,5" is 0, 1, 2 and 5. */
const processors = readStatus("self", "Cpus_allowed_list").split(",").flatMap((range) => {
  const [first, last = first] = range.split("-").map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
});
export const PROCESSORS = processors.length;

/**
 * What is measured has the last processor, everything else the others: so the one does not wait
 * for the other, and throughput is what one processor can do. Processes inherit where they run.
 */
export const MEASURED = String(processors.at(-1));
export const REST = processors.slice(0, -1).join() || MEASURED;

export function runOn(processors, pid) {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", processors, String(pid)], { stdio: "ignore" });
}
runOn(REST, process.pid);

/** How busy the processors are with something else, before anything is begun: 0 to 1. */
export async function busyShare() {
  const times = () => cpus().map(({ times }) => times);
  const sum = (all, of) => all.reduce((total, times) => total + of(times), 0);
  const idle = ({ idle }) => idle;
  const every = ({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq;
  const before = times();
  await sleep(1000);
  const after = times();
  return 1 - (sum(after, idle) - sum(before, idle)) / (sum(after, every) - sum(before, every));
}

/** Microseconds of processor time, in user and kernel mode. */
export function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

/** Resident memory in bytes. */
export function residentMemory(pid) {
  return 1024 * parseInt(readStatus(pid, "VmRSS"), 10);
}

/** The children of this process that run this program. */
export function childrenRunning(program) {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").split(" ").filter(Boolean);
  return children.filter((pid) => readFileSync(`/proc/${pid}/comm`, "latin1").trim() === program).map(Number);
}
