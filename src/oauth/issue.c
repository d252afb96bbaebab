/* The client's tokens: from a code, from a refresh token. */
#include "oauth/error.h"
#include "oauth/record.h"
#include "oauth/scope.h"
#include "oauth/shard.h"

#include <string.h>

/* ---- issuing ---- */

/* The end of everything that hangs on the refresh token, or on the access token without one. */
static uint64_t family_end(const struct cx *cx, bool refreshes)
{
    const struct lifetimes *l = &cx->gateway->lifetimes;
    return cx->now + (refreshes ? l->refresh_token : l->access_token);
}

static enum result live_make(struct cx *cx, struct span grant_id, struct span token,
                             uint64_t expires, struct span scopes, const struct key *data_key,
                             struct live_token *live)
{
    struct token_digest digest = token_digest_of(token);
    *live = (struct live_token){.hash = span_copy(cx->arena, hash_span(&digest.hash)),
                                .expires = expires,
                                .scopes = scopes};
    return shard_seal_for(cx, grant_id, &digest, key_span(data_key), &live->wrapped);
}

/* A full house loses its oldest: entries stand in the order in which they were issued. */
static struct live_token *access_slot(struct family *family, uint64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < family->access_count; i++)
        if (family->access[i].expires > now)
            family->access[kept++] = family->access[i];
    if (kept == GRANT_MAX_LIVE_TOKENS) {
        kept--;
        memmove(family->access, family->access + 1, kept * sizeof family->access[0]);
    }
    family->access_count = kept + 1;
    return &family->access[kept];
}

/* Makes an access token, and a refresh token if there is to be one, into the family. */
static enum result issue(struct cx *cx, struct family *family, const struct key *data_key,
                         const struct access_token_claims *claims, bool refreshes,
                         struct span all_scopes, struct token_response *response)
{
    const struct lifetimes *l = &cx->gateway->lifetimes;
    response->scopes = claims->scopes;
    response->expires_in = l->access_token;
    TRY(access_token_make(cx, claims, &response->access_token));
    TRY(live_make(cx, claims->grant_id, response->access_token, claims->expires, claims->scopes,
                  data_key, access_slot(family, cx->now)));
    if (!refreshes)
        return OK;
    response->refresh_token = refresh_token_make(cx, claims->grant_id);
    return live_make(cx, claims->grant_id, response->refresh_token, family_end(cx, true),
                     all_scopes, data_key, &family->refresh);
}

/* ---- the code ---- */

/*
 * OAuth 2.1 section 4.1.3: a code is used once; an attempt to use it again is
 * denied and revokes what it gave. Only a request that was right in every
 * other way comes so far, so a stranger's guess revokes nothing.
 */
static enum result code_not_there(struct cx *cx, const struct code *code,
                                  const struct ledger_row *row)
{
    bool replayed = row->version > 0 && !span_equal(row->value, SPAN("issued"));
    if (replayed)
        TRY(grant_end(cx, code->grant_id));
    return refuse(cx, INVALID_GRANT, replayed ? "code_replayed" : "code_gone",
                  "This authorization code was used before or is no longer valid.");
}

enum result grant_redeem(struct cx *cx, const struct code *code, struct span client_id,
                         struct token_response *response)
{
    const struct server *server = gateway_server(cx->gateway, code->server);
    if (server == NULL)
        return refuse(cx, INVALID_GRANT, "server_gone", "The server of this code is gone.");
    struct family family = {0};
    struct key data_key;
    struct access_token_claims claims = {
        .grant_id = code->grant_id,
        .user = code->user,
        .client_id = client_id,
        .server_resource = server->resource,
        .scopes = code->scopes,
        .organization = code->organization,
        .expires = cx->now + cx->gateway->lifetimes.access_token,
    };
    memcpy(data_key.bytes, host_random(cx, KEY_SIZE).data, KEY_SIZE);
    TRY(seal_with(cx->arena, &data_key, &cx->drbg, code->grant_id, key_span(&code->data_key),
                  &family.code_key));
    TRY(issue(cx, &family, &data_key, &claims, code->refreshes, code->scopes, response));

