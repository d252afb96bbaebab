/**
 * Somebody at a browser: it has cookies, follows redirects and fills in forms, and it stops
 * where the browser would leave for the client.
 */
import assert from "node:assert/strict";

import { parse } from "node-html-parser";
import { CookieJar } from "tough-cookie";

const MAX_REDIRECTS = 20;

/**
 * @typedef {object} Page where the browser is
 * @property {string} url
 * @property {Response} response
 * @property {import("node-html-parser").HTMLElement} html
 *
 * @typedef {object} Left the browser has left for the client
 * @property {string} redirect
 */

export class Person {
  /**
   * @param {Awaited<ReturnType<import("./world.js").startWorld>>} world
   * @param {"alice" | "bob" | "carol"} login
   */
  constructor(world, login) {
    this.login = login;
    this.fetch = world.fetch;
    this.home = [new URL(world.url).origin, new URL(world.todo.provider.issuer).origin];
    /** Browsers take http on loopback for secure, and refuse a __Host- cookie that is not what its name says. */
    this.jar = new CookieJar(undefined, { prefixSecurity: "strict" });
  }

  /** One request, redirects not followed. @param {{ form?: URLSearchParams, headers?: object }} [options] */
  async request(url, { form, headers } = {}) {
    const cookie = await this.jar.getCookieString(url, { sameSiteContext: form ? "strict" : "lax" });
    const response = await this.fetch(url, {
      method: form ? "POST" : "GET",
      body: form,
      redirect: "manual",
      headers: {
        accept: "text/html,*/*;q=0.8",
        ...(cookie && { cookie }),
        ...(form && { origin: new URL(url).origin, "sec-fetch-site": "same-origin" }),
        ...headers,
      },
    });
    for (const line of response.headers.getSetCookie()) await this.jar.setCookie(line, url);
    return response;
  }

  /** @returns {Promise<Page | Left>} */
  async open(url, options) {
    for (let hops = 0; hops < MAX_REDIRECTS; hops++) {
      const response = await this.request(url, options);
      const location = response.headers.get("location");
      if (!location) return { url, response, html: parse(await response.text()) };
      // RFC 9700 section 4.12: a 307 would repeat the form, password and all, at the next address.
      assert.ok([302, 303].includes(response.status), `${response.status} from ${url}`);
      url = new URL(location, url).href;
      if (!this.home.includes(new URL(url).origin)) return { redirect: url };
      options = undefined;
    }
    throw new Error("redirects without end");
  }

  /** Presses a button of the page's form, after typing `values` and unticking the boxes of `untick`. */
  async submit(page, button, { values = {}, untick = [], headers } = {}) {
    const form = page.html.querySelector("form");
    assert.ok(form, `there is no form at ${page.url}: ${page.response.status} ${page.html.querySelector("main")?.textContent}`);
    const data = new URLSearchParams();
    for (const input of form.querySelectorAll("input")) {
      const [name, value] = [input.getAttribute("name"), input.getAttribute("value") ?? ""];
      if (input.getAttribute("type") !== "checkbox") data.append(name, values[name] ?? value);
      else if (input.hasAttribute("checked") && !untick.includes(value)) data.append(name, value);
    }
    if (button) data.append(...button);
    return this.open(new URL(form.getAttribute("action") ?? page.url, page.url).href, { form: data, headers });
  }

  approve = (page, options) => this.submit(page, ["decision", "approve"], options);
  deny = (page) => this.submit(page, ["decision", "deny"]);
  logIn = (page) => this.submit(page, undefined, { values: { login: this.login, password: "any" } });
  cancelLogin = (page) => this.submit(page, ["cancel", "1"]);

  /** The whole way; returns the URL at the client to which the browser was sent. */
  async signIn(authorizeUrl, { untick } = {}) {
    const consent = await this.open(authorizeUrl);
    let at = await this.approve(consent, { untick });
    if (!at.redirect) at = await this.logIn(at);
    assert.ok(at.redirect, `the sign-in ends at ${at.url}: ${at.html?.querySelector("main")?.textContent}`);
    return at.redirect;
  }
}

/** Every page of ours: not framed, nothing from elsewhere, nothing kept, nothing told. */
export function checkPage({ response }, status) {
  assert.equal(response.status, status);
  const { headers } = response;
  assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(headers.get("content-security-policy"), /^default-src 'none'; style-src 'sha256-[^']+'; .*frame-ancestors 'none'/);
  assert.doesNotMatch(headers.get("content-security-policy"), /form-action/);
  assert.equal(headers.get("x-frame-options"), "DENY");
  assert.equal(headers.get("referrer-policy"), "no-referrer");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("access-control-allow-origin"), null);
}
