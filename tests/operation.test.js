/** What a step's operations mean to the rows that they name (shim/operation.js). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { after, derived, holds, KEEP_EXPIRY, NO_ROW, Op, readOperation } from "../shim/operation.js";
import { Reader, Writer } from "../shim/wire.js";

const of = (...values) => Uint8Array.of(...values);
const stored = (...values) => ({ version: 3, expires: 100, value: of(...values) });

describe("a condition", () => {
  const check = (version) => ({ op: Op.CHECK, version });
  const match = (...values) => ({ op: Op.MATCH, version: 0, value: of(...values) });
  const derive = (value) => ({ op: Op.DERIVE, version: 0, value });

  const refused = {
    "check: another version": [check(2), stored(1)],
    "check: no version, and there is a row": [check(0), stored(1)],
    "check: a version, and there is no row": [check(3), NO_ROW],
    "match: no row": [match(1, 2, 3), NO_ROW],
    "match: no row, and nothing to begin with": [match(), NO_ROW],
    "match: an empty row": [match(1), stored()],
    "match: an empty row, and a zero": [match(0), stored()],
    "match: a row shorter by a byte": [match(1, 2, 3), stored(1, 2)],
    "match: a row shorter by a zero": [match(1, 2, 0), stored(1, 2)],
    "match: the first byte differs": [match(1, 2, 3), stored(9, 2, 3)],
    "match: one in between differs": [match(1, 2, 3), stored(1, 9, 3)],
    "match: the last byte differs": [match(1, 2, 3), stored(1, 2, 4)],
    "match: the last byte differs in a bit, and more comes": [match(1, 2, 3), stored(1, 2, 2, 3)],
    "match: the same bytes, but later": [match(1, 2, 3), stored(0, 1, 2, 3)],
    "match: the same digits, but other bytes": [match(1, 23), stored(12, 3)],
    "match: the same digits, in fewer bytes": [match(1, 2), stored(12)],
    "derive: nothing came of it": [derive(null), stored(1)],
    "derive: nothing came of it, for a row that is not there": [derive(null), NO_ROW],
  };
  for (const [name, [operation, row]] of Object.entries(refused)) test(`${name}: refused`, () => assert.equal(holds(operation, row), false));

  const held = {
    "check: the version": [check(3), stored(1)],
    "check: none, and there is none": [check(0), NO_ROW],
    "match: the whole value": [match(1, 2, 3), stored(1, 2, 3)],
    "match: what it begins with": [match(1, 2), stored(1, 2, 3)],
    "match: nothing, of a row that is there": [match(), stored(1)],
    "match: nothing, of an empty row": [match(), stored()],
    "derive: something came of it": [derive(of(1)), NO_ROW],
  };
  for (const [name, [operation, row]] of Object.entries(held)) test(`${name}: held`, () => assert.equal(holds(operation, row), true));

  test("the others have none", () => {
    for (const op of [Op.READ, Op.WAIT, Op.WRITE, Op.TOUCH, Op.DELETE])
      for (const row of [NO_ROW, stored(1)]) assert.equal(holds({ op, version: 7, value: undefined }, row), true);
  });

  test("a value that is a view begins where the view does", () => {
    const value = of(9, 1, 2, 3).subarray(1);
    assert.equal(holds(match(1, 2), { version: 1, expires: 100, value }), true);
    assert.equal(holds(match(9, 1), { version: 1, expires: 100, value }), false);
  });
});

describe("what is derived", () => {
  const mask = of(0xf0, 0xff);

  const nothing = {
    "a row that is not there": [{ head: of(1), mask }, NO_ROW],
    "a row that is not there, and no mask": [{ head: of(1), mask: of() }, NO_ROW],
    "an empty row": [{ head: of(1), mask }, stored()],
    "a row shorter by a byte": [{ head: of(1), mask }, stored(1)],
  };
  for (const [name, [operation, from]] of Object.entries(nothing)) test(`from ${name}: nothing`, () => assert.equal(derived(operation, from), null));

  const something = {
    "a row as long as the mask": [{ head: of(7), mask }, stored(0x0f, 0x01), [7, 0xff, 0xfe]],
    "the end of a longer one": [{ head: of(7), mask }, stored(1, 2, 3, 0x0f, 0x01), [7, 0xff, 0xfe]],
    "no head": [{ head: of(), mask }, stored(0, 0), [0xf0, 0xff]],
    "no mask": [{ head: of(7, 8), mask: of() }, stored(1, 2), [7, 8]],
    "neither, and an empty row": [{ head: of(), mask: of() }, stored(), []],
  };
  for (const [name, [operation, from, value]] of Object.entries(something))
    test(`from ${name}`, () => assert.deepEqual(derived(operation, from), of(...value)));

  test("the row, the head and the mask stay as they are", () => {
    const from = stored(1, 2, 3);
    const operation = { head: of(7), mask: of(4, 5) };
    derived(operation, from)[2] ^= 1;
    assert.deepEqual([from, operation], [stored(1, 2, 3), { head: of(7), mask: of(4, 5) }]);
  });

  test("under the mask from one token to the next, and the one back, it is what it was", () => {
    const there = derived({ head: of(), mask }, stored(0x12, 0x34));
    assert.deepEqual(derived({ head: of(), mask }, stored(...there)), of(0x12, 0x34));
  });
});

describe("a row afterwards", () => {
  const row = stored(1, 2);

  for (const [name, op] of Object.entries({ write: Op.WRITE, derive: Op.DERIVE })) {
    const write = { op, expires: 200, value: of(8, 9) };

    test(`${name}: one version more, with its own expiry and value`, () => {
      assert.deepEqual(after(write, row), { version: 4, expires: 200, value: of(8, 9) });
      assert.deepEqual(after(write, NO_ROW), { version: 1, expires: 200, value: of(8, 9) });
    });

    test(`${name}: an expiry that is to be kept is the row's`, () => {
      for (const expires of [2 ** 64, 2 ** 64 - 4096]) assert.equal(after({ ...write, expires }, row).expires, 100);
    });

    test(`${name}: the value is no view of the step: what the platform does with that is nothing to the row`, () => {
      const step = new Uint8Array(1000).fill(5);
      const { value } = after({ ...write, value: step.subarray(10, 12) }, row);
      assert.equal(value.buffer.byteLength, 2, "and keeps nothing else of it");
      step.fill(0);
      assert.deepEqual(value, of(5, 5));
    });
  }

  test("touch: only the expiry is another", () => {
    assert.deepEqual(after({ op: Op.TOUCH, expires: 200 }, row), { ...row, expires: 200 });
    assert.equal(after({ op: Op.TOUCH, expires: 2 ** 64 }, row).expires, 100);
  });

  test("touch: a row that is not there stays so, and is nothing to store", () =>
    assert.equal(after({ op: Op.TOUCH, expires: 200 }, NO_ROW), NO_ROW));

  test("delete: it is not there, and that is something to store: one that has expired still stands there", () => {
    for (const was of [row, NO_ROW]) {
      const gone = after({ op: Op.DELETE }, was);
      assert.deepEqual(gone, NO_ROW);
      assert.notEqual(gone, was);
    }
  });

  test("conditions, reads and waits leave the very same row: nothing is stored", () => {
    for (const op of [Op.CHECK, Op.MATCH, Op.READ, Op.WAIT])
      for (const was of [row, NO_ROW]) assert.equal(after({ op, expires: undefined, value: of(1) }, was), was);
  });

  test("the row that was stays as it is", () => {
    for (const op of Object.values(Op)) after({ op, expires: 200, value: of(8) }, row);
    assert.deepEqual(row, stored(1, 2));
    assert.deepEqual(NO_ROW, { version: 0, expires: 0, value: null });
  });
});

describe("an operation as it is written", () => {
  const LATE = 2; // seconds
  /** @param {(w: Writer) => Writer} write what comes after the key */
  const read = (op, write = (w) => w) => {
    const r = new Reader(write(new Writer().u8(op).text("row")).bytes().slice());
    const operation = readOperation(r, LATE);
    assert.equal(r.at, r.end, "it is read to its end, and no further");
    return operation;
  };
  const NONE = { key: "row", version: 0, ms: 0, expires: undefined, value: undefined };

  const operations = {
    check: [Op.CHECK, (w) => w.u32(7), { version: 7 }],
    match: [Op.MATCH, (w) => w.span(of(1, 2)), { value: of(1, 2) }],
    read: [Op.READ, undefined, {}],
    wait: [Op.WAIT, (w) => w.u32(7).u32(500), { version: 7, ms: 500 }],
    write: [Op.WRITE, (w) => w.u64(100).span(of(1, 2)), { expires: 102, value: of(1, 2) }],
    derive: [Op.DERIVE, (w) => w.u64(100).span(of(1, 2)).text("from").span(of(3)), { expires: 102, head: of(1, 2), from: "from", mask: of(3) }],
    touch: [Op.TOUCH, (w) => w.u64(100), { expires: 102 }],
    delete: [Op.DELETE, undefined, {}],
  };
  for (const [name, [op, write, expected]] of Object.entries(operations))
    test(name, () => assert.deepEqual(read(op, write), { op, ...NONE, ...expected }));

  test("each is known by the number that docs/host.md gives it, and no other number is one", () => {
    assert.deepEqual(Op, { CHECK: 1, MATCH: 2, READ: 3, WRITE: 4, TOUCH: 5, DELETE: 6, WAIT: 7, DERIVE: 8 });
    for (const op of [0, 9, 255]) assert.throws(() => read(op, (w) => w), RangeError);
  });

  test("a lifetime counts from when the row is written; to keep an expiry is not a lifetime", () => {
    const keep = (w) => w.u32(0xffffffff).u32(0xffffffff);
    assert.ok(read(Op.TOUCH, keep).expires >= KEEP_EXPIRY);
    assert.equal(after(read(Op.TOUCH, keep), stored(1)).expires, 100);
    assert.equal(after(read(Op.TOUCH, (w) => w.u64(200)), stored(1)).expires, 202);
  });

  test("a row's part is taken from where it says, whatever stands before it in the step", () => {
    const w = new Writer().u8(Op.MATCH).text("a").span(of(1)).u8(Op.MATCH).text("b").span(of(2, 3));
    const r = new Reader(w.bytes());
    assert.deepEqual([readOperation(r, 0), readOperation(r, 0)].map(({ key, value }) => [key, [...value]]), [["a", [1]], ["b", [2, 3]]]);
  });
});
