/*
 * Our pages, as a browser gets them. Rows of the security list: A17, A18, A19
 * (headers), S32 (framing), S33 (names that pretend).
 */
#include "base/base64.h"
#include "check.h"
#include "endpoint/page.h"

#include <stdlib.h>
#include <string.h>

static uint8_t memory[8 << 20];
static struct arena arena;
static struct cx cx;

static void begin(const struct gateway *gateway)
{
    arena_wipe(&arena);
    cx = (struct cx){.arena = &arena, .gateway = gateway};
}

static bool has(struct span needle)
{
    return span_contains(cx.response.body, needle);
}

static size_t position(struct span needle)
{
    struct span rest = cx.response.body;
    size_t at = 0;
    for (; rest.size > 0 && !span_starts(rest, needle); at++)
        rest = span_skip(rest, 1);
    return at;
}

static size_t occurrences(struct span needle)
{
    size_t count = 0;
    for (struct span rest = cx.response.body; rest.size > 0; rest = span_skip(rest, 1))
        count += span_starts(rest, needle);
    return count;
}

/* The tags of the page, without the texts between them and the values in them. */
static struct span skeleton(void)
{
    struct span body = cx.response.body;
    struct builder b = builder_make(&arena, body.size);
    bool tag = false;
    bool value = false;
    for (size_t i = 0; i < body.size; i++) {
        uint8_t c = body.data[i];
        tag = tag || c == '<';
        if (tag && !value)
            build_byte(&b, c);
        value = tag && (c == '"' ? !value : value);
        tag = tag && (c != '>' || value);
    }
    return built(&b);
}

/* A copy that the next page does not wipe. */
static struct span keep(struct span text)
{
    static uint8_t kept[65536];
    if (!CHECK(text.size <= sizeof kept))
        return ABSENT;
    memcpy(kept, text.data, text.size);
    return span_bytes(kept, text.size);
}

/* ---- what the pages are made from ---- */

static struct scope_entry scopes[] = {
    {SPAN("todos:read"), SPAN("See your todos")},
    {SPAN("todos:write"), SPAN("Add, complete and delete your todos")},
};
static struct header secret_header = {SPAN("x-api-key"), SPAN("SECRET-header")};
static const struct server todo = {
    .id = SPAN("todo"),
    .name = SPAN("Todo"),
    .resource = SPAN("https://mcp.example.com/mcp/todo"),
    .runtime = SPAN("https://SECRET-runtime.example.com/mcp"),
    .scopes = scopes,
    .scope_count = COUNT(scopes),
    .headers = &secret_header,
    .header_count = 1,
};
static struct server one_server[1];
static const struct gateway gateway = {
    .issuer = SPAN("https://mcp.example.com"), .servers = one_server, .server_count = 1};

static const struct client claude = {
    .kind = CLIENT_DOCUMENT, .name = SPAN("Claude"), .host = SPAN("claude.ai")};

static struct consent_page consent_of(const struct client *client)
{
    return (struct consent_page){
        .client = client,
        .server = &todo,
        .profile_name = SPAN("Todo accounts"),
        .profile_host = SPAN("auth.todo.example"),
        .redirect_uri = SPAN("https://claude.ai/api/mcp/auth_callback"),
        .scopes = SPAN("todos:read todos:write"),
        .transaction = SPAN("sealed-transaction"),
    };
}

static void render_consent(const struct consent_page *page)
{
    begin(&gateway);
    page_consent(&cx, page);
}

static void render_error(struct span title, struct span what, struct span mend, struct span back)
{
    begin(&gateway);
    page_error(&cx, 400, title, what, mend, back);
}

/* Page number n, with one text in every place that others can write to; false past the last. */
static bool render(size_t n, struct span text)
{
    struct client client = {.kind = CLIENT_DOCUMENT, .name = text, .host = text};
    struct scope_entry entry = {SPAN("known"), text};
    struct server server = {
        .id = text, .name = text, .resource = text, .scopes = &entry, .scope_count = 1};
    struct gateway strange = {.issuer = text, .servers = &server, .server_count = 1};
    struct consent_page page = {.client = &client,
                                .server = &server,
                                .profile_name = text,
                                .profile_host = text,
                                .redirect_uri = SPAN("https://client.example.com/cb"),
                                .scopes = SPAN("known"),
                                .transaction = text};
    begin(&strange);
    switch (n) {
    case 0:
        page_consent(&cx, &page);
        return true;
    case 1:
        client.kind = CLIENT_DYNAMIC;
        page.scopes = text; /* of no server: written as it stands */
        page.redirect_uri = text;
        page_consent(&cx, &page);
        return true;
    case 2:
        page_error(&cx, 400, text, text, text, text);
        return true;
    case 3:
        page_landing(&cx);
        return true;
    default:
        return false;
    }
}

