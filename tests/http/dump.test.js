// Everything that is stored, in the hands of a thief: without the root secret, with it, and with it
// and every token that is dead. What opens is checked against what the product has really issued.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client } from "./support/client.js";
import { HOST } from "./support/gateway.js";
import { callTool, resultOf } from "./support/mcp.js";
import { Person } from "./support/person.js";
import {
  changeStored, openGrant, openRetry, openTokens, ownRow, padOf, readRecord, readShards, rootKey, sha256, tokenDigest, tokenHash, xor,
} from "./support/records.js";
import { findSecrets, spellingsOf } from "./support/secrets.js";
import { readStorage } from "./support/storage.js";
import { wiretap } from "./support/wiretap.js";
import { due, startWorld, until } from "./support/world.js";

const RETRY_SECONDS = 2;

let world, client, secret;
let lifetime = 3600;
const grants = {}; // by what was done with them
const dead = {}; // tokens that were once good, by why they are not
const taps = [];
let shards, records, storage; // what a thief has
let justRotated; // the records, right after a refresh

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
  records = readRecords(shards);
});
after(() => world?.stop());

const issued = () => taps.flatMap((tap) => (tap.answered().startsWith("{") ? [JSON.parse(tap.answered())] : []));
const call = async (token) => resultOf(await callTool(world, token, "whoami"));

async function authorize(login, first = 3600) {
  lifetime = first;
  const authorized = await client.authorize(new Person(world, login));
  lifetime = 3600;
  return { authorized, code: authorized.callback.get("code"), downstream: issued().at(-1), access: [] };
}

/** The tokens last issued; of the access tokens, those before may live on. */
function take(grant, tokens) {
  grant.access.push(tokens.access_token);
  return Object.assign(grant, { tokens });
}
async function signIn(login = "alice", first) {
  const grant = await authorize(login, first);
  return take(grant, await client.redeem(grant.authorized));
}
const refresh = async (grant) => take(grant, await client.refresh(grant.tokens.refresh_token));

