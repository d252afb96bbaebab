#include "base/base64.h"
#include "jose/jwt.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/keys.h"
#include "oauth/limit.h"

/* Bytes by which a request knows a row as its own. */
enum { ASSERTION_OWN_SIZE = 16 };

/* RFC 7523 section 2.2 */
#define ASSERTION_TYPE SPAN("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")

/* ---- what was presented ---- */

/*
 * RFC 6749 section 2.3.1: identifier and secret are form-encoded before they become user name and
 * password. The MCP SDKs do not encode, OAuth libraries do. Ids of ours are the same both ways;
 * the secret is kept in both spellings, and one of them must hold.
 */
static enum result read_basic(struct cx *cx, struct span credentials,
                              struct client_credentials *presented)
{
    struct span text;
    struct span id;
    if (base64_decode(cx->arena, credentials, &text) != OK)
        return MALFORMED;
    struct span secret = span_cut(text, ':', &id);
    if (!span_present(secret))
        return MALFORMED;
    presented->secret_raw = secret;
    if (form_decode(cx->arena, secret, &presented->secret) != OK)
        presented->secret = secret;
    if (form_decode(cx->arena, id, &presented->client_id) != OK)
        presented->client_id = id;
    /* An empty password is no secret: some libraries send public clients' ids this way. */
    presented->method = secret.size > 0 ? AUTH_SECRET_BASIC : AUTH_NONE;
    return OK;
}

static enum result read_header(struct cx *cx, struct client_credentials *presented)
{
    struct span authorization = headers_get(&cx->request.headers, SPAN("authorization"));
    struct span credentials = ABSENT;
    if (!span_present(authorization))
        return OK;
    if (http_credentials(authorization, SPAN("Basic"), &credentials) != OK ||
        !span_present(credentials) || read_basic(cx, credentials, presented) != OK)
        return refuse(cx, INVALID_CLIENT, "authorization_header_malformed",
                      "The Authorization header must be Basic with base64 of client_id:secret.");
    return OK;
}

/* RFC 7521 section 4.2: with an assertion, client_id is optional; its subject is the client. */
static struct span subject_of(struct cx *cx, struct span assertion)
{
    struct jwt jwt;
    if (jwt_parse(cx->arena, assertion, &jwt) != OK)
        return ABSENT;
    return json_member_text(jwt.claims, SPAN("sub"));
}

enum result client_credentials_read(struct cx *cx, const struct form *form,
                                    struct client_credentials *presented)
{
    *presented = (struct client_credentials){.method = AUTH_NONE};
    TRY(read_header(cx, presented));
    struct span id = form_get(form, SPAN("client_id"));
    struct span secret = form_get(form, SPAN("client_secret"));
    struct span assertion = form_get(form, SPAN("client_assertion"));
    struct span type = form_get(form, SPAN("client_assertion_type"));

