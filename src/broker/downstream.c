#include "broker/downstream.h"

#include "base/base64.h"
#include "broker/backchannel.h"
#include "oauth/copy.h"
#include "oauth/error.h"
#include "oauth/pkce.h"
#include "text/url.h"

enum { CODE_MAX_SIZE = 4096, AUTHORIZE_PARAMETERS = 9 };

const struct profile *downstream_profile(const struct gateway *gateway, struct span id)
{
    for (size_t i = 0; i < gateway->profile_count; i++)
        if (span_equal(gateway->profiles[i].id, id))
            return &gateway->profiles[i];
    return NULL;
}

bool downstream_is_openid(const struct profile *profile)
{
    return span_has_word(profile->scopes, SPAN("openid"));
}

/* ---- discovery ---- */

/*
 * RFC 8414 section 2: endpoints are URLs of "https"; RFC 6749 section 3.1: "The endpoint URI MUST
 * NOT include a fragment component." Another host than the issuer's is legal, and common.
 */
static bool is_endpoint(const struct gateway *gateway, struct span text)
{
    struct url url;
    if (url_parse(text, &url) != OK || url.has_userinfo || span_present(url.fragment))
        return false;
    return url_is_https(&url) ||
           (gateway->development && url_is_http(&url) && url_is_loopback(&url));
}

/* What was given by hand stays. false: the document names an endpoint that is none. */
static bool take_endpoint(const struct gateway *gateway, const struct json *metadata,
                          struct span name, struct span *endpoint)
{
    struct span said = json_member_text(metadata, name);
    if (span_present(*endpoint) || !span_present(said))
        return true;
    *endpoint = said;
    return is_endpoint(gateway, said);
}

/* Reads the document into server; what is wrong with it, or NULL. */
static const char *read_metadata(struct cx *cx, struct span text, struct downstream *server)
{
    const struct gateway *gateway = cx->gateway;
    const struct json *root;
    if (json_parse(cx->arena, text, &root) != OK || !json_is_object(root))
        return "downstream_metadata_malformed";
    /*
     * RFC 8414 section 3.3: "The "issuer" value returned MUST be identical to the authorization
     * server's issuer identifier value into which the well-known URI string was inserted [...]. If
     * these values are not identical, the data contained in the response MUST NOT be used."
     */
    if (!span_equal(json_member_text(root, SPAN("issuer")), server->profile->issuer))
        return "downstream_issuer_mismatch";
    if (!take_endpoint(gateway, root, SPAN("authorization_endpoint"),
                       &server->authorization_endpoint) ||
        !take_endpoint(gateway, root, SPAN("token_endpoint"), &server->token_endpoint) ||
        !take_endpoint(gateway, root, SPAN("userinfo_endpoint"), &server->userinfo_endpoint) ||
        !take_endpoint(gateway, root, SPAN("introspection_endpoint"),
                       &server->introspection_endpoint) ||
        !take_endpoint(gateway, root, SPAN("revocation_endpoint"), &server->revocation_endpoint) ||
        !take_endpoint(gateway, root, SPAN("jwks_uri"), &server->jwks_uri))
        return "downstream_endpoint_refused";
    if (!span_present(server->authorization_endpoint) || !span_present(server->token_endpoint))
        return "downstream_endpoint_missing";
    /* RFC 9207 section 3. */
    if (json_bool(json_member(root, SPAN("authorization_response_iss_parameter_supported")), false,
                  &server->sends_iss) != OK)
        return "downstream_metadata_malformed";
    return NULL;
}

/*
 * OpenID Connect Discovery section 4: the well-known string is appended to the issuer. RFC 8414
 * section 3.1: it is inserted between host and path. Both remove a terminating "/" first.
 */
