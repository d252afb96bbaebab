/** What a Worker remembers of its ledger and its copies (shim/cache.js). */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Cache } from "../shim/cache.js";

const MOST = 3;
let cache;
let asked;

/** Each answer says how many came before it. */
const ask = async () => asked++;
const read = (key, ms = 1000) => cache.read(key, ms, ask);

mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
beforeEach(() => {
  cache = new Cache(MOST);
  asked = 0;
});

test("an answer is given again until it is as old as was said, and no longer", async () => {
  assert.equal(await read("a"), 0);
  mock.timers.tick(999);
  assert.equal(await read("a"), 0);
  mock.timers.tick(1);
  assert.equal(await read("a"), 1);
});

test("its age counts from when it was asked for, not from when it came", async () => {
  const slow = () => new Promise((resolve) => setImmediate(() => resolve(mock.timers.tick(600) ?? ask())));
  assert.equal(await cache.read("a", 1000, slow), 0);
  mock.timers.tick(400);
  assert.equal(await read("a"), 1);
});

test("how old it may be is for the reader to say", async () => {
  assert.equal(await read("a", 1000), 0);
  mock.timers.tick(500);
  assert.equal(await read("a", 501), 0);
  assert.equal(await read("a", 500), 1);
});

test("who wants none that is older asks, and what stood there is gone", async () => {
  assert.equal(await read("a"), 0);
  assert.equal(await read("a", 0), 1);
  assert.equal(await read("a"), 2);
});

test("the answer to another question will not do, and is dropped for it", async () => {
  const put = (question, ms = 1000) => cache.read("a", ms, ask, question);
  assert.equal(await put("one"), 0);
  assert.equal(await put("two"), 1);
  assert.equal(await put("two"), 1);
  assert.equal(await put("one"), 2);
  assert.equal(await put("write", 0), 3);
  assert.equal(await put("one"), 4);
});

test("what was forgotten is asked anew; other keys stay", async () => {
  await read("a");
  await read("b");
  cache.forget("a");
  assert.equal(await read("a"), 2);
  assert.equal(await read("b"), 1);
});

test("that there is nothing is not remembered", async () => {
  assert.equal(await cache.read("a", 1000, async () => null), null);
  assert.equal(await read("a"), 0);
});

test("a failure is passed on, and not remembered", async () => {
  await assert.rejects(cache.read("a", 1000, () => Promise.reject(new Error("lost"))), /lost/);
  assert.equal(await read("a"), 0);
});

test("of more than it may hold, the oldest goes", async () => {
  for (const key of ["a", "b", "c", "d"]) await read(key);
  assert.equal(await read("b"), 1);
  assert.equal(await read("a"), 4);
  assert.equal(await read("b"), 5);
});
