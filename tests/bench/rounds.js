/** Rounds in alternation, so that what else happens on the machine happens to all alike. */

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What is being done, on a terminal's last line or on lines of a log. */
export function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/**
 * @param {{ name: string }[]} servers
 * @param {(server: object) => Promise<Record<string, number>>} measure
 * @returns {Promise<Record<string, Record<string, number>>>} by name: the median of each figure
 */
export async function alternate(servers, { rounds, note }, measure) {
  const all = Object.fromEntries(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = [...servers.slice(round % servers.length), ...servers.slice(0, round % servers.length)];
    for (const server of order) {
      progress(`${note}: round ${round + 1} of ${rounds}, ${server.name}`);
      all[server.name].push(await measure(server));
    }
  }
  progress("");
  const medians = (figures) =>
    Object.fromEntries(Object.keys(figures[0]).map((key) => [key, median(figures.map((figure) => figure[key]))]));
  return Object.fromEntries(Object.entries(all).map(([name, figures]) => [name, medians(figures)]));
}