static enum result well_known_urls(struct arena *a, struct span issuer, struct span urls[2])
{
    struct url url;
    TRY(url_parse(issuer, &url));
    struct span path = url.path;
    if (span_ends(path, SPAN("/")))
        path.size--;
    struct span origin = span_first(issuer, issuer.size - url.path.size);
    urls[0] = JOIN(a, origin, path, SPAN("/.well-known/openid-configuration"));
    urls[1] = JOIN(a, origin, SPAN("/.well-known/oauth-authorization-server"), path);
    return OK;
}

/* The first of the two documents that is there. */
static enum result fetch_metadata(struct cx *cx, struct span issuer, struct span *text)
{
    struct span urls[2];
    if (well_known_urls(cx->arena, issuer, urls) != OK)
        return backchannel_unavailable(cx, "downstream_issuer_malformed");
    for (size_t i = 0; i < 2; i++) {
        struct fetched got;
        enum result result = backchannel_get(cx, urls[i], ABSENT, &got);
        if (result == PENDING)
            return PENDING;
        /* A server in trouble does not mean that it has no such document. */
        if (result != OK || http_is_transient(got.status))
            break;
        if (got.status == 200 && backchannel_is_json(&got)) {
            *text = got.body;
            return OK;
        }
    }
    return backchannel_unavailable(cx, "downstream_metadata_unavailable");
}

static struct downstream server_by_hand(const struct profile *profile)
{
    return (struct downstream){
        .profile = profile,
        .authorization_endpoint = profile->authorization_endpoint,
        .token_endpoint = profile->token_endpoint,
        .userinfo_endpoint = profile->userinfo_endpoint,
        .introspection_endpoint = profile->introspection_endpoint,
        .revocation_endpoint = profile->revocation_endpoint,
        .jwks_uri = profile->jwks_uri,
    };
}

enum result downstream_discover(struct cx *cx, const struct profile *profile,
                                struct downstream *server)
{
    struct downstream read = server_by_hand(profile);
    if (span_present(read.authorization_endpoint) && span_present(read.token_endpoint)) {
        *server = read;
        return OK;
    }
    struct span key = JOIN(cx->arena, SPAN("metadata:"), profile->issuer);
    struct span text;
    enum result copied = kv_get(cx, key, COPY_CACHE_MS, &text);
    if (copied == PENDING)
        return PENDING;
    if (copied != OK || read_metadata(cx, text, &read) != NULL) {
        read = server_by_hand(profile);
        TRY(fetch_metadata(cx, profile->issuer, &text));
        const char *problem = read_metadata(cx, text, &read);
        if (problem != NULL)
            return backchannel_unavailable(cx, problem);
        kv_put_later(cx, key, text, METADATA_CACHE_SECONDS);
    }
    *server = read;
    return OK;
}

/* ---- the authorization request ---- */

/* 43 characters that only this browser's cookie and this grant's id lead to. */
static struct span bound(struct cx *cx, struct span use, struct span grant_id, struct span cookie,
                         bool previous_root)
{
    struct key key;
    struct span parts[] = {use, grant_id, cookie};
    derive(&cx->gateway->keys, FOR_BROWSER, previous_root, 3, parts, &key);
    return base64url_encode(cx->arena, key_span(&key));
}

struct downstream_binding downstream_bind(struct cx *cx, struct span grant_id, struct span cookie,
                                          bool previous_root)
{
    return (struct downstream_binding){
        .verifier = bound(cx, SPAN("verifier"), grant_id, cookie, previous_root),
        .nonce = bound(cx, SPAN("nonce"), grant_id, cookie, previous_root),
    };
}