    struct span row = family_pack(cx->arena, &family);
    struct ledger_row code_row;
    struct ledger_step step = shard_step(cx, code->grant_id, row.size);
    ledger_check(&step, ROW_CODE, 1);
    ledger_write(&step, ROW_CODE, LEDGER_KEEP_EXPIRY, family.access[0].hash);
    ledger_write(&step, ROW_FAMILY, family_end(cx, code->refreshes), row);
    ledger_touch(&step, ROW_GRANT, shard_grant_end(cx, family_end(cx, code->refreshes)));
    enum result result = ledger_commit_own(cx, &step, ROW_CODE, family.access[0].hash, &code_row);
    return result == CONFLICT ? code_not_there(cx, code, &code_row) : result;
}

/* ---- the client's refresh ---- */

/* The last response, for the token that it replaced. */
static struct span response_pack(struct cx *cx, const struct token_response *r)
{
    struct builder b =
        builder_make(cx->arena, 64 + r->access_token.size + r->refresh_token.size + r->scopes.size);
    pack_span(&b, r->access_token);
    pack_span(&b, r->refresh_token);
    pack_span(&b, r->scopes);
    pack_u64(&b, cx->now + r->expires_in);
    return built(&b);
}

static enum result response_unpack(struct cx *cx, struct span bytes, struct token_response *r)
{
    struct unpacker u = unpack_make(bytes);
    r->access_token = unpack_span(&u);
    r->refresh_token = unpack_span(&u);
    r->scopes = unpack_span(&u);
    uint64_t expires = unpack_u64(&u);
    r->expires_in = expires > cx->now ? expires - cx->now : 0;
    return unpack_done(&u);
}

/*
 * The token is not the live one. If it is the one just rotated, its client has
 * lost the response or runs twice: it gets the same successor, never a second
 * chain. Any other old token is in the wrong hands (OAuth 2.1 section 4.3.1).
 */
static enum result not_the_live_token(struct cx *cx, const struct grant_rows *rows,
                                      const struct token_digest *token,
                                      const struct ledger_row *retry,
                                      struct token_response *response)
{
    struct span response_bytes;
    enum result opened = retry->version == 0
                             ? NOT_FOUND
                             : shard_unseal_for(cx, rows->id, token, retry->value, &response_bytes);
    if (opened == OK)
        return response_unpack(cx, response_bytes, response);
    if (opened == HOST_FAILED)
        return HOST_FAILED;
    TRY(grant_end(cx, rows->id));
    return refuse(cx, INVALID_GRANT, "refresh_reused",
                  "This refresh token was used before; the grant is revoked. Sign in again.");
}

static enum result rotate(struct cx *cx, const struct grant_rows *rows,
                          const struct refresh_request *request, const struct token_digest *token,
                          struct span scopes, struct token_response *response)
{
    const struct server *server = gateway_server(cx->gateway, rows->grant.server);
    struct family family = rows->family;
    struct key data_key;
    enum result opened = shard_data_key(cx, rows->id, token, &rows->family.refresh, &data_key);
    if (opened == UNVERIFIABLE)
        return refuse(cx, SERVER_ERROR, "grant_sealed", "The grant could not be opened.");
    TRY(opened);
    struct access_token_claims claims = {
        .grant_id = rows->id,
        .user = rows->grant.user,
        .client_id = request->client_id,
        .server_resource = server->resource,
        .scopes = scopes,
        .organization = rows->grant.identity.organization,
        .expires = cx->now + cx->gateway->lifetimes.access_token,
    };
    TRY(issue(cx, &family, &data_key, &claims, true, rows->grant.scopes, response));

    struct span retry;
    TRY(shard_seal_for(cx, rows->id, token, response_pack(cx, response), &retry));
    struct span row = family_pack(cx->arena, &family);
    struct ledger_step step = shard_step(cx, rows->id, row.size + retry.size);
    ledger_check(&step, ROW_FAMILY, rows->family_row.version);
    ledger_write(&step, ROW_FAMILY, family_end(cx, true), row);
    ledger_touch(&step, ROW_GRANT, shard_grant_end(cx, family_end(cx, true)));
    if (cx->gateway->lifetimes.refresh_retry > 0)
        ledger_write(&step, ROW_RETRY, cx->now + cx->gateway->lifetimes.refresh_retry, retry);
    return ledger_commit(cx, &step);
}

