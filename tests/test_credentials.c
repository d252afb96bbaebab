#include "base/base64.h"
#include "jose/jwt.h"
#include "oauth/client.h"

#include "script.h"

enum { NOW = 1800000000 };

#define ISSUER "https://gw.host.com"
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static uint8_t memory[4 << 20];
static struct arena arena;
static struct gateway gateway;
static struct script s;

/* ---- what is presented ---- */

static const struct {
    const char *why;
    const char *header; /* NULL: none; "Basic:" is followed by what is to be encoded */
    const char *form;
    enum result want;
    unsigned method;
    const char *client_id, *secret, *secret_raw;
} READS[] = {
    {"a public client", NULL, "client_id=a", OK, AUTH_NONE, "a", NULL, NULL},
    {"post", NULL, "client_id=a&client_secret=b", OK, AUTH_SECRET_POST, "a", "b", NULL},
    {"C06: Basic", "Basic:a:b", "", OK, AUTH_SECRET_BASIC, "a", "b", "b"},
    {"C06: the scheme in another case", "bAsIc:a:b", "", OK, AUTH_SECRET_BASIC, "a", "b", "b"},
    {"C06: form-encoded", "Basic:a%2Eb:c%3Ad+e%25", "", OK, AUTH_SECRET_BASIC, "a.b", "c:d e%",
     "c%3Ad+e%25"},
    {"not encoded, as the MCP SDKs send it", "Basic:a:b%zz+", "", OK, AUTH_SECRET_BASIC, "a",
     "b%zz+", "b%zz+"},
    {"a colon in the secret", "Basic:a:b:c", "", OK, AUTH_SECRET_BASIC, "a", "b:c", "b:c"},
    {"Basic and the same client_id", "Basic:a:b", "client_id=a", OK, AUTH_SECRET_BASIC, "a", "b",
     "b"},
    {"an empty password is none", "Basic:a:", "", OK, AUTH_NONE, "a", "", ""},
    {"an empty password, and the secret in the body", "Basic:a:", "client_id=a&client_secret=b", OK,
     AUTH_SECRET_POST, "a", "b", ""},
    {"an assertion, and Basic with an empty password", "Basic:a:",
     "client_assertion=x&client_assertion_type=" ASSERTION_TYPE, OK, AUTH_PRIVATE_KEY, "a", "", ""},
    {"an empty secret is none", NULL, "client_id=a&client_secret=", OK, AUTH_NONE, "a", NULL, NULL},

    {"nothing", NULL, "", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"an empty client_id", NULL, "client_id=", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"a secret of nobody", NULL, "client_secret=b", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"Basic of nobody", "Basic::b", "", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"C04: Basic and post", "Basic:a:b", "client_id=a&client_secret=b", INVALID_REQUEST, 0, NULL,
     NULL, NULL},
    {"C04: Basic and an assertion", "Basic:a:b",
     "client_assertion=x&client_assertion_type=" ASSERTION_TYPE, INVALID_REQUEST, 0, NULL, NULL,
     NULL},
    {"C04: post and an assertion", NULL,
     "client_id=a&client_secret=b&client_assertion=x&client_assertion_type=" ASSERTION_TYPE,
     INVALID_REQUEST, 0, NULL, NULL, NULL},
    {"C04: post and the type of an assertion", NULL,
     "client_id=a&client_secret=b&client_assertion_type=" ASSERTION_TYPE, INVALID_REQUEST, 0, NULL,
     NULL, NULL},
    {"two clients", "Basic:a:b", "client_id=c", INVALID_REQUEST, 0, NULL, NULL, NULL},
    {"an assertion without its type", NULL, "client_id=a&client_assertion=x", INVALID_CLIENT, 0,
     NULL, NULL, NULL},
    {"a type without assertion", NULL, "client_id=a&client_assertion_type=" ASSERTION_TYPE,
     INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"another type", NULL,
     "client_id=a&client_assertion=x&client_assertion_type=" ASSERTION_TYPE "x", INVALID_CLIENT, 0,
     NULL, NULL, NULL},
    {"SAML", NULL,
     "client_id=a&client_assertion=x&client_assertion_type="
     "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
     INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"no client_id, and an assertion that tells none", NULL,
     "client_assertion=x&client_assertion_type=" ASSERTION_TYPE, INVALID_CLIENT, 0, NULL, NULL,
     NULL},
    {"another scheme", "Bearer x", "client_id=a", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"no credentials", "Basic", "client_id=a", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"no base64", "Basic ::::", "client_id=a", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"cut base64", "Basic YTpiY", "client_id=a", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"an id that is not encoded", "Basic:100%:b", "", OK, AUTH_SECRET_BASIC, "100%", "b", "b"},
    {"no colon", "Basic:a", "client_id=a", INVALID_CLIENT, 0, NULL, NULL, NULL},
    {"two headers, joined", "Basic YTpi, Basic YTpi", "", INVALID_CLIENT, 0, NULL, NULL, NULL},
};

