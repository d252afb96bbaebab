/**
 * An entry of the Worker for tests: the production shim under a clock that can be stopped.
 * POST /__clock with a time in seconds: there it stands; with nothing: it is as late as it is.
 */
import production from "../../../shim/worker.js";

export { Ledger } from "../../../shim/worker.js";

const now = Date.now;
let stopped;
Date.now = () => stopped ?? now();

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/__clock") return production.fetch(request, env, ctx);
    const time = await request.text();
    stopped = time === "" ? undefined : 1000 * Number(time);
    return new Response();
  },
};
