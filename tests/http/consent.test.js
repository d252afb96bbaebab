// /consent and /callback: whose browser it is, and that each step is taken once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client } from "./support/client.js";
import { checkPage, Person } from "./support/person.js";
import { startWorld } from "./support/world.js";

let world, client;
before(async () => {
  world = await startWorld();
  client = await Client.register(world);
});
after(() => world?.stop());

const open = async (changes, person = new Person(world, "alice")) => person.open((await client.request(changes)).url);

/** The right names, as a neighbouring site could set them, but not the values. */
function changeCookies({ jar }) {
  for (const { key } of jar.getCookiesSync(world.url))
    if (key.startsWith("__Host-latchkey")) jar.setCookieSync(`${key}=${"A".repeat(43)}; Path=/; Secure`, world.url);
}

describe("A3: consent", () => {
  test("A3 S33 A17 A19: the page says who asks, for what, and where the answer goes", async () => {
    const sly = await Client.register(world, { client_name: "Evil \u202egnp.exe <b>Google</b>" + "\u200b".repeat(5) });
    const page = await new Person(world, "alice").open((await sly.request()).url);
    checkPage(page, 200);
    const text = page.html.querySelector("main").textContent;
    assert.match(text, /Not verified/);
    assert.match(text, /127\.0\.0\.1:52814/);
    assert.match(text, /See your todos/);
    assert.match(text, /Add, complete and delete your todos/);
    assert.doesNotMatch(text, /[\u200b\u202e]/);
    assert.equal(page.html.querySelector("h1 b"), null);
    assert.equal(page.html.querySelector("script, img, link, iframe"), null);
    assert.equal(page.html.querySelectorAll("input[type=checkbox]").length, 2);
    assert.equal(page.html.querySelector("html").getAttribute("lang"), "en");
  });

  test("A3 A23 S31: no, and the client is told so", async () => {
    const alice = new Person(world, "alice");
    const request = await client.request();
    const asked = world.seen.provider.length;
    const { redirect } = await alice.deny(await alice.open(request.url));
    assert.throws(() => client.validate(request, redirect), { error: "access_denied" });
    assert.equal(world.seen.provider.length, asked);
  });

  test("A3: a cancelled sign-in, and the client is told so", async () => {
    const alice = new Person(world, "alice");
    const request = await client.request();
    const login = await alice.approve(await alice.open(request.url));
    const { redirect } = await alice.cancelLogin(login);
    assert.throws(() => client.validate(request, redirect), { error: "access_denied" });
  });

  const forgeries = {
    "without the cookie": (page, alice) => void alice.jar.removeAllCookiesSync(),
    "with another sign-in's cookie": async (page, alice) => {
      alice.jar.removeAllCookiesSync();
      await open({}, alice);
    },
    "with another value in its cookie": (page, alice) => changeCookies(alice),
    "with one byte of it changed": (page) => {
      const hidden = page.html.querySelector("input[name=transaction]");
      hidden.setAttribute("value", hidden.getAttribute("value").replace(/.$/, (c) => (c === "A" ? "B" : "A")));
    },
    "with no transaction": (page) => void page.html.querySelector("input[name=transaction]").remove(),
  };
  for (const [how, forge] of Object.entries(forgeries)) {
    test(`A3 A23 S31: a form sent ${how} leads nowhere`, async () => {
      const alice = new Person(world, "alice");
      const page = await open({}, alice);
      await forge(page, alice);
      checkPage(await alice.approve(page), 403);
    });
  }

  for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }]) {
    test(`A3 S31: a form sent by a ${headers["sec-fetch-site"]} page`, async () => {
      const alice = new Person(world, "alice");
      checkPage(await alice.approve(await open({}, alice), { headers }), 403);
    });
  }

  test("A3 A23: a form can be sent once", async () => {
    const alice = new Person(world, "alice");
    const page = await open({}, alice);
    assert.equal((await alice.approve(page)).response.status, 200);
    checkPage(await alice.approve(page), 403);
  });

  test("A3 S34: more scopes in the form than were asked for", async () => {
    const alice = new Person(world, "alice");
    const request = await client.request({ scope: "todos:read" });
    const page = await alice.open(request.url);
    page.html.querySelector("input[type=checkbox]").insertAdjacentHTML("afterend", '<input type="checkbox" name="scope" value="todos:write" checked>');
    const { redirect } = await alice.logIn(await alice.approve(page));
    const tokens = await client.redeem({ ...request, callback: client.validate(request, redirect) });
    assert.equal(tokens.scope, "todos:read");
  });
});

