#include "endpoint/endpoint.h"
#include "oauth/client_metadata.h"

#include "script.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1800000000 };

static uint8_t memory[8 << 20];
static struct arena arena;
static struct gateway gateway;

#define ROOT SPAN("0123456789abcdef0123456789abcdef")
#define OTHER_ROOT SPAN("fedcba9876543210fedcba9876543210")

/* A context with a seed of its own. */
static struct cx fresh(uint8_t seed_byte)
{
    static uint8_t seed[SEED_SIZE];
    struct cx cx = {.arena = &arena, .gateway = &gateway, .now = NOW};
    seed[0] = seed_byte;
    drbg_make(&cx.drbg, span_bytes(seed, sizeof seed));
    return cx;
}

#define URIS "\"redirect_uris\":[\"https://c.example/cb\"]"

/* A P-256 key (RFC 7517 appendix A.1), and what is wrong with the others. */
#define KEY_MEMBERS                                                                           \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define KEYS "\"jwks\":{\"keys\":[{" KEY_MEMBERS ",\"kid\":\"1\",\"use\":\"sig\"}]}"

static const struct {
    const char *why;
    const char *body;
    enum result want;
} REQUESTS[] = {
    {"the least", "{" URIS "}", OK},
    {"the TypeScript SDK",
     "{\"client_name\":\"Inspector\",\"redirect_uris\":[\"http://localhost:6276/oauth/callback\"],"
     "\"token_endpoint_auth_method\":\"none\",\"grant_types\":[\"authorization_code\","
     "\"refresh_token\"],\"response_types\":[\"code\"],\"application_type\":\"native\","
     "\"client_uri\":\"https://github.com/modelcontextprotocol/inspector\",\"scope\":\"\"}",
     OK},
    {"Cursor",
     "{\"redirect_uris\":[\"cursor://anysphere.cursor-mcp/oauth/callback\","
     "\"http://localhost:8787/callback\"],\"token_endpoint_auth_method\":\"none\"}",
     OK},
    {"an application's own scheme", "{\"redirect_uris\":[\"com.example.app:/callback\"]}", OK},
    {"members that nobody knows", "{" URIS ",\"contacts\":[\"a@b.example\"],\"x\":{\"y\":[1]}}",
     OK},
    {"null is absent", "{" URIS ",\"client_name\":null,\"grant_types\":null,\"jwks\":null}", OK},
    {"so is an empty text", "{" URIS ",\"client_uri\":\"\",\"logo_uri\":\"\"}", OK},
    {"E08: a software statement is ignored", "{" URIS ",\"software_statement\":\"eyJ.e30.x\"}", OK},
    {"E09: ids are not chosen", "{" URIS ",\"client_id\":\"https://evil.example/\"}", OK},
    {"the code alone", "{" URIS ",\"grant_types\":[\"authorization_code\"]}", OK},
    {"keys", "{" URIS "," KEYS ",\"token_endpoint_auth_method\":\"private_key_jwt\"}", OK},
    {"keys by URL",
     "{" URIS ",\"jwks_uri\":\"https://keys.client.com/jwks\","
     "\"token_endpoint_auth_method\":\"private_key_jwt\"}",
     OK},

    {"nothing", "", INVALID_CLIENT_METADATA},
    {"no JSON", "redirect_uris=https://c.example/cb", INVALID_CLIENT_METADATA},
    {"an array", "[{" URIS "}]", INVALID_CLIENT_METADATA},
    {"a string", "\"x\"", INVALID_CLIENT_METADATA},
    {"S36: a name twice", "{" URIS "," URIS "}", INVALID_CLIENT_METADATA},
    {"S36: twice, once escaped", "{" URIS ",\"redirect\\u005furis\":[\"https://evil.example/\"]}",
     INVALID_CLIENT_METADATA},
    {"NUL", "{" URIS ",\"client_name\":\"a\\u0000b\"}", INVALID_CLIENT_METADATA},
    {"a byte order mark", "\xef\xbb\xbf{" URIS "}", INVALID_CLIENT_METADATA},
    {"bad UTF-8", "{" URIS ",\"client_name\":\"\xff\"}", INVALID_CLIENT_METADATA},

    {"no redirect URIs", "{\"client_name\":\"x\"}", INVALID_REDIRECT_URI},
    {"S36: its name on the prototype only", "{\"__proto__\":{" URIS "}}", INVALID_REDIRECT_URI},
    {"an empty array", "{\"redirect_uris\":[]}", INVALID_REDIRECT_URI},
    {"a string", "{\"redirect_uris\":\"https://c.example/cb\"}", INVALID_REDIRECT_URI},
    {"an object", "{\"redirect_uris\":{\"0\":\"https://c.example/cb\"}}", INVALID_REDIRECT_URI},
    {"a number in it", "{\"redirect_uris\":[1]}", INVALID_REDIRECT_URI},
    {"an array in it", "{\"redirect_uris\":[[\"https://c.example/cb\"]]}", INVALID_REDIRECT_URI},
    {"an empty one", "{\"redirect_uris\":[\"https://c.example/cb\",\"\"]}", INVALID_REDIRECT_URI},
    {"A03: http", "{\"redirect_uris\":[\"http://c.example/cb\"]}", INVALID_REDIRECT_URI},
    {"A03: http that begins like loopback", "{\"redirect_uris\":[\"http://127.0.0.1.c.example/\"]}",
     INVALID_REDIRECT_URI},
    {"A04: a fragment", "{\"redirect_uris\":[\"https://c.example/cb#f\"]}", INVALID_REDIRECT_URI},
    {"A04: an empty one", "{\"redirect_uris\":[\"https://c.example/cb#\"]}", INVALID_REDIRECT_URI},
    {"userinfo", "{\"redirect_uris\":[\"https://c.example@evil.example/cb\"]}",
     INVALID_REDIRECT_URI},
    {"a wildcard", "{\"redirect_uris\":[\"https://*.c.example/cb\"]}", INVALID_REDIRECT_URI},
    {"E03: javascript", "{\"redirect_uris\":[\"javascript:alert(1)\"]}", INVALID_REDIRECT_URI},
    {"E03: in another case", "{\"redirect_uris\":[\"jAvAsCrIpT:alert(1)\"]}", INVALID_REDIRECT_URI},
    {"E03: with a tab", "{\"redirect_uris\":[\"java\\tscript:alert(1)\"]}", INVALID_REDIRECT_URI},
    {"E03: with a newline", "{\"redirect_uris\":[\"java\\nscript:alert(1)\"]}",
     INVALID_REDIRECT_URI},
    {"E03: behind a space", "{\"redirect_uris\":[\" javascript:alert(1)\"]}", INVALID_REDIRECT_URI},
    {"E03: behind a control", "{\"redirect_uris\":[\"\\u0001javascript:alert(1)\"]}",
     INVALID_REDIRECT_URI},
    {"E03: as the second", "{\"redirect_uris\":[\"https://c.example/cb\",\"javascript:x\"]}",
     INVALID_REDIRECT_URI},
    {"E03: data", "{\"redirect_uris\":[\"data:text/html,x\"]}", INVALID_REDIRECT_URI},
    {"E03: vbscript", "{\"redirect_uris\":[\"VBScript:x\"]}", INVALID_REDIRECT_URI},
    {"E03: file", "{\"redirect_uris\":[\"file:///etc/passwd\"]}", INVALID_REDIRECT_URI},
    {"E03: blob", "{\"redirect_uris\":[\"blob:https://c.example/1\"]}", INVALID_REDIRECT_URI},
    {"a relative one", "{\"redirect_uris\":[\"/cb\"]}", INVALID_REDIRECT_URI},
    {"without a scheme", "{\"redirect_uris\":[\"//c.example/cb\"]}", INVALID_REDIRECT_URI},

    {"a name that is no text", "{" URIS ",\"client_name\":{\"en\":\"x\"}}",
     INVALID_CLIENT_METADATA},
    {"E05: implicit", "{" URIS ",\"grant_types\":[\"implicit\"]}", INVALID_CLIENT_METADATA},
    {"E05: implicit besides", "{" URIS ",\"grant_types\":[\"authorization_code\",\"implicit\"]}",
     INVALID_CLIENT_METADATA},
    {"E05: password", "{" URIS ",\"grant_types\":[\"authorization_code\",\"password\"]}",
     INVALID_CLIENT_METADATA},
    {"E05: client_credentials", "{" URIS ",\"grant_types\":[\"client_credentials\"]}",
     INVALID_CLIENT_METADATA},
    {"E05: refresh tokens out of nothing", "{" URIS ",\"grant_types\":[\"refresh_token\"]}",
     INVALID_CLIENT_METADATA},
    {"E05: none", "{" URIS ",\"grant_types\":[]}", INVALID_CLIENT_METADATA},
    {"E05: no array", "{" URIS ",\"grant_types\":\"authorization_code\"}", INVALID_CLIENT_METADATA},
    {"E05: not texts", "{" URIS ",\"grant_types\":[\"authorization_code\",1]}",
     INVALID_CLIENT_METADATA},
    {"E05: token", "{" URIS ",\"response_types\":[\"token\"]}", INVALID_CLIENT_METADATA},
    {"E05: token besides", "{" URIS ",\"response_types\":[\"code\",\"token\"]}",
     INVALID_CLIENT_METADATA},
    {"E05: hybrid", "{" URIS ",\"response_types\":[\"code id_token\"]}", INVALID_CLIENT_METADATA},
    {"E05: a response that is no list", "{" URIS ",\"response_types\":\"code\"}",
     INVALID_CLIENT_METADATA},
    {"E05: no response", "{" URIS ",\"response_types\":[]}", INVALID_CLIENT_METADATA},
    {"an unknown method", "{" URIS ",\"token_endpoint_auth_method\":\"client_secret_jwt\"}",
     INVALID_CLIENT_METADATA},
    {"a method that is no text", "{" URIS ",\"token_endpoint_auth_method\":1}",
     INVALID_CLIENT_METADATA},
    {"keys needed", "{" URIS ",\"token_endpoint_auth_method\":\"private_key_jwt\"}",
     INVALID_CLIENT_METADATA},
    {"E06: both", "{" URIS "," KEYS ",\"jwks_uri\":\"https://keys.client.com/jwks\"}",
     INVALID_CLIENT_METADATA},
    {"no key in the set", "{" URIS ",\"jwks\":{\"keys\":[]}}", INVALID_CLIENT_METADATA},
    {"no set", "{" URIS ",\"jwks\":[]}", INVALID_CLIENT_METADATA},
    {"more keys than are kept", "{" URIS ",\"jwks\":{\"keys\":[0,1,2,3,4,5,6,7,8]}}",
     INVALID_CLIENT_METADATA},
    {"a private key", "{" URIS ",\"jwks\":{\"keys\":[{" KEY_MEMBERS ",\"d\":\"AAAA\"}]}}",
     INVALID_CLIENT_METADATA},
    {"a symmetric one", "{" URIS ",\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}}",
     INVALID_CLIENT_METADATA},
    {"F12: keys on a private host", "{" URIS ",\"jwks_uri\":\"https://10.0.0.1/jwks\"}",
     INVALID_CLIENT_METADATA},
    {"F12: on the metadata service", "{" URIS ",\"jwks_uri\":\"https://169.254.169.254/jwks\"}",
     INVALID_CLIENT_METADATA},
    {"S41: on our own host", "{" URIS ",\"jwks_uri\":\"https://gw.host.com/x\"}",
     INVALID_CLIENT_METADATA},
    {"E04: http keys", "{" URIS ",\"jwks_uri\":\"http://keys.client.com/jwks\"}",
     INVALID_CLIENT_METADATA},
    {"E04: http client_uri", "{" URIS ",\"client_uri\":\"http://c.example/\"}",
     INVALID_CLIENT_METADATA},
    {"E04: javascript logo", "{" URIS ",\"logo_uri\":\"javascript:alert(1)\"}",
     INVALID_CLIENT_METADATA},
    {"E04: data logo", "{" URIS ",\"logo_uri\":\"data:image/svg+xml,x\"}", INVALID_CLIENT_METADATA},
    {"E04: a relative policy", "{" URIS ",\"policy_uri\":\"/privacy\"}", INVALID_CLIENT_METADATA},
    {"E04: terms that are no text", "{" URIS ",\"tos_uri\":[\"https://c.example/\"]}",
     INVALID_CLIENT_METADATA},
};

