/**
 * What is stored, read from docs/storage.md and with Node's cryptography alone: whatever this
 * opens, anybody can open who has the same things in hand. Nothing of Latchkey's own is used.
 */
import { createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const ABSENT = 0xffffffff;

/* ---- shards and their rows ---- */

/** Every SQLite file below a folder. */
export function databases(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sqlite"))
    .map((entry) => join(entry.parentPath, entry.name));
}

/**
 * The ledger as it is in the files of a gateway that does not run; they are left as they are.
 * Locally each object has a file of its own, named by a hash.
 *
 * @typedef {{ version: number, expires: number, value: Buffer }} Row
 * @param {object} [options]
 * @param {boolean} [options.expired] with the rows that have expired and are still there
 * @returns {Map<string, Row>[]} one for each shard: its rows by name
 */
export function readShards(folder, { expired = false } = {}) {
  const copy = mkdtempSync(join(tmpdir(), "latchkey-copy-"));
  const now = expired ? 0 : Math.floor(Date.now() / 1000);
  try {
    cpSync(folder, copy, { recursive: true });
    return databases(copy).flatMap((path) => readDatabase(path, now));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function readDatabase(path, now) {
  const db = new DatabaseSync(path);
  const isLedger = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'rows'").get();
  const rows = isLedger ? db.prepare("SELECT * FROM rows WHERE expires > ?").all(now) : [];
  db.close();
  const shards = new Map();
  for (const { shard = path, key, version, expires, value } of rows) {
    if (!shards.has(shard)) shards.set(shard, new Map());
    shards.get(shard).set(key, { version, expires, value: Buffer.from(value) });
  }
  return [...shards.values()];
}

/** Changes one value in the files of a gateway that does not run. @param {(value: Buffer) => Uint8Array} change */
export function changeStored(folder, value, change) {
  const query = "UPDATE rows SET value = ? WHERE value = ?";
  let changes = 0;
  for (const path of databases(folder)) {
    const db = new DatabaseSync(path);
    if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'rows'").get())
      changes += db.prepare(query).run(change(Buffer.from(value)), value).changes;
    db.close();
  }
  if (changes !== 1) throw new Error(`${changes} rows have this value`);
}

/* ---- records ---- */

class Unpacker {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  take(size) {
    if (this.at + size > this.bytes.length) throw new RangeError("the record ends too early");
    return this.bytes.subarray(this.at, (this.at += size));
  }
  u8 = () => this.take(1)[0];
  u32 = () => this.take(4).readUInt32LE();
  u64 = () => Number(this.take(8).readBigUInt64LE());
  span = () => {
    const size = this.u32();
    return size === ABSENT ? undefined : this.take(size);
  };
  text = () => this.span()?.toString();
  done(record) {
    if (this.at !== this.bytes.length) throw new RangeError("the record does not end");
    return record;
  }
}

function unpack(bytes, format, read) {
  const u = new Unpacker(bytes);
  const said = u.u8();
  if (said !== format) throw new RangeError(`format ${said}`);
  return u.done(read(u));
}

export const STATES = [undefined, "claimed", "live", "broken", "ended"];

/** The `grant` row. */
const readGrant = (value) =>
  unpack(value, 2, (u) => ({
    state: STATES[u.u8()],
    user: u.text(),
    clientIdHash: u.span(),
    clientName: u.text(),
    clientAuth: u.u8(),
    server: u.text(),
    scopes: u.text(),
    redirectUri: u.text(),
    created: u.u64(),
    identity: { issuer: u.text(), subject: u.text(), organization: u.text() },
    sealedTokens: u.span(),
  }));

/** The row of a code or token that is live. */
const readLive = (value) =>
  unpack(value, 1, (u) => ({ hash: u.take(32), expires: u.u64(), scopes: u.text(), share: u.take(32) }));

/** The `code` row once it is redeemed: the hash of the access token that it was redeemed for. */
const readRedeemed = (value) => unpack(value, 1, (u) => u.take(32));
const REDEEMED_SIZE = 1 + 32;

const LIVE_ROW = /^(code|refresh|access\/[0-7])$/;

/**
 * The rows of a grant.
 *
 * @param {Map<string, Row>} rows
 * @returns `lives`: those of codes and tokens, by name
 */
export function readRecord(rows) {
  const value = (name) => rows.get(name)?.value;
  const isRedeemed = value("code")?.length === REDEEMED_SIZE;
  const lives = [...rows.keys()].filter((name) => LIVE_ROW.test(name) && !(name === "code" && isRedeemed));
  return {
    grant: readGrant(value("grant")),
    lives: new Map(lives.map((name) => [name, readLive(value(name))])),
    redeemedFor: isRedeemed ? readRedeemed(value("code")) : undefined,
    retry: value("retry"),
  };
}

/** The sealed downstream tokens, opened. */
const readTokens = (bytes) =>
  unpack(bytes, 1, (u) => ({ accessToken: u.text(), refreshToken: u.text(), obtained: u.u64(), expires: u.u64() }));

const readFacts = (u) => ({
  grantId: u.span(),
  clientIdHash: u.span(),
  clientAuth: u.u8(),
  server: u.text(),
  scopes: u.text(),
  user: u.text(),
  organization: u.text(),
});

/** An authorization code, opened. */
const readCode = (bytes) =>
  unpack(bytes, 2, (u) => ({
    ...readFacts(u),
    expires: u.u64(),
    refreshes: u.u8(),
    redirectUriHash: u.span(),
    challenge: u.text(),
    random: u.span(),
  }));

/** A refresh token, opened. */
const readRefresh = (bytes) => unpack(bytes, 1, (u) => ({ ...readFacts(u), expires: u.u64(), accessRow: u.u8(), random: u.span() }));

/** The response in a `retry` row, opened. */
function readResponse(bytes) {
  const u = new Unpacker(bytes);
  return u.done({ accessToken: u.text(), refreshToken: u.text(), scopes: u.text(), expires: u.u64() });
}

/* ---- keys and boxes ---- */

const packed = (...parts) =>
  Buffer.concat(parts.flatMap((part) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(part.length);
    return [size, Buffer.from(part)];
  }));

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** From the root secret, for one purpose. */
export const rootKey = (secret, purpose) => Buffer.from(hkdfSync("sha256", secret, "latchkey/1", purpose, 32));

/** What makes a token's keys; and how the ledger knows the token. */
export const tokenDigest = (token) => sha256(`latchkey/1 token${token}`);
export const tokenHash = (token) => sha256(tokenDigest(token));

const derivedKey = (secret, ...parts) => createHmac("sha256", rootKey(secret, "wrap")).update(packed(...parts)).digest();

/** What a share of the data key is XORed with. */
export const padOf = (secret, digest) => derivedKey(secret, "share", digest);

export const xor = (a, b) => Buffer.from(a.map((byte, i) => byte ^ b[i]));

const [FORMAT_SIZE, NONCE_SIZE, TAG_SIZE] = [2, 12, 16];

/** ChaCha20-Poly1305 (RFC 8439). @returns {Buffer | undefined} undefined: not with this key */
export function openBox(key, aad, box) {
  if (!box || box.length < FORMAT_SIZE + NONCE_SIZE + TAG_SIZE || box[0] !== 1) return undefined;
  const nonce = box.subarray(FORMAT_SIZE, FORMAT_SIZE + NONCE_SIZE);
  const cipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG_SIZE });
  cipher.setAAD(aad);
  cipher.setAuthTag(box.subarray(-TAG_SIZE));
  const plaintext = cipher.update(box.subarray(FORMAT_SIZE + NONCE_SIZE, -TAG_SIZE));
  try {
    cipher.final();
    return plaintext;
  } catch {
    return undefined;
  }
}