static struct header basic_header(const char *text)
{
    struct span value = span_of(text);
    struct span scheme;
    struct span rest = span_cut(value, ':', &scheme);
    if (span_present(rest) && scheme.size == 5)
        value = JOIN(&arena, scheme, SPAN(" "), base64_encode(&arena, rest));
    return (struct header){SPAN("authorization"), value};
}

static struct span text_or_absent(const char *text)
{
    return text == NULL ? ABSENT : span_of(text);
}

static void test_read(void)
{
    for (size_t i = 0; i < COUNT(READS); i++) {
        struct cx cx = {.arena = &arena, .gateway = &gateway};
        struct client_credentials got;
        struct form form;
        struct header header[1];
        check_row(READS[i].why);
        if (READS[i].header != NULL) {
            header[0] = basic_header(READS[i].header);
            cx.request.headers = (struct headers){header, 1};
        }
        CHECK_INT(form_parse(&arena, span_of(READS[i].form), &form), OK);
        CHECK_INT(client_credentials_read(&cx, &form, &got), READS[i].want);
        if (READS[i].want != OK)
            continue;
        CHECK_INT(got.method, READS[i].method);
        CHECK_SPAN(got.client_id, text_or_absent(READS[i].client_id));
        CHECK_SPAN(got.secret, text_or_absent(READS[i].secret));
        CHECK_SPAN(got.secret_raw, text_or_absent(READS[i].secret_raw));
    }
}

/* ---- secrets ---- */

static struct client client;
static struct client_credentials presented;

static enum result authenticate(struct cx *cx)
{
    static struct header address[1];
    address[0] = (struct header){SPAN("cf-connecting-ip"), SPAN("192.0.2.7")};
    cx->request.headers = (struct headers){address, 1};
    enum result authenticated = client_authenticate(cx, &client, &presented);
    return authenticated == OK ? client_spend_assertion(cx, &presented) : authenticated;
}

static const struct {
    const char *why;
    unsigned registered, method;
    const char *secret, *raw;
    enum result want;
    bool wrong; /* a guess, and not a method that is refused as such */
} SECRETS[] = {
    {"a public client", AUTH_NONE, AUTH_NONE, NULL, NULL, OK, false},
    {"the secret by Basic", AUTH_SECRET_BASIC, AUTH_SECRET_BASIC, "s+1", "s+1", OK, false},
    {"decoded to it", AUTH_SECRET_BASIC, AUTH_SECRET_BASIC, "s+1", "s%2B1", OK, false},
    {"decoded away from it", AUTH_SECRET_BASIC, AUTH_SECRET_BASIC, "s 1", "s+1", OK, false},
    {"the secret by post", AUTH_SECRET_POST, AUTH_SECRET_POST, "s+1", NULL, OK, false},
    {"the one of the previous root", AUTH_SECRET_POST, AUTH_SECRET_POST, "s+0", NULL, OK, false},
    {"a wrong one", AUTH_SECRET_POST, AUTH_SECRET_POST, "s+2", NULL, INVALID_CLIENT, true},
    {"a part", AUTH_SECRET_POST, AUTH_SECRET_POST, "s+", NULL, INVALID_CLIENT, true},
    {"a longer one", AUTH_SECRET_POST, AUTH_SECRET_POST, "s+11", NULL, INVALID_CLIENT, true},
    {"an empty one", AUTH_SECRET_POST, AUTH_SECRET_POST, "", NULL, INVALID_CLIENT, true},
    {"none", AUTH_SECRET_POST, AUTH_SECRET_POST, NULL, NULL, INVALID_CLIENT, true},
    {"C05: from a secret to none", AUTH_SECRET_BASIC, AUTH_NONE, NULL, NULL, INVALID_CLIENT, false},
    {"C05: from post to none", AUTH_SECRET_POST, AUTH_NONE, NULL, NULL, INVALID_CLIENT, false},
    {"C05: from a key to none", AUTH_PRIVATE_KEY, AUTH_NONE, NULL, NULL, INVALID_CLIENT, false},
    {"C05: from a key to a secret", AUTH_PRIVATE_KEY, AUTH_SECRET_POST, "s+1", NULL, INVALID_CLIENT,
     false},
    {"C05: from Basic to post", AUTH_SECRET_BASIC, AUTH_SECRET_POST, "s+1", NULL, INVALID_CLIENT,
     false},
    {"C05: from post to Basic", AUTH_SECRET_POST, AUTH_SECRET_BASIC, "s+1", "s+1", INVALID_CLIENT,
     false},
    {"a public client that has found a secret", AUTH_NONE, AUTH_SECRET_POST, "s+1", NULL,
     INVALID_CLIENT, false},
    {"no method at all", AUTH_NONE, 0, NULL, NULL, INVALID_CLIENT, false},
};

