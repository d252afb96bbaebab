// Random inputs, the same for the same SEED.

export class Random {
  #state;
  constructor(seed = Number(process.env.SEED ?? 1)) {
    this.#state = seed >>> 0;
  }
  /** A whole number below `n` (mulberry32). */
  below(n) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % n;
  }
  chance(oneIn) {
    return this.below(oneIn) === 0;
  }
  /** @template T @param {ArrayLike<T>} list @returns {T} */
  pick(list) {
    return list[this.below(list.length)];
  }
  /** @template T @param {number} most @param {() => T} make @returns {T[]} */
  some(most, make) {
    return Array.from({ length: this.below(most + 1) }, make);
  }
  /** Up to `most` times a part of the text goes, or one of `parts` comes in. */
  mutate(text, parts, most = 3) {
    for (let n = this.below(most + 1); n > 0; n--) {
      const at = this.below(text.length + 1);
      const end = this.chance(2) ? at : Math.min(text.length, at + 1 + this.below(3));
      text = text.slice(0, at) + (this.chance(4) ? "" : this.pick(parts)) + text.slice(end);
    }
    return text.toWellFormed();
  }
}
