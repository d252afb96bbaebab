/** Answers that were read not long ago, for those whom such a one will do. */
export class Cache {
  #answers = new Map(); // the oldest first

  constructor(most) {
    this.most = most;
  }

  /**
   * An answer no older than `ms` to the same question, or what `ask` gives now; that something is
   * not there is always asked. One question is remembered for a key: whoever asks another, or must
   * have the newest, drops it.
   */
  async read(key, ms, ask, question = "") {
    const now = Date.now(), found = this.#answers.get(key);
    if (now - found?.asked < ms && found.question === question) return found.answer;
    this.#answers.delete(key);
    const answer = await ask();
    if (ms > 0 && answer !== null) this.#answers.set(key, { asked: now, question, answer });
    if (this.#answers.size > this.most) this.#answers.delete(this.#answers.keys().next().value);
    return answer;
  }

  forget(key) {
    this.#answers.delete(key);
  }
}
