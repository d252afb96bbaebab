// Everything that is stored, in the hands of a thief: without the root secret, with it, and with it
// and every token that is dead. What opens is checked against what the product has really issued.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client } from "./support/client.js";
import { HOST } from "./support/gateway.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import {
  changeStored, codeOf, dataKeyFrom, grantIdOf, openBox, openGrant, openTokens, readFamily, readGrant, readShards,
  rootKey, sha256, tokenDigest, tokenHash, WRAPPED_KEY_SIZE,
} from "./support/records.js";
import { findSecrets, spellingsOf } from "./support/secrets.js";
import { readStorage } from "./support/storage.js";
import { wiretap } from "./support/wiretap.js";
import { due, startWorld, until } from "./support/world.js";

const RETRY_SECONDS = 1;

let world, client, secret;
let lifetime = 3600;
const grants = {}; // by what was done with them
const dead = {}; // tokens that were once good, by why they are not
const taps = [];
let shards, records, storage; // what a thief has

before(async () => {
  world = await startWorld({
    todo: { accessTokenSeconds: () => lifetime },
    config: (config) => (config.lifetimes = { refresh_retry_seconds: RETRY_SECONDS, code_seconds: 300 }),
  });
  world.hooks.onProviderRequest = (req, res) => void (req.url === "/token" && taps.push(wiretap(req, res)));
  secret = world.secrets.LATCHKEY_SECRET;
  client = await Client.register(world);
  await live();
  const end = Date.now() + 1000 * (RETRY_SECONDS + 1);
  await until(() => Date.now() > end, "no token is the one just rotated any more");
  // An object's alarm deletes what has expired; wasmtime's store does with its next write.
  if (HOST === "wrangler") await until(() => retries() === 0, "what has expired is deleted, by itself");
  await stopped(() => {
    shards = readShards(world.stored);
    storage = readStorage(world.stored);
  });
  records = shards
    .filter((rows) => rows.has("grant"))
    .map((rows) => ({
      grant: readGrant(rows.get("grant").value),
      family: rows.has("family") ? readFamily(rows.get("family").value) : undefined,
    }));
});
after(() => world?.stop());

const issued = () => taps.flatMap((tap) => (tap.answered().startsWith("{") ? [JSON.parse(tap.answered())] : []));
const call = async (token) => resultOf(await callTool(world, token, "whoami"));

async function signIn(login = "alice", first = 3600) {
  lifetime = first;
  const authorized = await client.authorize(new Person(world, login));
  const downstream = issued().at(-1);
  lifetime = 3600;
  return { code: authorized.callback.get("code"), downstream, tokens: await client.redeem(authorized) };
}

/** As many kinds of grants as there are. */
async function live() {
  grants["not redeemed"] = await (async () => {
    const { callback } = await client.authorize(new Person(world, "bob"));
    return { code: callback.get("code"), downstream: issued().at(-1) };
  })();
  grants["redeemed, not called"] = await signIn();

  const called = (grants["called"] = await signIn());
  await call(called.tokens.access_token);
  dead["a redeemed code, after the first call"] = { token: called.code, of: called };

  const refreshed = (grants["refreshed three times"] = await signIn("bob"));
  await call(refreshed.tokens.access_token);
  for (const n of [1, 2, 3]) {
    dead[`refresh token ${n}, rotated`] = { token: refreshed.tokens.refresh_token, of: refreshed };
    refreshed.tokens = await client.refresh(refreshed.tokens.refresh_token);
  }

  const rotated = (grants["rotated downstream"] = await signIn("alice", 2));
  dead["a redeemed code, after a downstream refresh"] = { token: rotated.code, of: rotated };
  await due(2);
  await call(rotated.tokens.access_token);
  rotated.downstream = issued().at(-1);

  const less = (grants["an access token revoked"] = await signIn("carol"));
  await call(less.tokens.access_token);
  dead["an access token, revoked"] = { token: less.tokens.access_token, of: less };
  less.tokens = await client.refresh(less.tokens.refresh_token);
  await client.revoke(dead["an access token, revoked"].token);

  const revoked = await signIn();
  await call(revoked.tokens.access_token);
  await client.revoke(revoked.tokens.refresh_token);
  dead["a refresh token, revoked"] = { token: revoked.tokens.refresh_token, of: revoked };
  dead["an access token of a revoked grant"] = { token: revoked.tokens.access_token, of: revoked };
}

