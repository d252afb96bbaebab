// Forms against URLSearchParams, which reads anything and repairs what it cannot.
import { test } from "node:test";
import { compare } from "./support/compare.js";
import { probeJson } from "./support/probe.js";
import { Random } from "./support/random.js";

const random = new Random();
const ESCAPES = ["%20", "%2B", "%26", "%00", "%C3", "%A9", "%F0%9F%98%80", "%ED%A0%80", "%e", "%zz", "%"];
const PARTS = [...ESCAPES, "&", "=", "+", "é", "\0", " ", "😀"];

function inputs() {
  const name = () => random.pick(["a", "code", "client_id", "é", "", "a b", "x&y=z"]);
  const text = new URLSearchParams(random.some(6, () => [name(), name()])).toString();
  return random.chance(3) ? text : random.mutate(text, PARTS, 4);
}

function isUtf8(text) {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

test("form_parse against URLSearchParams", (t) =>
  compare(t, {
    inputs,
    ours: (text) => probeJson("form", text),
    theirs: (text) => ({ ok: true, value: [...new URLSearchParams(`?${text}`)] }),
    classes: [
      {
        why: "a broken escape is refused, not kept as it is: others read it as they like",
        example: "a=%zz",
        is: (text, ours) => !ours.ok && /%(?![0-9a-f]{2})/i.test(text),
      },
      {
        why: "NUL ends a string in some programs behind us",
        example: "a=b%00c",
        is: (text, ours) => !ours.ok && /%00|\0/.test(text),
      },
      {
        why: "bytes that are no UTF-8 are refused, not replaced: two names could become the same",
        example: "a=%C3%28",
        is: (text, ours) => !ours.ok && !isUtf8(text),
      },
      {
        why: "more than FORM_MAX_PARAMETERS",
        example: "a&".repeat(129),
        is: (text, ours) => !ours.ok && text.split("&").filter(Boolean).length > 128,
      },
    ],
  }));
