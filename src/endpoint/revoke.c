/* POST /revoke (RFC 7009). */
#include "broker/audit.h"
#include "broker/downstream.h"
#include "endpoint/endpoint.h"
#include "endpoint/oauth_form.h"
#include "oauth/error.h"
#include "oauth/grant.h"

/* Every live token of the grant may be revoked at once, and one refresh come between. */
enum { MAX_ROUNDS = GRANT_MAX_LIVE_TOKENS + 2 };

static enum result revoked(struct cx *cx)
{
    respond_json(cx, 200, SPAN("{}"));
    return OK;
}

/* RFC 7009 section 2.1: only the client to which the token was issued may revoke it. */
static bool is_owner(const struct grant *grant, const struct client_credentials *client)
{
    struct hash hash;
    sha256(client->client_id, &hash);
    return span_equal(grant->client_id_hash, hash_span(&hash)) &&
           (grant->client_auth & client->method) != 0;
}

/* What nobody can use any more is revoked downstream too, where the server offers that. */
static enum result revoke_downstream(struct cx *cx, const struct grant_rows *rows,
                                     const struct token_digest *token)
{
    const struct server *server = gateway_server(cx->gateway, rows->grant.server);
    const struct live_token *live = grant_refresh(cx, rows, token);
    struct downstream_tokens tokens;
    struct downstream downstream;
    struct key data_key;
    if (server == NULL || live == NULL || rows->grant.state != GRANT_LIVE ||
        grant_open(cx, rows, live, token, &tokens, &data_key) != OK)
        return OK;
    enum result found = downstream_discover(cx, server->profile, &downstream);
    if (found == OK)
        downstream_revoke_later(cx, &downstream, &tokens);
    return found == PENDING ? PENDING : OK;
}

/* A refresh token, live or old: with it goes everything of its grant. */
static enum result revoke_grant(struct cx *cx, struct span grant_id,
                                const struct token_digest *token,
                                const struct client_credentials *client)
{
    struct grant_rows rows;
    enum result found = grant_read_now(cx, grant_id, &rows);
    if (found == NOT_FOUND || (found == OK && !is_owner(&rows.grant, client)))
        return revoked(cx);
    TRY(found);
    audit_grant(cx, grant_id, &rows.grant);
    TRY(grant_end(cx, grant_id));
    TRY(revoke_downstream(cx, &rows, token));
    return revoked(cx);
}

static enum result revoke_access(struct cx *cx, struct span grant_id,
                                 const struct token_digest *token,
                                 const struct client_credentials *client)
{
    /* Others may write the same row meanwhile; what counts is that the token is gone. */
    for (int round = 0; round < MAX_ROUNDS; round++) {
        struct grant_rows rows;
        enum result found = grant_read_now(cx, grant_id, &rows);
        if (found == NOT_FOUND)
            return revoked(cx);
        TRY(found);
        const struct live_token *live = grant_access(cx, &rows, token);
        if (live == NULL || !is_owner(&rows.grant, client))
            return revoked(cx);
        audit_grant(cx, grant_id, &rows.grant);
        enum result ended = grant_end_access(cx, &rows, live);
        if (ended == OK)
            return revoked(cx);
        if (ended != CONFLICT)
            return ended;
    }
    return HOST_FAILED;
}

enum result revoke(struct cx *cx)
{
    struct client_credentials client;
    struct span token;
    struct span grant_id;
    audit(cx)->action = SPAN("revoke");
    TRY(read_token_form(cx, &client, &token));
    /* Which kind it is shows in the token itself; token_type_hint is not needed. */
    bool is_refresh = refresh_token_grant(cx, token, &grant_id) == OK;
    /* RFC 7009 section 2.2: an invalid token is answered like a revoked one. */
    if (!is_refresh && access_token_grant(cx, token, &grant_id) != OK)
        return revoked(cx);
    TRY(client_spend_assertion(cx, &client));
    struct token_digest digest = token_digest_of(token);
    return is_refresh ? revoke_grant(cx, grant_id, &digest, &client)
                      : revoke_access(cx, grant_id, &digest, &client);
}
