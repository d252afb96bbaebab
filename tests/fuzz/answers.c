#include "broker/downstream.h"
#include "run.h"

/* What a token endpoint answers, to a code and to a refresh. */

static struct downstream server_of(const struct profile *profile)
{
    return (struct downstream){
        .profile = profile,
        .token_endpoint = SPAN("https://login.product.dev/token"),
        .userinfo_endpoint = SPAN("https://login.product.dev/me"),
        .revocation_endpoint = SPAN("https://login.product.dev/revoke"),
    };
}

/* It stands in a header of a call, or in a form: it ends neither. */
static void check_token(struct span token)
{
    MUST(token.size > 0 && http_is_field_value(token) && span_find(token, ' ') == token.size);
}

static void check_tokens(const struct cx *cx, const struct downstream_tokens *tokens)
{
    check_token(tokens->access_token);
    if (span_present(tokens->refresh_token))
        check_token(tokens->refresh_token);
    MUST(tokens->expires == 0 || tokens->expires >= cx->now);
}

static void check_refresh(struct arena *a, const struct downstream *server, struct span answer)
{
    const struct downstream_identity expected = {.issuer = server->profile->issuer,
                                                 .subject = SPAN("alice")};
    struct downstream_tokens tokens = {.access_token = SPAN("old"), .refresh_token = SPAN("kept")};
    struct cx cx = run_make(a, answer);
    enum result result = downstream_refresh(&cx, server, &expected, &tokens);
    MUST(result == OK || result == INVALID_GRANT || result == TEMPORARILY_UNAVAILABLE);
    MUST(span_present(tokens.refresh_token));
    if (result == OK)
        check_tokens(&cx, &tokens);
    else
        MUST(span_equal(tokens.access_token, SPAN("old")));
}

/* The userinfo endpoint answers with the same: whoever it names is the one. */
static void check_exchange(struct arena *a, const struct downstream *server, struct span answer)
{
    const struct downstream_binding binding = {SPAN("verifier"), SPAN("nonce")};
    struct downstream_tokens tokens;
    struct downstream_identity who;
    struct cx cx = run_make(a, JOIN(a, answer, answer));
    enum result result = downstream_exchange(&cx, server, SPAN("code"), &binding, &tokens, &who);
    if (result != OK)
        return;
    check_tokens(&cx, &tokens);
    MUST(who.subject.size > 0 && span_equal(who.issuer, server->profile->issuer));
    MUST(cx.deferred_count == 0);
}

/* The status and the type of an answer in the first line, then its body. */
void fuzz(struct arena *a, struct span input)
{
    struct downstream server = server_of(downstream_profile(run_gateway(), SPAN("product")));
    struct span answer = answer_from(a, &input);
    check_refresh(a, &server, answer);
    check_exchange(a, &server, answer);
}
