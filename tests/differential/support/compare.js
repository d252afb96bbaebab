// Two readers of the same input, and what explains it where they differ.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

/** How many random cases for each test. */
export const CASES = Number(process.env.CASES ?? 3000);

/**
 * @typedef {{ ok: boolean, value?: unknown }} Reading
 * @typedef {object} Class  a kind of disagreement
 * @property {string} why
 * @property {string} example  an input on which they do disagree, for no reason but this one
 * @property {(input: string, ours: Reading, theirs: Reading) => boolean} is
 */

const agree = (a, b) => a.ok === b.ok && (!a.ok || isDeepStrictEqual(a.value, b.value));
const show = ({ ok, value }) => (ok ? JSON.stringify(value) : "refused");

/**
 * Fails on an input on which the two disagree without a class that says why,
 * and on a class whose example is no longer one.
 * @param {{ inputs: () => string | Promise<string>, ours: (input: string) => Reading | Promise<Reading>,
 *   theirs: (input: string) => Reading | Promise<Reading>, classes: Class[] }} what
 */
export async function compare(t, { inputs, ours, theirs, classes }) {
  const counts = { accepted: 0, refused: 0 };
  const explain = async (input) => {
    const [a, b] = [await ours(input), await theirs(input)];
    if (agree(a, b)) return a.ok ? "accepted" : "refused";
    const found = classes.find((one) => one.is(input, a, b));
    assert.ok(found, `no class explains\n  ${JSON.stringify(input)}\n  ours   ${show(a)}\n  theirs ${show(b)}`);
    return found.why;
  };
  for (const { why, example } of classes) assert.equal(await explain(example), why, JSON.stringify(example));
  for (let i = 0; i < CASES; i++) {
    const how = await explain(await inputs());
    counts[how] = (counts[how] ?? 0) + 1;
  }
  for (const [how, count] of Object.entries(counts)) t.diagnostic(`${String(count).padStart(5)}  ${how}`);
  assert.ok(counts.accepted > CASES / 50 && counts.accepted < CASES - CASES / 50, "the inputs are of too few kinds");
}