static void test_requests(void)
{
    for (size_t i = 0; i < COUNT(REQUESTS); i++) {
        struct cx cx = fresh(1);
        struct client client;
        struct span secret;
        check_row(REQUESTS[i].why);
        CHECK_INT(client_register(&cx, span_of(REQUESTS[i].body), &client, &secret),
                  REQUESTS[i].want);
        CHECK(span_present(cx.error_reason) == (REQUESTS[i].want != OK));
        CHECK_INT(cx.effect_count, 0);
    }
}

static struct span registered(uint8_t seed, const char *body, struct client *client,
                              struct span *secret)
{
    struct cx cx = fresh(seed);
    CHECK_INT(client_register(&cx, span_of(body), client, secret), OK);
    return client->id;
}

static enum result find(struct span client_id, struct client *client)
{
    struct cx cx = fresh(9);
    return client_find(&cx, client_id, client);
}

static void check_same(const struct client *made, const struct client *found)
{
    CHECK_INT(found->kind, CLIENT_DYNAMIC);
    CHECK_SPAN(found->id, made->id);
    CHECK_SPAN(found->name, made->name);
    CHECK_SPAN(found->host, ABSENT);
    CHECK_INT(found->auth, made->auth);
    CHECK(found->refreshes == made->refreshes);
    CHECK_SPAN(found->jwks_uri, made->jwks_uri);
    CHECK_SPAN(found->jwks, (made->auth & AUTH_PRIVATE_KEY) != 0 ? made->jwks : ABSENT);
    if (!CHECK_INT(found->redirect_uri_count, made->redirect_uri_count))
        return;
    for (size_t i = 0; i < made->redirect_uri_count; i++)
        CHECK_SPAN(found->redirect_uris[i], made->redirect_uris[i]);
}