/** As many kinds of grants as there are. */
async function live() {
  grants["not redeemed"] = await authorize("bob");

  const redeemed = (grants["redeemed, not called"] = await signIn());
  dead["a redeemed code, before any call"] = { token: redeemed.code, of: redeemed };

  const called = (grants["called"] = await signIn());
  await call(called.tokens.access_token);
  dead["a redeemed code, after the first call"] = { token: called.code, of: called };

  const refreshed = (grants["refreshed three times"] = await signIn("bob"));
  await call(refreshed.tokens.access_token);
  dead["a redeemed code, after refreshes"] = { token: refreshed.code, of: refreshed };
  for (const n of [1, 2, 3]) {
    dead[`refresh token ${n}, rotated`] = { token: refreshed.tokens.refresh_token, of: refreshed };
    await refresh(refreshed);
  }
  justRotated = readRecords(await until(readNow, "what is stored can be read"));

  const often = (grants["refreshed eight times"] = await signIn("bob"));
  for (let n = 0; n < 8; n++) await refresh(often);
  dead["an access token that gave way to the ninth"] = { token: often.access.shift(), of: often };

  const rotated = (grants["rotated downstream"] = await signIn("alice", 2));
  dead["a redeemed code, after a downstream refresh"] = { token: rotated.code, of: rotated };
  await due(2);
  await call(rotated.tokens.access_token);
  rotated.downstream = issued().at(-1);

  const less = (grants["an access token revoked"] = await signIn("carol"));
  await call(less.tokens.access_token);
  await refresh(less);
  dead["an access token, revoked"] = { token: less.access.shift(), of: less };
  await client.revoke(dead["an access token, revoked"].token);

  const revoked = await signIn();
  await call(revoked.tokens.access_token);
  await client.revoke(revoked.tokens.refresh_token);
  dead["a redeemed code of a revoked grant"] = { token: revoked.code, of: revoked };
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

/** What is stored while the gateway runs; undefined if it cannot be read at this moment. */
function readNow() {
  try {
    return readShards(world.stored, { expired: true });
  } catch {
    return undefined; // the gateway is writing
  }
}

/** How many rows there are for repeated refreshes. */
const retries = () => readNow()?.filter((rows) => rows.has("retry")).length;

const readRecords = (shards) => shards.filter((rows) => rows.has("grant")).map((rows) => ({ rows, ...readRecord(rows) }));
const isOf = (token) => ({ lives }) => [...lives.values()].some(({ hash }) => hash.equals(tokenHash(token)));
const recordOf = (token) => records.find(isOf(token));
const liveOf = ({ tokens, access, code }) => (tokens ? [...access, tokens.refresh_token] : [code]);
const deadOf = (grant) => Object.values(dead).filter(({ of }) => of === grant).map(({ token }) => token);

describe("with a live code or token and the root secret", () => {
  const names = [
    "not redeemed", "redeemed, not called", "called", "refreshed three times", "refreshed eight times", "rotated downstream",
    "an access token revoked",
  ];
  for (const name of names) {
    test(`S1: the product's tokens open: ${name}`, () => {
      const grant = grants[name];
      for (const token of liveOf(grant)) {
        const record = recordOf(token);
        assert.ok(record, "the ledger knows it by its hash");
        const opened = openGrant({ secret, issuer: world.url, token, ...record });
        assert.equal(opened.accessToken, grant.downstream.access_token);
        assert.equal(opened.refreshToken, grant.downstream.refresh_token);
      }
      assert.equal(recordOf(liveOf(grant)[0]).lives.size, liveOf(grant).length, "and knows no other");
    });
  }

  test("S1: and with another root secret they do not", () => {
    for (const token of [...liveOf(grants.called), grants["not redeemed"].code]) {
      assert.equal(openGrant({ secret: `${secret}x`, issuer: world.url, token, ...recordOf(token) }), undefined);
      assert.equal(openGrant({ secret, issuer: "http://elsewhere", token, ...recordOf(token) }), undefined);
    }
  });
});

/* ---- the thief's attempts ---- */

/** The stored grants that hold sealed tokens, each with its id: that stands in its tokens, dead ones too, and names its shard. */
const findSealed = () => Object.values(grants).map((of) => ({ of, id: ownRow(secret, of.code).id, ...recordOf(liveOf(of)[0]) }));
let sealedGrants;
const sealed = () => (sealedGrants ??= findSealed());

/** The grants whose tokens this key opens. */
const opensTokens = (key, list = sealed()) => list.filter(({ grant, id }) => openTokens(key, world.url, id, grant));

const sharesOf = ({ lives }) => [...lives.values()].map(({ share }) => share);
const allShares = () => records.flatMap(sharesOf);

/** A share has no tag: whether a mask makes a data key of one shows only in what that opens. */
const openedUnder = (mask, shares, list) => shares.flatMap((share) => opensTokens(xor(mask, share), list));

/** What these bytes open, taken for a token's digest. */
const openedByDigest = (digest, shares = allShares(), list = undefined) => openedUnder(padOf(secret, digest), shares, list);

/** What this text opens, taken for a token. */
const openedBy = (text, shares, list) => openedByDigest(tokenDigest(text), shares, list);

/** Everything that a thief can make of these by XOR. */
const xorsOf = (all) => all.reduce((sums, bytes) => [...sums, ...sums.map((sum) => xor(sum, bytes))], [Buffer.alloc(32)]).slice(1);

describe("with the root secret and all that is stored, but no live token", () => {
  test("S1: the attempts are able to succeed", () => {
    const { tokens } = grants.called;
    assert.deepEqual(openedBy(tokens.access_token).map(({ of }) => of), [grants.called]);
    assert.deepEqual(openedByDigest(tokenDigest(tokens.refresh_token)).map(({ of }) => of), [grants.called]);
    assert.equal(records.filter(({ grant }) => grant.sealedTokens?.length > 0).length, sealed().length, "none was forgotten");
    assert.ok(sealed().length >= 7 && allShares().length >= 20, `${sealed().length} ${allShares().length}`);
  });

  test("S1: no stored byte string is a token that opens anything", (t) => {
    const strings = new Set();
    const add = (bytes) => bytes && [bytes.toString(), bytes.toString("base64url"), bytes.toString("hex"), bytes.toString("base64")].forEach((text) => strings.add(text));
    for (const { bytes } of storage) if (bytes.length < 4096) add(bytes);
    for (const rows of shards) for (const { value } of rows.values()) add(value);
    for (const { grant, lives, redeemedFor } of records) {
      for (const value of [...Object.values(grant), ...Object.values(grant.identity)]) if (typeof value === "string") strings.add(value);
      for (const value of Object.values(grant)) if (Buffer.isBuffer(value)) add(value);
      for (const live of lives.values()) [live.hash, live.share].forEach(add);
      add(redeemedFor);
    }
    for (const text of strings) assert.deepEqual(openedBy(text), []);
    t.diagnostic(`${strings.size} strings tried on ${allShares().length} shares and ${sealed().length} sealed grants`);
  });

  test("S1: the hash by which a token is known is not the digest that its pad is made of", () => {
    const hashes = records.flatMap(({ lives, redeemedFor }) => [...lives.values()].map(({ hash }) => hash).concat(redeemedFor ?? []));
    for (const hash of hashes) assert.deepEqual(openedByDigest(hash), []);
    for (const grant of Object.values(grants))
      for (const token of liveOf(grant)) assert.deepEqual(openedByDigest(sha256(token)), [], "nor what others log of a token");
    const { tokens } = grants.called;
    assert.equal(openedByDigest(tokenDigest(tokens.access_token)).length, 1);
    assert.ok(hashes.some((hash) => hash.equals(tokenHash(tokens.access_token))));
  });

  test("S1: no 32 stored bytes, and no key of the root secret, open a grant, alone or with a share of it", (t) => {
    let windows = 0;
    const tryWithShares = (key, grant) => assert.deepEqual(openedUnder(key, sharesOf(grant), [grant]), []);
    for (const rows of shards)
      for (const { value } of rows.values())
        for (let at = 0; at + 32 <= value.length; at++, windows++) {
          const key = value.subarray(at, at + 32);
          assert.deepEqual(opensTokens(key), []);
          const own = sealed().find((grant) => grant.rows === rows);
          if (own) tryWithShares(key, own);
        }
    const purposes = ["code", "transaction", "browser", "access", "refresh", "client", "secret", "wrap", "audit", "signing", "id"];
    const roots = [...purposes.map((purpose) => rootKey(secret, purpose)), sha256(secret), Buffer.from(secret, "base64url")];
    for (const key of roots) {
      assert.deepEqual(opensTokens(key), []);
      for (const grant of sealed()) tryWithShares(key, grant);
    }
    t.diagnostic(`${windows} windows and ${roots.length} root keys tried on ${sealed().length} sealed grants`);
  });

  test("S1: no dead token opens anything", (t) => {
    for (const [why, { token }] of Object.entries(dead)) assert.deepEqual(openedBy(token), [], why);
    t.diagnostic(Object.keys(dead).join("; "));
  });

  test("S1: no XOR of a grant's shares and its dead tokens' pads opens it", (t) => {
    let tried = 0;
    for (const grant of sealed()) {
      const opens = (key) => opensTokens(key, [grant]).length > 0;
      const pads = deadOf(grant.of).map((token) => padOf(secret, tokenDigest(token)));
      const sums = xorsOf([...sharesOf(grant), ...pads]);
      tried += sums.length;
      assert.ok(!sums.some(opens));
      // With the pad of one that lives, just one of them does.
      const [token] = liveOf(grant.of);
      assert.equal(xorsOf([...sharesOf(grant), padOf(secret, tokenDigest(token))]).filter(opens).length, 1);
    }
    t.diagnostic(`${tried} sums tried`);
  });

  test("S1: a code's share is there until it is redeemed, and from then on is not, before any call", () => {
    const { code } = grants["not redeemed"];
    assert.deepEqual([...recordOf(code).lives.keys()], ["code"]);
    assert.deepEqual(openedBy(code).map(({ of }) => of), [grants["not redeemed"]]);
    const { code: redeemed, tokens } = grants["redeemed, not called"];
    const record = recordOf(tokens.access_token);
    assert.deepEqual([...record.lives.keys()].sort(), ["access/0", "refresh"]);
    assert.ok(record.redeemedFor.equals(tokenHash(tokens.access_token)));
    assert.deepEqual(openedBy(redeemed), []);
  });

  test("S1: a token's share goes when the token ends, by itself", () => {
    let count = 0;
    for (const rows of shards.filter((each) => each.has("grant")))
      for (const [name, live] of readRecord(rows).lives) {
        if (name === "code") continue; // one that nobody redeems keeps its share as long as its sign-in
        assert.ok(rows.get(name).expires - live.expires <= 2, name); // by the ledger's clock, which began a little later
        count++;
      }
    assert.ok(count >= 10, String(count));
  });

  test("S1: a token just rotated opens no share either; only the response that it was rotated for, and that not for long", () => {
    const grant = grants["refreshed three times"];
    const then = { id: ownRow(secret, grant.code).id, ...justRotated.find(isOf(grant.tokens.refresh_token)) };
    for (const token of deadOf(grant)) assert.deepEqual(openedBy(token, sharesOf(then), [then]), []);
    assert.equal(openedBy(grant.tokens.refresh_token, sharesOf(then), [then]).length, 1);

    const responses = deadOf(grant).map((token) => openRetry(secret, token, then.id, then.retry));
    assert.deepEqual(responses.slice(0, -1), [undefined, undefined, undefined]);
    assert.equal(responses.at(-1).refreshToken, grant.tokens.refresh_token);
    assert.ok(records.every(({ retry }) => retry === undefined));
  });

  /** Of rows that were rewritten or deleted, SQLite's log and its free pages may keep copies. */
  test("S1: older rows that the files still hold open with a token that was theirs, and with nothing that is stored", (t) => {
    const files = storage.filter(({ where }) => /\.sqlite(-wal)?$/.test(where));
    const older = new Map(files.flatMap(({ bytes }) => [...olderShares(bytes)]).map((share) => [share.toString("hex"), share]));
    const shares = [...older.values()];
    assert.ok(allShares().every((share) => older.has(share.toString("hex"))), "those that are not old are among them");
    const strings = shards.flatMap((rows) => [...rows.values()].flatMap(({ value }) => [value.toString(), value.toString("base64url")]));
    for (const { grant } of records) strings.push(...[grant.user, grant.scopes, grant.clientName].filter(Boolean));
    for (const text of strings) assert.deepEqual(openedBy(text, shares), []);
    for (const share of shares) assert.deepEqual(openedUnder(share, shares), [], "nor with another of them");
    const opened = Object.keys(dead).filter((why) => openedBy(dead[why].token, shares).length > 0);
    t.diagnostic(`${shares.length} places, ${strings.length} strings; of the dead tokens, these open an older row: ${opened.join("; ") || "none"}`);
  });
});

/** The shares in what looks like the row of a code or token. */
function* olderShares(bytes) {
  const now = Date.now() / 1000;
  for (let at = bytes.indexOf(1); at >= 0 && at + 45 <= bytes.length; at = bytes.indexOf(1, at + 1)) {
    const expires = Number(bytes.readBigUInt64LE(at + 33));
    const end = at + 45 + bytes.readUInt32LE(at + 41) + 32;
    if (Math.abs(expires - now) < 400 * 86400 && end <= bytes.length) yield bytes.subarray(end - 32, end);
  }
}

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

  // What opens a share, and the difference of two tokens' pads, by which one opens the other's.
  const keys = sealed().flatMap(({ of, lives }) => {
    const digests = [...liveOf(of), ...deadOf(of)].map(tokenDigest);
    const pads = digests.map((digest) => padOf(secret, digest));
    const { row } = ownRow(secret, liveOf(of)[0]);
    const masks = pads.flatMap((pad, i) => pads.slice(0, i).map((other) => xor(pad, other)));
    return [xor(pads[0], lives.get(row).share), ...digests, ...pads, ...masks];
  });
  for (const key of keys)
    for (const form of [key, ...["hex", "base64", "base64url"].map((encoding) => Buffer.from(key.toString(encoding)))])
      for (const { where, bytes } of storage) assert.ok(!bytes.includes(form), where);

  const count = Object.keys(secrets).length + Object.keys(halves).length;
  const forms = [...Object.values(secrets), ...Object.values(halves)].reduce((sum, value) => sum + spellingsOf(value).length, 0);
  const bytes = storage.reduce((sum, place) => sum + place.bytes.length, 0);
  t.diagnostic(`${count} secrets and halves in ${forms} spellings, ${keys.length} keys and digests; ${storage.length} files and values, ${bytes} bytes searched; 0 found`);
});

