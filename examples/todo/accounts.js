/**
 * The people who use Todo. Any password will do: this is a demonstration, and
 * everything interesting happens after the sign-in.
 *
 * `sub` is what tokens carry. It is neither the login nor the e-mail address,
 * because both of those may change hands.
 *
 * @typedef {object} Account
 * @property {string} sub
 * @property {string} login
 * @property {string} name
 * @property {string} email
 * @property {string} organization
 */

/** @type {Account[]} */
export const accounts = [
  { sub: "user-1001", login: "alice", name: "Alice Adams", email: "alice@acme.example", organization: "acme" },
  { sub: "user-1002", login: "bob", name: "Bob Brown", email: "bob@acme.example", organization: "acme" },
  { sub: "user-2001", login: "carol", name: "Carol Clark", email: "carol@globex.example", organization: "globex" },
];

/** @param {string} sub */
export function findBySub(sub) {
  return accounts.find((account) => account.sub === sub);
}

/** By login or e-mail address, as a person would type it. @param {string} login */
export function findByLogin(login) {
  const typed = login.trim().toLowerCase();
  return accounts.find((account) => account.login === typed || account.email === typed);
}