/** The gateway is dead for this long. */
async function stopped(look) {
  await world.kill();
  try {
    return await look();
  } finally {
    await world.restart();
  }
}

/** How many rows there are for repeated refreshes; undefined if they cannot be read at this moment. */
function retries() {
  try {
    return readShards(world.stored, { expired: true }).filter((rows) => rows.has("retry")).length;
  } catch {
    return undefined; // the gateway is writing
  }
}

const livesOf = ({ family }) => (family ? [family.refresh, ...family.access] : []);
const recordOf = (token) => records.find((record) => livesOf(record).some(({ hash }) => hash.equals(tokenHash(token))));

describe("with a live token and the root secret", () => {
  for (const name of ["redeemed, not called", "called", "refreshed three times", "rotated downstream", "an access token revoked"]) {
    test(`S1: the product's tokens open: ${name}`, () => {
      const { tokens, downstream } = grants[name];
      for (const token of [tokens.access_token, tokens.refresh_token]) {
        const record = recordOf(token);
        assert.ok(record, "the ledger knows it by its hash");
        const opened = openGrant({ secret, issuer: world.url, token, ...record });
        assert.equal(opened.accessToken, downstream.access_token);
        assert.equal(opened.refreshToken, downstream.refresh_token);
      }
    });
  }

  test("S1: and with another root secret they do not", () => {
    const { tokens } = grants.called;
    const token = tokens.access_token;
    assert.equal(openGrant({ secret: `${secret}x`, issuer: world.url, token, ...recordOf(token) }), undefined);
    assert.equal(openGrant({ secret, issuer: "http://elsewhere", token, ...recordOf(token) }), undefined);
  });
});

/* ---- the thief's attempts ---- */

/** A grant's id stands in its tokens, dead ones too, and in the name of its shard. */
const idOf = ({ tokens, code }) => (tokens ? grantIdOf(tokens.refresh_token) : codeOf(secret, code).grantId);
const ids = () => [...new Set([...Object.values(grants), ...Object.values(dead).map(({ of }) => of)].map((grant) => idOf(grant).toString("hex")))];
const grantIds = () => ids().map((id) => Buffer.from(id, "hex"));

/** The stored grants that hold sealed tokens, each with its id. */
const findSealed = () =>
  Object.values(grants).map((grant) => {
    const record = grant.tokens ? recordOf(grant.tokens.refresh_token) : records.find(({ grant, family }) => grant.state === "live" && !family);
    return { ...record, id: idOf(grant) };
  });
let sealedGrants;
const sealed = () => (sealedGrants ??= findSealed());

/** The grants whose tokens this key opens. */
const opensTokens = (key) => sealed().filter(({ grant, id }) => openTokens(key, world.url, id, grant));

/** Whether these bytes, taken for a token's digest, open any data key in `boxes`. */
const dataKeysByDigest = (digest, boxes) => grantIds().flatMap((id) => dataKeyFrom(secret, digest, id, boxes) ?? []);

/** Whether this text, taken for a token, does. */
const dataKeysBy = (text, boxes) => dataKeysByDigest(tokenDigest(text), boxes);

const allBoxes = () => records.flatMap((record) => livesOf(record).map(({ wrapped }) => wrapped).concat(record.family?.codeKey ?? []));

