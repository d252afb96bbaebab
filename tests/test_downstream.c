#include "broker/downstream.h"

#include "oauth/pkce.h"
#include "script.h"

enum { NOW = 1800000000 };

#define ISSUER "https://login.example"
#define OPENID "GET " ISSUER "/.well-known/openid-configuration"
#define OAUTH "GET " ISSUER "/.well-known/oauth-authorization-server"
#define JSON "application/json"

/* A document, its issuer and endpoints at our disposal. */
#define ENDPOINTS                                               \
    "\"authorization_endpoint\":\"" ISSUER "/authorize\","      \
    "\"token_endpoint\":\"https://tokens.other.example/token\""
#define DOCUMENT "{\"issuer\":\"" ISSUER "\"," ENDPOINTS "}"
#define WITH(more) "{\"issuer\":\"" ISSUER "\"," ENDPOINTS "," more "}"

static struct gateway gateway;
static struct profile profile;
static struct downstream server;
static struct script script;

static void start(void)
{
    gateway = (struct gateway){.issuer = SPAN("https://gateway.example")};
    CHECK_INT(keyring_make(SPAN("a root secret of thirty-two bytes"),
                           SPAN("the one before it, as long as that"), &gateway.keys),
              OK);
    profile = (struct profile){
        .id = SPAN("todo"),
        .issuer = SPAN(ISSUER),
        .client_id = SPAN("latchkey"),
        .scopes = SPAN("openid todos:read"),
        .redirect_uri = SPAN("https://gateway.example/callback/todo"),
    };
    server = (struct downstream){.profile = NULL};
    script_start(&script, &gateway, NOW);
}

static enum result discover(struct cx *cx)
{
    return downstream_discover(cx, &profile, &server);
}

static void check_kept(const char *document)
{
    struct span put;
    if (!CHECK_INT(script_deferred(&script, ASKS_KV_PUT, &put), 1))
        return;
    struct unpacker u = unpack_make(span_skip(put, 1));
    CHECK_SPAN(unpack_span(&u), SPAN("metadata:" ISSUER));
    CHECK_SPAN(unpack_span(&u), span_of(document));
    CHECK_INT(unpack_u32(&u), METADATA_CACHE_SECONDS);
}

static void check_not_kept(void)
{
    struct span put;
    CHECK_INT(script_deferred(&script, ASKS_KV_PUT, &put), 0);
}

/* ---- what a document may say (G09) ---- */

