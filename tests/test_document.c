#include "base/base64.h"
#include "oauth/client.h"

#include "script.h"

enum { NOW = 1800000000 };

#define URL "https://app.client.com/oauth/client.json"
#define URIS "\"redirect_uris\":[\"https://app.client.com/cb\",\"http://127.0.0.1/cb\"]"
#define START "{\"client_id\":\"" URL "\",\"client_name\":\"The App\"," URIS
#define GOOD START "}"

static uint8_t memory[1 << 20];
static struct arena arena;
static struct gateway gateway;
static struct script s;

static const char *wanted_id;
static struct client found;

static enum result find(struct cx *cx)
{
    static struct header address[1];
    address[0] = (struct header){SPAN("cf-connecting-ip"), SPAN("192.0.2.7")};
    cx->request.headers = (struct headers){address, 1};
    return client_find(cx, span_of(wanted_id), &found);
}

static struct span key_of(const char *url)
{
    struct hash hash;
    sha256(span_of(url), &hash);
    return JOIN(&s.arena, SPAN("document:"), base64url_encode(&s.arena, hash_span(&hash)));
}

static struct span copy_of(uint8_t format, uint64_t expires, const char *text)
{
    struct builder b = builder_make(&s.arena, 32 + span_of(text).size);
    pack_u8(&b, format);
    pack_u64(&b, expires);
    pack_span(&b, span_of(text));
    return built(&b);
}

static void start(const char *url, struct span copy)
{
    wanted_id = url;
    script_start(&s, &gateway, NOW);
    expect_kv(&s, key_of(url), copy);
}

static void expect_answer(uint32_t status, const char *type, const char *cache_control,
                          struct span body)
{
    struct builder b = builder_make(&s.arena, 256 + body.size);
    pack_u8(&b, HELD);
    pack_u32(&b, status);
    pack_u32(&b, cache_control == NULL ? 1 : 2);
    pack_span(&b, SPAN("content-type"));
    pack_span(&b, span_of(type));
    if (cache_control != NULL) {
        pack_span(&b, SPAN("cache-control"));
        pack_span(&b, span_of(cache_control));
    }
    pack_span(&b, body);
    expect_limit(&s, "limit document:192.0.2.7", true);
    script_expect(&s, JOIN(&s.arena, SPAN("GET "), span_of(wanted_id)), built(&b));
}

static size_t copies_kept(uint32_t *ttl)
{
    struct span effect = ABSENT;
    size_t count = script_deferred(&s, ASKS_KV_PUT, &effect);
    if (count > 0) {
        struct unpacker u = unpack_make(span_skip(effect, 1));
        (void)unpack_span(&u);
        (void)unpack_span(&u);
        *ttl = unpack_u32(&u);
    }
    return count;
}

/* F01, F12, S41: refused without a connection to anywhere. */
static const char *const URLS[] = {
    "https://app.client.com",
    "https://app.client.com/",
    "https://app.client.com?x",
    "https://app.client.com/./client.json",
    "https://app.client.com/a/../client.json",
    "https://app.client.com/a/%2e%2e/client.json",
    "https://app.client.com/a/.%2E/client.json",
    "https://app.client.com/client.json#",
    "https://app.client.com/client.json#f",
    "https://user@app.client.com/client.json",
    "https://user:pw@app.client.com/client.json",
    "https://:@app.client.com/client.json",
    "https://gw.host.com/client.json",
    "https://GW.host.com/authorize",
    "https://gw.host.com:8443/client.json",
    "https://app.client.com:22/client.json",
    "https://app.client.com:25/client.json",
    "https://app.client.com:0/client.json",
    "https://app.client.com:65536/client.json",
    "https://127.0.0.1/client.json",
    "https://127.1/client.json",
    "https://0/client.json",
    "https://0.0.0.0/client.json",
    "https://2130706433/client.json",
    "https://0x7f000001/client.json",
    "https://0177.0.0.1/client.json",
    "https://0x7f.1/client.json",
    "https://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1/client.json",
    "https://[::1]/client.json",
    "https://[::]/client.json",
    "https://[::ffff:127.0.0.1]/client.json",
    "https://[::ffff:7f00:1]/client.json",
    "https://[::127.0.0.1]/client.json",
    "https://[64:ff9b::7f00:1]/client.json",
    "https://[2002:7f00:1::]/client.json",
    "https://[fe80::1]/client.json",
    "https://[fc00::1]/client.json",
    "https://[fd00:ec2::254]/client.json",
    "https://10.1.2.3/client.json",
    "https://172.16.0.1/client.json",
    "https://192.168.257/client.json",
    "https://100.64.0.1/client.json",
    "https://169.254.169.254/client.json",
    "https://192.0.0.1/client.json",
    "https://198.18.0.1/client.json",
    "https://224.0.0.1/client.json",
    "https://240.0.0.1/client.json",
    "https://255.255.255.255/client.json",
    "https://localhost/client.json",
    "https://localhost./client.json",
    "https://a.localhost/client.json",
    "https://printer.local/client.json",
    "https://metadata.google.internal/client.json",
    "https://app.client.com./client.json",
    "https://client/client.json",
    "https://app.client.com\\@evil.com/client.json",
    "https://app.client.com%2f@evil.com/client.json",
    "https://app.client.com /client.json",
    "https:///client.json",
    "https://",
    "http://app.client.com/client.json",
    "http://localhost/client.json",
};

