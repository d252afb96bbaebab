/**
 * How the core and its host write to each other (docs/host.md): numbers are
 * little-endian; a span is its length (u32) and its bytes, 0xffffffff is absent.
 * Nearly all text is short and ASCII: a plain loop is several times as fast
 * there as a call of the platform's encoder.
 */
const ABSENT = 0xffffffff;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const latin1 = new TextDecoder("latin1");
const NOT_ASCII = /[^\0-\x7f]/;

export class Writer {
  constructor(room = 64) {
    this.buffer = new Uint8Array(room);
    this.size = 0;
  }
  /** Room for `more` bytes, which are then part of what was written; where they begin. */
  take(more) {
    const at = this.size;
    this.size += more;
    if (this.size > this.buffer.length) {
      const larger = new Uint8Array(at + this.size);
      larger.set(this.buffer);
      this.buffer = larger;
    }
    return at;
  }
  u8(value) {
    const at = this.take(1);
    this.buffer[at] = value;
    return this;
  }
  u32(value, at = this.take(4)) {
    for (let i = 0; i < 4; i++) this.buffer[at + i] = value >>> (8 * i);
    return this;
  }
  u64(value) {
    return this.u32(value % 2 ** 32).u32(value / 2 ** 32);
  }
  /** @param {Uint8Array | null} bytes */
  span(bytes) {
    return bytes === null ? this.u32(ABSENT) : this.u32(bytes.length).raw(bytes);
  }
  raw(bytes) {
    const at = this.take(bytes.length);
    this.buffer.set(bytes, at);
    return this;
  }
  text(string) {
    const start = this.size;
    const at = this.u32(string.length).take(string.length);
    for (let i = 0; i < string.length; i++) {
      const code = string.charCodeAt(i);
      if (code > 127) {
        this.size = start;
        return this.span(encoder.encode(string));
      }
      this.buffer[at + i] = code;
    }
    return this;
  }
  /** @param {Iterable<[string, string]>} pairs */
  pairs(pairs) {
    const at = this.take(4);
    let count = 0;
    for (const [name, value] of pairs) {
      this.text(name).text(value);
      count++;
    }
    return this.u32(count, at);
  }
  /** A span of all that `write` writes. @param {(w: Writer) => void} write */
  spanOf(write) {
    const at = this.take(4);
    write(this);
    return this.u32(this.size - at - 4, at);
  }
  bytes() {
    return this.buffer.subarray(0, this.size);
  }
}

export class Reader {
  /** All of it is made one text at once: a piece of that costs next to nothing. */
  constructor(bytes, characters = latin1.decode(bytes), at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.characters = characters;
    this.at = at;
    this.end = end;
  }
  u8() {
    return this.bytes[this.at++];
  }
  u32() {
    const b = this.bytes, at = this.at;
    this.at += 4;
    return (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;
  }
  u64() {
    return this.u32() + this.u32() * 2 ** 32;
  }
  span() {
    const size = this.u32();
    return size === ABSENT ? null : this.bytes.subarray(this.at, (this.at += size));
  }
  text() {
    const at = this.at + 4, end = at + this.u32();
    this.at = end;
    const text = this.characters.slice(at, end);
    return NOT_ASCII.test(text) ? decoder.decode(this.bytes.subarray(at, end)) : text;
  }
  rest() {
    return this.bytes.subarray(this.at, this.end);
  }
  /** A reader of the next span. */
  inner() {
    const at = this.at + 4, end = at + this.u32();
    this.at = end;
    return new Reader(this.bytes, this.characters, at, end);
  }
  /** @template T @param {(r: Reader) => T} read @returns {T[]} */
  list(read) {
    const list = [];
    for (let left = this.u32(); left > 0; left--) list.push(read(this));
    return list;
  }
  /** Appended one by one: the platform takes longer over a list. */
  headers() {
    const headers = new Headers();
    for (let left = this.u32(); left > 0; left--) headers.append(this.text(), this.text());
    return headers;
  }
}
