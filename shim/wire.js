/**
 * How the core and its host write to each other (docs/host.md): numbers are
 * little-endian; a span is its length (u32) and its bytes, 0xffffffff is absent.
 * Nearly all text is short and ASCII: a plain loop is several times as fast
 * there as a call of the platform's encoder.
 */
const ABSENT = 0xffffffff;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Writer {
  constructor(room = 2048) {
    this.buffer = new Uint8Array(room);
    this.size = 0;
  }
  /** Room for `more` bytes, which are then part of what was written; where they begin. */
  take(more) {
    const at = this.size;
    this.size += more;
    if (this.size > this.buffer.length) {
      const larger = new Uint8Array(2 * this.size);
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
  u32(value) {
    const at = this.take(4);
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
    const start = this.take(4);
    let count = 0;
    for (const [name, value] of pairs) {
      this.text(name).text(value);
      count++;
    }
    const end = this.size;
    this.size = start;
    this.u32(count).size = end;
    return this;
  }
  bytes() {
    return this.buffer.subarray(0, this.size);
  }
}

export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
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
    const bytes = this.span();
    const plain = bytes.length < 512 && bytes.every((byte) => byte < 128);
    return plain ? String.fromCharCode.apply(null, bytes) : decoder.decode(bytes);
  }
  /** @template T @param {(r: Reader) => T} read @returns {T[]} */
  list(read) {
    return Array.from({ length: this.u32() }, () => read(this));
  }
  pairs() {
    return this.list((r) => [r.text(), r.text()]);
  }
}
