/* POST /revoke (RFC 7009). */
#include "broker/audit.h"
#include "broker/downstream.h"
#include "endpoint/endpoint.h"
#include "endpoint/oauth_form.h"
#include "oauth/error.h"
#include "oauth/grant.h"

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
static enum result revoke_downstream(struct cx *cx, const struct grant_rows *rows)
{
    const struct server *server = gateway_server(cx->gateway, rows->grant.server);
    struct downstream_tokens tokens;
    struct downstream downstream;
    struct key data_key;
    if (server == NULL || !grant_is_live(cx, rows) || rows->grant.state != GRANT_LIVE ||
        !span_equal(rows->grant.identity.issuer, server->profile->issuer) ||
        grant_open(cx, rows, &tokens, &data_key) != OK)
        return OK;
    enum result found = downstream_discover(cx, server->profile, &downstream);
    if (found == OK)
        downstream_revoke_later(cx, &downstream, &tokens);
    return found == PENDING ? PENDING : OK;
}

/* A refresh token, live or old: with it goes everything of its grant. An access token goes alone.
 */
static enum result revoke_presented(struct cx *cx, const struct presented *presented,
                                    bool is_refresh, const struct client_credentials *client)
{
    struct grant_rows rows;
    enum result found = grant_read_now(cx, presented, &rows);
    if (found == NOT_FOUND || (found == OK && !is_owner(&rows.grant, client)))
        return revoked(cx);
    TRY(found);
    if (!is_refresh && !grant_is_live(cx, &rows))
        return revoked(cx);
    audit_grant(cx, presented->grant_id, &rows.grant);
    if (is_refresh) {
        TRY(grant_end(cx, presented->grant_id));
        TRY(revoke_downstream(cx, &rows));
        return revoked(cx);
    }
    enum result ended = grant_end_access(cx, &rows);
    return ended == OK || ended == CONFLICT ? revoked(cx) : ended;
}

enum result revoke(struct cx *cx)
{
    struct client_credentials client;
    struct span token;
    struct refresh_token refresh;
    struct presented presented;
    audit(cx)->action = SPAN("revoke");
    TRY(read_token_form(cx, &client, &token));
    /* Which kind it is shows in the token itself; token_type_hint is not needed. */
    bool is_refresh = refresh_token_open(cx, token, &refresh, &presented) == OK;
    /* RFC 7009 section 2.2: an invalid token is answered like a revoked one. */
    if (!is_refresh && access_token_open(cx, token, &presented) != OK)
        return revoked(cx);
    TRY(client_spend_assertion(cx, &client));
    return revoke_presented(cx, &presented, is_refresh, &client);
}
