/** The production shim, with a limiter: workerd by itself has none. */
import production from "../../../shim/worker.js";

export { Ledger } from "../../../shim/worker.js";

const LIMITER = { limit: async () => ({ success: true }) };
let bindings;

export default {
  fetch: (request, env, ctx) => production.fetch(request, (bindings ??= { ...env, LIMITER }), ctx),
};
