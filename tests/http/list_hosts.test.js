// List 4: by which names the gateway answers, and that no request can make it call itself another.
// Under an https issuer with a name, as deployed. S62.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { HOST } from "./support/gateway.js";
import { exchange, requestBytes } from "./support/raw.js";
import { startWorld } from "./support/world.js";

const NAME = "mcp.latchkey-test.net";
const ISSUER = `https://${NAME}`;
const EVIL = "evil.example.com";
/** What workerd's URL parser makes our name or path, the other host refuses. */
const MENDS = HOST === "wrangler";

/** Each has to be answered with what it says in every place where it says who it is. */
const TARGETS = ["/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/mcp/todo", "/mcp/todo"];

// The other end of a URL parser that all requests go through: these are the one name.
const SAME = "one spelling of our name: URLs compare hosts without case, and 443 is https";
const IGNORED = "the name is ours, and nothing else is looked at";

/** [header lines, why it is served; undefined: it is not] */
const NAMES = [
  [[`Host: ${NAME}`], SAME],
  [[`Host: ${NAME.toUpperCase()}`], SAME],
  [[`Host: MCP.Latchkey-Test.NET`], SAME],
  [[`Host: ${NAME}:443`], SAME],
  [[`Host: ${NAME}:0443`], SAME],
  [["Host: %6dcp.latchkey-test.net"], "decoded by the runtime's URL parser before we see it: our name"],
  [["Host: ｍcp.latchkey-test.net"], "mapped to our name by IDNA, in the same parser"],
  [[`Host: ${NAME}.`]],
  [[`Host: ${NAME}:8443`]],
  [[`Host: ${NAME}:80`], "80 is the default port of http, which is what is spoken in front of this Worker here"],
  [[`Host: ${NAME}:443.`]],
  [[`Host: ${NAME}:65979`]],
  [[`Host: ${EVIL}`]],
  [[`Host: ${NAME}.${EVIL}`]],
  [[`Host: ${EVIL}:443`]],
  [[`Host: ${NAME}@${EVIL}`]],
  [[`Host: ${NAME}:443@${EVIL}`]],
  [[`Host: ${NAME}/@${EVIL}`]],
  [[`Host: ${NAME}#@${EVIL}`], IGNORED],
  [[`Host: ${NAME}?@${EVIL}`], IGNORED],
  [[`Host: ${EVIL}/@${NAME}`]],
  [[`Host: ${EVIL}#@${NAME}`]],
  [[`Host: ${NAME}, ${EVIL}`]],
  [[`Host: ${NAME} ${EVIL}`]],
  [[`Host: ${NAME}\\@${EVIL}`]],
  [["Host: 127.0.0.1"]],
  [["Host: localhost"]],
  [["Host: [::1]"]],
  [["Host: 2130706433"]],
  [["Host: latchkey.workers.dev"]],
  [["Host: 1a2b3c-latchkey.account.workers.dev"]],
  [["Host: latchkey-test.net"]],
  [["Host: other.latchkey-test.net"]],
  [["Host: todo.mcp.latchkey-test.net"]],
  [["Host: a.b.mcp.latchkey-test.net"]],
  [["Host: mcp_.latchkey-test.net"]],
  [["Host: _mcp.latchkey-test.net"]],
  [["Host: mcp..latchkey-test.net"]],
  [[`Host: ${"m".repeat(64)}.latchkey-test.net`]],
  [[`Host: ${"m.".repeat(200)}net`]],
  [["Host: xn--mcp-8cd.latchkey-test.net"]],
  [["Host: mсp.latchkey-test.net"]],
  [["Host:"]],
  [["Host: .."]],
  [["X-No-Host: 1"]],
  [[`Host: ${NAME}`, `Host: ${EVIL}`]],
  [[`Host: ${EVIL}`, `Host: ${NAME}`]],
  [[`Host: ${NAME}`, `Host: ${NAME}`]],
  [[`Host : ${NAME}`, `Host: ${EVIL}`]],
  [[`Host: ${NAME}`, `X-Forwarded-Host: ${EVIL}`], IGNORED],
  [[`Host: ${NAME}`, `X-Forwarded-Host: ${EVIL}`, "X-Forwarded-Proto: http", "X-Forwarded-Port: 8080"], IGNORED],
  [[`Host: ${NAME}`, `Forwarded: host=${EVIL};proto=http`], IGNORED],
  [[`Host: ${NAME}`, `X-Original-URL: https://${EVIL}/`, `X-Rewrite-URL: /x`], IGNORED],
  [[`Host: ${NAME}`, `X-Host: ${EVIL}`, `X-Original-Host: ${EVIL}`, `X-HTTP-Host-Override: ${EVIL}`, `X-Forwarded-Server: ${EVIL}`], IGNORED],
  [[`Host: ${NAME}`, `Origin-Host: ${EVIL}`, `Via: 1.1 ${EVIL}`, `True-Client-IP: 1.2.3.4`, `CF-Worker: ${EVIL}`], IGNORED],
  [[`Host: ${EVIL}`, `X-Forwarded-Host: ${NAME}`]],
  [[`Host: ${EVIL}`, `Forwarded: host=${NAME}`]],
];