/* ---- from a token to the product's tokens ---- */

/** A code or a refresh token, opened: both are sealed with the root secret alone. */
const opened = (secret, purpose, text) => openBox(rootKey(secret, purpose), Buffer.from(purpose), Buffer.from(text, "base64url"));

/** Which grant a code or token is of, and which of its rows is its own. An access token says so to everybody. */
export function ownRow(secret, token) {
  if (token.startsWith("lkr_")) {
    const bytes = opened(secret, "refresh", token.slice(4));
    return bytes && { id: readRefresh(bytes).grantId, row: "refresh" };
  }
  if (token.includes(".")) {
    const jti = Buffer.from(JSON.parse(Buffer.from(token.split(".")[1], "base64url")).jti, "base64url");
    return { id: jti.subarray(0, 16), row: `access/${jti[16] % 8}` };
  }
  const bytes = opened(secret, "code", token);
  return bytes && { id: readCode(bytes).grantId, row: "code" };
}

/** The product's tokens, out of a grant's row. @returns {{ accessToken: string, refreshToken?: string } | undefined} */
export function openTokens(dataKey, issuer, id, grant) {
  const bytes = openBox(dataKey, packed(issuer, grant.user, id), grant.sealedTokens);
  return bytes && readTokens(bytes);
}

/** All the way, as the gateway does it for a call. */
export function openGrant({ secret, issuer, token, grant, lives }) {
  const own = ownRow(secret, token);
  const live = own && lives.get(own.row);
  if (!live?.hash.equals(tokenHash(token))) return undefined;
  return openTokens(xor(live.share, padOf(secret, tokenDigest(token))), issuer, own.id, grant);
}

/** The response that a refresh token was rotated for, out of the `retry` row. */
export function openRetry(secret, token, id, box) {
  const bytes = openBox(derivedKey(secret, "box", tokenDigest(token)), id, box);
  return bytes && readResponse(bytes);
}
