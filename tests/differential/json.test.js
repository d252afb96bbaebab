// JSON against JSON.parse: what it reads and we refuse is what two readers could read differently.
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { compare } from "./support/compare.js";
import { probeJson } from "./support/probe.js";
import { Random } from "./support/random.js";

const random = new Random();
const MARKS = [
  "{", "}", "[", "]", ",", ":", '"', "\\", "0", "-", ".", "1e9", "e999", "E+", " ", "\t", "\n", "\f",
  "//", "'", '"a":1,',
];
const TEXTS = [
  "\\u0000", "\\ud83d", "\\ude00", "\\u00e9", "\\/", "\\x", "null", "true", "NaN", "\x01", "\x7f",
  "\u2028", "é", "😀", "\0", "\ufeff",
];
const NUMBERS = [
  "0", "-0", "-1", "1.5", "1e3", "2.0", "1E-7", "0.1e1", "9007199254740991", "9007199254740992",
  "1e400",
];
const MORE_NUMBERS = ["123456789012345678901234567890", "5e-324", "1e-999", "0.99999999999999999999"];
const CHARACTERS = ["a", "é", '"', "\\", "\n", "\u2028", "😀", "/"];
const NAMES = ["a", "b", "c", "d", "__proto__", "1", "0", "", "é", "constructor"];

const space = () => random.pick(["", "", " ", "\n\t"]);
const leaf = () =>
  random.pick([
    String(random.below(1000)),
    random.pick([...NUMBERS, ...MORE_NUMBERS]),
    JSON.stringify(random.some(4, () => random.pick(CHARACTERS)).join("")),
    random.pick(["true", "false", "null"]),
  ]);

function value(depth) {
  if (depth === 0 || random.chance(3)) return leaf();
  if (random.chance(2)) return `[${random.some(4, () => space() + value(depth - 1)).join(",")}${space()}]`;
  const member = () => `${space()}${JSON.stringify(random.pick(NAMES))}:${space()}${value(depth - 1)}`;
  return `{${random.some(3, member).join(`${space()},`)}}`;
}

function inputs() {
  const text = random.chance(50) ? "[".repeat(random.below(40)) + value(2) : value(4);
  const closed = text + "]".repeat(Math.max(0, text.split("[").length - text.split("]").length));
  return random.chance(2) ? closed : random.mutate(closed, [...MARKS, ...TEXTS]);
}

// ---- the two trees, as probe.c writes them, with members in the order of their names

function sorted(list) {
  const members = Array.from({ length: (list.length - 1) / 2 }, (_, i) => [list[1 + 2 * i], list[2 + 2 * i]]);
  return [{}, ...members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flat()];
}

const isObject = ([first]) => isDeepStrictEqual(first, {});

function sort(node) {
  if (!Array.isArray(node)) return node;
  const list = node.map(sort);
  return isObject(list) ? sorted(list) : list;
}

function tree(node) {
  if (typeof node === "number") return Number.isSafeInteger(node) && node >= 0 ? node + 0 : { number: true };
  if (Array.isArray(node)) return node.map(tree);
  if (node === null || typeof node !== "object") return node;
  return sorted([{}, ...Object.entries(node).flatMap(([name, child]) => [name, tree(child)])]);
}

function theirs(text) {
  try {
    return { ok: true, value: tree(JSON.parse(text)) };
  } catch {
    return { ok: false };
  }
}

/** The names of each object as they stand in the text. */
function repeatsAName(text) {
  let repeats = false;
  const open = [];
  for (const [token, name] of text.matchAll(/("(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (name && open.at(-1)?.has(JSON.parse(name))) repeats = true;
    else if (name) open.at(-1)?.add(JSON.parse(name));
  }
  return repeats;
}

function depth(text) {
  let most = 0;
  let now = 0;
  for (const c of withoutStrings(text)) {
    if (c === "[" || c === "{") most = Math.max(most, ++now);
    if (c === "]" || c === "}") now--;
  }
  return most;
}

const withoutStrings = (text) => text.replace(/"(?:[^"\\]|\\.)*"/g, "");
const numbers = (text) => (withoutStrings(text).match(/-?[0-9.]+(?:[eE][+-]?[0-9]+)?/g) ?? []).map(Number);
const strings = (text) => (text.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((one) => JSON.parse(one));

test("json_parse against JSON.parse", (t) =>
  compare(t, {
    inputs,
    ours: (text) => {
      const { ok, value } = probeJson("json", text);
      return { ok, value: sort(value) };
    },
    theirs,
    classes: [
      {
        why: "a name that stands twice: the first counts for some, the last for others",
        example: '{"a":1,"\\u0061":2}',
        is: (text, ours) => !ours.ok && repeatsAName(text),
      },
      {
        why: "U+0000 ends a string for some",
        example: '"\\u0000"',
        is: (text, ours) => !ours.ok && strings(text).some((one) => one.includes("\0")),
      },
      {
        why: "half a surrogate pair is no character: kept, replaced or refused",
        example: '["\\ud83d"]',
        is: (text, ours) => !ours.ok && strings(text).some((one) => !one.isWellFormed()),
      },
      {
        why: "a number beyond a double is infinity for some, an error for others",
        example: "[1e999]",
        is: (text, ours) => !ours.ok && numbers(text).some((number) => !Number.isFinite(number)),
      },
      {
        why: "deeper than JSON_MAX_DEPTH",
        example: "[".repeat(33) + "]".repeat(33),
        is: (text, ours) => !ours.ok && depth(text) > 32,
      },
    ],
  }));