struct span downstream_authorize_url(struct cx *cx, const struct downstream *server,
                                     struct span state, const struct downstream_binding *binding)
{
    const struct profile *p = server->profile;
    const struct form_parameter ours[AUTHORIZE_PARAMETERS] = {
        {SPAN("response_type"), SPAN("code")},
        {SPAN("client_id"), p->client_id},
        {SPAN("redirect_uri"), p->redirect_uri},
        {SPAN("scope"), p->scopes},
        {SPAN("state"), state},
        {SPAN("code_challenge"), pkce_challenge_of(cx->arena, binding->verifier)},
        {SPAN("code_challenge_method"), SPAN("S256")},
        {SPAN("nonce"), downstream_is_openid(p) ? binding->nonce : ABSENT},
        {SPAN("resource"), p->resource},
    };
    size_t max = AUTHORIZE_PARAMETERS + p->parameter_count;
    struct form form = {ARENA_ARRAY(cx->arena, max, struct form_parameter), 0};
    for (size_t i = 0; i < AUTHORIZE_PARAMETERS; i++)
        form.parameters[form.count++] = ours[i];
    for (size_t i = 0; i < p->parameter_count; i++)
        form.parameters[form.count++] =
            (struct form_parameter){p->parameters[i].name, p->parameters[i].value};
    return url_with_query(cx->arena, server->authorization_endpoint, form_write(cx->arena, &form));
}

/* ---- the answer ---- */

static const char DENIED[] = "The sign-in at the product was cancelled or refused.";
static const char FAILED[] = "The product's authorization server failed. Try again in a minute.";

/*
 * RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6. Only what stands here is passed
 * on: the answer came through the browser, so its error_description may be anybody's.
 */
static const struct {
    const char *error;
    enum result result;
    const char *reason;
    const char *description;
} ERRORS[] = {
    {"access_denied", ACCESS_DENIED, "downstream_access_denied", DENIED},
    {"login_required", ACCESS_DENIED, "downstream_login_required", DENIED},
    {"consent_required", ACCESS_DENIED, "downstream_consent_required", DENIED},
    {"interaction_required", ACCESS_DENIED, "downstream_interaction_required", DENIED},
    {"account_selection_required", ACCESS_DENIED, "downstream_account_selection_required", DENIED},
    {"server_error", TEMPORARILY_UNAVAILABLE, "downstream_server_error", FAILED},
    {"temporarily_unavailable", TEMPORARILY_UNAVAILABLE, "downstream_unavailable", FAILED},
};

static enum result refuse_error(struct cx *cx, struct span error)
{
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++)
        if (span_equal(error, span_of(ERRORS[i].error)))
            return refuse(cx, ERRORS[i].result, ERRORS[i].reason, ERRORS[i].description);
    /* invalid_request, invalid_scope, unauthorized_client, ...: no user can mend these. */
    return refuse(cx, SERVER_ERROR, "downstream_request_refused",
                  "The product's authorization server does not accept this gateway's request. "
                  "Its operator has to look at the configuration.");
}

enum result downstream_read_answer(struct cx *cx, const struct downstream *server,
                                   const struct form *query, struct span *code)
{
    /* RFC 6749 section 3.1: "Request and response parameters MUST NOT be included more than
     * once." */
    if (span_present(form_repeated(query, ABSENT)))
        return refuse(cx, INVALID_REQUEST, "downstream_answer_repeats",
                      "The authorization server's answer has a parameter more than once.");
    /*
     * RFC 9207 section 2.4: "Clients MUST then [...] compare the result to the issuer identifier of
     * the authorization server where the authorization request was sent to. This comparison MUST
     * use simple string comparison"; "Clients MUST reject authorization responses without the iss
     * parameter from authorization servers that do support the parameter". Errors are no exception.
     */
    bool says_iss = form_count(query, SPAN("iss")) > 0;
    if (says_iss ? !span_equal(form_get(query, SPAN("iss")), server->profile->issuer)
                 : server->sends_iss)
        return refuse(cx, UNVERIFIABLE, "downstream_iss_mismatch",
                      "The answer does not come from the authorization server that was asked.");
    struct span error = form_get(query, SPAN("error"));
    struct span given = form_get(query, SPAN("code"));
    if (span_present(error) && !span_present(given))
        return refuse_error(cx, error);
    if (span_present(error) || given.size == 0 || given.size > CODE_MAX_SIZE ||
        !http_is_field_value(given))
        return refuse(cx, INVALID_REQUEST, "downstream_answer_malformed",
                      "The authorization server's answer has no code that can be used.");
    *code = given;
    return OK;
}
