// The official SDKs, knowing only the URL of the MCP endpoint, in both eras.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, describe, test } from "node:test";

import { REDIRECT_URI } from "./support/client.js";
import { send } from "./support/mcp.js";
import { Person } from "./support/person.js";
import { connect, SDKS } from "./support/sdk.js";
import { startWorld, until } from "./support/world.js";

const OLDER = "2025-11-25";
const SUBS = { alice: "user-1001", bob: "user-1002", carol: "user-2001" };

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());
afterEach(() => {
  for (const name of Object.keys(world.hooks)) delete world.hooks[name];
});

const subOf = ({ headers }) => JSON.parse(Buffer.from(headers.authorization.split(".")[1], "base64url")).sub;
const titles = ({ structuredContent }) => structuredContent.todos.map(({ title }) => title);

for (const [name, sdk] of Object.entries(SDKS)) {
  describe(name, () => {
    const users = {};
    before(async () => {
      for (const login of Object.keys(SUBS)) users[login] = await connect(sdk, world, new Person(world, login));
    });
    after(() => Promise.all(Object.values(users).map((user) => user.close())));

    test("S2 A5 G10: it found everything by itself, and one sign-in was enough", async () => {
      const { client, keeper } = users.alice;
      assert.equal(keeper.signIns, 1);
      assert.match(keeper.information.client_id, /^lkc_/);
      const { tools } = await client.listTools();
      assert.deepEqual(tools.map((tool) => tool.name).sort(), ["add_todo", "complete_todo", "delete_todo", "list_todos", "whoami"]);
      assert.equal(client.getServerVersion().name, "todo");
    });

    test("S2 G1: every tool, as the user", async () => {
      const { callTool } = users.carol;
      assert.equal((await callTool("whoami")).structuredContent.sub, SUBS.carol);
      const { id } = (await callTool("add_todo", { title: "Buy milk" })).structuredContent;
      assert.equal((await callTool("complete_todo", { id })).structuredContent.done, true);
      assert.deepEqual(titles(await callTool("list_todos")), ["Buy milk"]);
      await callTool("delete_todo", { id });
      assert.deepEqual(titles(await callTool("list_todos")), []);
    });

    test("S1 S57 S58: side by side, everybody is who they are", async () => {
      const from = world.seen.runtime.length;
      const logins = ["alice", "bob"];
      await Promise.all(logins.flatMap((login) =>
        Array.from({ length: 10 }, async (_, i) => {
          const { structuredContent } = await users[login].callTool("whoami");
          assert.equal(structuredContent.sub, SUBS[login]);
          await users[login].callTool("add_todo", { title: `${login} ${i} by ${name}` });
        })));
      for (const login of logins) {
        const all = titles(await users[login].callTool("list_todos"));
        assert.ok(all.length >= 10);
        assert.ok(all.every((title) => title.startsWith(login)), all.join());
      }
      const requests = world.seen.runtime.slice(from).filter(({ method }) => method === "POST");
      assert.ok(requests.length >= 42);
      for (const request of requests)
        assert.equal(subOf(request), SUBS[/^(\w+)'s client$/.exec(request.headers["user-agent"])[1]]);
    });

    test("G10: progress arrives before there is a result", async () => {
      const held = Promise.withResolvers();
      const progress = Promise.withResolvers();
      world.hooks.onApiRequest = () => held.promise;
      const result = users.alice.callTool("whoami", {}, { onprogress: progress.resolve });
      await Promise.race([progress.promise, result.then(() => assert.fail("there was a result first"))]);
      held.resolve();
      assert.equal((await result).structuredContent.sub, SUBS.alice);
    });

    test("G10: a call that is given up is cancelled at the runtime", async () => {
      let called, hungUp;
      const watch = (req, res) => {
        called = true;
        res.once("close", () => (hungUp = !res.writableFinished));
      };
      if (sdk.stateless) {
        // Hanging up is the cancellation. A local workerd notices it when there is something to send.
        world.hooks.onRuntimeRequest = (req, res) => {
          watch(req, res);
          res.writeHead(200, { "content-type": "text/event-stream" });
          const timer = setInterval(() => res.write(": still here\n\n"), 20);
          return new Promise((resolve) => res.once("close", resolve)).finally(() => clearInterval(timer));
        };
      } else {
        // A notification is; the runtime then hangs up on the API.
        world.hooks.onApiRequest = (req, res) => {
          watch(req, res);
          return new Promise((resolve) => res.once("close", resolve));
        };
      }
      const giveUp = new AbortController();
      const result = users.bob.callTool("whoami", {}, { signal: giveUp.signal });
      await until(() => called, "it is called");
      giveUp.abort(new Error("enough"));
      await assert.rejects(result);
      await until(() => hungUp, "it is hung up on");
    });

    if (sdk.stateless) return;

    test("G10 S59: a session is its owner's, and its id is no credential", async () => {
      const id = users.alice.transport.sessionId;
      assert.ok(id);
      const listWith = (token) => send(world, { token, version: OLDER, headers: { "mcp-session-id": id } });
      const own = await listWith(users.alice.keeper.saved.access_token);
      assert.equal(own.status, 200, await own.text());
      assert.equal((await listWith(users.bob.keeper.saved.access_token)).status, 404, "another's session");
      assert.equal((await listWith(undefined)).status, 401);
    });

    test("G10: the stream of a GET stays open and is the runtime's", async () => {
      const { transport, keeper } = users.bob;
      const end = new AbortController();
      await until(() => world.seen.runtime.some(({ method, headers }) =>
        method === "GET" && headers["mcp-session-id"] === transport.sessionId), "the SDK opens its stream");
      const second = await world.fetch(world.mcp, {
        headers: { authorization: `Bearer ${keeper.saved.access_token}`, accept: "text/event-stream", "mcp-session-id": transport.sessionId },
        signal: end.signal,
      });
      assert.equal(second.status, 409, "the runtime allows one stream a session, and its answer passes");
      end.abort();
    });

    test("G10: DELETE ends the session at the runtime", async () => {
      const carol = await connect(sdk, world, new Person(world, "carol"));
      const { sessionId } = carol.transport;
      await carol.transport.terminateSession();
      const token = carol.keeper.saved.access_token;
      const response = await send(world, { token, version: OLDER, headers: { "mcp-session-id": sessionId } });
      assert.equal(response.status, 404);
      await carol.close();
    });
  });
}

describe("A5: Client ID Metadata Documents", () => {
  let server, clientId, fetched;
  before(async () => {
    fetched = [];
    server = createServer((req, res) => {
      fetched.push(req);
      const document = { client_id: clientId, client_name: "Published client", redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: "none" };
      res.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=120" }).end(JSON.stringify(document));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    clientId = `http://127.0.0.1:${server.address().port}/oauth/client.json`; // https, but for development
  });
  after(() => server.close());

  for (const [name, sdk] of Object.entries(SDKS)) {
    test(`A5 F03 F11 F14: ${name} with a document instead of a registration`, async () => {
      const alice = new Person(world, "alice");
      const user = await connect(sdk, world, alice, { information: { client_id: clientId } });
      assert.equal((await user.callTool("whoami")).structuredContent.sub, SUBS.alice);
      await user.close();

      assert.equal(fetched.length, 1, "fetched once, then a copy is used");
      const [{ headers, method }] = fetched;
      assert.equal(method, "GET");
      for (const name of ["cookie", "authorization", "referer", "origin", "x-forwarded-for"])
        assert.equal(headers[name], undefined, name);
    });
  }
});
