#include "broker/claims.h"

#include "product.h"

static struct script script;
static struct span id_token;
static struct downstream_identity who;
static struct downstream_identity expected;

static enum result identify(struct cx *cx)
{
    return claims_identify(cx, &product.server, id_token, SPAN("acce55"), SPAN("n0nce"), &who);
}

static enum result confirm(struct cx *cx)
{
    return claims_confirm(cx, &product.server, id_token, &expected);
}

static void start(void)
{
    product_start(&script);
    id_token = ABSENT;
    who = (struct downstream_identity){0};
}

/* ---- what an id_token must say (N11, S55) ---- */

#define OTHERWISE(iss, aud, times, more) "{\"iss\":" iss ",\"aud\":" aud "," times "," more "}"
#define ISS "\"" ISSUER "\""
#define AUD "\"latchkey\""

static const struct {
    const char *why;
    const char *claims;
    bool accepted;
    bool only_at_sign_in; /* what a refreshed id_token may do */
} CLAIMS[] = {
    {"all in order", ID_CLAIMS(PERSON), true, false},
    {"an audience in a list", OTHERWISE(ISS, "[" AUD "]", TIMES, NONCE "," PERSON), true, false},
    {"azp", ID_CLAIMS("\"azp\":\"latchkey\"," PERSON), true, false},
    {"several audiences and azp",
     OTHERWISE(ISS, "[\"other\"," AUD "]", TIMES, "\"azp\":\"latchkey\"," NONCE "," PERSON), true,
     false},
    {"a minute late",
     OTHERWISE(ISS, AUD, "\"iat\":1799999900,\"exp\":1799999941", NONCE "," PERSON), true, false},
    {"another issuer", OTHERWISE("\"https://evil.example\"", AUD, TIMES, NONCE "," PERSON), false,
     false},
    {"the issuer with a slash", OTHERWISE("\"" ISSUER "/\"", AUD, TIMES, NONCE "," PERSON), false,
     false},
    {"no issuer", "{\"aud\":\"latchkey\"," TIMES "," NONCE "," PERSON "}", false, false},
    {"another audience", OTHERWISE(ISS, "\"other\"", TIMES, NONCE "," PERSON), false, false},
    {"another audience in a list", OTHERWISE(ISS, "[\"other\"]", TIMES, NONCE "," PERSON), false,
     false},
    {"an empty list of audiences", OTHERWISE(ISS, "[]", TIMES, NONCE "," PERSON), false, false},
    {"no audience", "{\"iss\":\"" ISSUER "\"," TIMES "," NONCE "," PERSON "}", false, false},
    {"the audience in another case", OTHERWISE(ISS, "\"Latchkey\"", TIMES, NONCE "," PERSON), false,
     false},
    {"several audiences without azp",
     OTHERWISE(ISS, "[" AUD ",\"other\"]", TIMES, NONCE "," PERSON), false, false},
    {"another azp", ID_CLAIMS("\"azp\":\"other\"," PERSON), false, false},
    {"an azp that is no string", ID_CLAIMS("\"azp\":[\"latchkey\"]," PERSON), false, false},
    {"azp null", ID_CLAIMS("\"azp\":null," PERSON), false, false},
    {"expired", OTHERWISE(ISS, AUD, "\"iat\":1799999000,\"exp\":1799999900", NONCE "," PERSON),
     false, false},
    {"never expires", OTHERWISE(ISS, AUD, "\"iat\":1799999990", NONCE "," PERSON), false, false},
    {"expires soon", OTHERWISE(ISS, AUD, "\"iat\":1799999990,\"exp\":\"soon\"", NONCE "," PERSON),
     false, false},
    {"from the future",
     OTHERWISE(ISS, AUD, "\"iat\":1800000100,\"exp\":1800000400", NONCE "," PERSON), false, false},
    {"not valid yet", ID_CLAIMS("\"nbf\":1800000100," PERSON), false, false},
    {"of unknown age", OTHERWISE(ISS, AUD, "\"exp\":1800000300", NONCE "," PERSON), false, false},
    {"without a nonce", OTHERWISE(ISS, AUD, TIMES, PERSON), false, true},
    {"another nonce", OTHERWISE(ISS, AUD, TIMES, "\"nonce\":\"n0ncf\"," PERSON), false, true},
    {"half a nonce", OTHERWISE(ISS, AUD, TIMES, "\"nonce\":\"n0n\"," PERSON), false, true},
    {"an empty nonce", OTHERWISE(ISS, AUD, TIMES, "\"nonce\":\"\"," PERSON), false, true},
    {"a nonce that is no string", OTHERWISE(ISS, AUD, TIMES, "\"nonce\":[\"n0nce\"]," PERSON),
     false, true},
    {"without a subject", ID_CLAIMS("\"org_id\":\"o1\""), false, false},
    {"an empty subject", ID_CLAIMS("\"sub\":\"\""), false, false},
    {"a subject that is a number", ID_CLAIMS("\"sub\":1"), false, false},
    {"a subject with a line feed", ID_CLAIMS("\"sub\":\"u\\n1\""), false, false},
    {"an organization that is a list", ID_CLAIMS("\"sub\":\"u1\",\"org_id\":[\"o1\"]"), false,
     false},
    {"a claim twice", ID_CLAIMS("\"sub\":\"u2\"," PERSON), false, false},
};

