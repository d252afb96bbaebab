// base64 and base64url against Node's: there is one spelling of any bytes, and it is theirs.
import { test } from "node:test";
import { compare } from "./support/compare.js";
import { probe } from "./support/probe.js";
import { Random } from "./support/random.js";

const random = new Random();
const reading = ({ ok, output }) => ({ ok, value: output && Buffer.from(output).toString("hex") });

function inputs(encoding) {
  const text = Buffer.from(random.some(12, () => random.below(256))).toString(encoding);
  return random.chance(2) ? text : random.mutate(text, ["=", "-", "_", "+", "/", "A", "B", " ", "\n", "é", "\0"]);
}

/** Node reads anything; what it writes again as it was has been strict. */
function theirs(text, encoding, spellings) {
  const bytes = Buffer.from(text, encoding);
  return spellings(bytes).includes(text) ? { ok: true, value: bytes.toString("hex") } : { ok: false };
}

test("base64url", (t) =>
  compare(t, {
    inputs: () => inputs("base64url"),
    ours: (text) => reading(probe("base64url", text)),
    theirs: (text) => theirs(text, "base64url", (bytes) => [bytes.toString("base64url")]),
    classes: [],
  }));

test("base64, with its padding or without", (t) =>
  compare(t, {
    inputs: () => inputs("base64"),
    ours: (text) => reading(probe("base64", text)),
    theirs: (text) =>
      theirs(text, "base64", (bytes) => [bytes.toString("base64"), bytes.toString("base64").replaceAll("=", "")]),
    classes: [],
  }));