static const struct {
    const char *why;
    const char *document;
    const char *refusal; /* the reason in the audit line; NULL: accepted */
} DOCUMENTS[] = {
    {"the least", DOCUMENT, NULL},
    {"all endpoints",
     WITH("\"userinfo_endpoint\":\"" ISSUER "/me\",\"introspection_endpoint\":\"" ISSUER "/i\","
          "\"revocation_endpoint\":\"" ISSUER "/r\",\"jwks_uri\":\"" ISSUER "/jwks\","
          "\"authorization_response_iss_parameter_supported\":true,\"unknown\":[{}]"),
     NULL},
    {"null is nothing", WITH("\"userinfo_endpoint\":null"), NULL},
    {"an endpoint with a query", WITH("\"userinfo_endpoint\":\"" ISSUER "/me?v=2\""), NULL},
    {"another issuer", "{\"issuer\":\"https://evil.example\"," ENDPOINTS "}",
     "downstream_issuer_mismatch"},
    {"a slash more", "{\"issuer\":\"" ISSUER "/\"," ENDPOINTS "}", "downstream_issuer_mismatch"},
    {"another case", "{\"issuer\":\"https://Login.example\"," ENDPOINTS "}",
     "downstream_issuer_mismatch"},
    {"the default port written", "{\"issuer\":\"" ISSUER ":443\"," ENDPOINTS "}",
     "downstream_issuer_mismatch"},
    {"no issuer", "{" ENDPOINTS "}", "downstream_issuer_mismatch"},
    {"a list of issuers", "{\"issuer\":[\"" ISSUER "\"]," ENDPOINTS "}",
     "downstream_issuer_mismatch"},
    {"two issuers", "{\"issuer\":\"" ISSUER "\",\"issuer\":\"" ISSUER "\"," ENDPOINTS "}",
     "downstream_metadata_malformed"},
    {"a list", "[" DOCUMENT "]", "downstream_metadata_malformed"},
    {"no JSON", "<!doctype html>", "downstream_metadata_malformed"},
    {"empty", "", "downstream_metadata_malformed"},
    {"more behind it", DOCUMENT DOCUMENT, "downstream_metadata_malformed"},
    {"no endpoints", "{\"issuer\":\"" ISSUER "\"}", "downstream_endpoint_missing"},
    {"no token endpoint",
     "{\"issuer\":\"" ISSUER "\",\"authorization_endpoint\":\"" ISSUER "/authorize\"}",
     "downstream_endpoint_missing"},
    {"a token endpoint that is no string",
     "{\"issuer\":\"" ISSUER "\",\"authorization_endpoint\":\"" ISSUER "/authorize\","
     "\"token_endpoint\":7}",
     "downstream_endpoint_missing"},
    {"http", WITH("\"userinfo_endpoint\":\"http://login.example/me\""),
     "downstream_endpoint_refused"},
    {"http on loopback", WITH("\"jwks_uri\":\"http://127.0.0.1:9400/jwks\""),
     "downstream_endpoint_refused"},
    {"userinfo in the URL", WITH("\"jwks_uri\":\"https://login.example@evil.example/jwks\""),
     "downstream_endpoint_refused"},
    {"a fragment", WITH("\"revocation_endpoint\":\"" ISSUER "/r#x\""),
     "downstream_endpoint_refused"},
    {"a relative URL", WITH("\"introspection_endpoint\":\"/introspect\""),
     "downstream_endpoint_refused"},
    {"another scheme", WITH("\"jwks_uri\":\"file:///etc/passwd\""), "downstream_endpoint_refused"},
    {"an empty URL", WITH("\"jwks_uri\":\"\""), "downstream_endpoint_refused"},
    {"a line feed in a URL", WITH("\"jwks_uri\":\"https://login.example/\\njwks\""),
     "downstream_endpoint_refused"},
    {"sends iss, it says", WITH("\"authorization_response_iss_parameter_supported\":\"yes\""),
     "downstream_metadata_malformed"},
};

static void documents(void)
{
    for (size_t i = 0; i < COUNT(DOCUMENTS); i++) {
        check_row(DOCUMENTS[i].why);
        start();
        expect_kv(&script, SPAN("metadata:" ISSUER), ABSENT);
        expect_fetch(&script, OPENID, 200, JSON, span_of(DOCUMENTS[i].document));
        if (DOCUMENTS[i].refusal == NULL) {
            CHECK_INT(script_run(&script, discover), OK);
            CHECK_SPAN(server.authorization_endpoint, SPAN(ISSUER "/authorize"));
            CHECK_SPAN(server.token_endpoint, SPAN("https://tokens.other.example/token"));
            CHECK(server.profile == &profile);
            check_kept(DOCUMENTS[i].document);
        } else {
            CHECK_INT(script_run(&script, discover), TEMPORARILY_UNAVAILABLE);
            CHECK_SPAN(script.cx.error_reason, span_of(DOCUMENTS[i].refusal));
            check_not_kept();
        }
    }
    check_row(NULL);
}

static void everything_is_read(void)
{
    start();
    expect_kv(&script, SPAN("metadata:" ISSUER), ABSENT);
    expect_fetch(&script, OPENID, 200, JSON, span_of(DOCUMENTS[1].document));
    CHECK_INT(script_run(&script, discover), OK);
    CHECK_SPAN(server.userinfo_endpoint, SPAN(ISSUER "/me"));
    CHECK_SPAN(server.introspection_endpoint, SPAN(ISSUER "/i"));
    CHECK_SPAN(server.revocation_endpoint, SPAN(ISSUER "/r"));
    CHECK_SPAN(server.jwks_uri, SPAN(ISSUER "/jwks"));
    CHECK(server.sends_iss);
}

static void every_truncation(void)
{
    struct span document = span_of(DOCUMENTS[1].document);
    for (size_t size = 0; size < document.size; size++) {
        start();
        expect_kv(&script, SPAN("metadata:" ISSUER), ABSENT);
        expect_fetch(&script, OPENID, 200, JSON, span_first(document, size));
        CHECK_INT(script_run(&script, discover), TEMPORARILY_UNAVAILABLE);
    }
}