/* Refused without asking anybody anything; accepted only when the signature holds. */
static void id_token_claims(void)
{
    for (size_t i = 0; i < COUNT(CLAIMS); i++) {
        check_row(CLAIMS[i].why);
        start();
        id_token = product_id_token(&script.arena, CLAIMS[i].claims);
        if (CLAIMS[i].accepted)
            expect_keys(&script);
        CHECK_INT(script_run(&script, identify), CLAIMS[i].accepted ? OK : UNVERIFIABLE);
        CHECK_SPAN(who.subject, CLAIMS[i].accepted ? SPAN("u1") : ABSENT);
        if (!CLAIMS[i].accepted)
            continue;
        CHECK_SPAN(who.issuer, SPAN(ISSUER));
        CHECK_SPAN(who.organization, SPAN("o1"));
    }
    check_row(NULL);
}

/* A key that the copy has not, while another request's turn lasts: the store has it neither. */
static void expect_no_turn(void)
{
    struct span key = span_skip(script.steps[0].asked, 3);
    expect_ledger(&script, key, CONFLICTED);
    script_expect(&script, JOIN(&script.arena, SPAN("kv now "), key), script.steps[0].answer);
}

static void signature(void)
{
    start(); /* another key, under the right name */
    id_token = product_sign(&script.arena, &product.other_key, SPAN(ID_CLAIMS(PERSON)));
    expect_keys(&script);
    CHECK_INT(script_run(&script, identify), UNVERIFIABLE);
    CHECK_SPAN(script.cx.error_reason, SPAN("id_token_signature"));
    CHECK_SPAN(who.subject, ABSENT);

    start(); /* the right key of another set */
    id_token = product_id_token(&script.arena, ID_CLAIMS(PERSON));
    product.key = product_key(3);
    expect_keys(&script);
    expect_no_turn();
    CHECK_INT(script_run(&script, identify), UNVERIFIABLE);
    CHECK_SPAN(script.cx.error_reason, SPAN("id_token_unknown_key"));
}

/* Every byte counts, in each of the three parts. */
static void every_flip(void)
{
    start();
    struct span good = product_id_token(&script.arena, ID_CLAIMS("\"sub\":\"u1\",\"email\":null"));
    uint8_t token[1024];
    CHECK(good.size <= sizeof token);
    memcpy(token, good.data, good.size);
    size_t size = good.size;
    product.profile.claim_organization = ABSENT;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = token[i];
        token[i] = byte == 'A' ? 'B' : 'A';
        product_start(&script);
        product.server.userinfo_endpoint = ABSENT;
        id_token = span_bytes(token, size);
        who = (struct downstream_identity){0};
        enum result result = script_once(&script, identify);
        if (result == PENDING) { /* the keys: by another name they are not found */
            struct jwt jwt;
            expect_keys(&script);
            CHECK_INT(jwt_parse(&script.arena, id_token, &jwt), OK);
            if (span_present(jwt.header.kid) &&
                !span_equal(jwt.header.kid, product_key_id(&script.arena)))
                expect_no_turn();
            result = (enum result)script_run(&script, identify);
        }
        CHECK_INT(result, UNVERIFIABLE);
        CHECK_SPAN(who.subject, ABSENT);
        token[i] = byte;
    }
}

