// URLs against the WHATWG parser, which is in every browser and in the platform's fetch. What we
// accept it must read in the same way; what it repairs we refuse.
import { test } from "node:test";
import { compare } from "./support/compare.js";
import { probeJson } from "./support/probe.js";
import { Random } from "./support/random.js";

const random = new Random();
const MARKS = [
  "/", "//", "\\", "?", "#", "@", ":", ".", "..", "[", "]", " ", "\t", "\n", "<", "^", "|", "'", "!",
  ";", "*", "_", "-",
];
const TEXTS = [
  "%2e", "%2F", "%zz", "%00", "\x7f", "é", "①", "。", "0", "0x7f", "127", "A", "xn--", "xn--localhost-",
  "xn--nxasmq6b",
];
const PORTS = [":80", ":443", ":0", ":00080", ":8080", ":65535", ":65536", ":"];
const NAMES = ["a.example", "LOCALHOST", "a_b.c", "a.", "xn--a.example", "1a.2b", "a.1", "-a-"];
const ADDRESSES = ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "1.2.3.4", "1.2.3.256"];
const IPV6 = ["[::1]", "[2001:DB8::1]", "[::ffff:1.2.3.4]", "[::1%25eth0]", "[0001::]"];
const SCHEMES = [
  "https", "https", "https", "http", "HTTP", "com.example.app", "cursor", "ws", "file", "mailto",
  "a+b-c.d",
];
const SEGMENTS = ["/", "/a", "/..", "/%2E", "/a;b", "/'", "/~!$&()*+,=:@"];

function inputs() {
  const user = random.chance(6) ? random.pick(["u@", "u:p@", ":@", "@"]) : "";
  const host = random.pick(random.pick([NAMES, NAMES, ADDRESSES, IPV6]));
  const port = random.chance(3) ? random.pick(PORTS) : "";
  const path = random.some(3, () => random.pick(SEGMENTS)).join("");
  const query = random.pick(["", "", "?", "?a=b", "?'", "?a?b"]);
  const fragment = random.pick(["", "", "", "#", "#f", "#a/?"]);
  const slashes = random.chance(6) ? random.pick(["", "/", "///"]) : "//";
  const text = `${random.pick(SCHEMES)}:${slashes}${user}${host}${port}${path}${query}${fragment}`;
  return random.chance(3) ? text : random.mutate(text, [...MARKS, ...TEXTS, ...PORTS], 2);
}

const isWeb = (scheme) => /^https?$/i.test(scheme);
const DEFAULT_PORTS = { https: "443", http: "80" };

/** The parts as a browser would name them; the path only where it has no dot segments. */
function ours(text) {
  const { ok, value: u } = probeJson("url", text);
  if (!ok) return { ok };
  const scheme = u.scheme.toLowerCase();
  const name = isWeb(scheme) ? u.host.toLowerCase() : (u.host ?? "");
  return {
    ok,
    value: {
      scheme,
      userinfo: u.userinfo,
      host: u.ipv6 ? new URL(`http://[${u.host}]`).hostname : name,
      port: u.port === undefined || u.port === DEFAULT_PORTS[scheme] ? "" : u.port,
      path: u.dots ? "" : isWeb(scheme) && u.path === "" ? "/" : u.path,
      query: isWeb(scheme) ? (u.query ?? "").replaceAll("'", "%27") : (u.query ?? ""),
      fragment: u.fragment ?? "",
    },
  };
}

function theirs(text) {
  if (!URL.canParse(text)) return { ok: false };
  const u = new URL(text);
  const { value } = probeJson("url", text);
  return {
    ok: true,
    value: {
      scheme: u.protocol.slice(0, -1),
      userinfo: u.username !== "" || u.password !== "",
      host: u.hostname,
      port: u.port,
      path: value?.dots ? "" : u.pathname,
      query: u.search.slice(1),
      fragment: u.hash.slice(1),
    },
  };
}

const authority = (text) => /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)?.[1];
const host = (text) => authority(text)?.replace(/^.*@/s, "").replace(/:[^:\]]*$/, "") ?? "";
const port = (text) => /:([^:\]]*)$/.exec(authority(text)?.replace(/^.*@/s, "") ?? "")?.[1];
const scheme = (text) => /^[^:]*/.exec(text)[0];

