/** The processes that are measured: where they run, and what they have used so far. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

const TICK_MICROSECONDS = 10_000; // USER_HZ is 100 wherever Linux runs
const LAST = availableParallelism() - 1;

/**
 * What is measured has the last processor, everything else the others: so the one does not wait
 * for the other, and throughput is what one processor can do. Processes inherit where they run.
 */
export const MEASURED = String(LAST);
export const REST = LAST > 0 ? `0-${LAST - 1}` : MEASURED;

export function runOn(processors, pid) {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", processors, String(pid)], { stdio: "ignore" });
}
runOn(REST, process.pid);

/** Microseconds of processor time, in user and kernel mode. */
export function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

/** Resident memory in bytes. */
export function residentMemory(pid) {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]);
}

/** The children of this process that run this program. */
export function childrenRunning(program) {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").split(" ").filter(Boolean);
  return children.filter((pid) => readFileSync(`/proc/${pid}/comm`, "latin1").trim() === program).map(Number);
}