/* {"alg":"none"} and {"alg":"HS256"}, over claims that are in order otherwise. */
static void algorithms(void)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"EdDSA\"}",
        "{\"alg\":\"ES256\",\"crit\":[]}",
        "{\"alg\":\"ES256\",\"b64\":false}",
        "{}",
    };
    for (size_t i = 0; i < COUNT(headers); i++) {
        check_row(headers[i]);
        start();
        struct arena *a = &script.arena;
        id_token = JOIN(a, base64url_encode(a, span_of(headers[i])), SPAN("."),
                        base64url_encode(a, SPAN(ID_CLAIMS(PERSON))), SPAN("."));
        CHECK_INT(script_run(&script, identify), UNVERIFIABLE);
        CHECK_SPAN(script.cx.error_reason, SPAN("id_token_malformed"));
        expected = (struct downstream_identity){.issuer = SPAN(ISSUER), .subject = SPAN("u1")};
        CHECK_INT(script_run(&script, confirm), UNVERIFIABLE);
    }
    check_row(NULL);
}

/* ---- RSA, made by another implementation ---- */

#define RSA_MODULUS                                                                        \
    "p5Qve79-hsnXD0l9HeTkM8pgi-Ukn5b-zvbw2fo2HMAI2oLfaORlA_x8k8qmdFE1CdidfHqIuo3xcpnjKzAZ" \
    "96iLibjgODXVtNVeyMUJiI8sbYqgzsmSUDNbM5NiEqdN-tmaRqi5CoUSnvM_BhPX8n3rbb2Sry5EErzxqq6s" \
    "5rRevekG1nS6qKg5dRsTeMa8SkfYbZ3Tzwr6yB3nFNX943NZG-7DyyONKuadyGzTyNAwHqaR3eaNQ8_8Cy6s" \
    "0GtxVWIIavW11VcU2yqoXYea_hqKvnTwP7CLhvq0OPTdrIX13P14TrhGrH2qSeYYKW9t-R3Aq_FQ5_YWKV7j" \
    "iS_SxQ"
#define RSA_CLAIMS                                                                         \
    "eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJhdWQiOiJsYXRjaGtleSIsImlhdCI6MTc5OTk5OTk5" \
    "MCwiZXhwIjoxODAwMDAwMzAwLCJub25jZSI6Im4wbmNlIiwic3ViIjoidTEiLCJvcmdfaWQiOiJvMSIsImVt" \
    "YWlsIjoiYUBiLmV4YW1wbGUiLCJlbWFpbF92ZXJpZmllZCI6dHJ1ZX0"
static const struct {
    const char *why;
    const char *header, *signature;
    const char *algorithm; /* to which the key is bound */
    enum result want;
} RSA[] = {
    {"RS256", "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9",
     "LBJf5HqUzXQYenRGoRAhm2L8OPdyE5sKiGRqS-PwSE09uXvFLMoErmHW1HhWvXH1LVGjttNLpbona8ZoS-h"
     "KxB2AZTIO2P83ZVvfV1GUcfXuzMJZZrMq_wmWg7zMjGFFKEzATXwl2l9vVzQQrkBDN2nSGr9J8NOtcacS3E"
     "fhRr1aShQRsc7D1qsstRwBXtY0pz5cGjsvBknHJ-i4L3ZNO7dTvkNuzF77bjkqtInkDd7rmtvpC4Q0svX8q"
     "_MLIeruFiY_efno8PMkf1dC4Mxq9oVZBoG0Up0bTT2Y00ZSIvTFWNWkNUnF-f-wLQP8pHsSI5P3XgvObmOI"
     "m3Ay9m65sA",
     "RS256", OK},
    {"PS256", "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9",
     "TKGBcOJo7ztUboypVB90DAkIbhYa_zp9VFk2L-eNputtupk_skS0ri5ubZGfWSizOaD-26iGauTE-OLWUYj"
     "guWnRsm0EWSxU8eOM8E_p5wY1OYasTXOQOYXObpJ9wqnciiQqyXtKfx_zmR6kYBty2Ez_jhz84KygD-kmGR"
     "51G4ULETeOmJRZKYvBxwjZWeVAPOvZ--SELSgepfd_DT0CY2l4u-tuEKABFAibuYc8fo72X8BIMBgudMu4k"
     "-TgBAtW8aIVVyHh7TJRfccMxpkBzAPdKAvj6t8eULdwZdRvhZwYSCRXPlaJpX1hG-IRhiNPXQZiJ082aV7p"
     "BDFO9tIr3A",
     "PS256", OK},
    {"RS256 by a key for PS256", "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9",
     "LBJf5HqUzXQYenRGoRAhm2L8OPdyE5sKiGRqS-PwSE09uXvFLMoErmHW1HhWvXH1LVGjttNLpbona8ZoS-h"
     "KxB2AZTIO2P83ZVvfV1GUcfXuzMJZZrMq_wmWg7zMjGFFKEzATXwl2l9vVzQQrkBDN2nSGr9J8NOtcacS3E"
     "fhRr1aShQRsc7D1qsstRwBXtY0pz5cGjsvBknHJ-i4L3ZNO7dTvkNuzF77bjkqtInkDd7rmtvpC4Q0svX8q"
     "_MLIeruFiY_efno8PMkf1dC4Mxq9oVZBoG0Up0bTT2Y00ZSIvTFWNWkNUnF-f-wLQP8pHsSI5P3XgvObmOI"
     "m3Ay9m65sA",
     "PS256", UNVERIFIABLE},
};