static void test_urls(void)
{
    for (size_t i = 0; i < COUNT(URLS); i++) {
        check_row(URLS[i]);
        wanted_id = URLS[i];
        script_start(&s, &gateway, NOW);
        CHECK_INT(script_run(&s, find), INVALID_CLIENT);
    }
}

#define KEY_MEMBERS                                                                           \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define JWKS ",\"jwks\":{\"keys\":[{" KEY_MEMBERS "}]}"
#define JWKS_URI ",\"jwks_uri\":\"https://keys.client.com/jwks.json\""
#define BY_KEY ",\"token_endpoint_auth_method\":\"private_key_jwt\""

/* S43 and F04: what a document may say. auth 0: it is refused. */
static const struct {
    const char *why;
    const char *body;
    unsigned auth;
} DOCUMENTS[] = {
    {"the least", GOOD, AUTH_NONE},
    {"a public client that says so", START ",\"token_endpoint_auth_method\":\"none\"}", AUTH_NONE},
    {"F09: keys by URL", START BY_KEY JWKS_URI "}", AUTH_PRIVATE_KEY},
    {"F09: keys inside", START BY_KEY JWKS "}", AUTH_PRIVATE_KEY},
    {"ChatGPT: it prefers a key, and can do without",
     START BY_KEY JWKS_URI
     ",\"token_endpoint_auth_methods_supported\":[\"none\",\"private_key_jwt\"],"
     "\"token_endpoint_auth_signing_alg\":\"RS256\",\"response_types\":[\"code\"],"
     "\"grant_types\":[\"authorization_code\",\"refresh_token\"]}",
     AUTH_NONE | AUTH_PRIVATE_KEY},
    {"a list alone",
     START JWKS_URI ",\"token_endpoint_auth_methods_supported\":"
                    "[\"private_key_jwt\",\"client_secret_basic\",\"tls_client_auth\"]}",
     AUTH_PRIVATE_KEY},
    {"a list, its keys missing",
     START ",\"token_endpoint_auth_methods_supported\":[\"none\",\"private_key_jwt\"]}", AUTH_NONE},
    {"grant types of other servers",
     START ",\"grant_types\":[\"authorization_code\","
           "\"urn:ietf:params:oauth:grant-type:device_code\"]}",
     AUTH_NONE},
    {"members that nobody knows", START ",\"logo_uri\":\"data:image/svg+xml,x\",\"x\":[]}",
     AUTH_NONE},

    {"nothing", "", 0},
    {"no JSON", "<html></html>", 0},
    {"an array", "[" GOOD "]", 0},
    {"a byte order mark", "\xef\xbb\xbf" GOOD, 0},
    {"garbage behind it", GOOD "x", 0},
    {"cut off", START, 0},
    {"a name twice", START "," URIS "}", 0},
    {"F03: no client_id", "{\"client_name\":\"x\"," URIS "}", 0},
    {"F03: another one",
     "{\"client_id\":\"https://app.client.com/oauth/other.json\",\"client_name\":\"x\"," URIS "}",
     0},
    {"F03: in another case",
     "{\"client_id\":\"https://App.client.com/oauth/client.json\",\"client_name\":\"x\"," URIS "}",
     0},
    {"F03: with a slash more",
     "{\"client_id\":\"https://app.client.com/oauth/client.json/\",\"client_name\":\"x\"," URIS "}",
     0},
    {"F03: with a port",
     "{\"client_id\":\"https://app.client.com:443/oauth/client.json\",\"client_name\":\"x\"," URIS
     "}",
     0},
    {"F03: no text", "{\"client_id\":1,\"client_name\":\"x\"," URIS "}", 0},
    {"no name", "{\"client_id\":\"" URL "\"," URIS "}", 0},
    {"an empty name", "{\"client_id\":\"" URL "\",\"client_name\":\"\"," URIS "}", 0},
    {"a name that is no text", "{\"client_id\":\"" URL "\",\"client_name\":1," URIS "}", 0},
    {"no redirect URIs", "{\"client_id\":\"" URL "\",\"client_name\":\"x\"}", 0},
    {"a dangerous one",
     "{\"client_id\":\"" URL "\",\"client_name\":\"x\",\"redirect_uris\":[\"javascript:x\"]}", 0},
    {"one of plain http",
     "{\"client_id\":\"" URL "\",\"client_name\":\"x\",\"redirect_uris\":[\"http://a.com/\"]}", 0},
    {"F04: a secret", START ",\"client_secret\":\"x\"}", 0},
    {"F04: when it expires", START ",\"client_secret_expires_at\":0}", 0},
    {"F04: Basic", START ",\"token_endpoint_auth_method\":\"client_secret_basic\"}", 0},
    {"F04: post", START ",\"token_endpoint_auth_method\":\"client_secret_post\"}", 0},
    {"F04: a MAC", START ",\"token_endpoint_auth_method\":\"client_secret_jwt\"}", 0},
    {"F04: a secret, although the list has none",
     START ",\"token_endpoint_auth_method\":\"client_secret_post\","
           "\"token_endpoint_auth_methods_supported\":[\"none\"]}",
     0},
    {"a method that nobody knows", START ",\"token_endpoint_auth_method\":\"tls_client_auth\"}", 0},
    {"a method that is no text", START ",\"token_endpoint_auth_method\":[]}", 0},
    {"secrets only", START ",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]}",
     0},
    {"F09: no keys", START BY_KEY "}", 0},
    {"F09: no usable key", START BY_KEY ",\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}}",
     0},
    {"both", START BY_KEY JWKS JWKS_URI "}", 0},
    {"F12: keys on a private host", START BY_KEY ",\"jwks_uri\":\"https://192.168.1.1/jwks.json\"}",
     0},
    {"S41: keys on our host", START BY_KEY ",\"jwks_uri\":\"https://gw.host.com/jwks.json\"}", 0},
    {"no code flow", START ",\"grant_types\":[\"client_credentials\"]}", 0},
    {"no code", START ",\"response_types\":[\"token\"]}", 0},
};

