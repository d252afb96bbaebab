// The known ways around a gateway's consent, each tried in a real browser and each a dead end.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { startDocuments } from "../http/support/documents.js";
import { startWorld } from "../http/support/world.js";
import { allow, answerFrom, askFor, logIn, said, startApp, startBrowser, startSite } from "./support/browser.js";

let world, browser, app, evil, documents, victim, attacker, page, evilPage;
before(async () => {
  world = await startWorld({ on: "clock" });
  browser = await startBrowser();
  app = await startApp(world, { client_name: "Honest" });
  evil = await startSite();
  documents = await startDocuments();
});
after(async () => {
  await browser?.close();
  for (const started of [app, evil, documents, world]) await started?.stop();
});
beforeEach(async () => {
  [victim, attacker] = [await browser.newContext(), await browser.newContext()];
  [page, evilPage] = [await victim.newPage(), await attacker.newPage()];
});
afterEach(async () => {
  await victim.close();
  await attacker.close();
});

const transactionOf = (at) => at.locator("[name=transaction]").inputValue();

/** Whatever the steps are: no code of the product is exchanged, and no client hears of it. */
async function nothingComesOf(steps) {
  const { tokenRequests } = world.todo.provider;
  const before = [tokenRequests.length, app.visits.length];
  await steps();
  assert.deepEqual([tokenRequests.length, app.visits.length], before);
}

/** The product's own link to a sign-in for the gateway, as anybody can write it. */
async function productLink(state) {
  const { issuer } = world.todo.provider;
  const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const query = new URLSearchParams({
    client_id: "latchkey",
    redirect_uri: `${world.url}/callback/todo`,
    response_type: "code",
    scope: "openid",
    state,
    code_challenge: "A".repeat(43),
    code_challenge_method: "S256",
  });
  return `${metadata.authorization_endpoint}?${query}`;
}

/** Signs in at the product. @returns the gateway's answer to the browser that comes back */
async function comeBack(at, login = "alice") {
  const answer = answerFrom(at, `${world.url}/callback/`);
  await logIn(at, login);
  return answer;
}

/** The attacker agrees to everything in their own browser. @returns the link to the product */
async function approvedByAttacker() {
  await askFor(evilPage, await app.request());
  const answer = answerFrom(evilPage, `${world.url}/consent`);
  await allow(evilPage);
  return (await answer).headerValue("location");
}

describe("step 1: no consent at all, straight to the product", () => {
  const states = {
    "made up": async () => "A".repeat(400),
    "absent": async () => "",
    "the transaction of one's own open consent page": async () => {
      await askFor(page, await app.request());
      return transactionOf(page);
    },
    "copied from somebody who has consented": async () => new URL(await approvedByAttacker()).searchParams.get("state"),
  };
  for (const [what, make] of Object.entries(states)) {
    test(`N15 S29 A3: with a state that is ${what}`, () => nothingComesOf(async () => {
      await page.goto(await productLink(await make()));
      assert.equal((await comeBack(page)).status(), 403);
      assert.match(await said(page), /This sign-in cannot go on/);
    }));
  }
});

describe("step 2: consent in another browser", () => {
  test("S30 N15 A3: the link to the product, after an attacker's consent", () => nothingComesOf(async () => {
    await page.goto(await approvedByAttacker());
    assert.equal((await comeBack(page)).status(), 403);
    assert.match(await said(page), /belongs to another browser/);
  }));

  test("S30 S20 A3: the way back from the product leads nowhere elsewhere, and on in its own browser", async () => {
    const request = await app.request();
    await askFor(page, request);
    await allow(page);
    const cdp = await victim.newCDPSession(page);
    await cdp.send("Fetch.enable", { patterns: [{ urlPattern: `${world.url}/callback/*` }] });
    const stopped = new Promise((resolve) => cdp.once("Fetch.requestPaused", resolve));
    const wayOn = logIn(page, "alice");
    const { requestId, request: { url } } = await stopped;
    await nothingComesOf(async () => assert.equal((await evilPage.goto(url)).status(), 403));
    await cdp.send("Fetch.continueRequest", { requestId });
    await wayOn;
    assert.ok((await app.redeem(page, request)).access_token);
  });
});

