#include "broker/downstream.h"

#include "oauth/grant.h"
#include "product.h"

static struct script script;
static struct downstream_tokens tokens;
static struct downstream_identity who;

static enum result exchange(struct cx *cx)
{
    const struct downstream_binding binding = {SPAN("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                                               SPAN("n0nce")};
    return downstream_exchange(cx, &product.server, SPAN("c0de"), &binding, &tokens, &who);
}

static enum result refresh(struct cx *cx)
{
    const struct downstream_identity expected = {
        .issuer = SPAN(ISSUER), .subject = SPAN("u1"), .organization = SPAN("o1")};
    tokens = (struct downstream_tokens){.access_token = SPAN("old-access"),
                                        .refresh_token = SPAN("old-refresh"),
                                        .expires = NOW - 1};
    return downstream_refresh(cx, &product.server, &expected, &tokens);
}

static void start(void)
{
    product_start(&script);
    tokens = (struct downstream_tokens){.access_token = ABSENT};
    who = (struct downstream_identity){.issuer = ABSENT};
}

/* The token endpoint's answer with an id_token in it. */
static struct span with_id_token(const char *members, struct span id_token)
{
    return JOIN(&script.arena, SPAN("{"), span_of(members), SPAN(",\"id_token\":\""), id_token,
                SPAN("\"}"));
}

/* The tokens whose revocation is asked for after the response, in order. */
static void check_revoked(size_t count, const char *const revoked[])
{
    struct span last;
    if (!CHECK_INT(script_deferred(&script, ASKS_FETCH, &last), count))
        return;
    for (size_t i = 0; i < count; i++) {
        struct sent sent = script_unpack_fetch(&script.arena, script.cx.deferred[i]);
        CHECK_SPAN(sent.method, SPAN("POST"));
        CHECK_SPAN(sent.url, SPAN(REVOKE_URL));
        CHECK_SPAN(sent.body, span_of(revoked[i]));
    }
}

static const char *const FRESH[] = {"token=r1&token_type_hint=refresh_token&client_id=latchkey",
                                    "token=a1&token_type_hint=access_token&client_id=latchkey"};

/* No token, code or verifier is told to anybody. */
static void check_discreet(void)
{
    static const char *const secrets[] = {"c0de", "dBjft", "old-refresh", "old-access", "n0nce"};
    for (size_t i = 0; i < COUNT(secrets); i++) {
        CHECK(!span_contains(script.cx.error_description, span_of(secrets[i])));
        CHECK(!span_contains(script.cx.error_reason, span_of(secrets[i])));
    }
}

#define GOOD "\"token_type\":\"Bearer\",\"access_token\":\"a1\",\"refresh_token\":\"r1\""
#define USERINFO "GET " USERINFO_URL
#define TOKEN "POST " TOKEN_URL

/* ---- the exchange ---- */

static void good_exchange(void)
{
    start();
    product.profile.resource = SPAN("https://api.todo.example");
    struct span id_token = product_id_token(&script.arena, ID_CLAIMS(PERSON));
    expect_fetch(&script, TOKEN, 200, JSON,
                 with_id_token(GOOD ",\"expires_in\":600,\"scope\":\"todos:read\"", id_token));
    expect_keys(&script);
    CHECK_INT(script_run(&script, exchange), OK);
    CHECK_SPAN(script.sent[0].body,
               SPAN("grant_type=authorization_code&code=c0de"
                    "&redirect_uri=https%3A%2F%2Fgateway.example%2Fcallback%2Ftodo"
                    "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
                    "&resource=https%3A%2F%2Fapi.todo.example&client_id=latchkey"));
    CHECK_SPAN(tokens.access_token, SPAN("a1"));
    CHECK_SPAN(tokens.refresh_token, SPAN("r1"));
    CHECK_INT(tokens.obtained, NOW);
    CHECK_INT(tokens.expires, NOW + 600);
    CHECK_SPAN(who.subject, SPAN("u1"));
    check_revoked(0, NULL);
}

/* Every effect of a good exchange fails once: nobody is signed in, and nothing that came stays. */
static void faults(void)
{
    for (int failing = 0; failing < 2; failing++) {
        start();
        struct span id_token = product_id_token(&script.arena, ID_CLAIMS("\"sub\":\"u1\""));
        if (failing == 0) {
            expect_fetch_failure(&script, TOKEN, FAILED);
        } else {
            expect_fetch(&script, TOKEN, 200, JSON, with_id_token(GOOD, id_token));
            expect_keys(&script);
            expect_fetch_failure(&script, USERINFO, FAILED);
        }
        CHECK_INT(script_run(&script, exchange), TEMPORARILY_UNAVAILABLE);
        check_revoked(failing == 0 ? 0 : 2, FRESH);
        CHECK_SPAN(tokens.access_token, ABSENT);
        CHECK_SPAN(who.subject, ABSENT);
    }
}

/* The wrong person's tokens, or nobody's, are given back. */
static void unidentified(void)
{
    start();
    struct span id_token = product_sign(&script.arena, &product.other_key, SPAN(ID_CLAIMS(PERSON)));
    expect_fetch(&script, TOKEN, 200, JSON, with_id_token(GOOD, id_token));
    expect_keys(&script);
    CHECK_INT(script_run(&script, exchange), UNVERIFIABLE);
    check_revoked(2, FRESH);
    CHECK_SPAN(tokens.access_token, ABSENT);
    check_discreet();

    start(); /* where there is nothing to revoke with */
    product.server.revocation_endpoint = ABSENT;
    expect_fetch(&script, TOKEN, 200, JSON, SPAN("{" GOOD ",\"id_token\":\"a.b.c\"}"));
    CHECK_INT(script_run(&script, exchange), UNVERIFIABLE);
    check_revoked(0, NULL);
}

/* ---- what a token endpoint may answer (S52, S53) ---- */

#define A_TOKEN "\"token_type\":\"bearer\",\"access_token\":\"a1\""

static const struct {
    const char *why;
    uint32_t status;
    const char *type;
    const char *body;
    enum result want;
    const char *reason;
} ANSWERS[] = {
    {"the least", 200, JSON, "{" A_TOKEN "}", OK, NULL},
    {"what is unknown is ignored", 200, JSON, "{" A_TOKEN ",\"x\":{\"access_token\":1}}", OK, NULL},
    {"a type in capitals", 200, JSON, "{\"token_type\":\"BEARER\",\"access_token\":\"a1\"}", OK,
     NULL},
    {"null is nothing", 200, JSON,
     "{" A_TOKEN ",\"refresh_token\":null,\"id_token\":null,\"expires_in\":null,\"scope\":null}",
     OK, NULL},
    {"a scope that is none", 200, JSON, "{" A_TOKEN ",\"scope\":[\"a\"]}", OK, NULL},
    {"a scope with a quote", 200, JSON, "{" A_TOKEN ",\"scope\":\"a\\\"b\"}", OK, NULL},
    {"the characters of a token", 200, JSON,
     "{\"token_type\":\"Bearer\",\"access_token\":\"a1!$~-._/+=\"}", OK, NULL},
    {"no type", 200, JSON, "{\"access_token\":\"a1\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_token_type"},
    {"another type", 200, JSON, "{\"token_type\":\"DPoP\",\"access_token\":\"a1\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_token_type"},
    {"no access token", 200, JSON, "{\"token_type\":\"Bearer\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_token_malformed"},
    {"an empty access token", 200, JSON, "{\"token_type\":\"Bearer\",\"access_token\":\"\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_token_malformed"},
    {"a null access token", 200, JSON, "{\"token_type\":\"Bearer\",\"access_token\":null}",
     TEMPORARILY_UNAVAILABLE, "downstream_token_malformed"},
    {"an access token that is no string", 200, JSON,
     "{\"token_type\":\"Bearer\",\"access_token\":17}", TEMPORARILY_UNAVAILABLE,
     "downstream_token_malformed"},
    {"an access token that ends its header", 200, JSON,
     "{\"token_type\":\"Bearer\",\"access_token\":\"a1\\r\\nx: y\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_token_malformed"},
    {"an access token with a space", 200, JSON,
     "{\"token_type\":\"Bearer\",\"access_token\":\"a1 b\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_token_malformed"},
    {"an access token with a tab", 200, JSON,
     "{\"token_type\":\"Bearer\",\"access_token\":\"a1\\tb\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_token_malformed"},
    {"an access token that is no ASCII", 200, JSON,
     "{\"token_type\":\"Bearer\",\"access_token\":\"\xc3\xa4\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_token_malformed"},
    {"moved", 302, JSON, "{}", TEMPORARILY_UNAVAILABLE, "downstream_answer_malformed"},
    {"two access tokens", 200, JSON, "{" A_TOKEN ",\"access_token\":\"a2\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_answer_malformed"},
    {"an empty refresh token", 200, JSON, "{" A_TOKEN ",\"refresh_token\":\"\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_token_malformed"},
    {"a refresh token that is no string", 200, JSON, "{" A_TOKEN ",\"refresh_token\":{}}",
     TEMPORARILY_UNAVAILABLE, "downstream_token_malformed"},
    {"an id_token that is no string", 200, JSON, "{" A_TOKEN ",\"id_token\":7}",
     TEMPORARILY_UNAVAILABLE, "downstream_token_malformed"},
    {"a page", 200, "text/html", "{" A_TOKEN "}", TEMPORARILY_UNAVAILABLE,
     "downstream_answer_malformed"},
    {"a form, as some old servers answer", 200, "application/x-www-form-urlencoded",
     "access_token=a1&token_type=bearer", TEMPORARILY_UNAVAILABLE, "downstream_answer_malformed"},
    {"empty", 200, JSON, "", TEMPORARILY_UNAVAILABLE, "downstream_answer_malformed"},
    {"a list", 200, JSON, "[{" A_TOKEN "}]", TEMPORARILY_UNAVAILABLE,
     "downstream_answer_malformed"},
    {"another success", 201, JSON, "{" A_TOKEN "}", TEMPORARILY_UNAVAILABLE,
     "downstream_answer_malformed"},
    {"elsewhere", 307, JSON, "{" A_TOKEN "}", TEMPORARILY_UNAVAILABLE,
     "downstream_answer_malformed"},
    {"refused", 400, JSON, "{\"error\":\"invalid_grant\"}", INVALID_GRANT,
     "downstream_grant_refused"},
    {"refused with 403", 403, JSON, "{\"error\":\"invalid_grant\"}", INVALID_GRANT,
     "downstream_grant_refused"},
    {"refused with 200", 200, JSON, "{\"error\":\"invalid_grant\"}", INVALID_GRANT,
     "downstream_grant_refused"},
    {"refused, and tokens", 200, JSON, "{" A_TOKEN ",\"error\":\"invalid_grant\"}", INVALID_GRANT,
     "downstream_grant_refused"},
    {"the user has to act", 400, JSON, "{\"error\":\"interaction_required\"}", INVALID_GRANT,
     "downstream_grant_refused"},
    {"the user has to sign in", 400, JSON, "{\"error\":\"login_required\"}", INVALID_GRANT,
     "downstream_grant_refused"},
    {"the user has to agree", 400, JSON, "{\"error\":\"consent_required\"}", INVALID_GRANT,
     "downstream_grant_refused"},
    {"invalid_grant as a page", 400, "text/html", "{\"error\":\"invalid_grant\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_answer_malformed"},
    {"invalid_grant in capitals", 400, JSON, "{\"error\":\"INVALID_GRANT\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_request_refused"},
    {"invalid_grant as a description", 400, JSON,
     "{\"error\":\"x\",\"error_description\":\"invalid_grant\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_request_refused"},
    {"invalid_grant in a list", 400, JSON, "{\"error\":[\"invalid_grant\"]}",
     TEMPORARILY_UNAVAILABLE, "downstream_answer_malformed"},
    {"400 with tokens", 400, JSON, "{" A_TOKEN "}", TEMPORARILY_UNAVAILABLE,
     "downstream_answer_malformed"},
    {"400 and nothing", 400, JSON, "{}", TEMPORARILY_UNAVAILABLE, "downstream_answer_malformed"},
    {"a firewall's page", 403, "text/html", "<h1>", TEMPORARILY_UNAVAILABLE,
     "downstream_answer_malformed"},
    {"not there during a deployment", 404, "text/html", "<h1>", TEMPORARILY_UNAVAILABLE,
     "downstream_answer_malformed"},
    {"a framework's error", 404, JSON, "{\"status\":404,\"error\":\"Not Found\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_request_refused"},
    {"words of its own", 200, JSON, "{\"error\":\"bad_verification_code\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_request_refused"},
    {"tokens and an error", 200, JSON, "{" A_TOKEN ",\"error\":\"x\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_request_refused"},
    {"the operator's mistake: the resource", 400, JSON, "{\"error\":\"invalid_target\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_request_refused"},
    {"the operator's mistake: the scopes", 400, JSON, "{\"error\":\"invalid_scope\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_request_refused"},
    {"the operator's mistake: the grant type", 400, JSON, "{\"error\":\"unsupported_grant_type\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_request_refused"},
    {"the request is not to its liking", 400, JSON, "{\"error\":\"invalid_request\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_request_refused"},
    {"tokens and an error that is none", 200, JSON, "{" A_TOKEN ",\"error\":{}}",
     TEMPORARILY_UNAVAILABLE, "downstream_answer_malformed"},
    {"our secret is wrong", 401, JSON, "{\"error\":\"invalid_client\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_client_refused"},
    {"our secret is wrong, with 400", 400, JSON, "{\"error\":\"invalid_client\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_client_refused"},
    {"we are not allowed this", 400, JSON, "{\"error\":\"unauthorized_client\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_client_refused"},
    {"in trouble", 500, JSON, "{\"error\":\"invalid_grant\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_unavailable"},
    {"a bad gateway", 502, "text/html", "<h1>", TEMPORARILY_UNAVAILABLE, "downstream_unavailable"},
    {"too many requests", 429, JSON, "{\"error\":\"invalid_grant\"}", TEMPORARILY_UNAVAILABLE,
     "downstream_unavailable"},
    {"too early", 425, JSON, "{}", TEMPORARILY_UNAVAILABLE, "downstream_unavailable"},
    {"timed out there", 408, JSON, "{}", TEMPORARILY_UNAVAILABLE, "downstream_unavailable"},
    {"down, with 400", 400, JSON, "{\"error\":\"temporarily_unavailable\"}",
     TEMPORARILY_UNAVAILABLE, "downstream_unavailable"},
};

static void answers(void)
{
    for (size_t i = 0; i < COUNT(ANSWERS); i++) {
        check_row(ANSWERS[i].why);
        start();
        expect_fetch(&script, TOKEN, ANSWERS[i].status, ANSWERS[i].type, span_of(ANSWERS[i].body));
        CHECK_INT(script_run(&script, refresh), ANSWERS[i].want);
        if (ANSWERS[i].want == OK) {
            CHECK(span_starts(tokens.access_token, SPAN("a1")));
            CHECK_SPAN(tokens.refresh_token, SPAN("old-refresh"));
            CHECK_INT(tokens.expires, 0);
        } else {
            CHECK_SPAN(script.cx.error_reason, span_of(ANSWERS[i].reason));
            CHECK_SPAN(tokens.access_token, SPAN("old-access")); /* nothing is half-written */
            CHECK_SPAN(tokens.refresh_token, SPAN("old-refresh"));
            check_discreet();
        }
        /* The same at the exchange: what is refused there asks nobody anything more. */
        start();
        expect_fetch(&script, TOKEN, ANSWERS[i].status, ANSWERS[i].type, span_of(ANSWERS[i].body));
        if (ANSWERS[i].want == OK)
            expect_fetch(&script, USERINFO, 200, JSON, SPAN("{" PERSON "}"));
        CHECK_INT(script_run(&script, exchange), ANSWERS[i].want);
        CHECK_SPAN(who.subject, ANSWERS[i].want == OK ? SPAN("u1") : ABSENT);
        check_discreet();
    }
    check_row(NULL);
}

static const struct {
    const char *expires_in;
    enum result want;
    uint64_t expires;
} EXPIRIES[] = {
    {"3600", OK, NOW + 3600},
    {"0", OK, 0},
    {"\"3600\"", OK, NOW + 3600},
    {"4294967295", OK, NOW + UINT64_C(4294967295)},
    {"4294967296", TEMPORARILY_UNAVAILABLE, 0},
    {"-1", TEMPORARILY_UNAVAILABLE, 0},
    {"3600.5", TEMPORARILY_UNAVAILABLE, 0},
    {"\"-1\"", TEMPORARILY_UNAVAILABLE, 0},
    {"\"\"", TEMPORARILY_UNAVAILABLE, 0},
    {"\"soon\"", TEMPORARILY_UNAVAILABLE, 0},
    {"\"0x10\"", TEMPORARILY_UNAVAILABLE, 0},
    {"1e400", TEMPORARILY_UNAVAILABLE, 0},
    {"true", TEMPORARILY_UNAVAILABLE, 0},
    {"[3600]", TEMPORARILY_UNAVAILABLE, 0},
};

static void expiries(void)
{
    for (size_t i = 0; i < COUNT(EXPIRIES); i++) {
        check_row(EXPIRIES[i].expires_in);
        start();
        expect_fetch(&script, TOKEN, 200, JSON,
                     JOIN(&script.arena, SPAN("{" A_TOKEN ",\"expires_in\":"),
                          span_of(EXPIRIES[i].expires_in), SPAN("}")));
        CHECK_INT(script_run(&script, refresh), EXPIRIES[i].want);
        if (EXPIRIES[i].want == OK)
            CHECK_INT(tokens.expires, EXPIRIES[i].expires);
    }
    check_row(NULL);
}

static void every_truncation(void)
{
    struct span good = SPAN("{" GOOD ",\"expires_in\":600,\"scope\":\"todos:read\"}");
    for (size_t size = 0; size < good.size; size++) {
        start();
        expect_fetch(&script, TOKEN, 200, JSON, span_first(good, size));
        CHECK_INT(script_run(&script, refresh), TEMPORARILY_UNAVAILABLE);
    }
}

/* The longest token that is taken, and one byte more. */
static void token_sizes(void)
{
    for (size_t size = 16384; size <= 16385; size++) {
        start();
        struct builder b = builder_make(&script.arena, 100 + size);
        build_span(&b, SPAN("{\"token_type\":\"Bearer\",\"access_token\":\""));
        for (size_t i = 0; i < size; i++)
            build_byte(&b, 'a');
        build_span(&b, SPAN("\"}"));
        expect_fetch(&script, TOKEN, 200, JSON, built(&b));
        CHECK_INT(script_run(&script, refresh), size == 16384 ? OK : TEMPORARILY_UNAVAILABLE);
    }
}

/* ---- the refresh ---- */

static void good_refresh(void)
{
    start();
    struct span id_token = product_id_token(&script.arena, ID_CLAIMS(PERSON));
    expect_fetch(&script, TOKEN, 200, JSON,
                 with_id_token(GOOD ",\"expires_in\":600,\"scope\":\"new\"", id_token));
    CHECK_INT(script_run(&script, refresh), OK);
    CHECK_SPAN(script.sent[0].body,
               SPAN("grant_type=refresh_token&refresh_token=old-refresh&client_id=latchkey"));
    CHECK_SPAN(tokens.access_token, SPAN("a1"));
    CHECK_SPAN(tokens.refresh_token, SPAN("r1"));
    CHECK_INT(tokens.obtained, NOW);
    CHECK_INT(tokens.expires, NOW + 600);
    check_revoked(0, NULL);
}

/* N11, S5: another person's tokens never get into the grant. */
static void another_person(void)
{
    static const char *const others[] = {
        ID_CLAIMS("\"sub\":\"u2\",\"org_id\":\"o1\""),
        ID_CLAIMS("\"sub\":\"u1\",\"org_id\":\"o2\""),
        "{\"iss\":\"https://evil.example\",\"aud\":\"latchkey\"," TIMES "," PERSON "}",
        "{\"iss\":\"" ISSUER "\",\"aud\":\"other\"," TIMES "," PERSON "}",
    };
    for (size_t i = 0; i < COUNT(others); i++) {
        check_row(others[i]);
        start();
        struct span id_token = product_id_token(&script.arena, others[i]);
        expect_fetch(&script, TOKEN, 200, JSON, with_id_token(GOOD, id_token));
        CHECK_INT(script_run(&script, refresh), INVALID_GRANT);
        CHECK_SPAN(tokens.access_token, SPAN("old-access"));
        check_revoked(2, FRESH);
    }
    check_row(NULL);
}

static enum result refresh_without(struct cx *cx)
{
    const struct downstream_identity expected = {.issuer = SPAN(ISSUER), .subject = SPAN("u1")};
    tokens = (struct downstream_tokens){.access_token = SPAN("old-access")};
    return downstream_refresh(cx, &product.server, &expected, &tokens);
}

static void not_refreshable(void)
{
    start();
    CHECK_INT(script_run(&script, refresh_without), INVALID_GRANT);
    CHECK_SPAN(script.cx.error_reason, SPAN("downstream_not_refreshable"));
}

/* N13: a refresh token goes to the server that gave it, and to no other. */
static void another_server(void)
{
    static const struct span others[] = {SPAN("https://evil.example"), SPAN(ISSUER "/"), ABSENT};
    for (size_t i = 0; i < COUNT(others); i++) {
        start();
        product.profile.issuer = others[i];
        CHECK_INT(script_run(&script, refresh), INVALID_GRANT);
        CHECK_SPAN(script.cx.error_reason, SPAN("downstream_moved"));
    }
}

static void no_answer(void)
{
    const uint8_t outcomes[] = {FAILED, TOO_MUCH};
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        start();
        expect_fetch_failure(&script, TOKEN, outcomes[i]);
        CHECK_INT(script_run(&script, refresh), TEMPORARILY_UNAVAILABLE);
        CHECK_SPAN(script.cx.error_reason, SPAN("downstream_unreachable"));
        CHECK_SPAN(tokens.refresh_token, SPAN("old-refresh"));
    }
}

/* ---- the revocation ---- */

static enum result revoke(struct cx *cx)
{
    downstream_revoke_later(cx, &product.server, &tokens);
    return OK;
}

static void revocation(void)
{
    start();
    tokens = (struct downstream_tokens){.access_token = SPAN("a1"), .refresh_token = SPAN("r1")};
    CHECK_INT(script_run(&script, revoke), OK);
    check_revoked(2, FRESH);

    start(); /* only an access token */
    tokens = (struct downstream_tokens){.access_token = SPAN("a1")};
    CHECK_INT(script_run(&script, revoke), OK);
    check_revoked(1, FRESH + 1);

    start();
    product.server.revocation_endpoint = ABSENT;
    tokens = (struct downstream_tokens){.access_token = SPAN("a1"), .refresh_token = SPAN("r1")};
    CHECK_INT(script_run(&script, revoke), OK);
    check_revoked(0, NULL);
}

int main(void)
{
    good_exchange();
    faults();
    unidentified();
    answers();
    expiries();
    every_truncation();
    token_sizes();
    good_refresh();
    another_person();
    not_refreshable();
    another_server();
    no_answer();
    revocation();
    return check_done();
}
