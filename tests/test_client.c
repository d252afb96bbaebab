#include "oauth/client.h"

#include "script.h"

enum { NOW = 1800000000 };

static uint8_t memory[1 << 20];
static struct arena arena;
static struct gateway gateway;

static void start(void)
{
    static struct registered_client clients[2];
    static struct span uris[1];
    uris[0] = SPAN("https://client.example/cb");
    clients[0] = (struct registered_client){.id = SPAN("backend"),
                                            .name = SPAN("Backend"),
                                            .redirect_uris = uris,
                                            .redirect_uri_count = 1,
                                            .auth = AUTH_SECRET_POST};
    sha256(SPAN("a secret"), &clients[0].secret_hash);
    clients[1] =
        (struct registered_client){.id = SPAN("cli"), .name = SPAN("CLI"), .auth = AUTH_NONE};
    arena = arena_make(memory, sizeof memory, script_exhausted);
    gateway = (struct gateway){
        .issuer = SPAN("https://gw.host.com"), .clients = clients, .client_count = 2};
    CHECK_INT(keyring_make(SPAN("0123456789abcdef0123456789abcdef"), ABSENT, &gateway.keys), OK);
}

/* security.md, list 1: what differs from https://client.example/cb in any way is refused. */
static const char *const VARIANTS[] = {
    "https://client.example/cb/",
    "https://client.example/CB",
    "https://client.example//cb",
    "https://client.example/cb/../cb",
    "https://client.example/cb/..;/x",
    "https://client.example/cb%2f..",
    "https://client.example/%63b",
    "https://client.example/cb;x=1",
    "https://client.example/cb?",
    "https://client.example/cb?x=1",
    "https://client.example/cb#",
    "https://client.example/cb#f",
    "https://client.example:443/cb",
    "https://client.example:8443/cb",
    "https://CLIENT.example/cb",
    "https://client.example./cb",
    "http://client.example/cb",
    "https://client.example@evil.example/cb",
    "https://evil.example@client.example/cb",
    "https://a@b@evil.example/cb",
    "https://client.example%2f@evil.example/",
    "https://client.example\\@evil.example/cb",
    "https://client.example%00.evil.example/cb",
    "https://client.example.evil.example/cb",
    "https://evilclient.example/cb",
    "https://evil.example/client.example/cb",
    "https://evil.example?u=https://client.example/cb",
    "//client.example/cb",
    "//evil.example/cb",
    "/cb",
    "///evil.example",
    "https:client.example/cb",
    "https:/client.example/cb",
    "HTTPS://client.example/cb",
    " https://client.example/cb",
    "https://client.example/cb ",
    "\thttps://client.example/cb",
    "https://client.example/cb\n",
    "https://client.example/cb%0d%0aX:1",
    "https://client.example/c\nb",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "file:///cb",
    "vbscript:x",
    "blob:https://client.example/cb",
    "about:blank",
    "com.app:/cb",
    "http://localhost/cb",
    "http://127.0.0.1/cb",
    "https://*.client.example/cb",
    "https://cl\xd1\x96"
    "ent.example/cb",
    "https://client\xc2\xad.example/cb",
    "https://client\xef\xbc\x8e"
    "example/cb",
    "https://client.example/cb,https://client.example/cb",
    "https://client.example/c",
};

static enum result pick(struct span *uris, size_t count, struct span asked, struct span *chosen)
{
    struct cx cx = {.arena = &arena, .gateway = &gateway};
    struct client client = {.redirect_uris = uris, .redirect_uri_count = count};
    return client_redirect_uri(&cx, &client, asked, chosen);
}

static void test_redirect_variants(void)
{
    struct span registered[] = {SPAN("https://client.example/cb")};
    struct span chosen = ABSENT;
    for (size_t i = 0; i < COUNT(VARIANTS); i++) {
        check_row(VARIANTS[i]);
        CHECK_INT(pick(registered, 1, span_of(VARIANTS[i]), &chosen), INVALID_REDIRECT_URI);
    }
    check_row("A01: the registered one itself");
    CHECK_INT(pick(registered, 1, registered[0], &chosen), OK);
    CHECK_SPAN(chosen, registered[0]);
    check_row("NUL inside");
    CHECK_INT(pick(registered, 1, SPAN("https://client.example/cb\0"), &chosen),
              INVALID_REDIRECT_URI);
    check_row("20 KB");
    struct builder b = builder_make(&arena, 20000);
    build_span(&b, registered[0]);
    while (b.size < 20000)
        build_byte(&b, 'a');
    CHECK_INT(pick(registered, 1, built(&b), &chosen), INVALID_REDIRECT_URI);
}

