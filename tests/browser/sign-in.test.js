// The whole sign-in, as it is in a real browser.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { startWorld } from "../http/support/world.js";
import { allow, answerFrom, askFor, cancel, logIn, said, startApp, startBrowser } from "./support/browser.js";

let world, browser, app, context, page;
before(async () => {
  world = await startWorld();
  browser = await startBrowser();
  app = await startApp(world, { client_name: "Browser test" });
});
after(async () => {
  await browser?.close();
  await app?.stop();
  await world?.stop();
});
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

const ours = async () => (await context.cookies(world.url)).filter(({ name }) => name.startsWith("__Host-latchkey"));
const isFocused = (locator) => locator.evaluate((element) => element === element.ownerDocument.activeElement);

describe("A3: from the link to the tokens", () => {
  test("A3: through consent and the product's login to a code that redeems", async () => {
    const request = await app.request();
    await askFor(page, request);
    const text = await said(page);
    assert.match(text, /Browser test wants to use Todo as you/);
    assert.match(text, /Not verified/);
    await allow(page);
    await page.waitForURL((url) => url.origin === world.todo.provider.issuer);
    await logIn(page, "alice");
    const tokens = await app.redeem(page, request);
    assert.equal(tokens.scope, "todos:read todos:write");
    assert.ok(tokens.refresh_token);
  });

  test("A3: the page asks for nothing but itself", async () => {
    const asked = [];
    const problems = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => problems.push(message.text()));
    const request = await app.request();
    await askFor(page, request);
    assert.deepEqual(asked.filter((url) => !url.endsWith("/favicon.ico")), [request.url]);
    assert.deepEqual(problems.filter((text) => !text.includes("favicon")), []);
  });

  test("A3: the __Host- cookie, Secure, is kept at http://127.0.0.1, changed at consent, gone at the end", async () => {
    const request = await app.request();
    await askFor(page, request);
    const [atConsent, ...others] = await ours();
    assert.deepEqual(others, []);
    const { secure, httpOnly, sameSite, path, domain } = atConsent;
    assert.deepEqual(
      { secure, httpOnly, sameSite, path, domain },
      { secure: true, httpOnly: true, sameSite: "Lax", path: "/", domain: "127.0.0.1" },
    );
    await allow(page);
    await page.getByLabel("Login").waitFor();
    const [atLogin] = await ours();
    assert.equal(atLogin.name, atConsent.name);
    assert.notEqual(atLogin.value, atConsent.value);
    await logIn(page, "alice");
    await app.arrival(page, request);
    assert.deepEqual(await ours(), []);
  });

  test("A3 A23: Cancel, and the client is told so; the product is not asked", async () => {
    const request = await app.request();
    const asked = world.seen.provider.length;
    await askFor(page, request);
    await cancel(page);
    await assert.rejects(app.arrival(page, request), { error: "access_denied" });
    assert.equal(world.seen.provider.length, asked);
    assert.deepEqual(await ours(), []);
  });

  test("A3: Cancel at the product, and the client is told so", async () => {
    const request = await app.request();
    await askFor(page, request);
    await allow(page);
    await cancel(page);
    await assert.rejects(app.arrival(page, request), { error: "access_denied" });
  });

  test("A3: what is unticked is not in the token", async () => {
    const request = await app.request();
    await askFor(page, request);
    await page.getByRole("checkbox", { name: "Add, complete and delete" }).uncheck();
    await allow(page);
    await logIn(page, "alice");
    assert.equal((await app.redeem(page, request)).scope, "todos:read");
  });

  test("A3: nothing is left ticked, and that is a no", async () => {
    const request = await app.request();
    await askFor(page, request);
    for (const box of await page.getByRole("checkbox").all()) await box.uncheck();
    await allow(page);
    await assert.rejects(app.arrival(page, request), { error: "access_denied" });
  });

  test("A3 A23 S31: back from the product, the spent consent page leads nowhere", async () => {
    await askFor(page, await app.request());
    const transaction = await page.locator("[name=transaction]").inputValue();
    await allow(page);
    await page.getByLabel("Login").waitFor();
    await page.goBack();
    // The page is not kept, so this may be a new question: it is answered as the old one.
    await page.locator("[name=transaction]").evaluate((input, value) => (input.value = value), transaction);
    const answer = answerFrom(page, `${world.url}/consent`);
    await allow(page);
    assert.equal((await answer).status(), 403);
    assert.match(await said(page), /another browser, or was finished already/);
  });
});

