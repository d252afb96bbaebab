/**
 * How the core and its host write to each other (docs/host.md): numbers are
 * little-endian; a span is its length (u32) and its bytes, 0xffffffff is absent.
 */
const ABSENT = 0xffffffff;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Writer {
  constructor(size = 2048) {
    this.buffer = new Uint8Array(size);
    this.size = 0;
  }
  /** The place for `more` bytes, which are then part of what was written. */
  take(more) {
    if (this.size + more > this.buffer.length) {
      const larger = new Uint8Array(2 * (this.size + more));
      larger.set(this.bytes());
      this.buffer = larger;
    }
    return this.buffer.subarray(this.size, (this.size += more));
  }
  u8(value) {
    this.take(1)[0] = value;
    return this;
  }
  u32(value) {
    this.take(4).set([value, value >>> 8, value >>> 16, value >>> 24]);
    return this;
  }
  u64(value) {
    return this.u32(value % 2 ** 32).u32(value / 2 ** 32);
  }
  /** @param {Uint8Array | ArrayBuffer | string | null} value */
  span(value) {
    if (value === null) return this.u32(ABSENT);
    const bytes = typeof value === "string" ? encoder.encode(value) : new Uint8Array(value);
    return this.u32(bytes.length).raw(bytes);
  }
  raw(bytes) {
    this.take(bytes.length).set(bytes);
    return this;
  }
  /** @param {Iterable<[string, string]>} pairs */
  pairs(pairs) {
    const list = [...pairs];
    this.u32(list.length);
    for (const [name, value] of list) this.span(name).span(value);
    return this;
  }
  bytes() {
    return this.buffer.subarray(0, this.size);
  }
}

export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }
  u8 = () => this.bytes[this.at++];
  u32 = () => this.view.getUint32((this.at += 4) - 4, true);
  u64 = () => this.u32() + this.u32() * 2 ** 32;
  span = () => {
    const size = this.u32();
    return size === ABSENT ? null : this.bytes.subarray(this.at, (this.at += size));
  };
  text = () => decoder.decode(this.span());
  /** @template T @param {() => T} read @returns {T[]} */
  list = (read) => Array.from({ length: this.u32() }, read);
  pairs = () => this.list(() => [this.text(), this.text()]);
}