static void test_secrets(void)
{
    for (size_t i = 0; i < COUNT(SECRETS); i++) {
        check_row(SECRETS[i].why);
        client = (struct client){.kind = CLIENT_DYNAMIC, .auth = SECRETS[i].registered};
        if ((client.auth & (AUTH_SECRET_BASIC | AUTH_SECRET_POST)) != 0)
            client.secret_count = 2;
        sha256(SPAN("s+1"), &client.secret_hashes[0]);
        sha256(SPAN("s+0"), &client.secret_hashes[1]);
        presented = (struct client_credentials){.method = SECRETS[i].method,
                                                .secret = text_or_absent(SECRETS[i].secret),
                                                .secret_raw = text_or_absent(SECRETS[i].raw)};
        script_start(&s, &gateway, NOW);
        if (SECRETS[i].wrong)
            expect_limit(&s, "limit secret:192.0.2.7", true);
        CHECK_INT(script_run(&s, authenticate), SECRETS[i].want);
        if (!SECRETS[i].wrong)
            continue;
        check_row("C07: wrong secrets are counted");
        script_start(&s, &gateway, NOW);
        expect_limit(&s, "limit secret:192.0.2.7", false);
        CHECK_INT(script_run(&s, authenticate), TOO_MANY_REQUESTS);
    }
}

/* ---- assertions ---- */

#define CLIENT_ID "https://app.client.com/client.json"
#define CLAIMS(iss, sub, aud, times, jti)                                 \
    "{\"iss\":\"" iss "\",\"sub\":\"" sub "\",\"aud\":" aud times jti "}"
#define AUD "\"" ISSUER "\""
#define TIMES ",\"iat\":1800000000,\"exp\":1800000300"
#define JTI ",\"jti\":\"j1\""

static struct p256_private key;
static struct p256_private other_key;

static struct span set_of(const struct p256_private *private_key)
{
    struct p256_public public_key;
    p256_public_of(private_key, &public_key);
    return JOIN(&arena, SPAN("{\"keys\":["), jwk_public_es256(&arena, &public_key), SPAN("]}"));
}

static struct span kid_of(const struct p256_private *private_key)
{
    struct p256_public public_key;
    p256_public_of(private_key, &public_key);
    return jwk_kid_es256(&arena, &public_key);
}

static struct span assertion_of(const char *type, const char *claims)
{
    struct span token = ABSENT;
    CHECK_INT(jwt_sign(&arena, &key, kid_of(&key), span_of(type), span_of(claims), &token), OK);
    return token;
}

static struct span hash_text(struct span text)
{
    struct hash hash;
    sha256(text, &hash);
    return base64url_encode(&arena, hash_span(&hash));
}

static struct span shard_of(struct span jti)
{
    return JOIN(&arena, SPAN("jti:"), span_first(hash_text(jti), 1), SPAN(":"),
                hash_text(SPAN(CLIENT_ID)));
}