/* ---- every page ---- */

static void test_headers(void)
{
    static const struct {
        const char *why;
        struct span name, want;
    } rows[] = {
        {"it is HTML", SPAN("content-type"), SPAN("text/html; charset=utf-8")},
        {"S32, A17: not framed, old browsers", SPAN("x-frame-options"), SPAN("DENY")},
        {"A19: no address of ours is told", SPAN("referrer-policy"), SPAN("no-referrer")},
        {"never read as something else", SPAN("x-content-type-options"), SPAN("nosniff")},
        {"never kept", SPAN("cache-control"), SPAN("no-store")},
        {"A18: no CORS", SPAN("access-control-allow-origin"), ABSENT},
        {"a popup keeps its opener", SPAN("cross-origin-opener-policy"), ABSENT},
    };
    for (size_t n = 0; render(n, SPAN("plain")); n++) {
        struct headers headers = {cx.response.headers, cx.response.header_count};
        for (size_t i = 0; i < COUNT(rows); i++) {
            check_row(rows[i].why);
            CHECK_SPAN(headers_get(&headers, rows[i].name), rows[i].want);
        }
        check_row("S32, A17, A19: nothing but the style that the page has, by its hash");
        size_t start = position(SPAN("<style>")) + 7;
        struct span style =
            span_first(span_skip(cx.response.body, start), position(SPAN("</style>")) - start);
        struct hash hash;
        sha256(style, &hash);
        CHECK(style.size > 1000);
        /* No form-action: it would stop the redirects that follow the form. */
        CHECK_SPAN(headers_get(&headers, SPAN("content-security-policy")),
                   JOIN(&arena, SPAN("default-src 'none'; style-src 'sha256-"),
                        base64_encode(&arena, hash_span(&hash)),
                        SPAN("'; base-uri 'none'; frame-ancestors 'none'")));
    }
}

static void test_nothing_active(void)
{
    static const char *const refused[] = {
        "<script", "<img", "<link",   "<iframe", "<object", "<base",     "http-equiv",  " style=",
        " src=",   "url(", "@import", " on",     "<a ",     "autofocus", "javascript:", "data:",
    };
    for (size_t n = 0; render(n, SPAN("plain")); n++) {
        for (size_t i = 0; i < COUNT(refused); i++) {
            check_row(refused[i]);
            struct span tags = skeleton();
            CHECK(!span_contains(tags, span_of(refused[i])));
        }
        check_row("a page for every reader");
        CHECK(span_starts(cx.response.body, SPAN("<!doctype html>\n<html lang=\"en\">")));
        CHECK_INT(occurrences(SPAN("<h1")), 1);
        CHECK_INT(occurrences(SPAN("<main>")), 1);
        CHECK_INT(occurrences(SPAN("<style>")), 1);
        CHECK(has(SPAN("<meta name=\"viewport\"")));
    }
}

/* S33: whatever the text, the page keeps the tags that it has with a plain one. */
static void test_markup_in_texts(void)
{
    static const struct {
        const char *why;
        struct span text;
    } rows[] = {
        {"a script", SPAN("<script>alert(1)</script>")},
        {"out of an attribute", SPAN("\"><img/src=x/onerror=alert(1)>")},
        {"out of an attribute, single quotes", SPAN("'onmouseover='alert(1)")},
        {"out of the title", SPAN("</title><script>alert(1)</script>")},
        {"out of the style", SPAN("</style><style>.warn{display:none}</style>")},
        {"a form of its own", SPAN("</form><form/action=https://evil.example/>")},
        {"a comment that swallows the rest", SPAN("<!--")},
        {"a reference", SPAN("&lt;b&gt;&#60;")},
        {"our own placeholders", SPAN("%%%%%%%%")},
        {"broken UTF-8 before a quote", SPAN("\xc3\"\xf0\x9f<b>")},
        {"nothing at all", SPAN("")},
    };
    static uint8_t quotes[10240];
    memset(quotes, '"', sizeof quotes);
    for (size_t n = 0; render(n, SPAN("plain")); n++) {
        struct span plain = keep(skeleton());
        for (size_t i = 0; i < COUNT(rows); i++) {
            if (rows[i].text.size == 0 && n == 1)
                continue; /* no scopes: another page, see test_scopes */
            check_row(rows[i].why);
            render(n, rows[i].text);
            CHECK_SPAN(skeleton(), plain);
        }
        check_row("10 kB");
        render(n, span_bytes(quotes, sizeof quotes));
        CHECK_SPAN(skeleton(), plain);
    }
    check_row("a reference is shown as it was written, not read");
    render(2, SPAN("&lt;b&gt;"));
    CHECK(has(SPAN("<h1>&amp;lt;b&amp;gt;</h1>")));
    check_row("a text is never a template");
    render(2, SPAN("100% of %"));
    CHECK(has(SPAN("<h1>100% of %</h1>")));
}

