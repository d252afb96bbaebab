/** Programs of others that are MCP clients: where they would open a browser, a Person signs in. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const MODULES = resolve(import.meta.dirname, "../../../node_modules");

export const programOf = (path) => join(MODULES, path);

/** A home of its own for a program, with nothing of ours in its environment. */
export function makeHome() {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-home-"));
  return {
    folder,
    env: { PATH: process.env.PATH, HOME: folder, BROWSER: "true" },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * Reads what a program says until it asks for a sign-in, signs in, and calls back, as a browser
 * would: once for each address that it names.
 *
 * @param {import("node:stream").Readable} stream
 */
export function signInWhenAsked(stream, world, person) {
  const state = { text: "", signIns: 0 };
  const done = new Set();
  stream.on("data", async (chunk) => {
    state.text += chunk;
    for (const [url] of state.text.matchAll(new RegExp(`${world.url}/authorize\\?\\S+(?=\\s)`, "g"))) {
      if (done.has(url)) continue;
      done.add(url);
      state.signIns++;
      try {
        await (await fetch(await person.signIn(url))).text();
      } catch (error) {
        state.text += `\nsign-in: ${error.stack}`;
      }
    }
  });
  return state;
}

/** Runs a program to its end. */
export function run(path, args, { world, person, env }) {
  const child = spawn(process.execPath, [programOf(path), ...args], { env, cwd: env.HOME, stdio: ["ignore", "pipe", "pipe"] });
  const killNow = () => child.kill("SIGKILL");
  process.once("exit", killNow);
  const out = signInWhenAsked(child.stdout, world, person);
  const err = signInWhenAsked(child.stderr, world, person);
  return new Promise((resolve) =>
    child.once("close", (code) => {
      process.off("exit", killNow);
      resolve({ code, stdout: out.text, stderr: err.text, signIns: out.signIns + err.signIns });
    }));
}