/* The step that spends a jti, and reads whether another request has spent it before. */
static void expect_spending(struct span jti, uint8_t outcome)
{
    struct builder b = builder_make(&arena, 64);
    pack_u8(&b, outcome);
    if (outcome != FAILED) {
        pack_u32(&b, outcome == CONFLICTED ? 1 : 0);
        pack_span(&b, outcome == CONFLICTED ? SPAN("another's") : ABSENT);
    }
    script_expect(&s, JOIN(&arena, SPAN("ledger "), shard_of(jti)), built(&b));
}

static void by_key(struct span jwks, struct span assertion)
{
    client = (struct client){.kind = CLIENT_DOCUMENT,
                             .id = SPAN(CLIENT_ID),
                             .auth = AUTH_PRIVATE_KEY,
                             .jwks = jwks,
                             .jwks_uri =
                                 span_present(jwks) ? ABSENT : SPAN("https://app.client.com/jwks")};
    presented = (struct client_credentials){
        .client_id = client.id, .method = AUTH_PRIVATE_KEY, .assertion = assertion};
    script_start(&s, &gateway, NOW);
}

/* K01, K02, K03, and what else a claim can be. Nothing is spent for any of them. */
static const struct {
    const char *why;
    const char *type;
    const char *claims;
} REFUSED[] = {
    {"K01: another issuer", "JWT", CLAIMS("https://evil.com/", CLIENT_ID, AUD, TIMES, JTI)},
    {"K01: another subject", "JWT", CLAIMS(CLIENT_ID, "https://evil.com/", AUD, TIMES, JTI)},
    {"K01: another client's, whole", "JWT",
     CLAIMS("https://evil.com/", "https://evil.com/", AUD, TIMES, JTI)},
    {"K01: no issuer", "JWT", "{\"sub\":\"" CLIENT_ID "\",\"aud\":" AUD TIMES JTI "}"},
    {"K01: no subject", "JWT", "{\"iss\":\"" CLIENT_ID "\",\"aud\":" AUD TIMES JTI "}"},
    {"K01: no exp", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"iat\":1800000000", JTI)},
    {"K01: no jti", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, TIMES, "")},
    {"K01: an empty jti", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, TIMES, ",\"jti\":\"\"")},
    {"K01: a jti that is no text", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, TIMES, ",\"jti\":1")},
    {"K02: the token endpoint, among others", "JWT",
     CLAIMS(CLIENT_ID, CLIENT_ID, "[\"" ISSUER "/token\"]", TIMES, JTI)},
    {"K02: another endpoint", "JWT",
     CLAIMS(CLIENT_ID, CLIENT_ID, "\"" ISSUER "/revoke\"", TIMES, JTI)},
    {"K02: the issuer with a slash", "JWT",
     CLAIMS(CLIENT_ID, CLIENT_ID, "\"" ISSUER "/\"", TIMES, JTI)},
    {"K02: an array", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, "[" AUD "]", TIMES, JTI)},
    {"K02: an array with others", "JWT",
     CLAIMS(CLIENT_ID, CLIENT_ID, "[" AUD ",\"https://evil.com\"]", TIMES, JTI)},
    {"K02: another server", "JWT",
     CLAIMS(CLIENT_ID, CLIENT_ID, "\"https://evil.com\"", TIMES, JTI)},
    {"K02: a prefix", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, "\"https://gw.host\"", TIMES, JTI)},
    {"K02: in another case", "JWT",
     CLAIMS(CLIENT_ID, CLIENT_ID, "\"https://GW.host.com\"", TIMES, JTI)},
    {"K02: null", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, "null", TIMES, JTI)},
    {"expired", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"exp\":1799999970", JTI)},
    {"for an hour", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"exp\":1800003600", JTI)},
    {"for ever", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"exp\":1e300", JTI)},
    {"until a text", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"exp\":\"1800000300\"", JTI)},
    {"until before all time", "JWT", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"exp\":-1", JTI)},
    {"K03: issued in a minute", "JWT",
     CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"iat\":1800000061,\"exp\":1800000300", JTI)},
    {"K03: valid in a minute", "JWT",
     CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"nbf\":1800000061,\"exp\":1800000300", JTI)},
    {"S47: an access token", "at+jwt", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, TIMES, JTI)},
    {"S47: a DPoP proof", "dpop+jwt", CLAIMS(CLIENT_ID, CLIENT_ID, AUD, TIMES, JTI)},
};

