/** A program with the lines that it writes; it can be ended, killed and started again. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const STOP_MS = 5000;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} [options] detached: it is the leader of a
 *   group, and whatever happens to it happens to what it has started
 */
export function startProgram(command, args, options = {}) {
  const logs = [];
  let child, ended;

  const signal = (name) => {
    if (child.pid === undefined) return;
    try {
      process.kill(options.detached ? -child.pid : child.pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  const killNow = () => signal("SIGKILL");
  const start = () => {
    child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => logs.push(line));
    child.once("error", (error) => logs.push(`${error.message}: .ci/deps test installs what is missing`));
    ended = new Promise((resolve) => child.once("close", resolve));
    process.once("exit", killNow);
  };
  start();

  return {
    logs,
    start,
    hasEnded: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,

    /** As the power fails: at once, whatever it is doing. */
    async kill() {
      killNow();
      await ended;
      process.off("exit", killNow);
    },

    /** It may finish what it is doing. */
    async end() {
      signal("SIGINT");
      const timer = setTimeout(killNow, STOP_MS);
      await ended;
      clearTimeout(timer);
      killNow(); // whatever of the group has stayed behind
      process.off("exit", killNow);
    },
  };
}