static void test_documents(void)
{
    uint32_t ttl = 0;
    for (size_t i = 0; i < COUNT(DOCUMENTS); i++) {
        check_row(DOCUMENTS[i].why);
        start(URL, ABSENT);
        expect_answer(200, "application/json", NULL, span_of(DOCUMENTS[i].body));
        if (DOCUMENTS[i].auth == 0) {
            /* F06: what is wrong is not kept. */
            CHECK_INT(script_run(&s, find), INVALID_CLIENT);
            CHECK_INT(copies_kept(&ttl), 0);
            CHECK(span_present(s.cx.error_reason));
            continue;
        }
        CHECK_INT(script_run(&s, find), OK);
        CHECK_INT(copies_kept(&ttl), 1);
        CHECK_INT(found.kind, CLIENT_DOCUMENT);
        CHECK_INT(found.auth, DOCUMENTS[i].auth);
        CHECK_SPAN(found.name, SPAN("The App"));
        CHECK_SPAN(found.host, SPAN("app.client.com"));
        CHECK_INT(found.redirect_uri_count, 2);
        CHECK_INT(found.secret_count, 0);

        check_row("the same from the copy");
        start(URL, copy_of(1, NOW + 1, DOCUMENTS[i].body));
        CHECK_INT(script_run(&s, find), OK);
        CHECK_INT(copies_kept(&ttl), 0);
        CHECK_INT(found.auth, DOCUMENTS[i].auth);
    }
}

