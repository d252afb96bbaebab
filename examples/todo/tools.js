/**
 * The tools of Todo. Each is one call of the API with the token that came with
 * this very request: in a long session the token is renewed, so it is never
 * remembered, and the API decides what its owner may do.
 */
import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

const id = z.number().int().positive().describe("The todo's number, as list_todos shows it");
const todo = z.object({ id: z.number(), title: z.string(), done: z.boolean() });

const READS = { readOnlyHint: true, openWorldHint: false };
const ADDS = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false };
const CHANGES = { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const DELETES = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false };

/** A new server for one request (2026-07-28) or one session (before). @param {string} apiUrl */
export function createTools(apiUrl) {
  const server = new McpServer(
    { name: "todo", title: "Todo", version: "1.0.0" },
    { instructions: "The todos of the signed-in user. Call list_todos first to learn their numbers." },
  );

  server.registerTool(
    "list_todos",
    {
      title: "List todos",
      description: "Lists your todos with their numbers, open and completed ones.",
      outputSchema: z.object({ todos: z.array(todo) }),
      annotations: READS,
    },
    async (ctx) => {
      const { todos } = await callApi(ctx, "GET", "/todos");
      return answer({ todos }, todos.length ? todos.map(line).join("\n") : "There are no todos.");
    },
  );

  server.registerTool(
    "add_todo",
    {
      title: "Add a todo",
      description: "Adds a todo to your list.",
      inputSchema: z.object({ title: z.string().min(1).max(200).describe("What is to be done") }),
      outputSchema: todo,
      annotations: ADDS,
    },
    async ({ title }, ctx) => {
      const added = await callApi(ctx, "POST", "/todos", { title });
      return answer(added, `Added: ${line(added)}`);
    },
  );

  server.registerTool(
    "complete_todo",
    {
      title: "Complete a todo",
      description: "Marks one of your todos as done.",
      inputSchema: z.object({ id }),
      outputSchema: todo,
      annotations: CHANGES,
    },
    async ({ id }, ctx) => {
      const completed = await callApi(ctx, "PATCH", `/todos/${id}`, { done: true });
      return answer(completed, `Completed: ${line(completed)}`);
    },
  );

  server.registerTool(
    "delete_todo",
    {
      title: "Delete a todo",
      description: "Deletes one of your todos for good.",
      inputSchema: z.object({ id }),
      outputSchema: todo,
      annotations: DELETES,
    },
    async ({ id }, ctx) => {
      const deleted = await callApi(ctx, "DELETE", `/todos/${id}`);
      return answer(deleted, `Deleted: ${line(deleted)}`);
    },
  );

  server.registerTool(
    "whoami",
    {
      title: "Who am I?",
      description: "Tells which Todo account these tools act for.",
      outputSchema: z.object({ sub: z.string(), name: z.string(), email: z.string(), organization: z.string() }),
      annotations: READS,
    },
    async (ctx) => {
      const me = await callApi(ctx, "GET", "/me");
      return answer(me, `${me.name} <${me.email}> of ${me.organization} (${me.sub})`);
    },
  );

  return server;

  /** What is thrown here becomes a tool error with this text, which the model can read. */
  async function callApi(ctx, method, path, body) {
    await progress(ctx, 0, "Asking Todo");
    const response = await fetch(apiUrl + path, {
      method,
      headers: { Authorization: `Bearer ${ctx.http.authInfo.token}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
      signal: ctx.mcpReq.signal,
    });
    const result = await response.json();
    if (!response.ok) throw new Error(result.error_description);
    await progress(ctx, 1, "Todo has answered");
    return result;
  }
}

/** Progress is for those who asked for it; the first one turns the answer into an event stream. */
async function progress(ctx, done, message) {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await ctx.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress: done, total: 1, message } });
}

function line({ id, title, done }) {
  return `${id}. [${done ? "x" : " "}] ${title}`;
}

function answer(structuredContent, text) {
  return { content: [{ type: "text", text }], structuredContent };
}