static void test_claims(void)
{
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        check_row(REFUSED[i].why);
        by_key(set_of(&key), assertion_of(REFUSED[i].type, REFUSED[i].claims));
        CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
    }
    check_row("K01: a jti of 256 bytes, and one more");
    struct builder b = builder_make(&arena, 1024);
    build_span(&b, SPAN("{\"iss\":\"" CLIENT_ID "\",\"sub\":\"" CLIENT_ID "\",\"aud\":" AUD TIMES
                        ",\"jti\":\""));
    size_t before = b.size;
    while (b.size < before + ASSERTION_MAX_JTI)
        build_byte(&b, 'j');
    struct span jti = span_skip(built(&b), before);
    struct span whole = JOIN(&arena, built(&b), SPAN("\"}\0"));
    by_key(set_of(&key), assertion_of("JWT", (const char *)whole.data));
    expect_spending(jti, HELD);
    CHECK_INT(script_run(&s, authenticate), OK);
    whole = JOIN(&arena, built(&b), SPAN("j\"}\0"));
    by_key(set_of(&key), assertion_of("JWT", (const char *)whole.data));
    CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
}

static const char *const ACCEPTED[] = {
    CLAIMS(CLIENT_ID, CLIENT_ID, AUD, TIMES, JTI),
    CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"exp\":1800000001", JTI),
    CLAIMS(CLIENT_ID, CLIENT_ID, AUD, ",\"iat\":1800000010,\"exp\":1800000310", JTI),
    /* ChatGPT's, a client with a metadata document */
    CLAIMS(CLIENT_ID, CLIENT_ID, "\"" ISSUER "/token\"", TIMES, JTI),
};

static void test_spending(void)
{
    for (size_t i = 0; i < COUNT(ACCEPTED); i++) {
        check_row("an assertion that holds");
        by_key(set_of(&key), assertion_of("JWT", ACCEPTED[i]));
        expect_spending(SPAN("j1"), HELD);
        CHECK_INT(script_run(&s, authenticate), OK);
    }
    check_row("K02: the token endpoint, of a client without a document");
    by_key(set_of(&key), assertion_of("JWT", ACCEPTED[3]));
    client.kind = CLIENT_REGISTERED;
    CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
    struct span good = assertion_of("client-authentication+jwt", ACCEPTED[0]);
    check_row("K01: used before");
    by_key(set_of(&key), good);
    expect_spending(SPAN("j1"), CONFLICTED);
    CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
    CHECK_SPAN(s.cx.error_reason, SPAN("assertion_replayed"));
    check_row("the ledger does not answer: nobody gets in");
    by_key(set_of(&key), good);
    expect_spending(SPAN("j1"), FAILED);
    expect_spending(SPAN("j1"), FAILED); /* asked once more */
    CHECK_INT(script_run(&s, authenticate), HOST_FAILED);
}

static void test_signature(void)
{
    struct span good = assertion_of("JWT", ACCEPTED[0]);
    check_row("another key: nothing is spent");
    by_key(set_of(&other_key), good);
    CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
    check_row("no keys");
    by_key(SPAN("{\"keys\":[]}"), good);
    CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
    check_row("every byte changed");
    for (size_t i = 0; i < good.size; i += 7) {
        uint8_t *other = (uint8_t *)(uintptr_t)span_copy(&arena, good).data;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        by_key(set_of(&key), span_bytes(other, good.size));
        CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
    }
    check_row("truncated");
    for (size_t i = 0; i < good.size; i += 7) {
        by_key(set_of(&key), span_first(good, i));
        CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
    }
}