static const struct {
    const char *why;
    const char *registered;
    const char *asked; /* NULL: ABSENT */
    enum result want;
} REDIRECTS[] = {
    {"A07: the only one may be left out", "https://c.example/cb", NULL, OK},
    {"A07: one of two may not", "https://c.example/cb https://c.example/d", NULL,
     INVALID_REDIRECT_URI},
    {"a loopback one neither: which port?", "http://127.0.0.1/cb", NULL, INVALID_REDIRECT_URI},
    {"A07: the second of two", "https://c.example/cb https://c.example/d", "https://c.example/d",
     OK},
    {"A05: the query is part of it", "https://c.example/cb?a=1", "https://c.example/cb?a=1", OK},
    {"a dropped parameter", "https://c.example/cb?a=1", "https://c.example/cb",
     INVALID_REDIRECT_URI},
    {"an added parameter", "https://c.example/cb?a=1", "https://c.example/cb?a=1&b=2",
     INVALID_REDIRECT_URI},
    {"A02: any port of 127.0.0.1", "http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", OK},
    {"A02: another port than registered", "http://127.0.0.1:33418/cb", "http://127.0.0.1:1/cb", OK},
    {"A02: no port where one was registered", "http://127.0.0.1:33418/cb", "http://127.0.0.1/cb",
     OK},
    {"A02: [::1]", "http://[::1]/cb", "http://[::1]:8080/cb", OK},
    {"localhost, as clients register it", "http://localhost/callback",
     "http://localhost:3118/callback", OK},
    {"only the port: path", "http://127.0.0.1/cb", "http://127.0.0.1:1/cb2", INVALID_REDIRECT_URI},
    {"only the port: query", "http://127.0.0.1/cb", "http://127.0.0.1:1/cb?a",
     INVALID_REDIRECT_URI},
    {"only the port: scheme", "http://127.0.0.1/cb", "https://127.0.0.1/cb", INVALID_REDIRECT_URI},
    {"another loopback name", "http://localhost/cb", "http://127.0.0.1/cb", INVALID_REDIRECT_URI},
    {"another address", "http://127.0.0.1/cb", "http://[::1]/cb", INVALID_REDIRECT_URI},
    {"a short spelling", "http://127.0.0.1/cb", "http://127.1/cb", INVALID_REDIRECT_URI},
    {"a number", "http://127.0.0.1/cb", "http://2130706433/cb", INVALID_REDIRECT_URI},
    {"a host that begins so", "http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb",
     INVALID_REDIRECT_URI},
    {"a port that is none", "http://localhost/cb", "http://localhost:99999/cb",
     INVALID_REDIRECT_URI},
    {"no other port for https", "https://c.example/cb", "https://c.example:8443/cb",
     INVALID_REDIRECT_URI},
    {"a private-use scheme", "cursor://anysphere.cursor-mcp/oauth/callback",
     "cursor://anysphere.cursor-mcp/oauth/callback", OK},
    {"its path", "cursor://anysphere.cursor-mcp/oauth/callback", "cursor://anysphere.cursor-mcp/x",
     INVALID_REDIRECT_URI},
    {"none registered", "", "https://c.example/cb", INVALID_REDIRECT_URI},
    {"none registered, none asked", "", NULL, INVALID_REDIRECT_URI},
};

static void test_redirects(void)
{
    for (size_t i = 0; i < COUNT(REDIRECTS); i++) {
        struct span uris[4];
        struct span rest = span_of(REDIRECTS[i].registered);
        struct span asked = REDIRECTS[i].asked == NULL ? ABSENT : span_of(REDIRECTS[i].asked);
        struct span chosen = ABSENT;
        size_t count = 0;
        for (struct span uri = span_word(&rest); span_present(uri); uri = span_word(&rest))
            uris[count++] = uri;
        check_row(REDIRECTS[i].why);
        CHECK_INT(pick(uris, count, asked, &chosen), REDIRECTS[i].want);
        if (REDIRECTS[i].want == OK)
            CHECK_SPAN(chosen, span_present(asked) ? asked : uris[0]);
    }
}