/* ---- where it is found ---- */

/* A good copy is used; a bad one is as good as none, and nothing that was fetched badly is kept. */
static void copies(void)
{
    start();
    expect_kv(&script, SPAN("metadata:" ISSUER), SPAN(DOCUMENT));
    CHECK_INT(script_run(&script, discover), OK);
    CHECK_SPAN(server.authorization_endpoint, SPAN(ISSUER "/authorize"));
    check_not_kept();

    for (size_t i = 0; i < COUNT(DOCUMENTS); i++) {
        if (DOCUMENTS[i].refusal == NULL)
            continue;
        check_row(DOCUMENTS[i].why);
        start();
        expect_kv(&script, SPAN("metadata:" ISSUER), span_of(DOCUMENTS[i].document));
        expect_fetch(&script, OPENID, 200, JSON, SPAN(DOCUMENT));
        CHECK_INT(script_run(&script, discover), OK);
        CHECK_SPAN(server.userinfo_endpoint, ABSENT);
        CHECK_SPAN(server.jwks_uri, ABSENT);
        check_kept(DOCUMENT);
    }
    check_row(NULL);
}

/* What the first URL answers, whether the second is asked then, and what comes of it. */
static const struct {
    const char *why;
    uint32_t status; /* 0: no answer at all */
    const char *type;
    bool asks_second;
} FIRSTS[] = {
    {"not found", 404, "text/plain", true},
    {"gone", 410, "text/plain", true},
    {"forbidden", 403, JSON, true},
    {"elsewhere", 302, "text/html", true},
    {"a page for everything", 200, "text/html; charset=utf-8", true},
    {"nothing to say", 204, JSON, true},
    {"in trouble", 500, JSON, false},
    {"unavailable", 503, "text/html", false},
    {"too many requests", 429, JSON, false},
    {"too slow", 408, JSON, false},
    {"no answer", 0, NULL, false},
};

static void well_known_urls(void)
{
    for (size_t i = 0; i < COUNT(FIRSTS); i++) {
        check_row(FIRSTS[i].why);
        start();
        expect_kv(&script, SPAN("metadata:" ISSUER), ABSENT);
        if (FIRSTS[i].status == 0)
            expect_fetch_failure(&script, OPENID, FAILED);
        else
            expect_fetch(&script, OPENID, FIRSTS[i].status, FIRSTS[i].type, SPAN(DOCUMENT));
        if (FIRSTS[i].asks_second)
            expect_fetch(&script, OAUTH, 200, JSON, SPAN(DOCUMENT));
        CHECK_INT(script_run(&script, discover),
                  FIRSTS[i].asks_second ? OK : TEMPORARILY_UNAVAILABLE);
    }
    check_row("neither");
    start();
    expect_kv(&script, SPAN("metadata:" ISSUER), ABSENT);
    expect_fetch(&script, OPENID, 404, JSON, SPAN("{}"));
    expect_fetch(&script, OAUTH, 404, JSON, SPAN("{}"));
    CHECK_INT(script_run(&script, discover), TEMPORARILY_UNAVAILABLE);
    CHECK_SPAN(script.cx.error_reason, SPAN("downstream_metadata_unavailable"));
    check_row(NULL);
}

/* RFC 8414 section 3.1 and OpenID Connect Discovery section 4.1, by their examples. */
static const struct {
    const char *issuer, *first, *second;
} PATHS[] = {
    {"https://example.com", "GET https://example.com/.well-known/openid-configuration",
     "GET https://example.com/.well-known/oauth-authorization-server"},
    {"https://example.com/", "GET https://example.com/.well-known/openid-configuration",
     "GET https://example.com/.well-known/oauth-authorization-server"},
    {"https://example.com/issuer1",
     "GET https://example.com/issuer1/.well-known/openid-configuration",
     "GET https://example.com/.well-known/oauth-authorization-server/issuer1"},
    {"https://example.com/a/b/", "GET https://example.com/a/b/.well-known/openid-configuration",
     "GET https://example.com/.well-known/oauth-authorization-server/a/b"},
    {"https://example.com:8443/t",
     "GET https://example.com:8443/t/.well-known/openid-configuration",
     "GET https://example.com:8443/.well-known/oauth-authorization-server/t"},
};