/* Everything that a refresh must be, in the order in which it is asked; consumes nothing. */
static enum result check_refresh(struct cx *cx, const struct refresh_request *request,
                                 const struct grant *grant, struct span *scopes)
{
    struct hash client;
    sha256(request->client_id, &client);
    if (!span_equal(grant->client_id_hash, hash_span(&client)))
        return refuse(cx, INVALID_GRANT, "client_differs",
                      "This refresh token was issued to another client.");
    if ((grant->client_auth & request->method) == 0)
        return refuse(cx, INVALID_CLIENT, "client_auth_differs",
                      "The client must authenticate as it did when the grant was made.");
    if (grant->state == GRANT_BROKEN)
        return refuse(cx, INVALID_GRANT, "downstream_broken",
                      "The connection behind this grant has ended. Sign in again.");
    if (gateway_server(cx->gateway, grant->server) == NULL)
        return refuse(cx, INVALID_GRANT, "server_gone", "The server of this grant is gone.");
    /* RFC 8707 section 2.2: only what the grant was made for. */
    if (request->server != NULL && !span_equal(request->server->id, grant->server))
        return refuse(cx, INVALID_TARGET, "resource_differs", "The grant is for another resource.");
    /* OAuth 2.1 section 4.3.1: the scope may shrink, never grow; omitted means original. */
    if (span_present(request->scope) &&
        (scope_parse(request->scope) != OK || !scope_covers(grant->scopes, request->scope)))
        return refuse(cx, INVALID_SCOPE, "scope_grows",
                      "A refresh cannot ask for scopes that were not granted.");
    *scopes = span_present(request->scope)
                  ? scope_intersection(cx->arena, request->scope, grant->scopes)
                  : grant->scopes;
    return OK;
}

void grant_step_up_later(struct cx *cx, struct span grant_id)
{
    struct ledger_step step = shard_step(cx, grant_id, 0);
    ledger_write(&step, ROW_STEP_UP, cx->now + STEP_UP_SECONDS, SPAN("wanted"));
    ledger_commit_later(cx, &step);
}

/* Said once: whoever refreshes after that gets what it asks for. */
static enum result step_up(struct cx *cx, struct span grant_id)
{
    struct ledger_step step = shard_step(cx, grant_id, 0);
    ledger_delete(&step, ROW_STEP_UP);
    TRY(ledger_commit(cx, &step));
    return refuse(cx, INVALID_GRANT, "step_up",
                  "A refresh cannot add scopes. Sign in again to be asked for them.");
}

static enum result rotate_once(struct cx *cx, struct span grant_id,
                               const struct refresh_request *request,
                               struct token_response *response)
{
    struct grant_rows rows = {.id = grant_id};
    struct ledger_row retry;
    struct ledger_row step_up_row;
    struct span scopes;
    struct ledger_step step = shard_step(cx, grant_id, 0);
    shard_read(&step, &rows);
    ledger_read(&step, ROW_RETRY, &retry);
    ledger_read(&step, ROW_STEP_UP, &step_up_row);
    TRY(ledger_commit(cx, &step));
    enum result there = shard_rows(&rows);
    if (there == NOT_FOUND)
        return refuse(cx, INVALID_GRANT, "grant_gone",
                      "This refresh token is not valid any more. Sign in again.");
    TRY(there);
    TRY(check_refresh(cx, request, &rows.grant, &scopes));
    response->grant = rows.grant;
    struct token_digest token = token_digest_of(request->token);
    if (grant_refresh(cx, &rows, &token) == NULL)
        return not_the_live_token(cx, &rows, &token, &retry, response);
    if (step_up_row.version > 0)
        return step_up(cx, grant_id);
    return rotate(cx, &rows, request, &token, scopes, response);
}

enum result grant_rotate(struct cx *cx, struct span grant_id, const struct refresh_request *request,
                         struct token_response *response)
{
    /* Who loses a race finds the winner's response on reading again; more than once only
     * where another access token of this grant is being revoked at the same time. */
    enum result result = CONFLICT;
    for (int attempt = 0; attempt < 3 && result == CONFLICT; attempt++)
        result = rotate_once(cx, grant_id, request, response);
    return result == CONFLICT ? HOST_FAILED : result;
}
