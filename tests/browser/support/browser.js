/** Debian's Chromium, and what a person does in it. */
import assert from "node:assert/strict";
import { createServer } from "node:http";

import { chromium } from "playwright-core";

import { Client, discover } from "../../http/support/client.js";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const startBrowser = () => chromium.launch({ executablePath: EXECUTABLE, args: ARGS });

/** Asks for consent; what is done about it is up to the test. */
export const askFor = async (page, request) => {
  const response = await page.goto(request.url);
  assert.equal(response.status(), 200, await response.text());
};

export const allow = (page) => page.getByRole("button", { name: "Allow and continue" }).click();
export const cancel = (page) => page.getByRole("button", { name: "Cancel" }).click();

/** At the product, by its own form. */
export async function logIn(page, login) {
  await page.getByLabel("Login").fill(login);
  await page.getByLabel("Password").fill("any");
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** What a page of ours says. */
export const said = (page) => page.locator("main").innerText();

/** @returns {Promise<import("playwright-core").Response>} the next answer from there, redirects included */
export const answerFrom = (page, start) => page.waitForResponse((response) => response.url().startsWith(start));

/**
 * A website: a table of pages. @returns an object with its origin, and that of the same machine
 * under a name that is another site to a browser
 */
export async function startSite() {
  const pages = new Map();
  const visits = [];
  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url, "http://site");
    const body = pages.get(pathname);
    if (pathname !== "/favicon.ico") visits.push(req.url);
    res.writeHead(body ? 200 : 404, { "content-type": "text/html; charset=utf-8" }).end(body ?? "not here");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    origin: `http://127.0.0.1:${port}`,
    otherSite: `http://localhost:${port}`,
    visits,
    /** @param {string} body HTML */
    show: (path, body) => void pages.set(path, `<!doctype html><title>a site</title>${body}`),
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * An OAuth client with a real listener at its loopback redirect URI. Without a client_id in its
 * metadata, it registers.
 */
export async function startApp(world, metadata = {}) {
  const site = await startSite();
  site.show("/callback", "<p>You can close this window.</p>");
  const redirectUri = `${site.origin}/callback`;
  const information = { redirect_uris: [redirectUri], ...metadata };
  const client = metadata.client_id
    ? new Client(world, await discover(world), information)
    : await Client.register(world, information);
  return {
    client,
    visits: site.visits,
    stop: site.stop,
    request: (changes) => client.request(changes),

    /** Where the browser has come to at the client: its parameters, checked; throws at an error. */
    async arrival(page, request) {
      await page.waitForURL((url) => url.href.startsWith(redirectUri));
      return client.validate(request, page.url());
    },

    /** The whole way from the link to the tokens. */
    async signIn(page, request, login = "alice") {
      await askFor(page, request);
      await allow(page);
      await logIn(page, login);
      return this.redeem(page, request);
    },

    async redeem(page, request) {
      return client.redeem({ ...request, callback: await this.arrival(page, request) });
    },
  };
}
