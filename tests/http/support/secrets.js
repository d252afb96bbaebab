/** Looks for secrets in what was said and stored, in every spelling that they may have. */

/** @typedef {{ where: string, bytes: Buffer }} Place */

/** Of base64, only what does not depend on the neighbours: in each of three positions. */
function base64Inside(text) {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString("base64").replace(/=+$/, "");
    return encoded.slice(shift === 0 ? 0 : shift + 1, -1);
  });
}

/** @returns {Buffer[]} as it is, as others write it, and what it says in base64url */
export function spellingsOf(secret) {
  const base64 = base64Inside(secret);
  const texts = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString("hex")];
  const url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  const spellings = [...texts, ...base64, ...url].map((text) => Buffer.from(text));
  spellings.push(Buffer.from(secret, "utf16le"));
  for (const part of secret.split(/[._]/)) {
    const raw = Buffer.from(part, "base64url");
    if (raw.length >= 24 && raw.toString("base64url") === part) spellings.push(raw);
  }
  return spellings;
}

/**
 * @param {Record<string, string>} secrets by what they are
 * @param {Place[]} places
 * @returns {string[]} which stands where
 */
export function findSecrets(secrets, places) {
  return Object.entries(secrets).flatMap(([name, secret]) => {
    if (secret.length < 16) throw new Error(`${name} is too short to be looked for`);
    const spellings = spellingsOf(secret);
    return places
      .filter(({ bytes }) => spellings.some((spelling) => bytes.includes(spelling)))
      .map(({ where }) => `${name} in ${where}`);
  });
}