const refused = (test) => (text, ours) => !ours.ok && test(text);

test("url_parse against the WHATWG URL parser", (t) =>
  compare(t, {
    inputs,
    ours,
    theirs,
    classes: [
      {
        why: "white space and controls are refused: browsers drop or encode them",
        example: "https://a.example/\t",
        is: refused((text) => /[\x00-\x20\x7f]/.test(text)),
      },
      {
        why: "only ASCII: browsers map hosts (①②⑦.⓪.⓪.① is 127.0.0.1) and encode the rest",
        example: "https://①②⑦.⓪.⓪.①/",
        is: refused((text) => /[^\x00-\x7f]/.test(text)),
      },
      {
        why: "a backslash is a slash in browsers",
        example: "https:\\\\a.example/",
        is: refused((text) => text.includes("\\")),
      },
      {
        why: "characters that RFC 3986 does not have are refused, not encoded",
        example: "https://a.example/<",
        is: refused((text) => /["<>^`{|}]/.test(text)),
      },
      {
        why: "a broken escape is refused, not kept",
        example: "https://a.example/%zz",
        is: refused((text) => /%(?![0-9a-f]{2})/i.test(text)),
      },
      {
        why: "brackets are for IPv6 only",
        example: "https://a.example/[",
        is: refused((text) => /[[\]]/.test(text.replace(/^([^:/]*:\/\/([^/?#@]*@)?)\[[^\]]*\]/, "$1"))),
      },
      {
        why: "a fragment has no '#'",
        example: "https://a.example/#a#b",
        is: refused((text) => /#.*#/.test(text)),
      },
      {
        why: "userinfo ends at the only '@'",
        example: "https://a@b@c.example/",
        is: refused((text) => (authority(text) ?? "").split("@").length > 2),
      },
      {
        why: "a web URL has two slashes: browsers put in what is missing, and drop what is too much",
        example: "https:/a.example",
        is: refused((text) => isWeb(scheme(text)) && !host(text)),
      },
      {
        why: "a port has its shortest spelling, and is not 0",
        example: "https://a.example:0443/",
        is: refused((text) => port(text) !== undefined && !/^[1-9][0-9]*$/.test(port(text))),
      },
      {
        why: "an IPv4 address is four decimal numbers: 127.1, 0x7f.1, 2130706433 are names for 127.0.0.1",
        example: "https://0x7f.1/",
        is: refused((text) => /^([^.]*\.)*(0x[0-9a-f]*|[0-9]+)\.?$/i.test(host(text))),
      },
      {
        why: "a host has letters, digits, '-', '.', '_', and no empty label",
        example: "https://a%2eexample/",
        is: refused((text) => /[^a-z0-9._-]|^\.|\.\./i.test(host(text).replace(/^\[.*\]$/, ""))),
      },
      {
        why: "Punycode of plain ASCII: xn--localhost- is localhost to some",
        example: "https://xn--nxasmq6b-.example/",
        is: refused((text) => /xn--([^.]*-)?(\.|$)/i.test(host(text))),
      },
      {
        why: "longer than URL_MAX_SIZE",
        example: `https://a.example/${"a".repeat(2048)}`,
        is: refused((text) => text.length > 2048),
      },
      {
        why: "RFC 3986 lets a host be empty even behind a user or before a port; only web URLs need one",
        example: "com.example.app://:80/",
        is: (text, ours, theirs) => ours.ok && !theirs.ok && !isWeb(scheme(text)) && !host(text),
      },
      {
        why: "what stands before '@' is userinfo, even if it is nothing",
        example: "https://@a.example/",
        is: (text, ours) => ours.ok && ours.value.userinfo && /^:?@/.test(authority(text)),
      },
      {
        why: "schemes that only browsers treat as the web's; none of them may be registered or fetched",
        example: "ws://A.example:80",
        is: (text) => /^(wss?|ftp|file)$/i.test(scheme(text)),
      },
    ],
  }));
