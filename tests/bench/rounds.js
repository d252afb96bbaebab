/** Rounds in alternation, so that what else happens on the machine happens to all alike. */

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What is being done: the last line of a terminal; in a log, a line for each new thing. */
export function progress(what, where = "") {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}${where}`);
  else if (what !== progress.last && what !== "") process.stderr.write(`${what}\n`);
  progress.last = what;
}

/**
 * @template {Record<string, number>} Figures
 * @param {object} how
 * @param {string} how.what is measured
 * @param {number} how.rounds that count
 * @param {number} [how.warmUps] rounds before them that do not
 * @param {string[]} names of what is compared
 * @param {(name: string, round: number) => Promise<Figures>} measure
 * @returns {Promise<Record<string, Figures>>} by name: the median of each figure
 */
export async function alternate({ what, rounds, warmUps = 1 }, names, measure) {
  const all = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 1 - warmUps; round <= rounds; round++) {
    const first = Math.abs(round) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      progress(what, `: ${round < 1 ? "warming up" : `round ${round} of ${rounds}`}, ${name}`);
      const figures = await measure(name, round);
      if (round > 0) all[name].push(figures);
    }
  }
  progress("");
  const medians = (figures) =>
    Object.fromEntries(Object.keys(figures[0]).map((key) => [key, median(figures.map((figure) => figure[key]))]));
  return Object.fromEntries(names.map((name) => [name, medians(all[name])]));
}