static void issuer_paths(void)
{
    for (size_t i = 0; i < COUNT(PATHS); i++) {
        check_row(PATHS[i].issuer);
        start();
        profile.issuer = span_of(PATHS[i].issuer);
        struct span document =
            JOIN(&script.arena, SPAN("{\"issuer\":\""), profile.issuer, SPAN("\"," ENDPOINTS "}"));
        expect_kv(&script, JOIN(&script.arena, SPAN("metadata:"), profile.issuer), ABSENT);
        expect_fetch(&script, PATHS[i].first, 404, JSON, SPAN("{}"));
        expect_fetch(&script, PATHS[i].second, 200, JSON, document);
        CHECK_INT(script_run(&script, discover), OK);
    }
    check_row(NULL);
}

/* In development, and only there, http on loopback. */
static void development(void)
{
    static const char *const urls[] = {"http://127.0.0.1:9400/jwks", "http://[::1]:9400/jwks",
                                       "http://login.example/jwks", "http://10.0.0.1/jwks",
                                       "ftp://127.0.0.1/jwks"};
    for (size_t i = 0; i < COUNT(urls); i++) {
        check_row(urls[i]);
        start();
        gateway.development = true;
        expect_kv(&script, SPAN("metadata:" ISSUER), ABSENT);
        expect_fetch(&script, OPENID, 200, JSON,
                     JOIN(&script.arena,
                          SPAN("{\"issuer\":\"" ISSUER "\"," ENDPOINTS ",\"jwks_uri\":\""),
                          span_of(urls[i]), SPAN("\"}")));
        CHECK_INT(script_run(&script, discover), i < 2 ? OK : TEMPORARILY_UNAVAILABLE);
    }
    check_row(NULL);
}

static void endpoints_by_hand(void)
{
    start(); /* both that are needed: nothing is asked */
    profile.authorization_endpoint = SPAN("https://by.hand.example/a");
    profile.token_endpoint = SPAN("https://by.hand.example/t");
    profile.userinfo_endpoint = SPAN("https://by.hand.example/u");
    CHECK_INT(script_run(&script, discover), OK);
    CHECK_SPAN(server.userinfo_endpoint, SPAN("https://by.hand.example/u"));
    CHECK_SPAN(server.jwks_uri, ABSENT);
    CHECK(!server.sends_iss);

    start(); /* the other alone: so does it */
    profile.authorization_endpoint = SPAN("https://by.hand.example/a");
    expect_kv(&script, SPAN("metadata:" ISSUER), ABSENT);
    expect_fetch(&script, OPENID, 200, JSON, SPAN(DOCUMENT));
    CHECK_INT(script_run(&script, discover), OK);
    CHECK_SPAN(server.authorization_endpoint, SPAN("https://by.hand.example/a"));

    start(); /* one: it wins, the rest is discovered */
    profile.token_endpoint = SPAN("https://by.hand.example/t");
    expect_kv(&script, SPAN("metadata:" ISSUER), ABSENT);
    expect_fetch(&script, OPENID, 200, JSON, SPAN(DOCUMENT));
    CHECK_INT(script_run(&script, discover), OK);
    CHECK_SPAN(server.token_endpoint, SPAN("https://by.hand.example/t"));
    CHECK_SPAN(server.authorization_endpoint, SPAN(ISSUER "/authorize"));
}

static void profiles(void)
{
    struct profile list[] = {{.id = SPAN("a")}, {.id = SPAN("b")}};
    const struct gateway two = {.profiles = list, .profile_count = 2};
    CHECK(downstream_profile(&two, SPAN("b")) == &list[1]);
    CHECK(downstream_profile(&two, SPAN("c")) == NULL);
    CHECK(downstream_profile(&two, SPAN("A")) == NULL);
    CHECK(downstream_profile(&two, ABSENT) == NULL);
}

/* ---- the authorization request (N09, N10) ---- */

static enum result nothing(struct cx *cx)
{
    (void)cx;
    return OK;
}

