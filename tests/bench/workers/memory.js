/** Latchkey, with an account of the memory of all instances of the module: GET /__memory. */
import latchkey from "./latchkey.js";

export { Ledger } from "./latchkey.js";

const instances = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = function (...of) {
  const instance = new Instance(...of);
  instances.push(instance);
  return instance;
};

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/__memory") return latchkey.fetch(request, env, ctx);
    return Response.json(instances.map(({ exports }) => exports.memory.buffer.byteLength));
  },
};