static void rsa(void)
{
    for (size_t i = 0; i < COUNT(RSA); i++) {
        check_row(RSA[i].why);
        start();
        struct arena *a = &script.arena;
        id_token =
            JOIN(a, span_of(RSA[i].header), SPAN("." RSA_CLAIMS "."), span_of(RSA[i].signature));
        struct span set = JOIN(a,
                               SPAN("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"rsa\",\"e\":\"AQAB\","
                                    "\"n\":\"" RSA_MODULUS "\",\"alg\":\""),
                               span_of(RSA[i].algorithm), SPAN("\"}]}"));
        expect_keys(&script);
        script.steps[0].answer = SPAN("\0\xff\xff\xff\xff"); /* no copy */
        expect_fetch(&script, "GET " JWKS_URL, 200, JSON, set);
        CHECK_INT(script_run(&script, identify), RSA[i].want);
        CHECK_SPAN(who.subject, RSA[i].want == OK ? SPAN("u1") : ABSENT);
    }
    check_row(NULL);
}

static void keys_out_of_reach(void)
{
    start();
    id_token = product_id_token(&script.arena, ID_CLAIMS(PERSON));
    expect_keys(&script);
    script.steps[0].answer = SPAN("\0\xff\xff\xff\xff"); /* no copy */
    expect_fetch(&script, "GET " JWKS_URL, 503, "text/plain", SPAN(""));
    CHECK_INT(script_run(&script, identify), TEMPORARILY_UNAVAILABLE);
    CHECK_SPAN(script.cx.error_reason, SPAN("jwks_unavailable"));
}

/* A client that did not ask for openid has sent no nonce. */
static void without_openid(void)
{
    start();
    product.profile.scopes = SPAN("todos:read");
    id_token = product_id_token(&script.arena, OTHERWISE(ISS, AUD, TIMES, PERSON));
    expect_keys(&script);
    CHECK_INT(script_run(&script, identify), OK);
    CHECK_SPAN(who.subject, SPAN("u1"));
}

/* ---- userinfo ---- */

