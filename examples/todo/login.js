/** The sign-in page of the provider, at /interaction/{uid}. */
import { errors } from "oidc-provider";

import { findByLogin, findBySub } from "./accounts.js";
import { readBody } from "./http.js";

const PATH = /^\/interaction\/[\w-]+$/;

/** Koa middleware for the provider. @param {import("oidc-provider").Provider} provider */
export function loginPages(provider) {
  return async function login(ctx, next) {
    if (!PATH.test(ctx.path)) return next();

    let interaction;
    try {
      interaction = await provider.interactionDetails(ctx.req, ctx.res);
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      return showPage(ctx, 400, "This page has expired", "<p>Please start again from the application.</p>");
    }

    if (ctx.method === "GET") return showForm(ctx, interaction, {});
    if (ctx.method !== "POST") return ctx.throw(405);

    const form = new URLSearchParams(await readBody(ctx.req));
    if (form.has("cancel")) {
      return finish({ error: "access_denied", error_description: "The sign-in was cancelled" });
    }

    const typed = form.get("login") ?? "";
    const account = findByLogin(typed);
    if (!account) return showForm(ctx, interaction, { typed, problem: `There is no account “${typed.trim()}”.` });
    if (!form.get("password")) return showForm(ctx, interaction, { typed, problem: "Please type a password." });

    // Choosing an account here is signing in to it: this one answer settles both prompts.
    await finish({ login: { accountId: account.sub, amr: ["pwd"] }, select_account: {} });
    await endOtherSession(provider, interaction.session, account);

    async function finish(result) {
      const returnTo = await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
      ctx.status = 303;
      ctx.redirect(returnTo);
    }
  };
}

/**
 * Somebody else signs in on this browser. The old session becomes theirs, empty;
 * otherwise the provider would put a sign-out page in between.
 */
async function endOtherSession(provider, current, account) {
  if (!current?.accountId || current.accountId === account.sub) return;
  const session = await provider.Session.findByUid(current.uid);
  if (!session) return;
  Object.assign(session, { accountId: undefined, loginTs: undefined, authorizations: undefined });
  await session.persist();
}

function showForm(ctx, { params, session }, { typed = params.login_hint ?? "", problem }) {
  const current = findBySub(session?.accountId);
  showPage(ctx, problem ? 400 : 200, "Sign in to Todo", `
    <p>to continue to <strong>${escape(params.client_id)}</strong></p>
    ${current ? `<p>You are signed in as <strong>${escape(current.login)}</strong>. Sign in again, or as somebody else.</p>` : ""}
    ${problem ? `<p class="problem" role="alert">${escape(problem)}</p>` : ""}
    <form method="post">
      <label>Login <input name="login" value="${escape(typed)}" autocomplete="username" autocapitalize="none" required autofocus></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
      <button name="cancel" value="1" class="quiet" formnovalidate>Cancel</button>
    </form>
    <p class="hint">A demonstration: sign in as alice or bob (acme) or carol (globex), with any password.</p>`);
}

/** @param {string} content HTML */
export function showPage(ctx, status, title, content) {
  ctx.status = status;
  ctx.type = "html";
  ctx.set("Cache-Control", "no-store");
  ctx.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'");
  ctx.body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f4f5f7; color: #1d2330;
         font: 16px/1.5 system-ui, sans-serif }
  main { box-sizing: border-box; width: min(24rem, 100vw - 2rem); padding: 2rem; background: #fff;
         border: 1px solid #e1e4ea; border-radius: 12px }
  h1 { margin: 0; font-size: 1.4rem }
  p { margin: .4rem 0 }
  label { display: block; margin-top: 1rem; font-weight: 600 }
  input { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; border: 1px solid #b9c0cc; border-radius: 8px }
  button { width: 100%; margin-top: 1rem; padding: .7rem; font: inherit; font-weight: 600; border: 0; border-radius: 8px;
           background: #2454d6; color: #fff; cursor: pointer }
  button.quiet { margin-top: .4rem; background: none; color: #4b5465 }
  .problem { color: #a11b1b }
  .hint { margin-top: 1rem; font-size: .85rem; color: #4b5465 }
</style>
<main>
  <h1>${escape(title)}</h1>
  ${content}
</main>
</html>
`;
}

/** @param {string} text */
export function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
