/** The floor: the same with one read of a Durable Object (SQLite, by RPC) before it. */
import { DurableObject } from "cloudflare:workers";

export class Rows extends DurableObject {
  read(key) {
    const { sql } = this.ctx.storage;
    this.ready ??= sql.exec("CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    return sql.exec("SELECT value FROM rows WHERE key = ?", key).toArray();
  }
}

export default {
  async fetch({ method, headers, body }, { RUNTIME, ROWS }) {
    await ROWS.getByName("grant").read("row");
    return fetch(RUNTIME, { method, headers, body, redirect: "manual" });
  },
};
