/**
 * A fetch that remembers what came back, to the last byte: all that a client or a browser has
 * ever been able to read.
 */
export function makeTape() {
  /** @type {Promise<{ url: string, text: string }>[]} status, headers and body are the text */
  const answers = [];

  return {
    /** @type {typeof globalThis.fetch} */
    async fetch(input, init) {
      const response = await fetch(input, init);
      const head = [response.status, ...[...response.headers].map((pair) => pair.join(": "))];
      const body = response.body ? readAll(response.clone()) : "";
      answers.push(Promise.resolve(body).then((text) => ({ url: response.url, text: [...head, "", text].join("\n") })));
      return response;
    },

    answers: () => Promise.all(answers),
  };
}

/** As far as it came: a stream may be cut by either side. */
async function readAll(response) {
  const chunks = [];
  try {
    for await (const chunk of response.body) chunks.push(chunk);
  } catch {
    // What had arrived counts.
  }
  return Buffer.concat(chunks).toString("latin1");
}