static void binding(void)
{
    start();
    CHECK_INT(script_run(&script, nothing), OK);
    struct cx *cx = &script.cx;
    struct span id = SPAN("0123456789abcdef");
    struct downstream_binding one = downstream_bind(cx, id, SPAN("cookie"), false);
    struct downstream_binding same = downstream_bind(cx, id, SPAN("cookie"), false);
    const struct downstream_binding others[] = {
        downstream_bind(cx, SPAN("0123456789abcdeF"), SPAN("cookie"), false),
        downstream_bind(cx, id, SPAN("Cookie"), false),
        downstream_bind(cx, id, SPAN(""), false),
        downstream_bind(cx, SPAN("0123456789abcdefc"), SPAN("ookie"), false),
        downstream_bind(cx, id, SPAN("cookie"), true),
    };
    CHECK_INT(pkce_verifier_check(one.verifier), OK);
    CHECK_SPAN(one.verifier, same.verifier);
    CHECK_SPAN(one.nonce, same.nonce);
    CHECK(!span_equal(one.verifier, one.nonce));
    for (size_t i = 0; i < COUNT(others); i++) {
        CHECK(!span_equal(one.verifier, others[i].verifier));
        CHECK(!span_equal(one.nonce, others[i].nonce));
    }
}

static void authorize_url(void)
{
    start();
    CHECK_INT(script_run(&script, nothing), OK);
    struct cx *cx = &script.cx;
    /* The verifier and challenge of RFC 7636 appendix B. */
    const struct downstream_binding bound = {SPAN("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                                             SPAN("n-0S6_WzA2Mj")};
    struct downstream to = {.profile = &profile,
                            .authorization_endpoint = SPAN(ISSUER "/authorize")};
    CHECK_SPAN(downstream_authorize_url(cx, &to, SPAN("s t&ate"), &bound),
               SPAN(ISSUER "/authorize?response_type=code&client_id=latchkey"
                           "&redirect_uri=https%3A%2F%2Fgateway.example%2Fcallback%2Ftodo"
                           "&scope=openid%20todos%3Aread&state=s%20t%26ate"
                           "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
                           "&code_challenge_method=S256&nonce=n-0S6_WzA2Mj"));

    struct header parameters[] = {{SPAN("prompt"), SPAN("select_account")},
                                  {SPAN("hd"), SPAN("a&b=c")}};
    profile.scopes = SPAN("todos:read openid2"); /* no nonce without openid */
    profile.resource = SPAN("https://api.todo.example/v1");
    profile.parameters = parameters;
    profile.parameter_count = 2;
    to.authorization_endpoint = SPAN(ISSUER "/authorize?tenant=7"); /* its query stays */
    CHECK_SPAN(downstream_authorize_url(cx, &to, SPAN("s"), &bound),
               SPAN(ISSUER "/authorize?tenant=7&response_type=code&client_id=latchkey"
                           "&redirect_uri=https%3A%2F%2Fgateway.example%2Fcallback%2Ftodo"
                           "&scope=todos%3Aread%20openid2&state=s"
                           "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
                           "&code_challenge_method=S256"
                           "&resource=https%3A%2F%2Fapi.todo.example%2Fv1"
                           "&prompt=select_account&hd=a%26b%3Dc"));
}

/* ---- the answer (N08, S22, S23, S26) ---- */

#define ISS "iss=https%3A%2F%2Flogin.example"

static const struct {
    const char *why;
    const char *query;
    bool sends_iss;
    enum result want;
} READS[] = {
    {"a code", "code=c0de&state=s", false, OK},
    {"a code and iss", "code=c0de&state=s&" ISS, true, OK},
    {"iss though it is not announced", "code=c0de&" ISS, false, OK},
    {"what is unknown is ignored", "code=c0de&session_state=x&code%5B%5D=evil", false, OK},
    {"iss is missing", "code=c0de&state=s", true, UNVERIFIABLE},
    {"iss is empty", "code=c0de&iss=", true, UNVERIFIABLE},
    {"iss is empty and was not announced", "code=c0de&iss=", false, UNVERIFIABLE},
    {"another issuer", "code=c0de&iss=https%3A%2F%2Fevil.example", true, UNVERIFIABLE},
    {"another issuer, not announced", "code=c0de&iss=https%3A%2F%2Fevil.example", false,
     UNVERIFIABLE},
    {"iss with a slash", "code=c0de&" ISS "%2F", true, UNVERIFIABLE},
    {"iss in another case", "code=c0de&iss=https%3A%2F%2FLOGIN.example", true, UNVERIFIABLE},
    {"iss encoded twice", "code=c0de&iss=https%253A%252F%252Flogin.example", true, UNVERIFIABLE},
    {"an error of another issuer", "error=access_denied&iss=https%3A%2F%2Fevil.example", false,
     UNVERIFIABLE},
    {"an error without iss", "error=access_denied", true, UNVERIFIABLE},
    {"two codes", "code=c0de&code=c0de", false, INVALID_REQUEST},
    {"two states", "code=c0de&state=a&state=b", false, INVALID_REQUEST},
    {"two issuers", "code=c0de&" ISS "&" ISS, true, INVALID_REQUEST},
    {"two errors", "error=access_denied&error=server_error", false, INVALID_REQUEST},
    {"something else twice", "code=c0de&x=1&x=2", false, INVALID_REQUEST},
    {"code and error", "code=c0de&error=access_denied", false, INVALID_REQUEST},
    {"nothing", "", false, INVALID_REQUEST},
    {"an empty code", "code=&state=s", false, INVALID_REQUEST},
    {"a code in an array", "code%5B%5D=c0de", false, INVALID_REQUEST},
    {"a code with a line feed", "code=c0%0Ade", false, INVALID_REQUEST},
    {"a code that is no ASCII", "code=c%C3%B6de", false, INVALID_REQUEST},
    {"denied", "error=access_denied&error_description=<script>", false, ACCESS_DENIED},
    {"denied, iss in order", "error=access_denied&" ISS, true, ACCESS_DENIED},
    {"no silent sign-in", "error=login_required", false, ACCESS_DENIED},
    {"no silent consent", "error=consent_required", false, ACCESS_DENIED},
    {"no silent anything", "error=interaction_required", false, ACCESS_DENIED},
    {"no silent choice", "error=account_selection_required", false, ACCESS_DENIED},
    {"down", "error=temporarily_unavailable", false, TEMPORARILY_UNAVAILABLE},
    {"broken", "error=server_error", false, TEMPORARILY_UNAVAILABLE},
    {"our request", "error=invalid_scope", false, SERVER_ERROR},
    {"anything", "error=%22%3E%3Cscript%3E", false, SERVER_ERROR},
};

static struct form query;
static struct span code;

static enum result read_answer(struct cx *cx)
{
    return downstream_read_answer(cx, &server, &query, &code);
}

static void answers(void)
{
    for (size_t i = 0; i < COUNT(READS); i++) {
        check_row(READS[i].why);
        start();
        server = (struct downstream){.profile = &profile, .sends_iss = READS[i].sends_iss};
        code = ABSENT;
        CHECK_INT(form_parse(&script.arena, span_of(READS[i].query), &query), OK);
        CHECK_INT(script_run(&script, read_answer), READS[i].want);
        CHECK_SPAN(code, READS[i].want == OK ? SPAN("c0de") : ABSENT);
        /* Nothing of what came through the browser is told on. */
        CHECK(!span_contains(script.cx.error_description, SPAN("script")));
        CHECK(READS[i].want == OK || span_present(script.cx.error_description));
    }
    check_row(NULL);
}

/* The longest code that is taken, and one more. */
static void code_sizes(void)
{
    for (size_t size = 4096; size <= 4097; size++) {
        start();
        server = (struct downstream){.profile = &profile};
        struct builder b = builder_make(&script.arena, 8 + size);
        build_span(&b, SPAN("code="));
        for (size_t i = 0; i < size; i++)
            build_byte(&b, 'c');
        CHECK_INT(form_parse(&script.arena, built(&b), &query), OK);
        CHECK_INT(script_run(&script, read_answer), size == 4096 ? OK : INVALID_REQUEST);
    }
}

int main(void)
{
    documents();
    everything_is_read();
    every_truncation();
    copies();
    well_known_urls();
    issuer_paths();
    development();
    endpoints_by_hand();
    profiles();
    binding();
    authorize_url();
    answers();
    code_sizes();
    return check_done();
}
