#include "text/url.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

/* A01, S15: nothing but the registered "https://client.example/cb" matches it. */
static const struct span VARIANTS =
    SPAN("https://client.example https://client.example/ https://client.example/c "
         "https://client.example/cb/ https://client.example/CB https://client.example//cb "
         "https://client.example/cb/../cb https://client.example/cb/..;/x "
         "https://client.example/cb%2f.. https://client.example/%63b "
         "https://client.example/cb;x=1 https://client.example/cb? https://client.example/cb?x=1 "
         "https://client.example/cb# https://client.example/cb#f https://client.example:443/cb "
         "https://client.example:8443/cb https://CLIENT.example/cb https://client.example./cb "
         "http://client.example/cb HTTPS://client.example/cb "
         "https://client.example@evil.example/cb https://evil.example@client.example/cb "
         "https://a@b@evil.example/cb https://client.example%2f@evil.example/ "
         "https://client.example\\@evil.example/cb https://client.example\\\\@evil.example/cb "
         "https://client.example%00.evil.example/cb https://client.example.evil.example/cb "
         "https://evilclient.example/cb https://evil.example/client.example/cb "
         "https://evil.example?u=https://client.example/cb //evil.example/cb /cb ///evil.example "
         "https:evil.example https:/evil.example https://client.example/cb%0d%0aX:1 "
         "javascript:alert(1) JavaScript:alert(1) java%0ascript:alert(1) data:text/html,x "
         "file:///etc/passwd vbscript:x blob:https://client.example/1 about:blank com.app:/cb "
         "http://localhost/cb http://127.0.0.1/cb http://127.1/cb http://2130706433/cb "
         "http://127.0.0.1.evil.example/cb http://localhost:99999/cb https://*.client.example/cb");

static void test_variants(void)
{
    struct span registered = SPAN("https://client.example/cb");
    struct span words = VARIANTS;
    for (struct span asked = edge_row(&words); span_present(asked); asked = edge_row(&words))
        CHECK(!url_redirect_matches(edge(registered), asked));

    static const struct {
        const char *why;
        struct span asked;
    } rows[] = {
        {"absent", ABSENT},
        {"empty", SPAN("")},
        {"a space in front", SPAN(" https://client.example/cb")},
        {"a space behind", SPAN("https://client.example/cb ")},
        {"a tab", SPAN("\thttps://client.example/cb")},
        {"a line break", SPAN("https://client.example/cb\n")},
        {"a header", SPAN("https://client.example/cb\r\nX:1")},
        {"NUL", SPAN("https://client.example/cb\0")},
        {"a line break in the scheme", SPAN("java\nscript:alert(1)")},
        {"a cyrillic letter", SPAN("https://\xd1\x81lient.example/cb")},
        {"a soft hyphen", SPAN("https://client\xc2\xad.example/cb")},
        {"a fullwidth dot", SPAN("https://client.example\xef\xbc\x8e/cb")},
        {"a direction override", SPAN("https://client.example/\xe2\x80\xae/cb")},
        {"a sharp s", SPAN("https://gro\xc3\x9f.example/cb")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK(!url_redirect_matches(edge(registered), edge(rows[i].asked)));
    }
    check_row("20 KB");
    struct builder b = builder_make(&arena, 20 << 10);
    build_span(&b, registered);
    while (b.size < b.max)
        build_byte(&b, 'a');
    CHECK(!url_redirect_matches(registered, edge(built(&b))));
    check_row("a query added, dropped, changed");
    CHECK(!url_redirect_matches(SPAN("https://c.com/cb?a=1"), SPAN("https://c.com/cb?a=1&b=2")));
    CHECK(!url_redirect_matches(SPAN("https://c.com/cb?a=1"), SPAN("https://c.com/cb")));
    CHECK(!url_redirect_matches(SPAN("https://c.com/cb?a=1"), SPAN("https://c.com/cb?a=2")));
    CHECK(url_redirect_matches(SPAN("https://c.com/cb?a=1"), SPAN("https://c.com/cb?a=1")));
    check_row(NULL);
    CHECK(url_redirect_matches(edge(registered), edge(registered)));
}

/* A02, S16: of a loopback URI only the port may vary. */
static void test_ports(void)
{
    static const struct {
        const char *registered;
        const char *asked;
        bool want;
    } rows[] = {
        {"http://127.0.0.1/cb", "http://127.0.0.1:33418/cb", true},
        {"http://127.0.0.1:8080/cb", "http://127.0.0.1:33418/cb", true},
        {"http://127.0.0.1:8080/cb", "http://127.0.0.1/cb", true},
        {"http://[::1]/cb", "http://[::1]:65535/cb", true},
        {"http://localhost:3000/cb?x=1", "http://localhost:1/cb?x=1", true},
        {"http://localhost:3000", "http://localhost:3001", true},
        {"cursor://anysphere.cursor-mcp/oauth/callback",
         "cursor://anysphere.cursor-mcp/oauth/callback", true},
        {"http://127.0.0.1/cb", "http://localhost/cb", false},
        {"http://localhost/cb", "http://127.0.0.1/cb", false},
        {"http://localhost/cb", "http://[::1]/cb", false},
        {"http://[::1]/cb", "http://127.0.0.1:1/cb", false},
        {"http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]:1/cb", false},
        {"http://127.0.0.1/cb", "http://127.0.0.2:1/cb", false},
        {"http://u@127.0.0.1/cb", "http://u@127.0.0.1:1/cb", false},
        {"http://127.0.0.1/cb", "http://u@127.0.0.1:1/cb", false},
        {"http://127.0.0.1/cb", "http://127.1:1/cb", false},
        {"http://127.0.0.1/cb", "http://2130706433:1/cb", false},
        {"http://localhost/cb", "http://LOCALHOST:1/cb", false},
        {"http://localhost/cb", "HTTP://localhost:1/cb", false},
        {"http://localhost/cb", "http://localhost.:1/cb", false},
        {"http://localhost/cb", "http://localhost.evil.example:1/cb", false},
        {"http://127.0.0.1/cb", "http://127.0.0.1.evil.example:1/cb", false},
        {"http://localhost/cb", "https://localhost:1/cb", false},
        {"https://localhost/cb", "https://localhost:1/cb", false},
        {"http://localhost/cb", "http://localhost:1/cb/", false},
        {"http://localhost/cb", "http://localhost:1/CB", false},
        {"http://localhost/cb", "http://localhost:1/", false},
        {"http://localhost/cb", "http://localhost:1", false},
        {"http://localhost/cb", "http://localhost:1/cb?", false},
        {"http://localhost/cb", "http://localhost:1/cb?x=1", false},
        {"http://localhost/cb?x=1", "http://localhost:1/cb", false},
        {"http://localhost/cb", "http://localhost:1/cb#", false},
        {"http://localhost/cb", "http://localhost:1/cb#f", false},
        {"http://localhost/cb", "http://u@localhost:1/cb", false},
        {"http://localhost/cb", "http://localhost:1@evil.example/cb", false},
        {"http://localhost/cb", "http://localhost:0/cb", false},
        {"http://localhost/cb", "http://localhost:65536/cb", false},
        {"http://localhost/cb", "http://localhost:/cb", false},
        {"http://localhost/cb", "http://localhost:080/cb", false},
        {"http://client.example/cb", "http://client.example:1/cb", false},
        {"http://10.0.0.1/cb", "http://10.0.0.1:1/cb", false},
        {"cursor://localhost/cb", "cursor://localhost:1/cb", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].asked);
        CHECK_INT(url_redirect_matches(edge_of(rows[i].registered), edge_of(rows[i].asked)),
                  rows[i].want);
    }
    check_row(NULL);
}