/* What was registered is what is found, without anything having been stored. */
static void test_round_trip(void)
{
    for (size_t i = 0; i < COUNT(REQUESTS) && REQUESTS[i].want == OK; i++) {
        struct client made;
        struct client found;
        struct span secret;
        check_row(REQUESTS[i].why);
        struct span id = registered(1, REQUESTS[i].body, &made, &secret);
        CHECK(span_starts(id, SPAN("lkc_")) && id.size <= CLIENT_MAX_ID);
        CHECK_INT(find(id, &found), OK);
        check_same(&made, &found);
    }
}

static void test_defaults(void)
{
    struct client client;
    struct span secret;
    check_row("RFC 7591 section 2: Basic unless said otherwise");
    (void)registered(1, "{" URIS "}", &client, &secret);
    CHECK_INT(client.auth, AUTH_SECRET_BASIC);
    CHECK(client.refreshes);
    CHECK_SPAN(client.name, SPAN("c.example"));
    check_row("no refresh tokens where they are left out of the list");
    (void)registered(1, "{" URIS ",\"grant_types\":[\"authorization_code\"]}", &client, &secret);
    CHECK(!client.refreshes);
    check_row("E07: no secret for a public client");
    (void)registered(1, "{" URIS ",\"token_endpoint_auth_method\":\"none\"}", &client, &secret);
    CHECK_SPAN(secret, ABSENT);
    CHECK_INT(client.secret_count, 0);
    check_row("the name of one that has a scheme only");
    (void)registered(1, "{\"redirect_uris\":[\"com.example.app:/cb\"]}", &client, &secret);
    CHECK_SPAN(client.name, SPAN("com.example.app"));
    check_row("nor when what follows the scheme looks like an empty host");
    (void)registered(1, "{\"redirect_uris\":[\"com.example.app:///cb\"]}", &client, &secret);
    CHECK_SPAN(client.name, SPAN("com.example.app"));
    check_row("S33: a name as it will be shown");
    (void)registered(1, "{" URIS ",\"client_name\":\" Go\\u202eogle \\n \\u200b!\"}", &client,
                     &secret);
    CHECK_SPAN(client.name, SPAN("Google !"));
}