describe("step 3: the answer is sent by another site", () => {
  const autoSubmit = (transaction) => `<form method="post" action="${world.url}/consent">
    <input name="transaction" value="${transaction}"><input name="scope" value="todos:read">
    <input name="decision" value="approve"></form><script>document.forms[0].submit()</script>`;
  const whose = { "the attacker's transaction": () => evilPage, "the victim's transaction, had it leaked,": () => page };

  for (const [what, from] of Object.entries(whose)) {
    for (const site of ["otherSite", "origin"]) {
      test(`S31 A23 A3: ${what} from another ${site === "origin" ? "port" : "site"}`, async () => {
        const request = await app.request();
        await askFor(page, request);
        await askFor(evilPage, await app.request());
        evil.show("/post", autoSubmit(await transactionOf(from())));
        await nothingComesOf(async () => {
          const asked = world.seen.provider.length;
          const tab = await victim.newPage();
          const answer = answerFrom(tab, `${world.url}/consent`);
          await tab.goto(`${evil[site]}/post`);
          assert.equal((await answer).status(), 403);
          assert.equal(world.seen.provider.length, asked);
        });
        await allow(page); // the victim's own sign-in is not disturbed
        await logIn(page, "alice");
        assert.ok((await app.redeem(page, request)).access_token);
      });
    }
  }
});

describe("step 4: consent is not remembered", () => {
  let published, path;
  const publish = (changes) => documents.publish(path, { redirect_uris: [published.client.redirectUri], ...changes });
  beforeEach(async () => {
    path = `/${crypto.randomUUID()}`;
    published = await startApp(world, { client_id: documents.origin + path });
    publish();
    assert.ok((await published.signIn(page, await published.request())).access_token);
  });
  afterEach(() => published.stop());

  /** The victim, who is signed in at the product, follows a link: there is a question, and nothing else. */
  async function isAskedAgain(link, name) {
    const [asked, visits] = [world.seen.provider.length, published.visits.length];
    await askFor(page, link);
    assert.equal(page.url(), link.url);
    assert.ok(await page.getByRole("button", { name: "Allow and continue" }).isVisible());
    assert.ok(await page.getByRole("heading", { name }).isVisible());
    assert.deepEqual([world.seen.provider.length, published.visits.length], [asked, visits]);
  }

  test("S29 N15: the same client asks once more", async () => isAskedAgain(await published.request(), "Published client wants"));
  test("S29 N15: with prompt=none", async () => isAskedAgain(await published.request({ prompt: "none" }), "Published client wants"));

  test("S29 N15: its document has changed: other name, and the attacker's redirect URI", async () => {
    publish({ client_name: "Changed client", redirect_uris: ["https://evil.example/callback"] });
    const aDayLater = Math.floor(Date.now() / 1000) + 86_400; // no copy is kept so long
    await world.fetch(`${world.url}/__clock`, { method: "POST", body: String(aDayLater) });
    try {
      await isAskedAgain(await published.request({ redirect_uri: "https://evil.example/callback" }), "Changed client wants");
      assert.match(await said(page), /Your permission goes to evil\.example\.\s*Go on only if you know this site/);
    } finally {
      await world.fetch(`${world.url}/__clock`, { method: "POST" });
    }
  });

  test("S29 N15: another document says that it is the same client", async () => {
    const imitation = await startApp(world, { client_id: `${documents.origin}/imitation` });
    try {
      documents.publish("/imitation", { redirect_uris: [imitation.client.redirectUri, published.client.redirectUri] });
      await isAskedAgain(await imitation.request(), "Published client wants");
      await isAskedAgain(await imitation.request({ redirect_uri: published.client.redirectUri }), "Published client wants");
    } finally {
      await imitation.stop();
    }
  });

  test("S29 N15: a registered client with its name and its redirect URI", async () => {
    const imitation = await startApp(world, { client_name: "Published client", redirect_uris: [published.client.redirectUri] });
    try {
      await isAskedAgain(await imitation.request(), "Published client wants");
      assert.match(await said(page), /Not verified/);
    } finally {
      await imitation.stop();
    }
  });
});

describe("the consent page in somebody else's frame", () => {
  for (const site of ["otherSite", "origin"]) {
    test(`S32 A17 A3: from another ${site === "origin" ? "port" : "site"}, nothing of ours is shown`, async () => {
      const { url } = await app.request();
      const error = `${world.url}/authorize`;
      evil.show("/mine", "<button>Win a prize</button>");
      const frames = ["/mine", url, error, `${world.url}/`].map((src) => `<iframe src="${src.replaceAll("&", "&amp;")}"></iframe>`);
      evil.show("/frame", frames.join(""));
      await page.goto(`${evil[site]}/frame`); // resolves once every frame has loaded or failed
      const [mine, ...ours] = page.mainFrame().childFrames();
      assert.equal(await mine.getByRole("button").count(), 1); // frames as such do work
      assert.equal(ours.length, 3);
      for (const frame of ours) {
        assert.match(frame.url(), /^chrome-error:/);
        assert.equal(await frame.locator("form, header").count(), 0);
      }
    });
  }
});