static const struct {
    const char *why;
    const char *id_claims; /* NULL: there is no id_token */
    uint32_t status;       /* 0: no answer */
    const char *type;
    const char *body;
    enum result want;
    const char *organization; /* NULL: ABSENT */
} USERINFOS[] = {
    {"alone", NULL, 200, JSON, "{" PERSON "}", OK, "o1"},
    {"alone, with a charset", NULL, 200, JSON ";charset=UTF-8", "{" PERSON "}", OK, "o1"},
    {"alone, refused", NULL, 401, JSON, "{" PERSON "}", UNVERIFIABLE, NULL},
    {"alone, elsewhere", NULL, 302, JSON, "{" PERSON "}", UNVERIFIABLE, NULL},
    {"alone, in trouble", NULL, 502, JSON, "{" PERSON "}", TEMPORARILY_UNAVAILABLE, NULL},
    {"alone, too many requests", NULL, 429, JSON, "{}", TEMPORARILY_UNAVAILABLE, NULL},
    {"alone, no answer", NULL, 0, NULL, NULL, TEMPORARILY_UNAVAILABLE, NULL},
    {"alone, a page", NULL, 200, "text/html", "{" PERSON "}", UNVERIFIABLE, NULL},
    {"alone, signed", NULL, 200, "application/jwt", "e30.e30.", UNVERIFIABLE, NULL},
    {"alone, cut off", NULL, 200, JSON, "{\"sub\":\"u1\"", UNVERIFIABLE, NULL},
    {"alone, a list", NULL, 200, JSON, "[{" PERSON "}]", UNVERIFIABLE, NULL},
    {"alone, nobody", NULL, 200, JSON, "{\"org_id\":\"o1\"}", UNVERIFIABLE, NULL},
    {"alone, two people", NULL, 200, JSON, "{\"sub\":\"u2\"," PERSON "}", UNVERIFIABLE, NULL},
    {"completes", ID_CLAIMS("\"sub\":\"u1\""), 200, JSON, "{" PERSON "}", OK, "o1"},
    {"has nothing to add", ID_CLAIMS("\"sub\":\"u1\""), 200, JSON, "{\"sub\":\"u1\"}", OK, NULL},
    {"is not for this token", ID_CLAIMS("\"sub\":\"u1\""), 401, JSON, "{}", OK, NULL},
    {"another person", ID_CLAIMS("\"sub\":\"u1\""), 200, JSON, "{\"sub\":\"u2\",\"org_id\":\"o1\"}",
     UNVERIFIABLE, NULL},
    {"no person", ID_CLAIMS("\"sub\":\"u1\""), 200, JSON, "{\"org_id\":\"o1\"}", UNVERIFIABLE,
     NULL},
    {"an organization that is none", ID_CLAIMS("\"sub\":\"u1\""), 200, JSON,
     "{\"sub\":\"u1\",\"org_id\":\"\"}", UNVERIFIABLE, NULL},
    {"no JSON", ID_CLAIMS("\"sub\":\"u1\""), 200, JSON, "hello", UNVERIFIABLE, NULL},
    {"in trouble", ID_CLAIMS("\"sub\":\"u1\""), 503, JSON, "{}", TEMPORARILY_UNAVAILABLE, NULL},
};

static void userinfo(void)
{
    for (size_t i = 0; i < COUNT(USERINFOS); i++) {
        check_row(USERINFOS[i].why);
        start();
        if (USERINFOS[i].id_claims != NULL) {
            id_token = product_id_token(&script.arena, USERINFOS[i].id_claims);
            expect_keys(&script);
        }
        if (USERINFOS[i].status == 0)
            expect_fetch_failure(&script, "GET " USERINFO_URL, FAILED);
        else
            expect_fetch(&script, "GET " USERINFO_URL, USERINFOS[i].status, USERINFOS[i].type,
                         span_of(USERINFOS[i].body));
        CHECK_INT(script_run(&script, identify), USERINFOS[i].want);
        CHECK_SPAN(headers_get(&script.sent[0].headers, SPAN("authorization")),
                   SPAN("Bearer acce55"));
        CHECK_SPAN(who.subject, USERINFOS[i].want == OK ? SPAN("u1") : ABSENT);
        CHECK_SPAN(who.organization,
                   USERINFOS[i].organization == NULL ? ABSENT : span_of(USERINFOS[i].organization));
    }
    check_row(NULL);
}

/* A good answer of userinfo does not make up for a bad signature. */
static void userinfo_and_signature(void)
{
    start();
    id_token = product_sign(&script.arena, &product.other_key, SPAN(ID_CLAIMS("\"sub\":\"u1\"")));
    expect_keys(&script);
    expect_fetch(&script, "GET " USERINFO_URL, 200, JSON, SPAN("{" PERSON "}"));
    CHECK_INT(script_run(&script, identify), UNVERIFIABLE);
    CHECK_SPAN(who.subject, ABSENT);
}

