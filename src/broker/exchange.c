#include "broker/downstream.h"

#include "broker/backchannel.h"
#include "broker/claims.h"
#include "oauth/error.h"

enum { TOKEN_MAX_SIZE = 16384 };

struct answer {
    struct downstream_tokens tokens;
    struct span id_token; /* ABSENT without */
};

/* ---- the token endpoint's answer ---- */

/* It will stand in a header or in a form: no space, nothing that could end either. */
static bool is_token(struct span text)
{
    return text.size > 0 && text.size <= TOKEN_MAX_SIZE && http_is_field_value(text) &&
           span_find(text, ' ') == text.size && span_find(text, '\t') == text.size;
}

/* An optional token: null is as good as nothing. false: it is there and is none. */
static bool take_token(const struct json *said, struct span name, struct span *token)
{
    const struct json *node = json_member(said, name);
    if (node == NULL || json_is_null(node))
        return true;
    *token = json_text(node);
    return is_token(*token);
}

/* Seconds from now on, or the time 0 when nothing is said. Some servers write it as a string. */
static bool take_expiry(const struct cx *cx, const struct json *said, uint64_t *expires)
{
    const struct json *node = json_member(said, SPAN("expires_in"));
    uint64_t seconds;
    *expires = 0;
    if (node == NULL || json_is_null(node))
        return true;
    enum result read =
        json_is_string(node) ? span_u64(json_text(node), &seconds) : json_u64(node, &seconds);
    if (read != OK || seconds > UINT32_MAX)
        return false;
    *expires = seconds > 0 ? cx->now + seconds : 0; /* some say 0 and mean that they do not say */
    return true;
}

/* RFC 6749 section 5.1. What is wrong, or NULL. */
static const char *read_answer(const struct cx *cx, const struct json *said, struct answer *answer)
{
    struct downstream_tokens *tokens = &answer->tokens;
    *answer = (struct answer){.tokens.obtained = cx->now};
    /* Section 7.1: "The client MUST NOT use an access token if it does not understand the token
     * type." */
    if (!span_equal_nocase(json_member_text(said, SPAN("token_type")), SPAN("bearer")))
        return "downstream_token_type";
    if (!take_token(said, SPAN("access_token"), &tokens->access_token) ||
        !span_present(tokens->access_token) ||
        !take_token(said, SPAN("refresh_token"), &tokens->refresh_token) ||
        !take_token(said, SPAN("id_token"), &answer->id_token))
        return "downstream_token_malformed";
    return take_expiry(cx, said, &tokens->expires) ? NULL : "downstream_token_expiry";
}

/*
 * RFC 6749 section 5.2: "invalid_grant: The provided authorization grant [...] or refresh token is
 * invalid, expired, revoked". The others are OpenID Connect's (Core section 3.1.2.6) for a user who
 * has to act first, and some servers say them here too.
 */
static const char *const GRANT_IS_OVER[] = {"invalid_grant", "interaction_required",
                                            "login_required", "consent_required"};

/*
 * There are no tokens in it, and why. said: NULL if it is no JSON object. Only the server itself
 * can say that a grant is over, and some say so with 200: a firewall's page, a deployment's 404 or
 * a complaint about our own registration or request says nothing about the grant.
 */
static enum result refuse_answer(struct cx *cx, uint32_t status, const struct json *said)
{
    struct span error = json_member_text(said, SPAN("error"));
    if (http_is_transient(status) || span_equal(error, SPAN("temporarily_unavailable")))
        return backchannel_unavailable(cx, "downstream_unavailable");
    for (size_t i = 0; i < sizeof GRANT_IS_OVER / sizeof *GRANT_IS_OVER; i++)
        if (span_equal(error, span_of(GRANT_IS_OVER[i])))
            return refuse(cx, INVALID_GRANT, "downstream_grant_refused",
                          "The product's authorization server does not accept the grant any more.");
    if (span_equal(error, SPAN("invalid_client")) || span_equal(error, SPAN("unauthorized_client")))
        return backchannel_unavailable(cx, "downstream_client_refused");
    return backchannel_unavailable(cx, error.size > 0 ? "downstream_request_refused"
                                                      : "downstream_answer_malformed");
}

