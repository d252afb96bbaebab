#include "endpoint/page.h"

#include "base/base64.h"
#include "endpoint/page_style.h"
#include "text/html.h"
#include "text/url.h"

enum {
    MAX_NAME = 80,      /* characters shown of a name */
    MAX_SENTENCE = 600, /* of a description */
    MAX_LISTED = 100,   /* servers on the landing page */
    MAX_TEXTS = 4       /* in one piece of markup */
};

/* ---- writing ---- */

/*
 * A page is a list of pieces, views of our markup and of escaped texts; it is
 * put together once, when its size is known.
 */
struct piece {
    struct span text;
    struct piece *next;
};

struct page {
    struct cx *cx;
    struct span style;
    struct piece *first;
    struct piece *last;
    size_t size;
};

struct texts {
    struct span of[MAX_TEXTS];
};

static void put(struct page *p, struct span text)
{
    struct piece *piece = ARENA_NEW(p->cx->arena, struct piece);
    piece->text = text;
    if (p->last == NULL)
        p->first = piece;
    else
        p->last->next = piece;
    p->last = piece;
    p->size += text.size;
}

/* Writes markup, a literal of ours. */
static void say(struct page *p, const char *markup)
{
    put(p, span_of(markup));
}

/*
 * The same with each % in it replaced by the next of the texts, escaped. What
 * others wrote has no other way onto a page.
 */
static void fill(struct page *p, const char *markup, struct texts texts)
{
    struct span rest = span_of(markup);
    for (size_t i = 0; span_present(rest); i++) {
        struct span head;
        rest = span_cut(rest, '%', &head);
        put(p, head);
        if (span_present(rest) && i < MAX_TEXTS)
            put(p, html_escape(p->cx->arena, texts.of[i]));
    }
}

static struct span name_of(struct cx *cx, struct span text)
{
    return html_display_name(cx->arena, text, MAX_NAME);
}

static struct span sentence_of(struct cx *cx, struct span text)
{
    return html_display_name(cx->arena, text, MAX_SENTENCE);
}

/* ---- the frame of every page ---- */

static struct page page_begin(struct cx *cx, struct span title, const char *width)
{
    struct page p = {.cx = cx, .style = page_style(cx->arena)};
    struct span site = cx->gateway->issuer;
    struct url issuer;
    if (url_parse(site, &issuer) == OK)
        site = issuer.authority;
    fill(&p,
         "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<title>% - Latchkey</title>\n<style>",
         (struct texts){{title}});
    put(&p, p.style);
    fill(&p,
         "</style>\n</head>\n<body class=\"%\">\n<header>"
         "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\">"
         "<rect class=\"tile\" width=\"32\" height=\"32\" rx=\"8\"/>"
         "<g class=\"key\"><circle cx=\"16\" cy=\"10.5\" r=\"4.5\"/>"
         "<path d=\"M16 15v11M16 20h4M16 25.5h5\"/></g></svg>"
         "<b>Latchkey</b><span>%</span></header>\n<main>\n",
         (struct texts){{span_of(width), site}});
    return p;
}

/*
 * Nothing is fetched, run or framed, and no address of ours is told to others
 * (RFC 9700 sections 4.2.4 and 4.16). Two things are left out on purpose:
 *  - form-action: browsers apply it to the redirects that follow the consent
 *    form, and those lead to other origins by design;
 *  - Cross-Origin-Opener-Policy: a client that opened the sign-in in a popup
 *    waits for it through window.opener, which that header would cut for good.
 */
static void page_headers(struct page *p)
{
    struct cx *cx = p->cx;
    struct hash hash;
    sha256(p->style, &hash);
    respond_header(cx, SPAN("content-security-policy"),
                   JOIN(cx->arena, SPAN("default-src 'none'; style-src 'sha256-"),
                        base64_encode(cx->arena, hash_span(&hash)),
                        SPAN("'; base-uri 'none'; frame-ancestors 'none'")));
    respond_header(cx, SPAN("x-frame-options"), SPAN("DENY"));
    respond_header(cx, SPAN("x-content-type-options"), SPAN("nosniff"));
    respond_header(cx, SPAN("referrer-policy"), SPAN("no-referrer"));
    respond_header(cx, SPAN("cross-origin-resource-policy"), SPAN("same-origin"));
    respond_header(cx, SPAN("cache-control"), SPAN("no-store"));
}

static void page_end(struct page *p, uint32_t status)
{
    say(p, "</main>\n</body>\n</html>\n");
    struct builder whole = builder_make(p->cx->arena, p->size);
    for (const struct piece *piece = p->first; piece != NULL; piece = piece->next)
        build_span(&whole, piece->text);
    respond(p->cx, status, SPAN("text/html; charset=utf-8"), built(&whole));
    page_headers(p);
}

