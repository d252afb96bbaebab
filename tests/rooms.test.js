// `make rooms` guards the order of the rooms; this guards `make rooms`.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";

const checker = resolve(import.meta.dirname, "../.ci/rooms");
let tree;
before(() => (tree = mkdtempSync(join(tmpdir(), "rooms-"))));
after(() => rmSync(tree, { recursive: true }));

/** The checker's verdict on one file with this include. */
function check(file, include) {
  mkdirSync(dirname(join(tree, file)), { recursive: true });
  writeFileSync(join(tree, file), `/* why */\n#include ${include}\n`);
  return spawnSync(checker, [file], { cwd: tree, encoding: "utf8" });
}

const allowed = [
  ["src/base/span.c", '"base/span.h"'],
  ["src/base/span.c", "<string.h>"],
  ["src/text/json.c", '"base/span.h"'],
  ["src/text/json.c", '"cJSON.h"'],
  ["src/jose/crypto.c", "<bearssl.h>"],
  ["include/host.h", '"jose/crypto.h"'],
  ["src/host/run.c", '"host/wire.h"'],
  ["include/oauth/grant.h", '"host.h"'],
  ["src/app/worker.c", '"endpoint/endpoint.h"'],
];

const refused = [
  ["src/base/span.c", '"text/json.h"'],
  ["include/text/json.h", '"jose/jwt.h"'],
  ["src/jose/jwt.c", '"host.h"'],
  ["src/jose/jwt.c", "<oauth/grant.h>"],
  ["include/host.h", '"oauth/error.h"'],
  ["src/oauth/grant.c", '"broker/audit.h"'],
  ["src/oauth/grant.c", '"host/wire.h"'],
  ["src/broker/audit.c", '"endpoint/endpoint.h"'],
  ["src/endpoint/token.c", '"app/config.h"'],
  ["src/text/url.c", '"cJSON.h"'],
  ["src/app/config.c", "<cjson/cJSON.h>"],
  ["include/jose/crypto.h", '"bearssl.h"'],
  ["src/oauth/pkce.c", '"bearssl_hash.h"'],
  ["src/text/url.c", '"url.h"'],
  ["src/text/url.c", '"../../include/oauth/grant.h"'],
  ["src/text/url.c", "<../include/oauth/grant.h>"],
  ["src/text/url.c", "SOME_HEADER"],
  ["src/elsewhere/a.c", '"base/span.h"'],
];

for (const [file, include] of allowed) {
  test(`${file} may include ${include}`, () => {
    const { status, stdout } = check(file, include);
    assert.equal(stdout, "");
    assert.equal(status, 0);
  });
}

for (const [file, include] of refused) {
  test(`${file} may not include ${include}`, () => {
    const { status, stdout } = check(file, include);
    assert.match(stdout, new RegExp(`^${file}:2: `));
    assert.equal(status, 1);
  });
}
