/** What a step's operations mean to the rows that they name; pure functions. */
export const Op = { CHECK: 1, MATCH: 2, READ: 3, WRITE: 4, TOUCH: 5, DELETE: 6, WAIT: 7, DERIVE: 8 };
export const KEEP_EXPIRY = 2 ** 63; // and above
export const NO_ROW = { version: 0, expires: 0, value: null };

/** As in docs/host.md: u8 op, key, then what the operation needs. */
export function readOperation(r, late) {
  const o = { op: r.u8(), key: r.text(), version: 0, ms: 0, expires: undefined, value: undefined };
  if (!(o.op >= Op.CHECK && o.op <= Op.DERIVE)) throw new RangeError("an operation of another version");
  if (o.op === Op.CHECK || o.op === Op.WAIT) o.version = r.u32();
  if (o.op === Op.WAIT) o.ms = r.u32();
  if (o.op === Op.WRITE || o.op === Op.TOUCH || o.op === Op.DERIVE) o.expires = r.u64() + late;
  if (o.op === Op.WRITE || o.op === Op.MATCH) o.value = r.span();
  if (o.op === Op.DERIVE) [o.head, o.from, o.mask] = [r.span(), r.text(), r.span()];
  return o;
}

/** Whether the row is as the operation needs it. */
export function holds({ op, version, value }, row) {
  if (op === Op.CHECK) return row.version === version;
  if (op === Op.DERIVE) return value !== null;
  return op !== Op.MATCH || row.value?.subarray(0, value.length).join() === value.join();
}

/** The head, and then the end of the other row under the mask; null if there is not as much of it. */
export function derived({ head, mask }, from) {
  if (!(from.value?.length >= mask.length)) return null;
  const end = from.value.subarray(-mask.length);
  return Uint8Array.of(...head, ...mask.map((byte, i) => byte ^ end[i]));
}

/** The row as an operation leaves it, its value no view of the step; the same object if there is nothing to store. */
export function after({ op, expires, value }, row) {
  const end = expires >= KEEP_EXPIRY ? row.expires : expires;
  if (op === Op.WRITE || op === Op.DERIVE) return { version: row.version + 1, expires: end, value: value.slice() };
  if (op === Op.TOUCH && row.version > 0) return { ...row, expires: end };
  return op === Op.DELETE ? { ...NO_ROW } : row; // one that has expired is still stored
}