/* ---- where an answer goes ---- */

enum place { A_SITE, THIS_COMPUTER, AN_APP };

static enum place place_of(const struct url *url)
{
    if (!url_is_https(url) && !url_is_http(url))
        return AN_APP;
    return url_is_loopback(url) ? THIS_COMPUTER : A_SITE;
}

/* In words that a person can check. Hosts are never cut short: their end tells whose they are. */
static void put_place(struct page *p, const struct url *url)
{
    switch (place_of(url)) {
    case A_SITE:
        fill(p, "<b>%</b>", (struct texts){{url->authority}});
        return;
    case THIS_COMPUTER:
        fill(p, "<b>an application on this computer</b> (%)", (struct texts){{url->authority}});
        return;
    case AN_APP:
        fill(p, "<b>the app on this device</b> that opens <b>%:</b> links",
             (struct texts){{url->scheme}});
        return;
    }
}

/*
 * A site that vouches for the client, or is known to the operator, needs no
 * caution. Anything may listen on a port or claim a scheme, whatever the
 * client's name is (RFC 8252 section 8.6).
 */
static void put_caution(struct page *p, const struct client *client, const struct url *url)
{
    if (place_of(url) != A_SITE)
        say(p, "<small>Go on only if you have just started this there yourself.</small>");
    else if (client->kind == CLIENT_DYNAMIC ||
             (client->kind == CLIENT_DOCUMENT && !span_equal_nocase(client->host, url->host)))
        say(p, "<small>Go on only if you know this site.</small>");
}

/* ---- consent ---- */

/* What is known about the client, and what is not. */
static void put_provenance(struct page *p, const struct client *client)
{
    switch (client->kind) {
    case CLIENT_REGISTERED:
        say(p, "<p>This application is known here: the operator of this service has registered "
               "it.</p>\n");
        return;
    case CLIENT_DOCUMENT:
        fill(p,
             "<p>This application is published by <b>%</b>, and its name comes from there.</p>\n",
             (struct texts){{client->host}});
        return;
    case CLIENT_DYNAMIC:
        say(p, "<p class=\"note warn\"><b>Not verified.</b> This name was given by the application "
               "itself. Any application could use it.</p>\n");
        return;
    }
}

static struct span scope_description(const struct server *server, struct span name)
{
    for (size_t i = 0; i < server->scope_count; i++)
        if (span_equal(server->scopes[i].name, name))
            return server->scopes[i].description;
    return ABSENT;
}

static void put_scopes(struct page *p, const struct consent_page *page)
{
    struct span rest = page->scopes;
    struct span scope = span_word(&rest);
    if (!span_present(scope)) {
        say(p, "<h2>What it may do</h2>\n<p>Whatever this server offers, with your rights.</p>\n");
        return;
    }
    say(p, "<fieldset>\n<legend>What it may do</legend>\n"
           "<p class=\"soft\">Untick what you do not want to allow.</p>\n");
    for (; span_present(scope); scope = span_word(&rest)) {
        struct span description = scope_description(page->server, scope);
        fill(p,
             "<label><input type=\"checkbox\" name=\"scope\" value=\"%\" checked>"
             "<span>% <code>%</code></span></label>\n",
             (struct texts){{scope, sentence_of(p->cx, description), scope}});
    }
    say(p, "</fieldset>\n");
}

static void put_next_steps(struct page *p, const struct consent_page *page)
{
    say(p, "<h2>What happens next</h2>\n<ol role=\"list\">\n<li>You sign in at ");
    if (span_equal(page->profile_name, page->profile_host))
        fill(p, "<b>%</b>", (struct texts){{page->profile_host}});
    else
        fill(p, "<b><bdi>%</bdi></b> (%)",
             (struct texts){{name_of(p->cx, page->profile_name), page->profile_host}});
    say(p, " and choose your account there.</li>\n<li>Your permission goes to ");
    struct url url;
    if (url_parse(page->redirect_uri, &url) == OK) {
        put_place(p, &url);
        say(p, ".");
        put_caution(p, page->client, &url);
    }
    say(p, "</li>\n</ol>\n");
}

