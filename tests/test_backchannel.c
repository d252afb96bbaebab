#include "broker/backchannel.h"

#include "product.h"

static struct script script;
static struct fetched got;
static struct form_parameter parameters[2];
static struct form form = {parameters, 2};

static void start(enum client_auth auth)
{
    product_start(&script);
    product.profile.auth = auth;
    parameters[0] = (struct form_parameter){SPAN("token"), SPAN("a b&c")};
    parameters[1] = (struct form_parameter){SPAN("resource"), ABSENT};
}

static enum result post(struct cx *cx)
{
    return backchannel_post(cx, &product.server, SPAN(TOKEN_URL), &form, &got);
}

static enum result post_twice(struct cx *cx)
{
    TRY(post(cx));
    return post(cx);
}

static enum result post_later(struct cx *cx)
{
    backchannel_post_later(cx, &product.server, SPAN(REVOKE_URL), &form);
    return OK;
}

static struct span header(size_t i, struct span name)
{
    return headers_get(&script.sent[i].headers, name);
}

/* ---- how the client authenticates (RFC 6749 section 2.3) ---- */

static const struct {
    const char *why;
    enum client_auth auth;
    const char *client_id, *secret;
    const char *body;
    const char *authorization; /* NULL: no such header */
} METHODS[] = {
    {"public", AUTH_NONE, "latchkey", "", "token=a%20b%26c&client_id=latchkey", NULL},
    {"in the body", AUTH_SECRET_POST, "latch key", "s3cret&=+%",
     "token=a%20b%26c&client_id=latch%20key&client_secret=s3cret%26%3D%2B%25", NULL},
    /* base64("latchkey:s3cret") */
    {"in the header", AUTH_SECRET_BASIC, "latchkey", "s3cret", "token=a%20b%26c",
     "Basic bGF0Y2hrZXk6czNjcmV0"},
    /* base64("https%3A%2F%2Fa%3Ab:c%3Ad%25%2B"): colons of the id cannot move the boundary */
    {"in the header, encoded", AUTH_SECRET_BASIC, "https://a:b", "c:d%+", "token=a%20b%26c",
     "Basic aHR0cHMlM0ElMkYlMkZhJTNBYjpjJTNBZCUyNSUyQg=="},
};

static void methods(void)
{
    for (size_t i = 0; i < COUNT(METHODS); i++) {
        check_row(METHODS[i].why);
        start(METHODS[i].auth);
        product.profile.client_id = span_of(METHODS[i].client_id);
        product.profile.client_secret = span_of(METHODS[i].secret);
        expect_fetch(&script, "POST " TOKEN_URL, 200, JSON, SPAN("{}"));
        CHECK_INT(script_run(&script, post), OK);
        CHECK_SPAN(script.sent[0].body, span_of(METHODS[i].body));
        CHECK_SPAN(header(0, SPAN("content-type")), SPAN("application/x-www-form-urlencoded"));
        CHECK_SPAN(header(0, SPAN("accept")), SPAN(JSON));
        CHECK_SPAN(header(0, SPAN("authorization")),
                   METHODS[i].authorization == NULL ? ABSENT : span_of(METHODS[i].authorization));
    }
    check_row(NULL);
}

/* ---- private_key_jwt (RFC 7523) ---- */