static void test_forgery(void)
{
    struct client client;
    struct span secret;
    struct span id = span_copy(&arena, registered(1, "{" URIS "}", &client, &secret));
    check_row("every byte of the client_id changed");
    for (size_t i = 0; i < id.size; i++) {
        uint8_t *other = (uint8_t *)(uintptr_t)span_copy(&arena, id).data;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        CHECK_INT(find(span_bytes(other, id.size), &client), INVALID_CLIENT);
    }
    check_row("every truncation");
    for (size_t i = 0; i < id.size; i++)
        CHECK_INT(find(span_first(id, i), &client), INVALID_CLIENT);
    check_row("something appended");
    CHECK_INT(find(JOIN(&arena, id, SPAN("A")), &client), INVALID_CLIENT);
    CHECK_INT(find(JOIN(&arena, id, SPAN("AAAA")), &client), INVALID_CLIENT);
    CHECK_INT(find(JOIN(&arena, id, SPAN("=")), &client), INVALID_CLIENT);
}

/* The same metadata in the same second: a public id may be the same, a secret may not. */
static void test_unique(void)
{
    struct client client;
    struct span one;
    struct span two;
    struct span first = registered(1, "{" URIS "}", &client, &one);
    struct span second = registered(2, "{" URIS "}", &client, &two);
    check_row("two registrations, two secrets");
    CHECK(!span_equal(first, second));
    CHECK(!span_equal(one, two));
    CHECK_INT(one.size, 43);
}