/* A03, A04, E03: what cannot be registered. */
static const struct span REFUSED =
    SPAN("/cb //client.example/cb client.example/cb client.example:443/cb localhost:3000/cb "
         "127.0.0.1:3000/cb https:client.example https://client.example/cb# "
         "https://client.example/cb#f com.example.app:/cb#f https://a@client.example/cb "
         "https://client.example%2f@evil.example/ http://u:p@localhost/cb "
         "https://*.client.example/cb https://client.example/* https://client.example/cb?x=* "
         "com.example.app:/* http://client.example/cb HTTP://client.example/cb http://0.0.0.0/cb "
         "http://10.0.0.1/cb http://localhost./cb http://a.localhost/cb "
         "http://localhost.evil.example/cb http://127.0.0.1.evil.example/cb http://127.1/cb "
         "http://2130706433/cb http://[::ffff:127.0.0.1]/cb http://localhost:99999/cb "
         "https://0x7f000001/cb javascript:alert(1) JavaScript:alert(1) "
         "javascript://client.example/%0aalert(1) JAVASCRIPT:/alert(1) java%0ascript:alert(1) "
         "data:text/html,x data:/x DATA://x file:///etc/passwd File:/x vbscript:/x blob:/x "
         "blob:https://client.example/1 about:blank about:/x filesystem:/x view-source:/x "
         "ftp://client.example/cb ws://client.example/ wss://x/ gopher://x/ "
         "mailto:a@client.example tel:+1 tel:/1 intent://x/ chrome://x chrome-extension://x/ "
         "moz-extension://x/ urn:ietf:wg:oauth:2.0:oob urn:ietf:wg:oauth:2.0:oob:auto "
         "com.example.app: com.example.app:cb myapp:?x");

static const struct span ACCEPTED =
    SPAN("https://client.example/cb https://client.example https://client.example:8443/cb?a=1 "
         "HTTPS://client.example/cb https://claude.ai/api/mcp/auth_callback "
         "https://[2606:4700::1]/cb http://localhost/cb http://localhost:3000/cb?x=1 "
         "http://127.0.0.1:33418 http://127.0.0.1:33418/ http://[::1]:1/cb com.example.app:/cb "
         "com.example.app://cb com.example.app:///cb cursor://anysphere.cursor-mcp/oauth/callback "
         "vscode://vscode.github-authentication/did vscode-insiders://x myapp://oauth/callback "
         "x-my+app.2://cb");

static void test_refusals(void)
{
    struct span refused = REFUSED;
    for (struct span uri = edge_row(&refused); span_present(uri); uri = edge_row(&refused))
        CHECK(span_present(url_redirect_refusal(uri)));
    struct span accepted = ACCEPTED;
    for (struct span uri = edge_row(&accepted); span_present(uri); uri = edge_row(&accepted))
        CHECK_SPAN(url_redirect_refusal(uri), ABSENT);

    static const struct {
        const char *why;
        struct span uri;
    } rows[] = {
        {"absent", ABSENT},
        {"empty", SPAN("")},
        {"a space in front", SPAN(" javascript:alert(1)")},
        {"a control in front", SPAN("\x01javascript:/x")},
        {"a tab in the scheme", SPAN("java\tscript:alert(1)")},
        {"a line break in the scheme", SPAN("java\nscript:/x")},
        {"NUL", SPAN("https://client.example/\0")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK(span_present(url_redirect_refusal(edge(rows[i].uri))));
    }
    check_row("20 KB");
    struct builder b = builder_make(&arena, 20 << 10);
    build_span(&b, SPAN("https://client.example/"));
    while (b.size < b.max)
        build_byte(&b, 'a');
    CHECK(span_present(url_redirect_refusal(built(&b))));
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_variants();
    test_ports();
    test_refusals();
    return check_done();
}
