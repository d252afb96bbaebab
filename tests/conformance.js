/**
 * docs/conformance.md: which test holds which requirement. A test names the rows of
 * tests/requirements.tsv that it proves: at the beginning of a name, in a comment of a C test.
 *
 *     node tests/conformance.js           writes the table
 *     node tests/conformance.js --check   fails if it is stale, or if a row that needs a test has none
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const TABLE = resolve(ROOT, "docs/conformance.md");

const SECTIONS = {
  A: "Authorization endpoint and redirection", B: "PKCE", C: "Token endpoint", D: "Refresh tokens", E: "Dynamic registration",
  F: "Client ID Metadata Documents", G: "Metadata", H: "Access tokens and the protected resource", I: "Resource indicators",
  J: "JWT verification", K: "Client assertions and DPoP", L: "Pushed authorization requests", M: "Revocation and introspection",
  N: "Token exchange and same-user brokering", S: "Attack and fault scenarios, over the whole gateway",
};
/** What may not be without a test. */
const isNeeded = (id) => /^([A-JM]\d\d|K0[1-3])$/.test(id);

const rows = readFileSync(resolve(ROOT, "tests/requirements.tsv"), "utf8").trim().split("\n").map((line) => line.split("\t"));
const known = new Set(rows.map(([id]) => id));

const ID = "[A-Z]\\d{1,2}";
const LIST = new RegExp(`${ID}(?: to ${ID})?`, "g");
/** "C06", "S48 to S50": what of it is a row. */
function idsIn(text) {
  return [...text.matchAll(LIST)].flatMap(([found]) => {
    const [first, last = first] = found.split(" to ");
    const numbers = [first, last].map((id) => Number(id.slice(1)));
    return Array.from({ length: numbers[1] - numbers[0] + 1 }, (_, i) => first[0] + String(numbers[0] + i).padStart(first.length - 1, "0"));
  });
}

const STRING = /"(?:[^"\\\n]|\\.)*"|`[^`]*`/g;
const COMMENT = /\/\*[^]*?\*\//g;
const BEGINNING = new RegExp(`^["\`]((?:${ID}(?: to ${ID})?[ ,:]*)+)`);

/** @returns {Set<string>} the rows that a test file names */
function rowsOf(file) {
  const text = readFileSync(resolve(ROOT, file), "utf8");
  const names = (text.match(STRING) ?? []).map((string) => BEGINNING.exec(string)?.[1] ?? "");
  const comments = file.endsWith(".c") ? (text.match(COMMENT) ?? []) : [];
  return new Set([...names, ...comments].flatMap(idsIn).filter((id) => known.has(id)));
}

const patterns = ["tests/*.c", "tests/*.test.js", "tests/http/*.test.js", "tests/wrangler/*.test.js", "tests/browser/*.test.js", "tests/differential/*.test.js"];
const files = globSync(patterns, { cwd: ROOT }).sort();
const tests = new Map(rows.map(([id]) => [id, []]));
for (const file of files)
  for (const id of rowsOf(file)) tests.get(id).push(file);

const nameOf = (file) => file.replace(/^tests\//, "").replace(/\.test\.js$/, "");
const cell = (text) => text.replaceAll("|", "\\|").replace(/<script>/g, "`<script>`");

function section([letter, title]) {
  const own = rows.filter(([id]) => id.startsWith(letter));
  const lines = own.map(([id, requirement, source = "", note = ""]) => {
    const where = tests.get(id).map((file) => `[${nameOf(file)}](../${file})`).join(", ");
    return `| ${id} | ${cell(requirement)}${note && ` (${note})`} | ${letter === "S" ? "" : `${cell(source)} | `}${where || "–"} |`;
  });
  const head = letter === "S" ? "| # | Scenario and required outcome | Tests |\n|---|---|---|" : "| # | Requirement | Source | Tests |\n|---|---|---|---|";
  return `## ${letter}. ${title}\n\n${head}\n${lines.join("\n")}\n`;
}

const untested = rows.map(([id]) => id).filter((id) => tests.get(id).length === 0);
const text = `# Conformance

What the protocols ask of Latchkey, and the tests that hold it to that. Made from the tests themselves by \`make conformance\`; \`make test\` fails when it is stale, or when a row of A to J, K01 to K03 or M has no test.

${rows.length - untested.length} of ${rows.length} rows have a test. Where a feature is not offered, the test shows that it is absent. Besides these, the official conformance tests for authorization servers run, and so do the TypeScript SDKs (1 and 2), mcp-remote, the Inspector, openid-client and oauth4webapi, unchanged, against the running gateway.

${Object.entries(SECTIONS).map(section).join("\n")}`;

if (process.argv.includes("--check")) {
  const problems = untested.filter(isNeeded).map((id) => `${id} has no test`);
  if (readFileSync(TABLE, "utf8") !== text) problems.push("docs/conformance.md is stale: make conformance");
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  writeFileSync(TABLE, text);
  console.log(`docs/conformance.md: ${rows.length - untested.length} of ${rows.length} rows have a test${untested.length ? `; not ${untested.join(" ")}` : ""}`);
}