/* The keys of a client that publishes them at a URL. */
static void test_keys_by_url(void)
{
    struct span good = assertion_of("JWT", ACCEPTED[0]);
    struct span kv = JOIN(&arena, SPAN("jwks:"), hash_text(SPAN("https://app.client.com/jwks")));
    check_row("fetched");
    by_key(ABSENT, good);
    expect_kv(&s, kv, ABSENT);
    expect_limit(&s, "limit jwks:192.0.2.7", true);
    expect_fetch(&s, "GET https://app.client.com/jwks", 200, "application/json", set_of(&key));
    expect_spending(SPAN("j1"), HELD);
    CHECK_INT(script_run(&s, authenticate), OK);
    check_row("without the key that is named");
    by_key(ABSENT, good);
    expect_kv(&s, kv, ABSENT);
    expect_limit(&s, "limit jwks:192.0.2.7", true);
    expect_fetch(&s, "GET https://app.client.com/jwks", 200, "application/json",
                 set_of(&other_key));
    CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
    check_row("what is found there is no set: an outage, too");
    by_key(ABSENT, good);
    expect_kv(&s, kv, ABSENT);
    expect_limit(&s, "limit jwks:192.0.2.7", true);
    expect_fetch(&s, "GET https://app.client.com/jwks", 200, "application/json", SPAN("{}"));
    CHECK_INT(script_run(&s, authenticate), TEMPORARILY_UNAVAILABLE);
    check_row("an outage is not the client's fault");
    by_key(ABSENT, good);
    expect_kv(&s, kv, ABSENT);
    expect_limit(&s, "limit jwks:192.0.2.7", true);
    expect_fetch_failure(&s, "GET https://app.client.com/jwks", FAILED);
    CHECK_INT(script_run(&s, authenticate), TEMPORARILY_UNAVAILABLE);
    check_row("strangers are limited in what they make us fetch");
    for (int kind = CLIENT_DYNAMIC; kind <= CLIENT_DOCUMENT; kind++) {
        by_key(ABSENT, good);
        client.kind = (enum client_kind)kind;
        expect_kv(&s, kv, ABSENT);
        expect_limit(&s, "limit jwks:192.0.2.7", false);
        CHECK_INT(script_run(&s, authenticate), TOO_MANY_REQUESTS);
    }
    check_row("whom the operator has named is no stranger");
    by_key(ABSENT, good);
    client.kind = CLIENT_REGISTERED;
    expect_kv(&s, kv, ABSENT);
    expect_fetch(&s, "GET https://app.client.com/jwks", 200, "application/json", set_of(&key));
    expect_spending(SPAN("j1"), HELD);
    CHECK_INT(script_run(&s, authenticate), OK);
    check_row("but not where it registered the keys themselves");
    by_key(set_of(&key), good);
    client.kind = CLIENT_DYNAMIC;
    expect_spending(SPAN("j1"), HELD);
    CHECK_INT(script_run(&s, authenticate), OK);
    check_row("a set that cannot be read");
    by_key(SPAN("{}"), good);
    CHECK_INT(script_run(&s, authenticate), INVALID_CLIENT);
}

/* RFC 7521 section 4.2: the assertion alone says who it is. */
static void test_subject(void)
{
    struct cx cx = {.arena = &arena, .gateway = &gateway};
    struct client_credentials got;
    struct form form;
    struct span good = assertion_of("JWT", ACCEPTED[0]);
    check_row("no client_id");
    struct span text =
        JOIN(&arena, SPAN("client_assertion_type=" ASSERTION_TYPE "&client_assertion="), good);
    CHECK_INT(form_parse(&arena, text, &form), OK);
    CHECK_INT(client_credentials_read(&cx, &form, &got), OK);
    CHECK_SPAN(got.client_id, SPAN(CLIENT_ID));
    CHECK_INT(got.method, AUTH_PRIVATE_KEY);
    CHECK_SPAN(got.assertion, good);
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, script_exhausted);
    gateway = (struct gateway){.issuer = SPAN(ISSUER)};
    CHECK_INT(keyring_make(SPAN("0123456789abcdef0123456789abcdef"), ABSENT, &gateway.keys), OK);
    CHECK_INT(p256_private_parse(SPAN("a private key of thirty-two byte"), &key), OK);
    CHECK_INT(p256_private_parse(SPAN("another key of thirty-two bytes!"), &other_key), OK);
    test_read();
    test_secrets();
    test_claims();
    test_spending();
    test_signature();
    test_keys_by_url();
    test_subject();
    return check_done();
}
