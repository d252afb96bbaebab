#include "broker/claims.h"

#include "broker/backchannel.h"
#include "broker/identity.h"
#include "jose/jwt.h"
#include "oauth/error.h"
#include "oauth/keys.h"

/* ---- the id_token ---- */

static struct jwt_expectation expectation(const struct cx *cx, const struct profile *profile)
{
    return (struct jwt_expectation){
        .algorithms = ALG_RS256 | ALG_ES256 | ALG_PS256,
        .type = ABSENT,
        .issuer = profile->issuer,
        .audience = profile->client_id,
        .now_seconds = cx->now,
        .skew_seconds = JWT_MAX_SKEW_SECONDS,
    };
}

/*
 * OpenID Connect Core section 3.1.3.7, all but the signature and the nonce.
 * What is wrong, or NULL.
 */
static const char *id_token_problem(const struct cx *cx, const struct profile *profile,
                                    const struct jwt *jwt)
{
    struct jwt_expectation want = expectation(cx, profile);
    if (jwt_check_claims(jwt, &want) != OK)
        return "id_token_claims";
    if (!json_is_number(json_member(jwt->claims, SPAN("iat"))) ||
        json_member_text(jwt->claims, SPAN("sub")).size == 0)
        return "id_token_claims";
    /* In errata set 1: "If the ID Token contains multiple audiences, the Client SHOULD verify that
     * an azp Claim is present. If an azp [...] Claim is present, the Client SHOULD verify that its
     * client_id is the Claim Value." */
    const struct json *audience = json_member(jwt->claims, SPAN("aud"));
    const struct json *party = json_member(jwt->claims, SPAN("azp"));
    bool several = json_is_array(audience) && json_count(audience) > 1;
    if ((several || party != NULL) && !span_equal(json_text(party), profile->client_id))
        return "id_token_azp";
    return NULL;
}

static enum result refuse_id_token(struct cx *cx, const char *reason)
{
    return refuse(cx, UNVERIFIABLE, reason,
                  "The product's authorization server gave an ID token that cannot be accepted.");
}

/* All of its checks that cost nothing. It is not to be believed before id_token_verify. */
static enum result id_token_read(struct cx *cx, const struct profile *profile, struct span token,
                                 struct span nonce, struct jwt *jwt)
{
    if (jwt_parse(cx->arena, token, jwt) != OK)
        return refuse_id_token(cx, "id_token_malformed");
    const char *problem = id_token_problem(cx, profile, jwt);
    if (problem != NULL)
        return refuse_id_token(cx, problem);
    /* "If a nonce value was sent in the Authentication Request, a nonce Claim MUST be present and
     * its value checked to verify that it is the same value". */
    if (downstream_is_openid(profile) &&
        !crypto_equal(json_member_text(jwt->claims, SPAN("nonce")), nonce))
        return refuse_id_token(cx, "id_token_nonce");
    return OK;
}

static enum result id_token_keys(struct cx *cx, const struct downstream *server,
                                 const struct jwt *jwt, struct jwks *keys)
{
    enum result found = jwks_find(cx, server->jwks_uri, jwt->header.kid, keys);
    return found == NOT_FOUND ? refuse_id_token(cx, "id_token_unknown_key") : found;
}

static enum result id_token_verify(struct cx *cx, const struct profile *profile,
                                   const struct jwt *jwt, const struct jwks *keys)
{
    struct jwt_expectation want = expectation(cx, profile);
    struct span verified; /* the signature that was */
    if (host_kept(cx, &verified) == OK && span_equal(verified, jwt->signature))
        return OK;
    if (jwt_verify(jwt, keys, &want) != OK)
        return refuse_id_token(cx, "id_token_signature");
    host_keep(cx, jwt->signature);
    return OK;
}

/* ---- what the server says when it is asked ---- */

static enum result refuse_claims(struct cx *cx, const char *reason)
{
    return refuse(cx, UNVERIFIABLE, reason,
                  "The product's authorization server does not say who has signed in.");
}

static enum result take(struct cx *cx, const struct profile *profile, const struct json *claims,
                        struct downstream_identity *who)
{
    if (identity_read(cx->arena, profile, claims, who) != OK)
        return refuse_claims(cx, "identity_claim_malformed");
    return OK;
}

/* id_claims: of the id_token that is to be completed; NULL without one. */
static enum result ask_userinfo(struct cx *cx, const struct downstream *server,
                                struct span access_token, const struct json *id_claims,
                                struct downstream_identity *who)
{
    struct fetched got;
    const struct json *claims;
    enum result result = backchannel_get(cx, server->userinfo_endpoint, access_token, &got);
    if (result == PENDING)
        return PENDING;
    if (result != OK || http_is_transient(got.status))
        return backchannel_unavailable(cx, "userinfo_unavailable");
    /* An access token for another resource is no good here: then there is nothing to add. */
    if (got.status != 200 && id_claims != NULL)
        return OK;
    if (got.status != 200 || backchannel_object(cx, &got, &claims) != OK)
        return refuse_claims(cx, "userinfo_refused");
    /*
     * OpenID Connect Core section 5.3.2: "The sub Claim in the UserInfo Response MUST be verified
     * to exactly match the sub Claim in the ID Token; if they do not match, the UserInfo Response
     * values MUST NOT be used."
     */
    if (id_claims != NULL && !span_equal(json_member_text(claims, SPAN("sub")),
                                         json_member_text(id_claims, SPAN("sub"))))
        return refuse_claims(cx, "userinfo_subject_mismatch");
    return take(cx, server->profile, claims, who);
}