static void test_same_bytes_again(void)
{
    check_row("a run that is repeated gives the same page");
    render(0, SPAN("plain"));
    struct hash first, second;
    sha256(cx.response.body, &first);
    render(0, SPAN("plain"));
    sha256(cx.response.body, &second);
    CHECK_SPAN(hash_span(&second), hash_span(&first));
}

/* ---- consent ---- */

static void test_client_name(void)
{
    static const struct {
        const char *why;
        struct span name, shown;
    } rows[] = {
        {"a plain name", SPAN("Claude"), SPAN("Claude")},
        {"right-to-left letters stay", SPAN("\xd7\xa9\xd7\x9c"), SPAN("\xd7\xa9\xd7\x9c")},
        {"S33: right-to-left override", SPAN("\xe2\x80\xaeGoogle"), SPAN("Google")},
        {"S33: zero width", SPAN("Goo\xe2\x80\x8bgle"), SPAN("Google")},
        {"S33: lines of its own", SPAN("Claude\n\n\n(verified)"), SPAN("Claude (verified)")},
        {"S33: markup", SPAN("<b>Google</b>"), SPAN("&lt;b&gt;Google&lt;/b&gt;")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct client client = {.kind = CLIENT_DYNAMIC, .name = rows[i].name};
        struct consent_page page = consent_of(&client);
        render_consent(&page);
        CHECK(has(JOIN(&arena, SPAN("<h1 class=\"ask\"><bdi>"), rows[i].shown,
                       SPAN("</bdi> wants to use <bdi>Todo</bdi> as you</h1>"))));
        CHECK(has(
            JOIN(&arena, SPAN("You can end this in <bdi>"), rows[i].shown, SPAN("</bdi>.</p>"))));
    }
}

static void test_provenance(void)
{
    static const struct {
        const char *why;
        struct client client;
        struct span want, never;
    } rows[] = {
        {"a document: its host",
         {.kind = CLIENT_DOCUMENT, .name = SPAN("X"), .host = SPAN("claude.ai")},
         SPAN("published by <b>claude.ai</b>"),
         SPAN("Not verified")},
        {"registered by the operator",
         {.kind = CLIENT_REGISTERED, .name = SPAN("X")},
         SPAN("the operator of this service has registered it"),
         SPAN("Not verified")},
        {"S33: registered by itself",
         {.kind = CLIENT_DYNAMIC, .name = SPAN("Google")},
         SPAN("<b>Not verified.</b> This name was given by the application itself."),
         SPAN("published by")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct consent_page page = consent_of(&rows[i].client);
        render_consent(&page);
        CHECK(has(rows[i].want));
        CHECK(!has(rows[i].never));
    }
}

static void test_destination(void)
{
    static const struct span know_site = SPAN("Go on only if you know this site.");
    static const struct span started = SPAN("Go on only if you have just started this there");
    const struct {
        const char *why;
        enum client_kind kind;
        struct span redirect_uri, want, caution;
    } rows[] = {
        {"the publisher itself", CLIENT_DOCUMENT, SPAN("https://claude.ai/cb"),
         SPAN("goes to <b>claude.ai</b>."), ABSENT},
        {"case is no difference", CLIENT_DOCUMENT, SPAN("https://Claude.AI/cb"),
         SPAN("goes to <b>Claude.AI</b>."), ABSENT},
        {"another site than the publisher", CLIENT_DOCUMENT, SPAN("https://evil.example.com/cb"),
         SPAN("goes to <b>evil.example.com</b>."), know_site},
        {"a publisher's name as a prefix", CLIENT_DOCUMENT, SPAN("https://claude.ai.evil.com/cb"),
         SPAN("goes to <b>claude.ai.evil.com</b>."), know_site},
        {"a site, nobody vouches", CLIENT_DYNAMIC, SPAN("https://claude.ai/cb"),
         SPAN("goes to <b>claude.ai</b>."), know_site},
        {"a site, the operator vouches", CLIENT_REGISTERED, SPAN("https://app.example.com:8443/cb"),
         SPAN("goes to <b>app.example.com:8443</b>."), ABSENT},
        {"this computer, by address", CLIENT_DYNAMIC, SPAN("http://127.0.0.1:6276/cb"),
         SPAN("<b>an application on this computer</b> (127.0.0.1:6276)."), started},
        {"this computer, by name", CLIENT_REGISTERED, SPAN("http://localhost:1/cb"),
         SPAN("<b>an application on this computer</b> (localhost:1)."), started},
        {"this computer, IPv6; anybody may listen", CLIENT_DOCUMENT, SPAN("http://[::1]:9/cb"),
         SPAN("<b>an application on this computer</b> ([::1]:9)."), started},
        {"an app; its host is none", CLIENT_DYNAMIC, SPAN("cursor://anysphere.cursor-mcp/cb"),
         SPAN("<b>the app on this device</b> that opens <b>cursor:</b> links."), started},
        {"an app without authority", CLIENT_DOCUMENT, SPAN("com.example.app:/cb"),
         SPAN("<b>the app on this device</b> that opens <b>com.example.app:</b> links."), started},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct client client = claude;
        client.kind = rows[i].kind;
        struct consent_page page = consent_of(&client);
        page.redirect_uri = rows[i].redirect_uri;
        render_consent(&page);
        CHECK(has(rows[i].want));
        CHECK(has(know_site) == span_equal(rows[i].caution, know_site));
        CHECK(has(started) == span_equal(rows[i].caution, started));
    }
    check_row("a long host is shown to its end");
    struct consent_page page = consent_of(&claude);
    page.redirect_uri = SPAN("https://accounts.google.com.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                             "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.evil.com/cb");
    render_consent(&page);
    CHECK(has(SPAN("bbbb.evil.com</b>.")));
}

static void test_sign_in(void)
{
    struct consent_page page = consent_of(&claude);
    render_consent(&page);
    check_row("where one signs in: the name, and the host that proves it");
    CHECK(has(SPAN("sign in at <b><bdi>Todo accounts</bdi></b> (auth.todo.example)")));
    page.profile_name = page.profile_host;
    render_consent(&page);
    check_row("a profile without a name is its host, once");
    CHECK(has(SPAN("sign in at <b>auth.todo.example</b> and")));
}

static void test_scopes(void)
{
    static const struct {
        const char *why;
        struct span scopes;
        size_t boxes;
        struct span want;
    } rows[] = {
        {"in words, the technical name small", SPAN("todos:read todos:write"), 2,
         SPAN("value=\"todos:read\" checked><span>See your todos <code>todos:read</code></span>")},
        {"one", SPAN("todos:write"), 1, SPAN("value=\"todos:write\" checked>")},
        {"runs of spaces", SPAN("  todos:read   todos:write "), 2, SPAN("value=\"todos:write\"")},
        {"without description: its name", SPAN("todos:admin"), 1, SPAN("<code>todos:admin</code>")},
        {"a prefix of a known name is another name", SPAN("todos:rea"), 1,
         SPAN("<span> <code>todos:rea</code></span>")},
        {"the value is exact", SPAN("a&b'c"), 1, SPAN("value=\"a&amp;b&#39;c\" checked")},
        {"none: said in words", SPAN(""), 0, SPAN("Whatever this server offers")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct consent_page page = consent_of(&claude);
        page.scopes = rows[i].scopes;
        render_consent(&page);
        CHECK(has(rows[i].want));
        CHECK_INT(occurrences(SPAN("type=\"checkbox\" name=\"scope\"")), rows[i].boxes);
        CHECK_INT(occurrences(SPAN(" checked>")), rows[i].boxes);
        CHECK_INT(occurrences(SPAN("<legend>")), rows[i].boxes > 0);
    }
}

static void test_form(void)
{
    struct consent_page page = consent_of(&claude);
    render_consent(&page);
    check_row("it posts to us, with the transaction");
    CHECK(has(SPAN("<form method=\"post\" action=\"/consent\" autocomplete=\"off\">")));
    CHECK(has(SPAN("<input type=\"hidden\" name=\"transaction\" value=\"sealed-transaction\">")));
    CHECK_INT(occurrences(SPAN("<form")), 1);
    check_row("the button that Enter presses, the first, is the harmless one");
    CHECK_INT(occurrences(SPAN("<button ")), 2);
    CHECK(position(SPAN("value=\"deny\"")) < position(SPAN("value=\"approve\"")));
    check_row("200");
    CHECK_INT(cx.response.status, 200);
}

/* ---- error ---- */

static void test_error(void)
{
    static const struct {
        const char *why;
        struct span back, want;
    } rows[] = {
        {"a site", SPAN("https://claude.ai/x?a=1&b=2"),
         SPAN("href=\"https://claude.ai/x?a=1&amp;b=2\" rel=\"noreferrer\">Back to claude.ai<")},
        {"this computer", SPAN("http://127.0.0.1:1234/"), SPAN(">Back to the application<")},
        {"an app", SPAN("com.example.app:/cb"), SPAN(">Back to the application<")},
        {"no link wanted", ABSENT, ABSENT},
        {"empty", SPAN(""), ABSENT},
        {"a script", SPAN("javascript:alert(1)"), ABSENT},
        {"a script, in capitals", SPAN("JaVaScRiPt:alert(1)"), ABSENT},
        {"a document of its own", SPAN("data:text/html,<script>alert(1)</script>"), ABSENT},
        {"plain http to elsewhere", SPAN("http://claude.ai/"), ABSENT},
        {"relative", SPAN("/authorize"), ABSENT},
        {"without scheme", SPAN("//evil.example.com/"), ABSENT},
        {"userinfo that pretends", SPAN("https://claude.ai@evil.example.com/"), ABSENT},
        {"out of the attribute", SPAN("https://claude.ai/\"><script>"), ABSENT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        render_error(SPAN("No"), SPAN("It broke."), SPAN("Mend it."), rows[i].back);
        CHECK_INT(cx.response.status, 400);
        CHECK_INT(occurrences(SPAN("<a ")), span_present(rows[i].want));
        CHECK(!span_present(rows[i].want) || has(rows[i].want));
    }
    check_row("what was put together from elsewhere has an end");
    static uint8_t endless[10240];
    memset(endless, 'e', sizeof endless);
    render_error(SPAN("No"), span_bytes(endless, sizeof endless), ABSENT, ABSENT);
    CHECK(has(SPAN("eee\xe2\x80\xa6</p>")));
    check_row("nothing to mend, no box for it");
    render_error(SPAN("No"), SPAN("It broke."), ABSENT, ABSENT);
    CHECK(has(SPAN("<h1>No</h1>\n<p>It broke.</p>\n</main>")));
}

/* ---- landing ---- */

static void test_landing(void)
{
    static const struct span wanted[] = {
        SPAN("<h2><bdi>Todo</bdi></h2>\n<code class=\"copy\">https://mcp.example.com/mcp/todo<"),
        SPAN(">claude mcp add --transport http todo https://mcp.example.com/mcp/todo</pre>"),
        SPAN("\"todo\": { \"url\": \"https://mcp.example.com/mcp/todo\" }"),
        SPAN("\"todo\": { \"type\": \"http\", \"url\": \"https://mcp.example.com/mcp/todo\" }"),
    };
    begin(&gateway);
    page_landing(&cx);
    check_row("how to connect");
    for (size_t i = 0; i < COUNT(wanted); i++)
        CHECK(has(wanted[i]));
    check_row("no secret, nothing of the inside");
    CHECK(!has(SPAN("SECRET")));
    check_row("a single server is unfolded");
    CHECK_INT(occurrences(SPAN("<details open>")), 1);
}

static void test_landing_of_many(void)
{
    static struct server servers[MAX_SERVERS];
    struct gateway many = {.issuer = gateway.issuer, .servers = servers};
    static const struct {
        const char *why;
        size_t count, sections;
        struct span want;
    } rows[] = {
        {"none", 0, 0, SPAN("</p>\n</main>")},
        {"two, folded", 2, 2, SPAN("<details>")},
        {"as many as are listed", 100, 100, SPAN("</section>\n</main>")},
        {"one more", 101, 100, SPAN("And 1 more.")},
        {"as many as there can be", MAX_SERVERS, 100, SPAN("And 3996 more.")},
    };
    for (size_t i = 0; i < MAX_SERVERS; i++)
        servers[i] = todo;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        many.server_count = rows[i].count;
        begin(&many);
        page_landing(&cx);
        CHECK_INT(occurrences(SPAN("<section>")), rows[i].sections);
        CHECK_INT(occurrences(SPAN("<details open>")), 0);
        CHECK(has(rows[i].want));
    }
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, abort);
    one_server[0] = todo;
    test_headers();
    test_nothing_active();
    test_markup_in_texts();
    test_same_bytes_again();
    test_client_name();
    test_provenance();
    test_destination();
    test_sign_in();
    test_scopes();
    test_form();
    test_error();
    test_landing();
    test_landing_of_many();
    return check_done();
}