static void test_rotation(void)
{
    struct client client;
    struct span secret;
    struct hash hash;
    struct span id = span_copy(&arena, registered(1, "{" URIS "}", &client, &secret));
    sha256(secret, &hash);
    check_row("under the root that it was made with");
    CHECK_INT(find(id, &client), OK);
    CHECK_INT(client.secret_count, 1);
    CHECK_SPAN(hash_span(&client.secret_hashes[0]), hash_span(&hash));
    check_row("while that root is the previous one");
    CHECK_INT(keyring_make(OTHER_ROOT, ROOT, &gateway.keys), OK);
    CHECK_INT(find(id, &client), OK);
    CHECK_INT(client.secret_count, 2);
    CHECK_SPAN(hash_span(&client.secret_hashes[1]), hash_span(&hash));
    check_row("when it is gone");
    CHECK_INT(keyring_make(OTHER_ROOT, ABSENT, &gateway.keys), OK);
    CHECK_INT(find(id, &client), INVALID_CLIENT);
    CHECK_INT(keyring_make(ROOT, ABSENT, &gateway.keys), OK);
}

/* S35: what is too much is refused, and says so. */
static void test_limits(void)
{
    static char body[70000];
    struct client client;
    struct span secret;
    struct cx cx = fresh(1);
    check_row("33 redirect URIs");
    int size = snprintf(body, sizeof body, "{\"redirect_uris\":[\"https://c.example/0\"");
    for (int i = 1; i <= CLIENT_MAX_REDIRECT_URIS; i++)
        size += snprintf(body + size, sizeof body - (size_t)size, ",\"https://c.example/%d\"", i);
    snprintf(body + size, sizeof body - (size_t)size, "]}");
    CHECK_INT(client_register(&cx, span_of(body), &client, &secret), INVALID_REDIRECT_URI);
    check_row("more than fits into an id");
    size = snprintf(body, sizeof body, "{\"redirect_uris\":[\"https://c.example/0\"");
    for (int i = 1; i < 3; i++) {
        size += snprintf(body + size, sizeof body - (size_t)size, ",\"https://c.example/%d", i);
        memset(body + size, 'a', 1000);
        size += 1000;
        size += snprintf(body + size, sizeof body - (size_t)size, "\"");
    }
    snprintf(body + size, sizeof body - (size_t)size, "]}");
    CHECK_INT(client_register(&cx, span_of(body), &client, &secret), INVALID_CLIENT_METADATA);
    CHECK_SPAN(cx.error_reason, SPAN("registration_too_large"));
    check_row("a name of 10,000 characters is cut");
    size = snprintf(body, sizeof body, "{" URIS ",\"client_name\":\"");
    memset(body + size, 'a', 10000);
    size += 10000;
    snprintf(body + size, sizeof body - (size_t)size, "\"}");
    CHECK_INT(client_register(&cx, span_of(body), &client, &secret), OK);
    CHECK(client.name.size < CLIENT_MAX_NAME + 4);
    check_row("depth");
    memset(body, '[', 1000);
    body[1000] = 0;
    CHECK_INT(client_register(&cx, span_of(body), &client, &secret), INVALID_CLIENT_METADATA);
}

/* ---- the endpoint ---- */

static const char *content_type;

static enum result post(struct cx *cx)
{
    static struct header headers[2];
    headers[0] = (struct header){SPAN("content-type"), span_of(content_type)};
    headers[1] = (struct header){SPAN("cf-connecting-ip"), SPAN("2001:db8:1:2:3:4:5:6")};
    cx->request.headers = (struct headers){headers, 2};
    return register_client(cx);
}

