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
export const readGrant = (value) =>
  unpack(value, 1, (u) => ({
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
    underCodeKey: u.u8() !== 0,
    sealedTokens: u.span(),
  }));

const readLive = (u) => ({ hash: u.span(), expires: u.u64(), scopes: u.text(), wrapped: u.span() });

/** The `family` row. */
export const readFamily = (value) =>
  unpack(value, 2, (u) => ({
    codeKey: u.span(),
    refresh: readLive(u),
    access: Array.from({ length: u.u8() }, () => readLive(u)),
  }));

/** The sealed downstream tokens, opened. */
const readTokens = (bytes) =>
  unpack(bytes, 1, (u) => ({ accessToken: u.text(), refreshToken: u.text(), obtained: u.u64(), expires: u.u64() }));

/** An authorization code, opened. */
const readCode = (bytes) =>
  unpack(bytes, 1, (u) => ({
    grantId: u.span(),
    expires: u.u64(),
    clientIdHash: u.span(),
    clientAuth: u.u8(),
    refreshes: u.u8(),
    redirectUriHash: u.span(),
    challenge: u.text(),
    server: u.text(),
    scopes: u.text(),
    user: u.text(),
    organization: u.text(),
    dataKey: u.take(32),
  }));

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

/** What opens a token's box; and how the ledger knows the token. */
export const tokenDigest = (token) => sha256(`latchkey/1 token${token}`);
export const tokenHash = (token) => sha256(tokenDigest(token));

const wrappingKey = (secret, digest) => createHmac("sha256", rootKey(secret, "wrap")).update(packed(digest)).digest();

const [FORMAT_SIZE, NONCE_SIZE, TAG_SIZE] = [2, 12, 16];
export const WRAPPED_KEY_SIZE = FORMAT_SIZE + NONCE_SIZE + 32 + TAG_SIZE;

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

/** Which grant a token is of: it says so itself, to everybody. @returns {Buffer | undefined} */
export function grantIdOf(token) {
  if (token.startsWith("lkr_")) return Buffer.from(token.slice(4), "base64url").subarray(0, 16);
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  return Buffer.from(claims.jti, "base64url").subarray(0, 16);
}

/** The data key, out of any of `boxes` that a token of this digest opens. */
export function dataKeyFrom(secret, digest, grantId, boxes) {
  const key = wrappingKey(secret, digest);
  return boxes.map((box) => openBox(key, grantId, box)).find((opened) => opened?.length === 32);
}

/** The first data key, which the code carries. */
export function codeOf(secret, code) {
  const opened = openBox(rootKey(secret, "code"), Buffer.from("code"), Buffer.from(code, "base64url"));
  return opened && readCode(opened);
}

/** The product's tokens, out of a grant's row. @returns {{ accessToken: string, refreshToken?: string } | undefined} */
export function openTokens(dataKey, issuer, grantId, grant) {
  const opened = openBox(dataKey, packed(issuer, grant.user, grantId), grant.sealedTokens);
  return opened && readTokens(opened);
}

/** All the way, as the gateway does it for a call. */
export function openGrant({ secret, issuer, token, grant, family }) {
  const grantId = grantIdOf(token);
  const lives = [family.refresh, ...family.access].map(({ wrapped }) => wrapped);
  const dataKey = dataKeyFrom(secret, tokenDigest(token), grantId, lives);
  if (!dataKey) return undefined;
  const sealing = grant.underCodeKey ? openBox(dataKey, grantId, family.codeKey) : dataKey;
  return sealing && openTokens(sealing, issuer, grantId, grant);
}
