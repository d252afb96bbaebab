/** Everything below a folder, as bytes: each file, and each value in each SQLite file. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * @typedef {object} Stored
 * @property {string} where
 * @property {Buffer} bytes
 */

/** @returns {Stored[]} */
export function readStorage(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map((path) => ({ where: path, bytes: readFileSync(path) }));
  // Only now: SQLite tidies up next to a file that it has opened.
  return [...files, ...paths.filter((path) => path.endsWith(".sqlite")).flatMap(readTables)];
}

/** A page of SQLite may split a value; read through SQLite it is whole. */
function readTables(path) {
  const db = new DatabaseSync(path);
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const values = tables.flatMap(({ name }) => {
    const rows = db.prepare(`SELECT * FROM "${name}"`);
    rows.setReadBigInts(true); // versions and times of others may be larger than a double is exact
    return rows.all().flatMap((row) => Object.entries(row).map(([column, value]) => ({ name, column, value })));
  });
  db.close();
  return values
    .filter(({ value }) => value !== null)
    .map(({ name, column, value }) => ({
      where: `${path} ${name}.${column}`,
      bytes: Buffer.from(value instanceof Uint8Array ? value : String(value)),
    }));
}