/* The assertion of a body, taken out of it. */
static struct span assertion_of(struct span body)
{
    struct form sent;
    CHECK_INT(form_parse(&script.arena, body, &sent), OK);
    CHECK_SPAN(form_get(&sent, SPAN("client_id")), SPAN("latchkey"));
    CHECK_SPAN(form_get(&sent, SPAN("client_secret")), ABSENT);
    CHECK_SPAN(form_get(&sent, SPAN("client_assertion_type")),
               SPAN("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    return form_get(&sent, SPAN("client_assertion"));
}

/* Holds for this server, for a minute, under our key; gives its jti. */
static struct span check_assertion(struct span assertion)
{
    struct arena *a = &script.arena;
    struct p256_public public;
    struct jwt jwt;
    struct jwks keys;
    uint64_t expires = 0;
    p256_public_of(&product.profile.client_key, &public);
    struct span set = JOIN(a, SPAN("{\"keys\":["), jwk_public_es256(a, &public), SPAN("]}"));
    const struct jwt_expectation want = {.algorithms = ALG_ES256,
                                         .issuer = SPAN("latchkey"),
                                         .audience = SPAN(ISSUER),
                                         .only_audience = true,
                                         .now_seconds = NOW};
    if (!CHECK_INT(jwks_parse(a, set, &keys), OK) || !CHECK_INT(jwt_parse(a, assertion, &jwt), OK))
        return ABSENT;
    CHECK_INT(jwt_verify(&jwt, &keys, &want), OK);
    CHECK_SPAN(json_member_text(jwt.claims, SPAN("sub")), SPAN("latchkey"));
    CHECK_INT(json_u64(json_member(jwt.claims, SPAN("exp")), &expires), OK);
    CHECK_INT(expires, NOW + BACKCHANNEL_ASSERTION_SECONDS);
    struct span jti = json_member_text(jwt.claims, SPAN("jti"));
    CHECK_INT(jti.size, 22);
    return jti;
}

static void start_private_key(void)
{
    struct p256_public public;
    start(AUTH_PRIVATE_KEY);
    product.profile.client_key = product_key(9);
    p256_public_of(&product.profile.client_key, &public);
    product.profile.client_key_id = jwk_kid_es256(&script.arena, &public);
}

static void private_key(void)
{
    start_private_key();
    expect_fetch(&script, "POST " TOKEN_URL, 200, JSON, SPAN("{}"));
    expect_fetch(&script, "POST " TOKEN_URL, 200, JSON, SPAN("{}"));
    CHECK_INT(script_run(&script, post_twice), OK);
    CHECK_SPAN(header(0, SPAN("authorization")), ABSENT);
    struct span first = check_assertion(assertion_of(script.sent[0].body));
    struct span second = check_assertion(assertion_of(script.sent[1].body));
    CHECK(!span_equal(first, second)); /* each is used once */
}

static void later(void)
{
    struct span effect;
    start_private_key();
    CHECK_INT(script_run(&script, post_later), OK);
    if (!CHECK_INT(script_deferred(&script, ASKS_FETCH, &effect), 1))
        return;
    struct sent sent = script_unpack_fetch(&script.arena, effect);
    CHECK_SPAN(sent.method, SPAN("POST"));
    CHECK_SPAN(sent.url, SPAN(REVOKE_URL));
    check_assertion(assertion_of(sent.body));
    CHECK_INT(script.cx.effect_count, 0);
}

/* ---- answers ---- */

static void failures(void)
{
    const uint8_t outcomes[] = {FAILED, TOO_MUCH};
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        start(AUTH_NONE);
        expect_fetch_failure(&script, "POST " TOKEN_URL, outcomes[i]);
        CHECK_INT(script_run(&script, post), HOST_FAILED);
    }
}

static const struct {
    const char *why;
    const char *type;
    const char *body;
    enum result want;
} OBJECTS[] = {
    {"an object", JSON, "{\"a\":1}", OK},
    {"in capitals, with a charset", "Application/JSON; Charset=UTF-8", "{}", OK},
    {"a list", JSON, "[]", MALFORMED},
    {"a string", JSON, "\"{}\"", MALFORMED},
    {"null", JSON, "null", MALFORMED},
    {"empty", JSON, "", MALFORMED},
    {"cut off", JSON, "{\"a\":1", MALFORMED},
    {"two", JSON, "{}{}", MALFORMED},
    {"a name twice", JSON, "{\"a\":1,\"a\":2}", MALFORMED},
    {"a name twice, escaped", JSON, "{\"a\":1,\"\\u0061\":2}", MALFORMED},
    {"no number", JSON, "{\"a\":NaN}", MALFORMED},
    {"a number out of range", JSON, "{\"a\":1e400}", MALFORMED},
    {"a byte order mark", JSON, "\xef\xbb\xbf{}", MALFORMED},
    {"no UTF-8", JSON, "{\"a\":\"\xff\"}", MALFORMED},
    {"another type", "text/html", "{}", MALFORMED},
    {"untyped", "", "{}", MALFORMED},
    {"a type that looks like it", "application/jsonp", "{}", MALFORMED},
    {"another charset", "application/json; charset=utf-16", "{}", MALFORMED},
};

static const struct json *object;

static enum result read_object(struct cx *cx)
{
    TRY(post(cx));
    return backchannel_object(cx, &got, &object);
}

static void objects(void)
{
    for (size_t i = 0; i < COUNT(OBJECTS); i++) {
        check_row(OBJECTS[i].why);
        start(AUTH_NONE);
        expect_fetch(&script, "POST " TOKEN_URL, 200, OBJECTS[i].type, span_of(OBJECTS[i].body));
        CHECK_INT(script_run(&script, read_object), OBJECTS[i].want);
    }
    check_row(NULL);
}

/* A thousand levels, or a hundred thousand members: refused, not suffered (S53). */
static void bombs(void)
{
    start(AUTH_NONE);
    struct builder deep = builder_make(&script.arena, 8192);
    for (size_t i = 0; i < 1000; i++)
        build_span(&deep, SPAN("{\"a\":"));
    expect_fetch(&script, "POST " TOKEN_URL, 200, JSON, built(&deep));
    CHECK_INT(script_run(&script, read_object), MALFORMED);

    start(AUTH_NONE);
    struct builder wide = builder_make(&script.arena, 1 << 18);
    build_span(&wide, SPAN("{\"a\":0"));
    for (uint64_t i = 0; i < 20000; i++) {
        build_span(&wide, SPAN(",\""));
        build_u64(&wide, i);
        build_span(&wide, SPAN("\":0"));
    }
    build_span(&wide, SPAN("}"));
    expect_fetch(&script, "POST " TOKEN_URL, 200, JSON, built(&wide));
    CHECK_INT(script_run(&script, read_object), MALFORMED);
}

int main(void)
{
    methods();
    private_key();
    later();
    failures();
    objects();
    bombs();
    return check_done();
}
