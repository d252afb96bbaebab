#include "oauth/error.h"

#include "check.h"

static uint8_t memory[262144];
static struct arena arena;

static void exhausted(void)
{
    __builtin_trap();
}

static struct cx fresh(bool with_credentials)
{
    struct cx cx = {.arena = &arena};
    struct header *authorization = ARENA_NEW(&arena, struct header);
    *authorization = (struct header){SPAN("authorization"), SPAN("Bearer x")};
    if (with_credentials)
        cx.request.headers = (struct headers){authorization, 1};
    return cx;
}

static struct span header_of(const struct cx *cx, const char *name)
{
    for (size_t i = 0; i < cx->response.header_count; i++)
        if (span_equal(cx->response.headers[i].name, span_of(name)))
            return cx->response.headers[i].value;
    return ABSENT;
}

static const struct {
    enum result result;
    const char *code;
    uint32_t status;
} WIRE[] = {
    {NOT_FOUND, "not_found", 404},
    {HOST_FAILED, "temporarily_unavailable", 503},
    {CONFLICT, "temporarily_unavailable", 503},
    {MALFORMED, "invalid_request", 400},
    {TOO_LARGE, "invalid_request", 413},
    {UNVERIFIABLE, "invalid_request", 400},
    {INVALID_REQUEST, "invalid_request", 400},
    {INVALID_CLIENT, "invalid_client", 401},
    {INVALID_GRANT, "invalid_grant", 400},
    {UNSUPPORTED_GRANT_TYPE, "unsupported_grant_type", 400},
    {UNSUPPORTED_RESPONSE_TYPE, "unsupported_response_type", 400},
    {INVALID_SCOPE, "invalid_scope", 400},
    {INVALID_TARGET, "invalid_target", 400},
    {ACCESS_DENIED, "access_denied", 403},
    {SERVER_ERROR, "server_error", 500},
    {TEMPORARILY_UNAVAILABLE, "temporarily_unavailable", 503},
    {INVALID_REDIRECT_URI, "invalid_redirect_uri", 400},
    {INVALID_CLIENT_METADATA, "invalid_client_metadata", 400},
    {INVALID_TOKEN, "invalid_token", 401},
    {INSUFFICIENT_SCOPE, "insufficient_scope", 403},
    {UNKNOWN_PATH, "not_found", 404},
    {METHOD_NOT_ALLOWED, "method_not_allowed", 405},
    {UNSUPPORTED_MEDIA_TYPE, "invalid_request", 415},
    {FORBIDDEN_ORIGIN, "forbidden_origin", 403},
    {TOO_MANY_REQUESTS, "too_many_requests", 429},
    {MISDIRECTED, "misdirected_request", 421},
    {BAD_GATEWAY, "bad_gateway", 502},
    {OK, "server_error", 500},
    {PENDING, "server_error", 500},
    {RESULT_COUNT, "server_error", 500},
};

static void test_wire(void)
{
    check_row("every result has a row");
    CHECK_INT(COUNT(WIRE), RESULT_COUNT + 1);
    for (size_t i = 0; i < COUNT(WIRE); i++) {
        struct cx cx = fresh(false);
        check_row(WIRE[i].code);
        CHECK_SPAN(error_code(WIRE[i].result), span_of(WIRE[i].code));
        CHECK_INT(error_status(WIRE[i].result), WIRE[i].status);
        struct span text = error_description(&cx, WIRE[i].result);
        CHECK(text.size > 0);
        CHECK_SPAN(http_quotable(&arena, text), text);
    }
}

/* A16: the description stays inside RFC 6749's characters, whatever it quotes. */
static void test_refuse(void)
{
    struct cx cx = fresh(false);
    check_row("the description that was given");
    CHECK_INT(refuse(&cx, INVALID_GRANT, "code_expired", "The code is old."), INVALID_GRANT);
    CHECK_SPAN(cx.error_reason, SPAN("code_expired"));
    CHECK_SPAN(error_description(&cx, INVALID_GRANT), SPAN("The code is old."));
    check_row("characters that a quoted-string cannot hold");
    CHECK_INT(refuse_with(&cx, INVALID_SCOPE, "scope_unknown",
                          SPAN("no \"x\"\\ \r\nSet-Cookie: a=b \xc3\xa9")),
              INVALID_SCOPE);
    CHECK_SPAN(error_description(&cx, INVALID_SCOPE), SPAN("no ?x?? ??Set-Cookie: a=b ??"));
}