/** [request target, status of a GET by our own name, why it is served] */
const PATHS = [
  [`https://${EVIL}/.well-known/oauth-authorization-server`, 200, "the absolute form's host is not looked at, only Host"],
  [`http://${EVIL}/.well-known/oauth-authorization-server`, 200, "as above"],
  ["/.well-known/oauth-authorization-server/", 404],
  ["/.well-known/oauth-authorization-server/mcp/todo", 404],
  ["/.well-known/oauth-authorization-server?x=1", 200, "a query that nobody reads"],
  ["/.well-known/openid-configuration", 404],
  ["/.well-known/OAUTH-AUTHORIZATION-SERVER", 404],
  ["/.well-known/oauth%2dauthorization-server", 404],
  ["/.well-known%2foauth-authorization-server", 404],
  ["//.well-known/oauth-authorization-server", 404],
  ["/./.well-known/oauth-authorization-server", 200, "dot segments are resolved by the runtime's URL parser"],
  ["/x/../.well-known/oauth-authorization-server", 200, "as above"],
  ["/x/%2e%2e/.well-known/oauth-authorization-server", 200, "as above"],
  ["/x%2f..%2f.well-known/oauth-authorization-server", 404],
  ["/\\.well-known/oauth-authorization-server", 404],
  ["/.well-known/oauth-protected-resource", 200, "the only server's"],
  ["/.well-known/oauth-protected-resource/", 404],
  ["/.well-known/oauth-protected-resource/mcp/todo/", 404],
  ["/.well-known/oauth-protected-resource/mcp/todo/x", 404],
  ["/.well-known/oauth-protected-resource/mcp/TODO", 404],
  ["/.well-known/oauth-protected-resource//mcp/todo", 404],
  ["/.well-known/oauth-protected-resource/mcp%2ftodo", 404],
  ["/mcp/todo/", 404],
  ["/mcp//todo", 404],
  ["/mcp/Todo", 404],
  ["/mcp/%74odo", 404],
  ["/mcp%2ftodo", 404],
  ["/mcp/todo%2f", 404],
  ["/mcp/todo;x", 404],
  ["/mcp/other/../todo", 401, "dot segments are resolved by the runtime's URL parser"],
  ["/mcp/..%2ftodo", 404],
  ["/mcp/todo%00", 404],
  ["/mcp", 404],
  ["/mcp/", 404],
];

/** 421 is ours, 404 and 400 as well or the runtime's, which closes some without a word. */
const NOT_SERVED = [421, 404, 400, 0];

/** A Host that makes no URL: a local workerd gives up before the gateway hears of it. */
const isRuntimes = ({ status, body }) => status === 500 && body === "Internal Server Error";

let world, ask;
before(async () => {
  world = await startWorld({
    config(config) {
      config.issuer = ISSUER;
      Object.assign(config.profiles.todo, { issuer: "https://auth.example.com", resource: "https://api.example.com/api" });
      config.servers.todo.runtime = "https://runtime.example.com/mcp";
    },
  });
  const port = new URL(world.url).port;
  ask = (target, lines) => exchange(port, Buffer.from(requestBytes("GET", target, lines), "utf8"));
});
after(() => world?.stop());

/** Nobody's name but ours is said, whatever was asked. */
function assertOnlyOurName({ text, body, headers }, why) {
  assert.doesNotMatch(text.replaceAll(NAME, ""), /evil|latchkey-test|workers\.dev|localhost/i, why);
  for (const [, url] of body.matchAll(/"(https?:[^"]*)"/g)) assert.ok(url === ISSUER || url.startsWith(`${ISSUER}/`), `${why}: ${url}`);
  // wrangler's proxy gives URLs in headers the origin by which it was asked itself.
  for (const [name, value] of headers)
    if (name === "www-authenticate") assert.match(value, new RegExp(`resource_metadata="https?://${NAME}(:443)?/`), why);
}

test("S62 G01 G07: one name serves, whatever else a request says of its host", async (t) => {
  for (const [lines, served] of NAMES) {
    for (const target of TARGETS) {
      const why = `${lines.join(" | ").slice(0, 120)} ${target}`;
      const answer = await ask(target, lines);
      const said = `${why}: ${answer.status} ${answer.body.slice(0, 80)}`;
      if (served && (MENDS || served === SAME)) assert.ok([200, 401].includes(answer.status), said);
      else if (served) assert.ok([200, 401, ...NOT_SERVED].includes(answer.status), said);
      else assert.ok(NOT_SERVED.includes(answer.status) || isRuntimes(answer), said);
      assertOnlyOurName(answer, why);
    }
  }
  t.diagnostic(`list 4: ${NAMES.length} ways to name a host, at ${TARGETS.length} URLs; ${NAMES.filter(([, served]) => served).length} are our name`);
});
test("S62 G01 G02: one spelling of each path", async (t) => {
  for (const [target, status, served] of PATHS) {
    const answer = await ask(target, [`Host: ${NAME}`]);
    const wanted = MENDS || !/URL parser|above/.test(served) ? [status] : [status, 404];
    assert.ok(wanted.includes(answer.status), `${target}: ${answer.status} ${answer.body}`);
    assert.equal(served !== undefined, status !== 404, "a served one is explained");
    assertOnlyOurName(answer, target);
  }
  t.diagnostic(`list 4: ${PATHS.length} spellings of paths`);
});
