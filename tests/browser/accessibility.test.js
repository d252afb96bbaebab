// Every page, as axe-core sees it: in light and dark, on a phone and on a desk, and very narrow.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import axe from "axe-core";

import { startDocuments } from "../http/support/documents.js";
import { startWorld } from "../http/support/world.js";
import { startApp, startBrowser } from "./support/browser.js";

const SIZES = [{ width: 390, height: 844 }, { width: 1280, height: 800 }];
const SCHEMES = ["light", "dark"];
const NARROW = { width: 320, height: 640 };
const LONG_HOST = `a-very-long-name-of-a-host-without-any-space-in-it.${"x".repeat(60)}.example`;

let world, browser, documents;
const apps = [];
const startedApp = async (metadata) => {
  apps.push(await startApp(world, metadata));
  return apps.at(-1);
};
before(async () => {
  world = await startWorld();
  browser = await startBrowser();
  documents = await startDocuments();
});
after(async () => {
  await browser?.close();
  for (const started of [...apps, documents, world]) await started?.stop();
});

/** How to come to each page. */
const PAGES = {
  "consent, a client that nobody vouches for": async () => (await (await startedApp({ client_name: "Notes" })).request()).url,
  "consent, a client with a document": async () => {
    const app = await startedApp({ client_id: `${documents.origin}/client` });
    documents.publish("/client", { redirect_uris: [app.client.redirectUri] });
    return (await app.request()).url;
  },
  "consent, long names": async () => {
    const name = "Donaudampfschifffahrtsgesellschaft".repeat(5);
    const app = await startedApp({ client_name: name, redirect_uris: [`https://${LONG_HOST}/callback`] });
    return (await app.request()).url;
  },
  "an error, and nowhere to go": async () => `${world.url}/authorize?client_id=unknown`,
  "an error with a link back": async () =>
    (await (await startedApp({})).request({ code_challenge_method: "plain" })).url,
  "the callback of nobody": async () => `${world.url}/callback/todo?state=x&code=y`,
  "the landing page": async () => `${world.url}/`,
};

async function withPage(options, url, look) {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    const response = await page.goto(url);
    assert.match(response.headers()["content-type"], /^text\/html/);
    return await look(page);
  } finally {
    await context.close();
  }
}

/** Not by a script element: that, the page's policy forbids. */
async function findings(page) {
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
  assert.ok(passes.length > 10, "it has looked");
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

describe("A3: readable by everybody", () => {
  for (const [name, come] of Object.entries(PAGES)) {
    test(`A3: ${name}`, async (t) => {
      const url = await come();
      for (const colorScheme of SCHEMES)
        for (const viewport of SIZES)
          await t.test(`A3: ${colorScheme}, ${viewport.width}x${viewport.height}`, () =>
            withPage({ colorScheme, viewport }, url, async (page) => assert.deepEqual(await findings(page), [])));

      await t.test("A3: nothing to scroll sideways at 320 pixels", () =>
        withPage({ viewport: NARROW }, url, async (page) => {
          const { scrollWidth, clientWidth } = await page.evaluate(() => {
            const { scrollWidth, clientWidth } = document.documentElement;
            return { scrollWidth, clientWidth };
          });
          assert.deepEqual({ scrollWidth, clientWidth }, { scrollWidth: NARROW.width, clientWidth: NARROW.width });
        }));
    });
  }

  test("A3: axe-core does find what is wrong", () =>
    withPage({}, `${world.url}/`, async (page) => {
      await page.evaluate(() => document.querySelector("h1").style.setProperty("color", "#eee"));
      assert.match((await findings(page)).join(), /color-contrast/);
    }));
});