static const struct {
    const char *why;
    uint32_t status;
    const char *type;
    enum result want;
} ANSWERS[] = {
    {"parameters of the type", 200, "Application/JSON; charset=UTF-8", OK},
    {"a type of its own", 200, "application/client-metadata+json", OK},
    {"F02: moved, 301", 301, "application/json", INVALID_CLIENT},
    {"F02: found, 302", 302, "application/json", INVALID_CLIENT},
    {"F02: 303", 303, "application/json", INVALID_CLIENT},
    {"F02: 307", 307, "application/json", INVALID_CLIENT},
    {"F02: 308", 308, "application/json", INVALID_CLIENT},
    {"F02: 201", 201, "application/json", INVALID_CLIENT},
    {"F02: 204", 204, "application/json", INVALID_CLIENT},
    {"F02: 206", 206, "application/json", INVALID_CLIENT},
    {"gone", 404, "application/json", INVALID_CLIENT},
    {"forbidden", 403, "application/json", INVALID_CLIENT},
    {"a passing failure, 500", 500, "application/json", TEMPORARILY_UNAVAILABLE},
    {"a passing failure, 503", 503, "text/html", TEMPORARILY_UNAVAILABLE},
    {"a passing failure, 429", 429, "application/json", TEMPORARILY_UNAVAILABLE},
    {"a passing failure, 408", 408, "application/json", TEMPORARILY_UNAVAILABLE},
    {"a passing failure, 425", 425, "application/json", TEMPORARILY_UNAVAILABLE},
    {"HTML", 200, "text/html", INVALID_CLIENT},
    {"text", 200, "text/plain", INVALID_CLIENT},
    {"no type", 200, "", INVALID_CLIENT},
    {"another tree's json", 200, "text/x+json", INVALID_CLIENT},
    {"json-seq", 200, "application/json-seq", INVALID_CLIENT},
    {"two types", 200, "application/json, text/html", INVALID_CLIENT},
    {"another charset", 200, "application/json; charset=utf-16", INVALID_CLIENT},
};

static void test_answers(void)
{
    uint32_t ttl = 0;
    for (size_t i = 0; i < COUNT(ANSWERS); i++) {
        check_row(ANSWERS[i].why);
        start(URL, ABSENT);
        expect_answer(ANSWERS[i].status, ANSWERS[i].type, NULL, SPAN(GOOD));
        CHECK_INT(script_run(&s, find), ANSWERS[i].want);
        CHECK_INT(copies_kept(&ttl), ANSWERS[i].want == OK ? 1 : 0);
    }
    check_row("F05: no answer");
    start(URL, ABSENT);
    expect_limit(&s, "limit document:192.0.2.7", true);
    expect_fetch_failure(&s, "GET " URL, FAILED);
    CHECK_INT(script_run(&s, find), TEMPORARILY_UNAVAILABLE);
    check_row("F13: too large, told by the host");
    start(URL, ABSENT);
    expect_limit(&s, "limit document:192.0.2.7", true);
    expect_fetch_failure(&s, "GET " URL, TOO_MUCH);
    CHECK_INT(script_run(&s, find), INVALID_CLIENT);
    check_row("P4: too many fetches for one caller");
    start(URL, ABSENT);
    expect_limit(&s, "limit document:192.0.2.7", false);
    CHECK_INT(script_run(&s, find), TOO_MANY_REQUESTS);
}

/* F13, S42: 5 KB pass, a byte more does not. */
static void test_size(void)
{
    struct builder b = builder_make(&arena, DOCUMENT_MAX_BYTES + 1);
    build_span(&b, SPAN(GOOD));
    while (b.size < b.max)
        build_byte(&b, ' ');
    check_row("F13: 5 KB");
    start(URL, ABSENT);
    expect_answer(200, "application/json", NULL, span_first(built(&b), DOCUMENT_MAX_BYTES));
    CHECK_INT(script_run(&s, find), OK);
    check_row("F13: a byte more");
    start(URL, ABSENT);
    expect_answer(200, "application/json", NULL, built(&b));
    CHECK_INT(script_run(&s, find), INVALID_CLIENT);
    check_row("every truncation");
    for (size_t i = 0; i < SPAN(GOOD).size; i++) {
        start(URL, ABSENT);
        expect_answer(200, "application/json", NULL, span_first(SPAN(GOOD), i));
        CHECK_INT(script_run(&s, find), INVALID_CLIENT);
    }
}