/* Whatever is no client of ours is refused without asking anybody. */
static const struct {
    const char *why;
    const char *client_id;
    const char *reason;
} UNKNOWN[] = {
    {"empty", "", "client_id_missing"},
    {"nobody", "nobody", "client_unknown"},
    {"another case", "Backend", "client_unknown"},
    {"a part", "backen", "client_unknown"},
    {"a name of JavaScript", "__proto__", "client_unknown"},
    {"another one", "constructor", "client_unknown"},
    {"a bare host", "client.example/cb", "client_unknown"},
    {"http in production", "http://127.0.0.1/client.json", "client_unknown"},
    {"another scheme", "ftp://client.com/client.json", "client_unknown"},
    {"upper case", "HTTPS://client.com/client.json", "client_unknown"},
    {"our prefix alone", "lkc_", "client_id_forged"},
    {"our prefix and a stranger's bytes", "lkc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     "client_id_forged"},
    {"no base64url", "lkc_====", "client_id_malformed"},
    {"the classic alphabet", "lkc_AAA+", "client_id_malformed"},
    {"our prefix in upper case", "LKC_AAAA", "client_unknown"},
};

static void test_find(void)
{
    struct client client;
    for (size_t i = 0; i < COUNT(UNKNOWN); i++) {
        struct cx cx = {.arena = &arena, .gateway = &gateway};
        check_row(UNKNOWN[i].why);
        CHECK_INT(client_find(&cx, span_of(UNKNOWN[i].client_id), &client), INVALID_CLIENT);
        CHECK_SPAN(cx.error_reason, span_of(UNKNOWN[i].reason));
        CHECK_INT(cx.effect_count, 0);
    }
    struct cx cx = {.arena = &arena, .gateway = &gateway};
    check_row("absent");
    CHECK_INT(client_find(&cx, ABSENT, &client), INVALID_CLIENT);
    check_row("too long");
    struct builder b = builder_make(&arena, CLIENT_MAX_ID + 1);
    build_span(&b, SPAN("lkc_"));
    while (b.size < b.max)
        build_byte(&b, 'A');
    CHECK_INT(client_find(&cx, built(&b), &client), INVALID_CLIENT);
    CHECK_SPAN(cx.error_reason, SPAN("client_id_too_long"));

    check_row("a confidential client that the configuration names");
    CHECK_INT(client_find(&cx, SPAN("backend"), &client), OK);
    CHECK_INT(client.kind, CLIENT_REGISTERED);
    CHECK_INT(client.secret_count, 1);
    CHECK(client.refreshes);
    check_row("a public one");
    CHECK_INT(client_find(&cx, SPAN("cli"), &client), OK);
    CHECK_INT(client.auth, AUTH_NONE);
    CHECK_INT(client.secret_count, 0);
}

static void test_methods(void)
{
    static const char *const NONE[] = {
        "", "NONE", "client_secret_jwt", "tls_client_auth", "private_key_jw", "none "};
    static const enum client_auth ALL[] = {AUTH_NONE, AUTH_SECRET_BASIC, AUTH_SECRET_POST,
                                           AUTH_PRIVATE_KEY};
    enum client_auth auth;
    for (size_t i = 0; i < COUNT(NONE); i++) {
        check_row(NONE[i]);
        CHECK_INT(client_auth_parse(span_of(NONE[i]), &auth), NOT_FOUND);
    }
    check_row("there and back");
    for (size_t i = 0; i < COUNT(ALL); i++) {
        CHECK_INT(client_auth_parse(client_auth_name(ALL[i]), &auth), OK);
        CHECK_INT(auth, ALL[i]);
    }
    CHECK_INT(client_auth_parse(ABSENT, &auth), NOT_FOUND);
}

int main(void)
{
    start();
    test_redirect_variants();
    test_redirects();
    test_find();
    test_methods();
    return check_done();
}
