/** The limit: a Worker that only passes the POST on. */
export default {
  fetch: ({ method, headers, body }, { RUNTIME }) => fetch(RUNTIME, { method, headers, body, redirect: "manual" }),
};
