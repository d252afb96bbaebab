/**
 * The Todo API: what the product had long before there was any MCP. It knows
 * nothing of gateways or agents; it sees an access token of its own provider and
 * gives everybody their own todos.
 *
 *   GET    /api/me          who am I
 *   GET    /api/todos       todos:read
 *   POST   /api/todos       todos:write   {"title": "…"}
 *   PATCH  /api/todos/{id}  todos:write   {"done": true}
 *   DELETE /api/todos/{id}  todos:write
 */
import { DatabaseSync } from "node:sqlite";

import { sendUnauthorized, Unauthorized } from "./access.js";
import { findBySub } from "./accounts.js";
import { readBody, sendJson } from "./http.js";

const TITLE_LIMIT = 200;

class Refused extends Error {
  constructor(status, error, message, headers = {}) {
    super(message);
    Object.assign(this, { status, error, headers });
  }
}

/**
 * @param {object} options
 * @param {(authorization?: string) => Promise<import("./access.js").Caller>} options.verify
 * @param {string} options.dataFile a file, or ":memory:"
 */
export function createApi({ verify, dataFile }) {
  const todos = openTodos(dataFile);

  const routes = [
    { path: /^\/api\/me$/, GET: { run: whoAmI } },
    {
      path: /^\/api\/todos$/,
      GET: { scope: "todos:read", run: ({ sub }) => ({ todos: todos.list(sub) }) },
      POST: { scope: "todos:write", status: 201, run: ({ sub, body }) => todos.add(sub, checkTitle(body.title)) },
    },
    {
      path: /^\/api\/todos\/([1-9]\d{0,14})$/,
      PATCH: { scope: "todos:write", run: ({ sub, id, body }) => found(todos.setDone(sub, id, checkDone(body.done))) },
      DELETE: { scope: "todos:write", run: ({ sub, id }) => found(todos.remove(sub, id)) },
    },
  ];

  async function answer(req) {
    const caller = await verify(req.headers.authorization);

    const { pathname } = new URL(req.url, "http://todo.invalid");
    const route = routes.find(({ path }) => path.test(pathname));
    if (!route) throw new Refused(404, "not_found", "There is nothing at this address.");
    const operation = route[req.method];
    if (!operation) throw new Refused(405, "method_not_allowed", "This address does not take that method.");

    if (operation.scope && !caller.scopes.includes(operation.scope)) {
      throw new Refused(403, "insufficient_scope", `This needs the permission ${operation.scope}.`, {
        "WWW-Authenticate": `Bearer realm="todo", error="insufficient_scope", scope="${operation.scope}"`,
      });
    }

    const id = Number(route.path.exec(pathname)[1]);
    const result = operation.run({ sub: caller.sub, id, body: await readJson(req) });
    return { status: operation.status ?? 200, result };
  }

  return {
    async handle(req, res) {
      try {
        const { status, result } = await answer(req);
        sendJson(res, status, result);
      } catch (error) {
        if (error instanceof Unauthorized) return sendUnauthorized(res, error);
        if (!(error instanceof Refused)) throw error;
        sendJson(res, error.status, { error: error.error, error_description: error.message }, error.headers);
      }
    },
    close: todos.close,
  };
}

/** Every statement names the owner: there is no way to reach another user's todo. */
function openTodos(dataFile) {
  const db = new DatabaseSync(dataFile);
  db.exec(`CREATE TABLE IF NOT EXISTS todos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
  ) STRICT`);
  const list = db.prepare("SELECT id, title, done FROM todos WHERE owner = ? ORDER BY id");
  const add = db.prepare("INSERT INTO todos (owner, title) VALUES (?, ?) RETURNING id, title, done");
  const setDone = db.prepare("UPDATE todos SET done = ? WHERE owner = ? AND id = ? RETURNING id, title, done");
  const remove = db.prepare("DELETE FROM todos WHERE owner = ? AND id = ? RETURNING id, title, done");
  const todo = (row) => row && { id: row.id, title: row.title, done: row.done === 1 };

  return {
    list: (owner) => list.all(owner).map(todo),
    add: (owner, title) => todo(add.get(owner, title)),
    setDone: (owner, id, done) => todo(setDone.get(done ? 1 : 0, owner, id)),
    remove: (owner, id) => todo(remove.get(owner, id)),
    close: () => db.close(),
  };
}

function whoAmI({ sub }) {
  const { name, email, organization } = found(findBySub(sub), "account");
  return { sub, name, email, organization };
}

function found(thing, what = "todo") {
  if (!thing) throw new Refused(404, "not_found", `There is no such ${what}.`);
  return thing;
}

function checkTitle(title) {
  const text = typeof title === "string" ? title.trim() : "";
  if (text && text.length <= TITLE_LIMIT) return text;
  throw new Refused(400, "invalid_request", `A todo needs a title of 1 to ${TITLE_LIMIT} characters.`);
}

function checkDone(done) {
  if (typeof done === "boolean") return done;
  throw new Refused(400, "invalid_request", `"done" must be true or false.`);
}

async function readJson(req) {
  if (req.method !== "POST" && req.method !== "PATCH") return {};
  try {
    const body = JSON.parse(await readBody(req));
    if (body && typeof body === "object") return body;
  } catch {
    // falls through to the refusal
  }
  throw new Refused(400, "invalid_request", "The body must be a JSON object.");
}