static enum result ask(struct cx *cx, const struct downstream *server, const struct form *form,
                       struct answer *answer)
{
    struct fetched got;
    enum result result = backchannel_post(cx, server, server->token_endpoint, form, &got);
    if (result == PENDING)
        return PENDING;
    if (result != OK)
        return backchannel_unavailable(cx, "downstream_unreachable");
    const struct json *said = NULL;
    bool is_object = backchannel_object(cx, &got, &said) == OK;
    if (got.status != 200 || !is_object || json_member(said, SPAN("error")) != NULL)
        return refuse_answer(cx, got.status, said);
    const char *problem = read_answer(cx, said, answer);
    return problem == NULL ? OK : backchannel_unavailable(cx, problem);
}

/* ---- what is asked ---- */

enum result downstream_exchange(struct cx *cx, const struct downstream *server, struct span code,
                                const struct downstream_binding *binding,
                                struct downstream_tokens *tokens,
                                struct downstream_identity *identity)
{
    struct form_parameter list[] = {
        {SPAN("grant_type"), SPAN("authorization_code")},
        {SPAN("code"), code},
        {SPAN("redirect_uri"), server->profile->redirect_uri},
        {SPAN("code_verifier"), binding->verifier},
        {SPAN("resource"), server->profile->resource},
    };
    struct form form = {list, sizeof list / sizeof *list};
    struct answer answer;
    TRY(ask(cx, server, &form, &answer));
    enum result told = claims_identify(cx, server, answer.id_token, answer.tokens.access_token,
                                       binding->nonce, identity);
    if (told == OK)
        *tokens = answer.tokens;
    else if (told != PENDING)
        downstream_revoke_later(cx, server, &answer.tokens); /* nobody else knows of them */
    return told;
}

enum result downstream_refresh(struct cx *cx, const struct downstream *server,
                               const struct downstream_identity *expected,
                               struct downstream_tokens *tokens)
{
    if (!span_equal(expected->issuer, server->profile->issuer))
        return refuse(cx, INVALID_GRANT, "downstream_moved",
                      "The product has another authorization server now. Sign in again.");
    if (!span_present(tokens->refresh_token))
        return refuse(cx, INVALID_GRANT, "downstream_not_refreshable",
                      "The product's authorization server gave no refresh token.");
    struct form_parameter list[] = {
        {SPAN("grant_type"), SPAN("refresh_token")},
        {SPAN("refresh_token"), tokens->refresh_token},
        {SPAN("resource"), server->profile->resource},
    };
    struct form form = {list, sizeof list / sizeof *list};
    struct answer answer;
    TRY(ask(cx, server, &form, &answer));
    if (span_present(answer.id_token) &&
        claims_confirm(cx, server, answer.id_token, expected) != OK) {
        downstream_revoke_later(cx, server, &answer.tokens);
        return INVALID_GRANT; /* with claims_confirm's reason */
    }
    /* RFC 6749 section 6: "The authorization server MAY issue a new refresh token". */
    if (!span_present(answer.tokens.refresh_token))
        answer.tokens.refresh_token = tokens->refresh_token;
    *tokens = answer.tokens;
    return OK;
}

static void revoke_later(struct cx *cx, const struct downstream *server, struct span token,
                         struct span hint)
{
    struct form_parameter list[] = {{SPAN("token"), token}, {SPAN("token_type_hint"), hint}};
    struct form form = {list, sizeof list / sizeof *list};
    if (span_present(token))
        backchannel_post_later(cx, server, server->revocation_endpoint, &form);
}

void downstream_revoke_later(struct cx *cx, const struct downstream *server,
                             const struct downstream_tokens *tokens)
{
    if (!span_present(server->revocation_endpoint))
        return;
    revoke_later(cx, server, tokens->refresh_token, SPAN("refresh_token"));
    revoke_later(cx, server, tokens->access_token, SPAN("access_token"));
}