/* F14: nothing of the request that caused the fetch goes along. */
static void test_request(void)
{
    check_row("F14: what is sent");
    start(URL, ABSENT);
    expect_answer(200, "application/json", NULL, SPAN(GOOD));
    CHECK_INT(script_run(&s, find), OK);
    CHECK_INT(s.sent_count, 1);
    CHECK_INT(s.sent[0].headers.count, 1);
    CHECK_SPAN(s.sent[0].headers.list[0].name, SPAN("accept"));
    CHECK_SPAN(s.sent[0].body, ABSENT);
}

/* F06, S45: how long a copy is kept. */
static const struct {
    const char *cache_control; /* NULL: none */
    uint32_t ttl;
} LIFETIMES[] = {
    {NULL, DOCUMENT_CACHE_SECONDS},
    {"max-age=0", DOCUMENT_MIN_CACHE_SECONDS},
    {"max-age=59", DOCUMENT_MIN_CACHE_SECONDS},
    {"public, max-age=7200", 7200},
    {"max-age=86401", DOCUMENT_MAX_CACHE_SECONDS},
    {"max-age=315360000", DOCUMENT_MAX_CACHE_SECONDS},
    {"max-age=99999999999999999999", DOCUMENT_MIN_CACHE_SECONDS}, /* no number */
    {"no-store", DOCUMENT_MIN_CACHE_SECONDS},
    {"no-cache", DOCUMENT_MIN_CACHE_SECONDS},
};

static void test_cache(void)
{
    for (size_t i = 0; i < COUNT(LIFETIMES); i++) {
        uint32_t ttl = 0;
        check_row(LIFETIMES[i].cache_control);
        start(URL, ABSENT);
        expect_answer(200, "application/json", LIFETIMES[i].cache_control, SPAN(GOOD));
        CHECK_INT(script_run(&s, find), OK);
        CHECK_INT(copies_kept(&ttl), 1);
        CHECK_INT(ttl, LIFETIMES[i].ttl);
    }
    check_row("a copy that has expired, though the store still has it");
    start(URL, copy_of(1, NOW, GOOD));
    expect_answer(200, "application/json", NULL, SPAN(GOOD));
    CHECK_INT(script_run(&s, find), OK);
    check_row("S45: it does not outlive its time in an outage");
    start(URL, copy_of(1, NOW, GOOD));
    expect_answer(503, "text/html", NULL, SPAN(""));
    CHECK_INT(script_run(&s, find), TEMPORARILY_UNAVAILABLE);
    check_row("a copy of another format");
    start(URL, copy_of(2, NOW + 1, GOOD));
    expect_answer(200, "application/json", NULL, SPAN(GOOD));
    CHECK_INT(script_run(&s, find), OK);
    check_row("a copy of what is no longer acceptable");
    start(URL, copy_of(1, NOW + 1, START ",\"client_secret\":\"x\"}"));
    CHECK_INT(script_run(&s, find), INVALID_CLIENT);
    check_row("a damaged one");
    start(URL, SPAN("\x01"));
    expect_answer(200, "application/json", NULL, SPAN(GOOD));
    CHECK_INT(script_run(&s, find), OK);
}

/* Without TLS only in development, and only on this machine. */
static void test_development(void)
{
    gateway.issuer = SPAN("http://127.0.0.1:8787");
    gateway.development = true;
    check_row("a document on loopback");
    start("http://localhost:6274/client.json", ABSENT);
    expect_answer(200, "application/json", NULL,
                  SPAN("{\"client_id\":\"http://localhost:6274/client.json\","
                       "\"client_name\":\"x\"," URIS "}"));
    CHECK_INT(script_run(&s, find), OK);
    check_row("no URL at all");
    wanted_id = "client";
    script_start(&s, &gateway, NOW);
    CHECK_INT(script_run(&s, find), INVALID_CLIENT);
    static const char *const REFUSED[] = {
        "http://app.client.com/client.json",
        "http://10.0.0.1/client.json",
        "http://127.0.0.1:8787/authorize",
    };
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        check_row(REFUSED[i]);
        wanted_id = REFUSED[i];
        script_start(&s, &gateway, NOW);
        CHECK_INT(script_run(&s, find), INVALID_CLIENT);
    }
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, script_exhausted);
    gateway = (struct gateway){.issuer = SPAN("https://gw.host.com")};
    CHECK_INT(keyring_make(SPAN("0123456789abcdef0123456789abcdef"), ABSENT, &gateway.keys), OK);
    test_urls();
    test_documents();
    test_answers();
    test_size();
    test_request();
    test_cache();
    test_development();
    return check_done();
}