static void test_respond_error(void)
{
    struct cx cx = fresh(false);
    check_row("the whole answer");
    CHECK_INT(refuse(&cx, INVALID_GRANT, "code_expired", "The code is old."), INVALID_GRANT);
    respond_error(&cx, INVALID_GRANT);
    CHECK_INT(cx.response.status, 400);
    CHECK_SPAN(header_of(&cx, "content-type"), SPAN("application/json"));
    CHECK_SPAN(header_of(&cx, "cache-control"), SPAN("no-store"));
    CHECK_SPAN(header_of(&cx, "retry-after"), ABSENT);
    CHECK_SPAN(header_of(&cx, "www-authenticate"), ABSENT);
    CHECK_SPAN(cx.response.body, SPAN("{\"error\":\"invalid_grant\","
                                      "\"error_description\":\"The code is old.\"}"));

    check_row("try again");
    cx = fresh(false);
    respond_error(&cx, TEMPORARILY_UNAVAILABLE);
    CHECK_SPAN(header_of(&cx, "retry-after"), SPAN("1"));
    cx = fresh(false);
    respond_error(&cx, TOO_MANY_REQUESTS);
    CHECK_SPAN(header_of(&cx, "retry-after"), SPAN("1"));

    check_row("C03: a challenge only if the header was used");
    cx = fresh(false);
    respond_error(&cx, INVALID_CLIENT);
    CHECK_INT(cx.response.status, 401);
    CHECK_SPAN(header_of(&cx, "www-authenticate"), ABSENT);
    cx = fresh(true);
    respond_error(&cx, INVALID_CLIENT);
    CHECK_SPAN(header_of(&cx, "www-authenticate"), SPAN("Basic realm=\"latchkey\""));
    cx = fresh(true);
    respond_error(&cx, INVALID_GRANT);
    CHECK_SPAN(header_of(&cx, "www-authenticate"), ABSENT);
}

#define METADATA "https://a.example/.well-known/oauth-protected-resource/mcp/todo"

static const struct {
    const char *why;
    enum result result;
    bool with_credentials;
    const char *scope; /* NULL: ABSENT */
    uint32_t status;
    const char *challenge; /* NULL: none */
} CHALLENGES[] = {
    {"H08: no credentials, a bare challenge", INVALID_TOKEN, false, "a b", 401,
     "Bearer scope=\"a b\", resource_metadata=\"" METADATA "\""},
    {"whatever the result is called", INVALID_REQUEST, false, NULL, 401,
     "Bearer resource_metadata=\"" METADATA "\""},
    {"H08: a bad token", INVALID_TOKEN, true, "a", 401,
     "Bearer error=\"invalid_token\", error_description=\"Say \?more\?.\", scope=\"a\", "
     "resource_metadata=\"" METADATA "\""},
    {"H08: too little scope", INSUFFICIENT_SCOPE, true, "a b", 403,
     "Bearer error=\"insufficient_scope\", error_description=\"Say \?more\?.\", scope=\"a b\", "
     "resource_metadata=\"" METADATA "\""},
    {"malformed credentials", INVALID_REQUEST, true, NULL, 400,
     "Bearer error=\"invalid_request\", error_description=\"Say \?more\?.\", "
     "resource_metadata=\"" METADATA "\""},
    {"H10: nothing breaks out of the quotes", INVALID_TOKEN, false, "a\", error=\"x\r\n", 401,
     "Bearer scope=\"a\?, error=\?x\?\?\", resource_metadata=\"" METADATA "\""},
    {"an outage is no challenge", TEMPORARILY_UNAVAILABLE, true, "a", 503, NULL},
    {"nor is a foreign origin", FORBIDDEN_ORIGIN, false, "a", 403, NULL},
};

static void test_challenge(void)
{
    for (size_t i = 0; i < COUNT(CHALLENGES); i++) {
        struct cx cx = fresh(CHALLENGES[i].with_credentials);
        const char *scope = CHALLENGES[i].scope;
        const char *want = CHALLENGES[i].challenge;
        check_row(CHALLENGES[i].why);
        CHECK(refuse(&cx, CHALLENGES[i].result, "why", "Say \"more\".") != OK);
        respond_challenge(&cx, CHALLENGES[i].result, SPAN(METADATA),
                          scope == NULL ? ABSENT : span_of(scope));
        CHECK_INT(cx.response.status, CHALLENGES[i].status);
        CHECK_SPAN(header_of(&cx, "www-authenticate"), want == NULL ? ABSENT : span_of(want));
        CHECK_SPAN(header_of(&cx, "content-type"), SPAN("application/json"));
    }
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, exhausted);
    test_wire();
    test_refuse();
    test_respond_error();
    test_challenge();
    return check_done();
}