describe("A3: each tab its own transaction", () => {
  for (const [how, order] of [["the first finishes first", [0, 1]], ["the second finishes first", [1, 0]]]) {
    test(`A3 S08: two tabs at once, ${how}`, async () => {
      const tabs = [page, await context.newPage()];
      const requests = [await app.request(), await app.request({ scope: "todos:read" })];
      for (const i of [0, 1]) await askFor(tabs[i], requests[i]);
      assert.equal(new Set((await ours()).map(({ name }) => name)).size, 2);
      for (const i of order) await allow(tabs[i]);
      const scopes = [];
      for (const i of order) {
        await logIn(tabs[i], ["alice", "bob"][i]);
        scopes[i] = (await app.redeem(tabs[i], requests[i])).scope;
      }
      assert.deepEqual(scopes, ["todos:read todos:write", "todos:read"]);
      assert.deepEqual(await ours(), []);
    });
  }
});

describe("A3: whoever has no mouse, or no scripts", () => {
  test("A3: with the keyboard alone, and the focus can be seen at each step", async () => {
    const request = await app.request();
    await askFor(page, request);
    const [read, write] = await page.getByRole("checkbox").all();
    const stops = [read, write, page.getByRole("button", { name: "Cancel" }), page.getByRole("button", { name: "Allow and continue" })];
    for (const stop of stops) {
      await page.keyboard.press("Tab");
      assert.ok(await isFocused(stop), await stop.innerText());
      assert.equal(await stop.evaluate((element) => getComputedStyle(element).outlineStyle), "solid");
      if (stop === write) await page.keyboard.press("Space");
    }
    assert.equal(await write.isChecked(), false);
    await page.keyboard.press("Enter");
    await page.locator("input[name=login]:focus").waitFor();
    await page.keyboard.type("alice");
    await page.keyboard.press("Tab");
    await page.keyboard.type("any");
    await page.keyboard.press("Enter");
    assert.equal((await app.redeem(page, request)).scope, "todos:read");
  });

  test("A3: Enter without having chosen a button is a no", async () => {
    const request = await app.request();
    await askFor(page, request);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await assert.rejects(app.arrival(page, request), { error: "access_denied" });
  });

  test("A3: with JavaScript off", async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    try {
      const tokens = await app.signIn(await plain.newPage(), await app.request());
      assert.equal(tokens.scope, "todos:read todos:write");
    } finally {
      await plain.close();
    }
  });
});

describe("A3: what cannot be granted", () => {
  test("A3 A08: a redirect URI of somebody else: a page that says what to do, and no way on", async () => {
    const { url } = await app.request({ redirect_uri: "https://evil.example/callback" });
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).origin));
    const response = await page.goto(url);
    assert.equal(response.status(), 400);
    assert.equal(page.url(), url);
    const text = await said(page);
    assert.match(text, /redirect_uri/);
    assert.match(text, /[Gg]o back|try again|developer/);
    assert.equal(await page.getByRole("link").count(), 0);
    assert.deepEqual([...new Set(asked)], [world.url]);
  });

  test("A3 A08: a mistake of an unverified client: the person decides whether to follow the link back", async () => {
    const visits = app.visits.length;
    const request = await app.request({ code_challenge_method: "plain" });
    const response = await page.goto(request.url);
    assert.equal(response.status(), 400);
    assert.equal(app.visits.length, visits);
    await page.getByRole("link", { name: "Back to the application" }).click();
    await assert.rejects(app.arrival(page, request), { error: "invalid_request" });
  });
});