describe("with the root secret and all that is stored, but no live token", () => {
  test("S1: the attempts are able to succeed", () => {
    const { tokens } = grants.called;
    const [dataKey] = dataKeysBy(tokens.access_token, allBoxes());
    assert.equal(opensTokens(dataKey).length, 1);
    assert.equal(records.filter(({ grant }) => grant.sealedTokens?.length > 0).length, sealed().length, "none was forgotten");
    assert.ok(sealed().length >= 6 && allBoxes().length >= 12, `${sealed().length} ${allBoxes().length}`);
  });

  test("S1: no stored byte string is a token that opens anything", (t) => {
    const strings = new Set();
    const add = (bytes) => bytes && [bytes.toString(), bytes.toString("base64url"), bytes.toString("hex"), bytes.toString("base64")].forEach((text) => strings.add(text));
    for (const { bytes } of storage) if (bytes.length < 4096) add(bytes);
    for (const rows of shards) for (const { value } of rows.values()) add(value);
    for (const { grant, family } of records) {
      for (const value of [...Object.values(grant), ...Object.values(grant.identity)]) if (typeof value === "string") strings.add(value);
      for (const value of Object.values(grant)) if (Buffer.isBuffer(value)) add(value);
      for (const live of livesOf({ family })) [live.hash, live.wrapped].forEach(add);
    }
    for (const text of strings) assert.deepEqual(dataKeysBy(text, allBoxes()), []);
    t.diagnostic(`${strings.size} strings tried on ${allBoxes().length} wrapped keys of ${grantIds().length} grants`);
  });

  test("S1: the hash by which a token is known is not the digest that opens its box", () => {
    const hashes = records.flatMap((record) => livesOf(record).map(({ hash }) => hash));
    for (const hash of hashes) assert.deepEqual(dataKeysByDigest(hash, allBoxes()), []);
    for (const { tokens } of Object.values(grants))
      if (tokens) assert.deepEqual(dataKeysByDigest(sha256(tokens.access_token), allBoxes()), [], "nor what others log of a token");
    const { tokens } = grants.called;
    assert.equal(dataKeysByDigest(tokenDigest(tokens.access_token), allBoxes()).length, 1);
    assert.ok(hashes.some((hash) => hash.equals(tokenHash(tokens.access_token))));
  });

  test("S1: no 32 stored bytes, and no key of the root secret, open a grant", (t) => {
    let windows = 0;
    for (const rows of shards)
      for (const { value } of rows.values())
        for (let at = 0; at + 32 <= value.length; at++, windows++) assert.deepEqual(opensTokens(value.subarray(at, at + 32)), []);
    const purposes = ["code", "transaction", "browser", "access", "refresh", "client", "secret", "wrap", "audit", "signing", "id"];
    const roots = [...purposes.map((purpose) => rootKey(secret, purpose)), sha256(secret), Buffer.from(secret, "base64url")];
    for (const key of roots) {
      assert.deepEqual(opensTokens(key), []);
      for (const box of allBoxes()) for (const id of grantIds()) assert.equal(openBox(key, id, box), undefined);
    }
    t.diagnostic(`${windows} windows and ${roots.length} root keys tried on ${sealed().length} sealed grants`);
  });

  test("S1: no dead token opens anything", (t) => {
    for (const [why, { token }] of Object.entries(dead)) {
      assert.deepEqual(dataKeysBy(token, allBoxes()), [], why);
      const code = codeOf(secret, token);
      if (code) assert.deepEqual(opensTokens(code.dataKey), [], why);
    }
    t.diagnostic(Object.keys(dead).join("; "));
  });

  test("S1: until the first call the code does, as docs/storage.md says", () => {
    for (const name of ["not redeemed", "redeemed, not called"]) {
      const { code, downstream } = grants[name];
      const { dataKey, grantId } = codeOf(secret, code);
      const [opened] = opensTokens(dataKey);
      assert.equal(openTokens(dataKey, world.url, grantId, opened.grant).accessToken, downstream.access_token);
    }
  });

  /** Of rows that were rewritten or deleted, SQLite's log and its free pages may keep copies. */
  test("S1: older rows that the files still hold open with a token that was theirs, and with nothing that is stored", (t) => {
    const files = storage.filter(({ where }) => /\.sqlite(-wal)?$/.test(where));
    const older = new Map();
    for (const { bytes } of files)
      for (let at = bytes.indexOf("\x01\x00", 0, "latin1"); at >= 0; at = bytes.indexOf("\x01\x00", at + 1, "latin1")) {
        const box = bytes.subarray(at, at + WRAPPED_KEY_SIZE);
        older.set(box.toString("latin1"), box);
      }
    const boxes = [...older.values()];
    const strings = shards.flatMap((rows) => [...rows.values()].flatMap(({ value }) => [value.toString(), value.toString("base64url")]));
    for (const { grant } of records) strings.push(...[grant.user, grant.scopes, grant.clientName].filter(Boolean));
    for (const text of strings) assert.deepEqual(dataKeysBy(text, boxes), []);
    const opened = Object.keys(dead).filter((why) => dataKeysBy(dead[why].token, boxes).length > 0);
    t.diagnostic(`${boxes.length} places, ${strings.length} strings; of the dead tokens, these open an older row: ${opened.join("; ") || "none"}`);
  });
});

