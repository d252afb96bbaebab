/** A sign-in that stops where the browser would return to the gateway, with the product's code. */

/** @param {import("./person.js").Person} person @returns {Promise<string>} the gateway's callback */
export async function upToCallback(person, authorizeUrl) {
  const { home } = person;
  const consent = await person.open(authorizeUrl);
  person.home = home.filter((origin) => !consent.url.startsWith(origin)); // the gateway is elsewhere now
  try {
    let at = await person.approve(consent);
    if (!at.redirect) at = await person.logIn(at);
    return at.redirect;
  } finally {
    person.home = home;
  }
}
