import { DurableObject } from "cloudflare:workers";
import { after, derived, holds, NO_ROW, Op, readOperation } from "./operation.js";
import { Reader, Writer } from "./wire.js";

const [APPLIED, CONFLICT] = [0, 2];
const MAX_REMEMBERED = 64;
const TABLE = `CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, version INTEGER NOT NULL,
  expires INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID`;

/**
 * One shard of the ledger: rows with a version and an expiry. Its one method
 * applies a list of operations in one transaction, all or nothing, with nothing
 * awaited inside. It knows no OAuth.
 */
export class Ledger extends DurableObject {
  rows = new Map(); // what is stored, as far as it was asked for: nobody else writes it
  waiting = new Set(); // those who wait for a row to change
  alarmAt; // when the alarm is set for, once that is known

  sql(query, ...values) {
    return this.ctx.storage.sql.exec(query, ...values);
  }

  /** @param {Uint8Array} step @returns {Promise<Uint8Array>} outcome, then what was read */
  async apply(step) {
    const reader = new Reader(step);
    const now = Math.floor(Date.now() / 1000);
    const late = now - reader.u64(); // how long the request took to come so far
    const operations = reader.list((r) => readOperation(r, late));
    this.ready ??= this.sql(TABLE);
    for (const o of operations) if (o.op === Op.WAIT) await this.wait(o, now);
    const rows = operations.map(({ key }) => this.row(key, now));
    for (const o of operations) if (o.op === Op.DERIVE) o.value = derived(o, this.row(o.from, now));
    const all = operations.every((o, i) => holds(o, rows[i]));
    const read = rows.filter((_, i) => operations[i].op === Op.READ);
    const size = read.reduce((sum, { value }) => sum + 8 + (value?.length ?? 0), 1);
    const answer = new Writer(size).u8(all ? APPLIED : CONFLICT); // just so large: RPC sends all of a buffer
    for (const { version, value } of read) answer.u32(version).span(value);
    const written = all ? operations.map((o, i) => [o.key, after(o, rows[i])]) : [];
    const changed = written.filter(([, row], i) => row !== rows[i]);
    if (changed.length > 0) await this.write(changed);
    return answer.bytes();
  }

  row(key, now) {
    let row = this.rows.get(key);
    if (!row) {
      [row = NO_ROW] = this.sql("SELECT version, expires, value FROM rows WHERE key = ?", key);
      if (row !== NO_ROW) row.value = new Uint8Array(row.value);
      if (this.rows.size >= MAX_REMEMBERED) this.rows.clear();
      this.rows.set(key, row);
    }
    return row.expires > now ? row : NO_ROW;
  }

  /** Nothing is awaited from the reads to the end of the transaction: no other step comes between. */
  write(changed) {
    this.ctx.storage.transactionSync(() => changed.forEach(([key, row]) => this.store(key, row)));
    for (const [key, row] of changed) this.rows.set(key, row);
    for (const w of this.waiting) if (this.row(w.key, w.now).version !== w.version) w.resolve();
    return this.schedule(changed.map(([, row]) => row.expires));
  }

  store(key, { version, expires, value }) {
    if (version === 0) this.sql("DELETE FROM rows WHERE key = ?", key);
    else this.sql("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)", key, version, expires, value);
  }

  async wait({ key, version, ms }, now) {
    const row = this.row(key, now);
    if (row.version !== version) return;
    const { promise, resolve } = Promise.withResolvers();
    const waiter = { key, version, now, resolve };
    const timer = setTimeout(resolve, Math.min(ms, 1000 * (row.expires - now)));
    this.waiting.add(waiter);
    await promise;
    clearTimeout(timer);
    this.waiting.delete(waiter);
  }

  /** What has expired is deleted by one alarm, set for the earliest expiry. */
  async schedule(ends) {
    const at = 1000 * (1 + Math.min(...ends.filter((end) => end > 0)));
    this.alarmAt ??= (await this.ctx.storage.getAlarm()) ?? Infinity;
    if (at < this.alarmAt) await this.ctx.storage.setAlarm((this.alarmAt = at));
  }

  async alarm() {
    this.alarmAt = undefined;
    this.rows.clear();
    this.ready ??= this.sql(TABLE);
    this.sql("DELETE FROM rows WHERE expires <= ?", Math.floor(Date.now() / 1000));
    const { next } = this.sql("SELECT min(expires) AS next FROM rows").one();
    if (next !== null) return this.schedule([next]);
    this.ready = undefined;
    await this.ctx.storage.deleteAll();
  }
}