describe("S30: the way back", () => {
  /** Until just before the browser comes back to us. */
  async function almost(login = "alice") {
    const alice = new Person(world, login);
    const request = await client.request();
    const page = await alice.approve(await alice.open(request.url));
    alice.home = alice.home.slice(1); // leaving the product is leaving
    const { redirect } = await alice.logIn(page);
    assert.ok(redirect.startsWith(`${world.url}/callback/todo?`));
    alice.home.unshift(world.url);
    return { alice, request, redirect };
  }
  const untouched = async (steps) => {
    const from = world.todo.provider.tokenRequests.length;
    await steps();
    assert.equal(world.todo.provider.tokenRequests.length, from, "the product's code was not touched");
  };

  test("A3 S20 S30 N05 N15: another browser gets nowhere, and the right one still does", async () => {
    const { alice, request, redirect } = await almost();
    await untouched(async () => checkPage(await new Person(world, "bob").open(redirect), 403));
    const forged = new Person(world, "bob");
    forged.jar = await alice.jar.clone();
    changeCookies(forged);
    await untouched(async () => checkPage(await forged.open(redirect), 403));
    client.validate(request, (await alice.open(redirect)).redirect);
  });

  test("A3 S21: it can be followed once", async () => {
    const { alice, request, redirect } = await almost();
    const cookies = alice.jar.serializeSync();
    client.validate(request, (await alice.open(redirect)).redirect);
    await untouched(async () => {
      checkPage(await alice.open(redirect), 403); // its cookie is gone
      alice.jar = alice.jar.constructor.fromJSON(cookies);
      const again = await alice.open(redirect);
      assert.throws(() => client.validate(request, again.redirect), { error: "access_denied" });
    });
  });

  const changes = {
    "S26: a second code": (url) => `${url}&code=x`,
    "S26: a second state": (url) => `${url}&state=x`,
    "S23: no state": (url) => url.replace(/state=[^&]*/, ""),
    "S21: a state with one byte changed": (url) => url.replace(/state=./, (s) => (s.endsWith("A") ? "state=B" : "state=A")),
  };
  for (const [why, change] of Object.entries(changes)) {
    test(`S3 ${why}: a page, and nothing is lost`, async () => {
      const { alice, request, redirect } = await almost();
      await untouched(async () => {
        const page = await alice.open(change(redirect));
        checkPage(page, page.response.status);
        assert.ok([400, 403].includes(page.response.status));
      });
      client.validate(request, (await alice.open(redirect)).redirect);
    });
  }

  const issuers = {
    "S23: without iss, which the product promises": (url) => url.replace(/&iss=[^&]*/, ""),
    "S22 N08: from another issuer": (url) => url.replace(/iss=[^&]*/, "iss=https%3A%2F%2Fevil.example"),
    "S23: an iss with a slash at its end": (url) => url.replace(/(iss=[^&]*)/, "$1%2F"),
  };
  for (const [why, change] of Object.entries(issuers)) {
    test(`S3 ${why}: no code is exchanged`, async () => {
      const { alice, request, redirect } = await almost();
      await untouched(async () => {
        const at = await alice.open(change(redirect));
        if (at.redirect) assert.throws(() => client.validate(request, at.redirect), ({ error }) => typeof error === "string");
        else checkPage(at, 403);
      });
    });
  }

  test("S3: another profile's door", async () => {
    const { alice, redirect } = await almost();
    const { response } = await alice.open(redirect.replace("/callback/todo", "/callback/other"));
    assert.equal(response.status, 404);
  });
});