void page_consent(struct cx *cx, const struct consent_page *page)
{
    struct span client = name_of(cx, page->client->name);
    struct span server = name_of(cx, page->server->name);
    struct span title =
        JOIN(cx->arena, SPAN("Allow "), client, SPAN(" to use "), server, SPAN("?"));
    struct page p = page_begin(cx, title, "narrow");
    fill(&p, "<h1 class=\"ask\"><bdi>%</bdi> wants to use <bdi>%</bdi> as you</h1>\n",
         (struct texts){{client, server}});
    put_provenance(&p, page->client);

    /* autocomplete=off: a reload shows what is asked for, not what was ticked before. */
    fill(&p,
         "<form method=\"post\" action=\"/consent\" autocomplete=\"off\">\n"
         "<input type=\"hidden\" name=\"transaction\" value=\"%\">\n",
         (struct texts){{page->transaction}});
    put_scopes(&p, page);
    put_next_steps(&p, page);
    fill(&p,
         "<p class=\"soft\">Latchkey keeps the key: <bdi>%</bdi> never sees your password or the "
         "tokens of <bdi>%</bdi>. You can end this in <bdi>%</bdi>.</p>\n",
         (struct texts){{client, server, client}});

    /* Enter in a form presses its first button: that has to be the harmless one. */
    say(&p, "<div class=\"actions\">\n"
            "<button name=\"decision\" value=\"deny\">Cancel</button>\n"
            "<button name=\"decision\" value=\"approve\" class=\"allow\">Allow and continue"
            "</button>\n</div>\n</form>\n");
    page_end(&p, 200);
}

/* ---- error ---- */

void page_error(struct cx *cx, uint32_t status, struct span title, struct span what,
                struct span mend, struct span back)
{
    struct span heading = name_of(cx, title);
    struct page p = page_begin(cx, heading, "narrow");
    fill(&p, "<p class=\"soft\">Error %</p>\n<h1>%</h1>\n<p>%</p>\n",
         (struct texts){{span_decimal(cx->arena, status), heading, sentence_of(cx, what)}});
    if (span_present(mend))
        fill(&p, "<p class=\"note\">%</p>\n", (struct texts){{sentence_of(cx, mend)}});

    /* A link leads only where a redirect could: never to javascript:, data: and the like. */
    struct url url;
    if (span_present(back) && !span_present(url_redirect_refusal(back)) &&
        url_parse(back, &url) == OK) {
        struct span place = place_of(&url) == A_SITE ? url.authority : SPAN("the application");
        fill(&p, "<p><a class=\"back\" href=\"%\" rel=\"noreferrer\">Back to %</a></p>\n",
             (struct texts){{back, place}});
    }
    page_end(&p, status);
}

/* ---- landing ---- */

static void put_server(struct page *p, const struct server *server, bool open)
{
    struct span id = server->id;
    struct span resource = server->resource;
    fill(p, "<section>\n<h2><bdi>%</bdi></h2>\n<code class=\"copy\">%</code>\n",
         (struct texts){{name_of(p->cx, server->name), resource}});
    say(p, open ? "<details open>\n" : "<details>\n");
    fill(p,
         "<summary>How to connect</summary>\n<dl>\n<dt>Claude Code</dt>\n"
         "<dd><pre class=\"copy\">claude mcp add --transport http % %</pre></dd>\n",
         (struct texts){{id, resource}});
    fill(p,
         "<dt>Cursor <small>.cursor/mcp.json</small></dt>\n<dd><pre class=\"copy\">{\n"
         "  \"mcpServers\": {\n    \"%\": { \"url\": \"%\" }\n  }\n}</pre></dd>\n",
         (struct texts){{id, resource}});
    fill(p,
         "<dt>VS Code <small>.vscode/mcp.json</small></dt>\n<dd><pre class=\"copy\">{\n"
         "  \"servers\": {\n    \"%\": { \"type\": \"http\", \"url\": \"%\" }\n  }\n}</pre></dd>\n",
         (struct texts){{id, resource}});
    say(p, "<dt>Claude, ChatGPT</dt>\n<dd>Add a custom connector with the address above.</dd>\n"
           "</dl>\n</details>\n</section>\n");
}

void page_landing(struct cx *cx)
{
    const struct gateway *gateway = cx->gateway;
    struct page p = page_begin(cx, SPAN("MCP servers"), "wide");
    say(&p, "<h1>Connect your assistant, as yourself</h1>\n"
            "<p>Each MCP server here works with your own account. You sign in once, in your "
            "browser. Your assistant then does what you allow it, and never sees your password "
            "or the product's tokens.</p>\n");
    for (size_t i = 0; i < gateway->server_count && i < MAX_LISTED; i++)
        put_server(&p, &gateway->servers[i], gateway->server_count == 1);
    if (gateway->server_count > MAX_LISTED)
        fill(&p, "<p class=\"soft\">And % more.</p>\n",
             (struct texts){{span_decimal(cx->arena, gateway->server_count - MAX_LISTED)}});
    page_end(&p, 200);
}