    /* OAuth 2.1 section 2.4: "The client MUST NOT use more than one authentication method". */
    bool by_header = presented->method == AUTH_SECRET_BASIC;
    bool by_assertion = span_present(assertion) || span_present(type);
    if (by_header + span_present(secret) + by_assertion > 1)
        return refuse(cx, INVALID_REQUEST, "auth_methods_mixed",
                      "Use one client authentication method, not several at once.");
    if (by_assertion && (!span_present(assertion) || !span_equal(type, ASSERTION_TYPE)))
        return refuse(cx, INVALID_CLIENT, "assertion_type_unknown",
                      "client_assertion goes with client_assertion_type "
                      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer.");
    if (span_present(presented->client_id) && span_present(id) &&
        !span_equal(presented->client_id, id))
        return refuse(cx, INVALID_REQUEST, "client_ids_differ",
                      "client_id in the body is not the one in the Authorization header.");
    if (span_present(secret)) {
        presented->method = AUTH_SECRET_POST;
        presented->secret = secret;
    }
    if (by_assertion) {
        presented->method = AUTH_PRIVATE_KEY;
        presented->assertion = assertion;
    }
    if (span_present(id))
        presented->client_id = id;
    else if (by_assertion && !span_present(presented->client_id))
        presented->client_id = subject_of(cx, assertion);
    if (presented->client_id.size == 0)
        return refuse(cx, INVALID_CLIENT, "client_id_missing", "client_id is missing.");
    return OK;
}

/* ---- whether it holds ---- */

static bool secret_holds(const struct client *client, struct span secret)
{
    struct hash hash;
    bool holds = false;
    if (!span_present(secret))
        return false;
    sha256(secret, &hash);
    for (size_t i = 0; i < client->secret_count; i++)
        holds |= crypto_equal(hash_span(&hash), hash_span(&client->secret_hashes[i]));
    return holds;
}

static enum result check_secret(struct cx *cx, const struct client *client,
                                const struct client_credentials *presented)
{
    if (secret_holds(client, presented->secret) || secret_holds(client, presented->secret_raw))
        return OK;
    /*
     * OAuth 2.1 section 2.4.1: the server "MUST protect any endpoint utilizing it against brute
     * force attacks". What protects is that every secret has 32 random bytes, derived or asked of
     * the operator; who goes on guessing is told to stop. Right ones are never counted: one service
     * may redeem the codes of very many users, or introspect each of their calls.
     */
    TRY(limit_caller(cx, SPAN("secret")));
    return refuse(cx, INVALID_CLIENT, "secret_wrong", "The client secret is wrong.");
}

static enum result assertion_refused(struct cx *cx, const char *reason)
{
    return refuse(cx, INVALID_CLIENT, reason,
                  "The client assertion does not hold: it must be signed with a key of the client, "
                  "with iss and sub the client_id, aud the issuer as one string, a jti not used "
                  "before, and exp within 5 minutes.");
}

/* What can be told without the key. RFC 7523 section 3, with aud as its revision narrows it. */
static enum result check_claims(struct cx *cx, const struct client *client, const struct jwt *jwt,
                                const struct jwt_expectation *want)
{
    struct span issuer = json_member_text(jwt->claims, SPAN("iss"));
    struct span subject = json_member_text(jwt->claims, SPAN("sub"));
    struct span jti = json_member_text(jwt->claims, SPAN("jti"));
    if (!span_equal(issuer, client->id) || !span_equal(subject, client->id))
        return assertion_refused(cx, "assertion_of_other_client");
    if (jti.size == 0 || jti.size > ASSERTION_MAX_JTI)
        return assertion_refused(cx, "assertion_without_jti");
    if (jwt_check_claims(jwt, want) != OK)
        return assertion_refused(cx, "assertion_claims");
    return OK;
}

static enum result keys_of(struct cx *cx, const struct client *client, const struct jwt *jwt,
                           struct jwks *set)
{
    enum result found;
    if (span_present(client->jwks))
        found = jwks_parse(cx->arena, client->jwks, set);
    else if (client->kind == CLIENT_REGISTERED)
        found = jwks_find(cx, client->jwks_uri, jwt->header.kid, set);
    else
        found = jwks_find_limited(cx, client->jwks_uri, jwt->header.kid, set);
    if (found == MALFORMED || found == NOT_FOUND)
        return assertion_refused(cx, "assertion_key_unknown");
    return found;
}

static enum result check_signature(struct cx *cx, const struct client *client,
                                   const struct jwt *jwt, const struct jwt_expectation *want)
{
    struct jwks set;
    struct span verified; /* the signature that was */
    TRY(keys_of(cx, client, jwt, &set));
    /* Up to a millisecond: not again in every run that follows. */
    if (host_kept(cx, &verified) == OK && span_equal(verified, jwt->signature))
        return OK;
    if (jwt_verify(jwt, &set, want) != OK)
        return assertion_refused(cx, "assertion_signature");
    host_keep(cx, jwt->signature);
    return OK;
}

/*
 * rfc7523bis section 3: the audience is our issuer, and nothing else. The one
 * exception is for clients with a metadata document: ChatGPT's names the token
 * endpoint, as RFC 7523 still allowed, and there is no other way to let it in.
 */
static struct span expected_audience(struct cx *cx, const struct client *client,
                                     const struct jwt *jwt)
{
    struct span token_endpoint = JOIN(cx->arena, cx->gateway->issuer, SPAN("/token"));
    bool names_endpoint = client->kind == CLIENT_DOCUMENT &&
                          span_equal(json_member_text(jwt->claims, SPAN("aud")), token_endpoint);
    return names_endpoint ? token_endpoint : cx->gateway->issuer;
}

static enum result check_assertion(struct cx *cx, const struct client *client,
                                   struct span assertion)
{
    struct jwt jwt;
    if (jwt_parse(cx->arena, assertion, &jwt) != OK)
        return assertion_refused(cx, "assertion_malformed");
    const struct jwt_expectation want = {
        .algorithms = ALG_ES256 | ALG_RS256 | ALG_PS256,
        .type = ABSENT,
        .issuer = client->id,
        .audience = expected_audience(cx, client, &jwt),
        .only_audience = true,
        .now_seconds = cx->now,
        .skew_seconds = ASSERTION_SKEW_SECONDS,
        .max_age_seconds = ASSERTION_MAX_SECONDS,
    };
    TRY(check_claims(cx, client, &jwt, &want));
    return check_signature(cx, client, &jwt, &want);
}

enum result client_authenticate(struct cx *cx, const struct client *client,
                                const struct client_credentials *presented)
{
    /* RFC 7591 section 2: the method is the registered one; no other is as good. */
    if ((client->auth & presented->method) == 0)
        return refuse(cx, INVALID_CLIENT, "auth_method_not_registered",
                      "The client did not register this authentication method: see its "
                      "token_endpoint_auth_method.");
    if (presented->method == AUTH_PRIVATE_KEY)
        return check_assertion(cx, client, presented->assertion);
    if (presented->method == AUTH_NONE)
        return OK;
    return check_secret(cx, client, presented);
}

/*
 * RFC 7523 section 3: the jti tells replays. Only verified assertions get here, so nobody else can
 * spend a client's. One client may have very many users: its jtis are spread over 64 shards.
 */
enum result client_spend_assertion(struct cx *cx, const struct client_credentials *client)
{
    struct hash client_hash;
    struct hash jti_hash;
    struct jwt jwt;
    uint64_t expires = 0;
    if (client->method != AUTH_PRIVATE_KEY)
        return OK;
    TRY(jwt_parse(cx->arena, client->assertion, &jwt));
    sha256(client->client_id, &client_hash);
    sha256(json_member_text(jwt.claims, SPAN("jti")), &jti_hash);
    TRY(json_u64(json_member(jwt.claims, SPAN("exp")), &expires));
    struct span key = base64url_encode(cx->arena, hash_span(&jti_hash));
    struct span shard = JOIN(cx->arena, SPAN("jti:"), span_first(key, 1), SPAN(":"),
                             base64url_encode(cx->arena, hash_span(&client_hash)));
    struct ledger_step step = ledger_step(cx, shard, 256);
    struct span own = host_random(cx, ASSERTION_OWN_SIZE);
    struct ledger_row present;
    ledger_check(&step, key, 0);
    ledger_write(&step, key, expires + ASSERTION_SKEW_SECONDS + 1, own);
    enum result spent = ledger_commit_own(cx, &step, key, own, &present);
    return spent == CONFLICT ? assertion_refused(cx, "assertion_replayed") : spent;
}
