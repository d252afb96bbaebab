/** Answers that were read not long ago, for those whom such a one will do. */
export class Cache {
  #answers = new Map(); // the oldest first

  constructor(most) {
    this.most = most;
  }

  /** One no older than `ms`, or what `ask` gives now; that something is not there is always asked. */
  async read(key, ms, ask) {
    const now = Date.now(), found = this.#answers.get(key);
    if (now - found?.asked < ms) return found.answer;
    this.#answers.delete(key);
    const answer = await ask();
    if (ms > 0 && answer !== null) this.#answers.set(key, { asked: now, answer });
    if (this.#answers.size > this.most) this.#answers.delete(this.#answers.keys().next().value);
    return answer;
  }

  forget(key) {
    this.#answers.delete(key);
  }
}
