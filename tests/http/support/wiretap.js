/** Notes the bodies of a request and of its answer, without being in their way. */

/**
 * @param {import("node:http").IncomingMessage} req
 * @param {import("node:http").ServerResponse} res
 * @returns {{ url: string, sent: () => string, answered: () => string }} as far as they have come
 */
export function wiretap(req, res) {
  const [sent, answered] = [[], []];
  const { emit } = req;
  req.emit = (name, ...values) => {
    if (name === "data") sent.push(Buffer.from(values[0]));
    return emit.call(req, name, ...values);
  };
  for (const name of ["write", "end"]) {
    const original = res[name];
    res[name] = (chunk, ...rest) => {
      if (typeof chunk === "string" || chunk instanceof Uint8Array) answered.push(Buffer.from(chunk));
      return original.call(res, chunk, ...rest);
    };
  }
  const text = (chunks) => () => Buffer.concat(chunks).toString();
  return { url: req.url, sent: text(sent), answered: text(answered) };
}