describe("S77: a row of a format that this version does not know", () => {
  /** That is this row of a live token's grant, for so long. */
  async function unknown(token, name, look) {
    let value, other;
    await stopped(() => {
      value = readRecords(readShards(world.stored)).find(isOf(token)).rows.get(name).value;
      other = Buffer.concat([Buffer.from([0x7f]), value.subarray(1)]);
      changeStored(world.stored, value, () => other);
    });
    await look();
    await stopped(() => changeStored(world.stored, other, () => value));
  }

  const attempts = {
    call: ({ access_token }) => callTool(world, access_token, "whoami"),
    "revoke the access token": ({ access_token: token }) => world.post("/revoke", { token, client_id: client.id }),
    "revoke the refresh token": ({ refresh_token: token }) => world.post("/revoke", { token, client_id: client.id }),
    refresh: ({ refresh_token }) => world.post("/token", { grant_type: "refresh_token", client_id: client.id, refresh_token }),
  };
  const rows = {
    // Nothing of it is needed for a refresh, as long as the refresh token is the live one.
    grant: { call: 503, "revoke the access token": 503, "revoke the refresh token": 503, refresh: 200 },
    refresh: { call: 200, "revoke the refresh token": 503, refresh: 503 },
    access: { call: 503, "revoke the access token": 503, refresh: 200 },
  };
  const answer = (response) => [response.status, response.headers.get("retry-after")];
  const expected = (status) => [status, status === 503 ? "1" : null];

  for (const [row, statuses] of Object.entries(rows)) {
    test(`${row}: 503 for everything that needs it, and nothing is lost`, async () => {
      const grant = grants.called;
      const { tokens } = grant;
      const name = row === "access" ? ownRow(secret, tokens.access_token).row : row;
      await unknown(tokens.refresh_token, name, async () => {
        for (const [what, status] of Object.entries(statuses)) {
          const response = await attempts[what](tokens);
          const body = await response.text();
          assert.deepEqual(answer(response), expected(status), what);
          if (what === "refresh" && status === 200) take(grant, JSON.parse(body));
        }
      });
      for (const token of grant.access) assert.equal((await call(token)).structuredContent.sub, "user-1001");
      await refresh(grant);
    });
  }

  test("code: 503 for its redemption, and nothing is lost", async () => {
    const { authorized, code } = grants["not redeemed"];
    const form = { client_id: client.id, code, code_verifier: authorized.verifier, redirect_uri: authorized.redirectUri };
    await unknown(code, "code", async () => {
      const response = await world.post("/token", { grant_type: "authorization_code", ...form });
      await response.text();
      assert.deepEqual(answer(response), expected(503));
    });
    const { access_token } = await client.redeem(authorized);
    assert.equal((await call(access_token)).structuredContent.sub, "user-1002");
  });
});