/* Without keys to verify it with, an id_token proves nothing, not even what it says. */
static void id_token_without_keys(void)
{
    start();
    product.server.jwks_uri = ABSENT;
    id_token = product_id_token(&script.arena, ID_CLAIMS("\"sub\":\"u2\""));
    expect_fetch(&script, "GET " USERINFO_URL, 200, JSON, SPAN("{" PERSON "}"));
    CHECK_INT(script_run(&script, identify), OK);
    CHECK_SPAN(who.subject, SPAN("u1"));
}

/* What nobody asks for need not be completed. */
static void nothing_to_complete(void)
{
    start();
    product.profile.claim_organization = ABSENT;
    id_token = product_id_token(&script.arena, ID_CLAIMS("\"sub\":\"u1\""));
    expect_keys(&script);
    CHECK_INT(script_run(&script, identify), OK);
    CHECK_SPAN(who.subject, SPAN("u1"));

    start(); /* an e-mail is not missed */
    id_token = product_id_token(&script.arena, ID_CLAIMS("\"sub\":\"u1\",\"org_id\":\"o1\""));
    expect_keys(&script);
    CHECK_INT(script_run(&script, identify), OK);
    CHECK_SPAN(who.organization, SPAN("o1"));
}

/* A subject by another name is looked for in both. */
static void subject_by_another_name(void)
{
    start();
    product.profile.claim_subject = SPAN("oid");
    id_token = product_id_token(&script.arena, ID_CLAIMS(PERSON));
    expect_keys(&script);
    expect_fetch(&script, "GET " USERINFO_URL, 200, JSON,
                 SPAN("{\"sub\":\"u1\",\"oid\":77,\"org_id\":\"o2\"}"));
    CHECK_INT(script_run(&script, identify), OK);
    CHECK_SPAN(who.subject, SPAN("77"));
    CHECK_SPAN(who.organization, SPAN("o1")); /* it completes, and does not overrule */

    start();
    product.profile.claim_subject = SPAN("oid");
    product.server.userinfo_endpoint = ABSENT;
    id_token = product_id_token(&script.arena, ID_CLAIMS(PERSON));
    expect_keys(&script);
    CHECK_INT(script_run(&script, identify), UNVERIFIABLE);
}

/* ---- introspection (RFC 7662) ---- */

static const struct {
    const char *why;
    uint32_t status; /* 0: no answer */
    const char *body;
    enum result want;
} INTROSPECTIONS[] = {
    {"active", 200, "{\"active\":true," PERSON "}", OK},
    {"for us, from there", 200,
     "{\"active\":true,\"iss\":\"" ISSUER "\",\"client_id\":\"latchkey\"," PERSON "}", OK},
    {"inactive", 200, "{\"active\":false," PERSON "}", UNVERIFIABLE},
    {"unclear", 200, "{" PERSON "}", UNVERIFIABLE},
    {"active as a string", 200, "{\"active\":\"true\"," PERSON "}", UNVERIFIABLE},
    {"another client's", 200, "{\"active\":true,\"client_id\":\"other\"," PERSON "}", UNVERIFIABLE},
    {"of another issuer", 200, "{\"active\":true,\"iss\":\"https://evil.example\"," PERSON "}",
     UNVERIFIABLE},
    {"nobody's", 200, "{\"active\":true}", UNVERIFIABLE},
    {"refused", 401, "{\"error\":\"invalid_client\"}", UNVERIFIABLE},
    {"cut off", 200, "{\"active\":true,", UNVERIFIABLE},
    {"in trouble", 500, "{}", TEMPORARILY_UNAVAILABLE},
    {"no answer", 0, NULL, TEMPORARILY_UNAVAILABLE},
};