/* A claim that is there must be the one expected. */
static bool said_otherwise(const struct json *claims, struct span name, struct span expected)
{
    const struct json *node = json_member(claims, name);
    return node != NULL && !span_equal(json_text(node), expected);
}

/* RFC 7662 section 2. */
static enum result ask_introspection(struct cx *cx, const struct downstream *server,
                                     struct span access_token, struct downstream_identity *who)
{
    const struct profile *profile = server->profile;
    struct form_parameter list[] = {
        {SPAN("token"), access_token},
        {SPAN("token_type_hint"), SPAN("access_token")},
    };
    struct form form = {list, sizeof list / sizeof *list};
    struct fetched got;
    enum result result = backchannel_post(cx, server, server->introspection_endpoint, &form, &got);
    if (result == PENDING)
        return PENDING;
    if (result != OK || http_is_transient(got.status))
        return backchannel_unavailable(cx, "introspection_unavailable");
    const struct json *claims;
    bool active = false;
    if (got.status != 200 || backchannel_object(cx, &got, &claims) != OK ||
        json_bool(json_member(claims, SPAN("active")), false, &active) != OK || !active)
        return refuse_claims(cx, "introspection_refused");
    if (said_otherwise(claims, SPAN("iss"), profile->issuer) ||
        said_otherwise(claims, SPAN("client_id"), profile->client_id))
        return refuse_claims(cx, "introspection_mismatch");
    return take(cx, profile, claims, who);
}

/* ---- both together ---- */

static bool is_complete(const struct profile *profile, const struct downstream_identity *who)
{
    return span_present(who->subject) &&
           (span_present(who->organization) || !span_present(profile->claim_organization));
}

enum result claims_identify(struct cx *cx, const struct downstream *server, struct span id_token,
                            struct span access_token, struct span nonce,
                            struct downstream_identity *identity)
{
    const struct profile *profile = server->profile;
    struct downstream_identity who = {.issuer = profile->issuer};
    struct jwt jwt = {.claims = NULL};
    struct jwks keys = {NULL, 0};
    /* Without keys it proves nothing; the other ways do. */
    bool has_id_token = span_present(id_token) && span_present(server->jwks_uri);
    if (has_id_token) {
        TRY(id_token_read(cx, profile, id_token, nonce, &jwt));
        TRY(take(cx, profile, jwt.claims, &who));
        TRY(id_token_keys(cx, server, &jwt, &keys));
    }
    /* OpenID Connect Core section 5.3: userinfo takes tokens of openid requests only. */
    bool may_introspect = span_present(server->introspection_endpoint) && !has_id_token;
    if (span_present(server->userinfo_endpoint) &&
        (downstream_is_openid(profile) || !may_introspect)) {
        if (!is_complete(profile, &who))
            TRY(ask_userinfo(cx, server, access_token, jwt.claims, &who));
    } else if (may_introspect) {
        TRY(ask_introspection(cx, server, access_token, &who));
    }
    if (!span_present(who.subject))
        return refuse_claims(cx, "identity_unknown");
    /* The signature last: what stands before an effect is computed again after it. */
    if (has_id_token)
        TRY(id_token_verify(cx, profile, &jwt, &keys));
    *identity = who;
    return OK;
}

enum result claims_confirm(struct cx *cx, const struct downstream *server, struct span id_token,
                           const struct downstream_identity *expected)
{
    struct jwt jwt;
    struct downstream_identity who = {.issuer = server->profile->issuer};
    /*
     * Without its signature: "If the ID Token is received via direct communication between the
     * Client and the Token Endpoint (which it is in this flow), the TLS server validation MAY be
     * used to validate the issuer in place of checking the token signature" (OpenID Connect Core
     * section 3.1.3.7). Fetching keys here could cost the user the refresh token that the server
     * has just rotated and that is stored nowhere yet.
     */
    if (jwt_parse(cx->arena, id_token, &jwt) != OK)
        return refuse_id_token(cx, "id_token_malformed");
    const char *problem = id_token_problem(cx, server->profile, &jwt);
    if (problem != NULL)
        return refuse_id_token(cx, problem);
    TRY(take(cx, server->profile, jwt.claims, &who));
    /* Section 12.2: "its sub Claim Value MUST be the same as in the ID Token issued when the
     * original authentication occurred". */
    if (identity_compare(expected, &who) != IDENTITY_MATCH)
        return refuse_id_token(cx, "id_token_another_person");
    return OK;
}