static struct span body_answer(struct script *s, struct span body)
{
    struct builder b = builder_make(&s->arena, 8 + body.size);
    pack_u8(&b, 0);
    pack_span(&b, body);
    return built(&b);
}

static struct span header_of(const struct cx *cx, const char *name)
{
    for (size_t i = 0; i < cx->response.header_count; i++)
        if (span_equal(cx->response.headers[i].name, span_of(name)))
            return cx->response.headers[i].value;
    return ABSENT;
}

static void test_endpoint(void)
{
    static struct script s;
    struct json_pick picks[] = {
        {"client_id", ABSENT},      {"client_secret", ABSENT},
        {"redirect_uris", ABSENT},  {"grant_types", ABSENT},
        {"response_types", ABSENT}, {"token_endpoint_auth_method", ABSENT},
        {"client_uri", ABSENT},     {"client_secret_expires_at", ABSENT},
        {"client_name", ABSENT},    {"client_id_issued_at", ABSENT},
        {"logo_uri", ABSENT},       {"registration_client_uri", ABSENT},
    };
    check_row("E01, E07, E11: the answer");
    content_type = "application/json; charset=utf-8";
    script_start(&s, &gateway, NOW);
    expect_limit(&s, "limit register:2001:db8:1:2", true);
    script_expect(&s, SPAN("body"),
                  body_answer(&s, SPAN("{" URIS ",\"client_uri\":\"https://c.example/\","
                                       "\"logo_uri\":null,\"client_name\":\"A \\\"B\\\"\"}")));
    CHECK_INT(script_run(&s, post), OK);
    CHECK_INT(s.cx.response.status, 201);
    CHECK_SPAN(header_of(&s.cx, "content-type"), SPAN("application/json"));
    CHECK_SPAN(header_of(&s.cx, "cache-control"), SPAN("no-store"));
    CHECK_INT(json_scan(&arena, s.cx.response.body, picks, COUNT(picks)), OK);
    CHECK(span_starts(picks[0].raw, SPAN("\"lkc_")));
    CHECK_INT(picks[1].raw.size, 45);
    CHECK_SPAN(picks[2].raw, SPAN("[\"https://c.example/cb\"]"));
    CHECK_SPAN(picks[3].raw, SPAN("[\"authorization_code\",\"refresh_token\"]"));
    CHECK_SPAN(picks[4].raw, SPAN("[\"code\"]"));
    CHECK_SPAN(picks[5].raw, SPAN("\"client_secret_basic\""));
    CHECK_SPAN(picks[6].raw, SPAN("\"https://c.example/\""));
    CHECK_SPAN(picks[7].raw, SPAN("0"));
    CHECK_SPAN(picks[8].raw, SPAN("\"A \\\"B\\\"\""));
    CHECK_SPAN(picks[9].raw, SPAN("1800000000"));
    CHECK_SPAN(picks[10].raw, ABSENT);
    CHECK_SPAN(picks[11].raw, ABSENT);

    check_row("E10: too many");
    script_start(&s, &gateway, NOW);
    expect_limit(&s, "limit register:2001:db8:1:2", false);
    script_expect(&s, SPAN("body"), body_answer(&s, SPAN("{" URIS "}")));
    CHECK_INT(script_run(&s, post), TOO_MANY_REQUESTS);

    check_row("E10: too large");
    script_start(&s, &gateway, NOW);
    expect_limit(&s, "limit register:2001:db8:1:2", true);
    script_expect(&s, SPAN("body"), script_outcome(&s, TOO_MUCH));
    CHECK_INT(script_run(&s, post), TOO_LARGE);

    static const char *const OTHER_TYPES[] = {
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "text/json",
        "application",
        "application/json, text/plain",
        "application/json;charset=x",
    };
    for (size_t i = 0; i < COUNT(OTHER_TYPES); i++) {
        check_row("another content type, before anything is read");
        content_type = OTHER_TYPES[i];
        script_start(&s, &gateway, NOW);
        CHECK_INT(script_run(&s, post), INVALID_CLIENT_METADATA);
    }
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, script_exhausted);
    gateway = (struct gateway){.issuer = SPAN("https://gw.host.com")};
    CHECK_INT(keyring_make(ROOT, ABSENT, &gateway.keys), OK);
    test_requests();
    test_round_trip();
    test_defaults();
    test_forgery();
    test_unique();
    test_rotation();
    test_limits();
    test_endpoint();
    return check_done();
}