test("S1 Q2 S78: no secret, and no half of one, in what is stored", async (t) => {
  const secrets = { ...world.secrets };
  const note = (name, value) => {
    if (value) secrets[`${name} ${Object.keys(secrets).length}`] = value;
  };
  for (const tap of taps) {
    for (const name of ["code", "code_verifier", "refresh_token"]) note(`the product's ${name}`, new URLSearchParams(tap.sent()).get(name));
  }
  for (const answer of issued()) for (const name of ["access_token", "refresh_token", "id_token"]) note(`the product's ${name}`, answer[name]);
  for (const { text } of await world.tape.answers()) {
    for (const [, name, value] of text.matchAll(/"(access_token|refresh_token|client_secret)":"([^"]+)"/g)) note(name, value);
    for (const [, name, value] of text.matchAll(/[?&](code|state)=([\w.~%-]+)/g)) note(name, decodeURIComponent(value));
    for (const [, value] of text.matchAll(/__Host-latchkey-[\w-]+=([\w-]{20,})/g)) note("cookie", value);
  }
  const halves = Object.fromEntries(
    Object.entries(secrets)
      .filter(([, value]) => value.length >= 80)
      .flatMap(([name, value]) => [[`${name}, first half`, value.slice(0, value.length / 2)], [`${name}, second half`, value.slice(value.length / 2)]]),
  );
  // A client's state is not ours to keep secret, but nothing stores it either.
  assert.deepEqual(findSecrets(secrets, storage), []);
  assert.deepEqual(findSecrets(halves, storage), []);

  const keys = Object.values(grants).flatMap(({ tokens }) =>
    tokens ? [dataKeyFrom(secret, tokenDigest(tokens.refresh_token), grantIdOf(tokens.refresh_token), allBoxes())] : []);
  const digests = Object.values(grants).flatMap(({ tokens }) => (tokens ? [tokenDigest(tokens.refresh_token), tokenDigest(tokens.access_token)] : []));
  const codes = Object.values(grants).map(({ code }) => codeOf(secret, code).dataKey);
  for (const key of [...keys, ...codes, ...digests])
    for (const form of [key, ...["hex", "base64", "base64url"].map((encoding) => Buffer.from(key.toString(encoding)))])
      for (const { where, bytes } of storage) assert.ok(!bytes.includes(form), where);

  const count = Object.keys(secrets).length + Object.keys(halves).length;
  const forms = [...Object.values(secrets), ...Object.values(halves)].reduce((sum, value) => sum + spellingsOf(value).length, 0);
  const bytes = storage.reduce((sum, place) => sum + place.bytes.length, 0);
  t.diagnostic(`${count} secrets and halves in ${forms} spellings, ${keys.length + codes.length} data keys; ${storage.length} files and values, ${bytes} bytes searched; 0 found`);
});

describe("S77: a row of a format that this version does not know", () => {
  const answer = async (response) => {
    await response.text();
    return [response.status, response.headers.get("retry-after")];
  };

  for (const row of ["grant", "family"]) {
    test(`${row}: 503 for everything that needs it, and nothing is lost`, async () => {
      const { tokens } = grants.called;
      const [value] = shards
        .filter((rows) => rows.has("family") && readFamily(rows.get("family").value).refresh.hash.equals(tokenHash(tokens.refresh_token)))
        .map((rows) => rows.get(row).value);
      const other = Buffer.concat([Buffer.from([0x7f]), value.subarray(1)]);
      await stopped(() => changeStored(world.stored, value, () => other));
      const form = { client_id: client.id, refresh_token: tokens.refresh_token };
      const attempts = [
        () => callTool(world, tokens.access_token, "whoami"),
        () => world.post("/token", { grant_type: "refresh_token", ...form }),
        () => world.post("/revoke", { token: tokens.refresh_token, client_id: client.id }),
        () => world.post("/revoke", { token: tokens.access_token, client_id: client.id }),
      ];
      for (const attempt of attempts) assert.deepEqual(await answer(await attempt()), [503, "1"]);
      await stopped(() => changeStored(world.stored, other, () => value));
      assert.equal((await call(tokens.access_token)).structuredContent.sub, "user-1001");
    });
  }
});