static void introspection(void)
{
    for (size_t i = 0; i < COUNT(INTROSPECTIONS); i++) {
        check_row(INTROSPECTIONS[i].why);
        start();
        product.server.userinfo_endpoint = ABSENT;
        if (INTROSPECTIONS[i].status == 0)
            expect_fetch_failure(&script, "POST " INTROSPECT_URL, TOO_MUCH);
        else
            expect_fetch(&script, "POST " INTROSPECT_URL, INTROSPECTIONS[i].status, JSON,
                         span_of(INTROSPECTIONS[i].body));
        CHECK_INT(script_run(&script, identify), INTROSPECTIONS[i].want);
        CHECK_SPAN(script.sent[0].body,
                   SPAN("token=acce55&token_type_hint=access_token&client_id=latchkey"));
        CHECK_SPAN(who.subject, INTROSPECTIONS[i].want == OK ? SPAN("u1") : ABSENT);
    }
    check_row(NULL);

    start(); /* OpenID Connect Core section 5.3: userinfo is for openid requests only */
    product.profile.scopes = SPAN("todos:read");
    expect_fetch(&script, "POST " INTROSPECT_URL, 200, JSON, SPAN("{\"active\":true," PERSON "}"));
    CHECK_INT(script_run(&script, identify), OK);
    CHECK_SPAN(who.subject, SPAN("u1"));

    start(); /* nobody to ask */
    product.server.userinfo_endpoint = ABSENT;
    product.server.introspection_endpoint = ABSENT;
    CHECK_INT(script_run(&script, identify), UNVERIFIABLE);
    CHECK_SPAN(script.cx.error_reason, SPAN("identity_unknown"));
}

/* ---- after a refresh (OpenID Connect Core section 12.2) ---- */

static void confirming(void)
{
    for (size_t i = 0; i < COUNT(CLAIMS); i++) {
        check_row(CLAIMS[i].why);
        start();
        id_token = product_id_token(&script.arena, CLAIMS[i].claims);
        expected = (struct downstream_identity){
            .issuer = SPAN(ISSUER), .subject = SPAN("u1"), .organization = SPAN("o1")};
        bool good = CLAIMS[i].accepted || CLAIMS[i].only_at_sign_in;
        CHECK_INT(script_run(&script, confirm), good ? OK : UNVERIFIABLE);
    }
    check_row(NULL);
}

static const struct {
    const char *why;
    const char *subject, *organization; /* expected */
    const char *claims;
    enum result want;
} PEOPLE[] = {
    {"the same", "u1", "o1", ID_CLAIMS("\"sub\":\"u1\",\"org_id\":\"o1\""), OK},
    {"the organization is not said", "u1", "o1", ID_CLAIMS("\"sub\":\"u1\""), OK},
    {"the organization was not known", "u1", NULL, ID_CLAIMS("\"sub\":\"u1\",\"org_id\":\"o1\""),
     OK},
    {"another subject", "u1", "o1", ID_CLAIMS("\"sub\":\"u2\",\"org_id\":\"o1\""), UNVERIFIABLE},
    {"another organization", "u1", "o1", ID_CLAIMS("\"sub\":\"u1\",\"org_id\":\"o2\""),
     UNVERIFIABLE},
    {"nobody was expected", NULL, NULL, ID_CLAIMS("\"sub\":\"u1\""), UNVERIFIABLE},
};

static void same_person(void)
{
    for (size_t i = 0; i < COUNT(PEOPLE); i++) {
        check_row(PEOPLE[i].why);
        start();
        id_token = product_id_token(&script.arena, PEOPLE[i].claims);
        expected = (struct downstream_identity){.issuer = SPAN(ISSUER)};
        if (PEOPLE[i].subject != NULL)
            expected.subject = span_of(PEOPLE[i].subject);
        if (PEOPLE[i].organization != NULL)
            expected.organization = span_of(PEOPLE[i].organization);
        CHECK_INT(script_run(&script, confirm), PEOPLE[i].want);
        if (PEOPLE[i].want != OK)
            CHECK_SPAN(script.cx.error_reason, SPAN("id_token_another_person"));
    }
    check_row(NULL);

    start(); /* a grant of another authorization server */
    id_token = product_id_token(&script.arena, ID_CLAIMS(PERSON));
    expected =
        (struct downstream_identity){.issuer = SPAN("https://old.example"), .subject = SPAN("u1")};
    CHECK_INT(script_run(&script, confirm), UNVERIFIABLE);
}

int main(void)
{
    id_token_claims();
    signature();
    every_flip();
    algorithms();
    rsa();
    keys_out_of_reach();
    without_openid();
    userinfo();
    userinfo_and_signature();
    id_token_without_keys();
    nothing_to_complete();
    subject_by_another_name();
    introspection();
    confirming();
    same_person();
    return check_done();
}
