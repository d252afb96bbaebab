/* The client's tokens: from a code, from a refresh token. */
#include "jose/jwt.h"
#include "oauth/error.h"
#include "oauth/record.h"
#include "oauth/shard.h"

/* ---- issuing ---- */

/* What gives way to new tokens: its share of the data key becomes theirs. */
struct predecessor {
    const struct presented *token;
    const struct grant_facts *facts;
    struct token_digest digest;
    struct key pad;
};

static struct predecessor predecessor_make(struct cx *cx, const struct presented *token,
                                           const struct grant_facts *facts)
{
    struct predecessor old = {
        .token = token, .facts = facts, .digest = token_digest_of(token->text)};
    old.pad = shard_pad(cx, &old.digest, token->previous);
    return old;
}

/* Room in a step for what issuing two tokens writes; only the access token's row has scopes. */
static size_t issue_size(const struct predecessor *old)
{
    return 512 + old->facts->scopes.size;
}

/* The row of a new token. Its hash is what a request knows it by as its own. */
static struct span issue(struct cx *cx, struct ledger_step *step, const struct predecessor *old,
                         struct span row, struct span token, uint64_t expires, struct span scopes)
{
    struct token_digest digest = token_digest_of(token);
    struct live_token live = {hash_span(&digest.hash), expires, scopes, .share = SPAN("")};
    struct key mask = shard_pad(cx, &digest, false);
    key_mask(&mask, key_span(&old->pad));
    ledger_derive(step, row, expires, old->token->row, live_pack(cx->arena, &live),
                  key_span(&mask));
    return live_start(cx->arena, &digest);
}

static uint64_t refresh_end(const struct cx *cx)
{
    return cx->now + cx->gateway->lifetimes.refresh_token;
}

/* An access token with the scopes of response->scopes; *own: what its row begins with. */
static enum result issue_access(struct cx *cx, struct ledger_step *step,
                                const struct predecessor *old, struct span client_id,
                                uint8_t number, struct token_response *response, struct span *own)
{
    const struct grant_facts *facts = old->facts;
    const struct server *server = gateway_server(cx->gateway, facts->server);
    if (server == NULL)
        return refuse(cx, INVALID_GRANT, "server_gone", "The server of this grant is gone.");
    response->expires_in = cx->gateway->lifetimes.access_token;
    struct access_token_claims claims = {
        .grant_id = facts->grant_id,
        .user = facts->user,
        .client_id = client_id,
        .server_resource = server->resource,
        .scopes = response->scopes,
        .organization = facts->organization,
        .access_row = number,
        .expires = cx->now + response->expires_in,
    };
    TRY(access_token_make(cx, &claims, &response->access_token));
    *own = issue(cx, step, old, shard_access_row(number), response->access_token, claims.expires,
                 claims.scopes);
    return OK;
}

static enum result issue_refresh(struct cx *cx, struct ledger_step *step,
                                 const struct predecessor *old, uint8_t access_row,
                                 struct token_response *response, struct span *own)
{
    uint64_t end = refresh_end(cx);
    struct refresh_token next = {.facts = *old->facts, .expires = end, .access_row = access_row};
    TRY(refresh_token_seal(cx, &next, &response->refresh_token));
    *own = issue(cx, step, old, ROW_REFRESH, response->refresh_token, end, SPAN(""));
    return OK;
}

/* ---- the code ---- */

/*
 * OAuth 2.1 section 4.1.3: a code is used once; an attempt to use it again is
 * denied and revokes what it gave. Only a request that was right in every
 * other way comes so far, so a stranger's guess revokes nothing.
 */
static enum result code_not_there(struct cx *cx, struct span grant_id, const struct ledger_row *row,
                                  struct span own)
{
    bool replayed = row->version > 0; /* what stands there now is of who redeemed it */
    if (replayed && !span_starts(row->value, span_first(own, 1)))
        return HOST_FAILED; /* a row in a format that we do not know */
    if (replayed)
        TRY(grant_end(cx, grant_id));
    return refuse(cx, INVALID_GRANT, replayed ? "code_replayed" : "code_gone",
                  "This authorization code was used before or is no longer valid.");
}

enum result grant_redeem(struct cx *cx, const struct presented *presented, const struct code *code,
                         struct span client_id, struct token_response *response)
{
    const struct grant_facts *facts = &code->facts;
    struct predecessor old = predecessor_make(cx, presented, facts);
    struct ledger_step step = shard_step(cx, facts->grant_id, issue_size(&old));
    struct span own;
    struct span refresh_start;
    response->scopes = facts->scopes;
    ledger_match(&step, ROW_CODE, live_start(cx->arena, &old.digest));
    TRY(issue_access(cx, &step, &old, client_id, 0, response, &own));
    if (code->refreshes)
        TRY(issue_refresh(cx, &step, &old, 1, response, &refresh_start));
    ledger_write(&step, ROW_CODE, LEDGER_KEEP_EXPIRY, own);
    uint64_t end = code->refreshes ? refresh_end(cx) : cx->now + response->expires_in;
    ledger_touch(&step, ROW_GRANT, shard_grant_end(cx, end));
    struct ledger_row row;
    enum result result = ledger_commit_own(cx, &step, ROW_CODE, own, &row);
    return result == CONFLICT ? code_not_there(cx, facts->grant_id, &row, own) : result;
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
                                      const struct ledger_row *retry,
                                      struct token_response *response)
{
    struct span id = rows->token->grant_id;
    struct span response_bytes;
    enum result opened = retry->version == 0 ? NOT_FOUND
                                             : shard_unseal_for(cx, id, &rows->digest, retry->value,
                                                                &response_bytes);
    if (opened == OK)
        return response_unpack(cx, response_bytes, response);
    if (opened == HOST_FAILED)
        return HOST_FAILED;
    TRY(grant_end(cx, id));
    return refuse(cx, INVALID_GRANT, "refresh_reused",
                  "This refresh token was used before; the grant is revoked. Sign in again.");
}

/* CONFLICT: the token is not the live one, or the client is to be told something else. */
static enum result rotate(struct cx *cx, const struct refresh_request *request,
                          struct token_response *response)
{
    const struct lifetimes *l = &cx->gateway->lifetimes;
    const struct refresh_token *token = &request->token;
    struct predecessor old = predecessor_make(cx, &request->presented, &token->facts);
    struct ledger_step step =
        shard_step(cx, token->facts.grant_id, issue_size(&old) + 2 * JWT_MAX_SIZE);
    struct span own;
    struct span access_start;
    struct span retry;
    response->scopes = request->scopes;
    ledger_check(&step, ROW_STEP_UP, 0);
    ledger_match(&step, ROW_REFRESH, live_start(cx->arena, &old.digest));
    TRY(issue_access(cx, &step, &old, request->client_id, token->access_row, response,
                     &access_start));
    TRY(issue_refresh(cx, &step, &old, (uint8_t)(token->access_row + 1), response, &own));
    if (l->refresh_retry > 0) {
        TRY(shard_seal_for(cx, token->facts.grant_id, &old.digest, response_pack(cx, response),
                           &retry));
        ledger_write(&step, ROW_RETRY, cx->now + l->refresh_retry, retry);
    }
    ledger_touch(&step, ROW_GRANT, shard_grant_end(cx, refresh_end(cx)));
    struct ledger_row row;
    ledger_read(&step, ROW_REFRESH, &row);
    enum result result = ledger_commit(cx, &step);
    /* A platform may have performed it twice. If its answer was lost it is not asked again: by
     * then somebody may have rotated what it gave, and that would look like a reuse. */
    return result == CONFLICT && span_starts(row.value, own) ? OK : result;
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

/* Why a token did not rotate. CONFLICT: by now it might. */
static enum result not_rotated(struct cx *cx, const struct presented *token,
                               struct token_response *response)
{
    struct grant_rows rows = {.token = token};
    struct ledger_row retry;
    struct ledger_row step_up_row;
    struct ledger_step step = shard_step(cx, token->grant_id, 0);
    shard_read(&step, &rows);
    ledger_read(&step, ROW_RETRY, &retry);
    ledger_read(&step, ROW_STEP_UP, &step_up_row);
    TRY(ledger_commit(cx, &step));
    enum result there = shard_rows(&rows);
    if (there == HOST_FAILED)
        return HOST_FAILED;
    if (there == OK && rows.grant.state == GRANT_BROKEN)
        return refuse(cx, INVALID_GRANT, "downstream_broken",
                      "The connection behind this grant has ended. Sign in again.");
    /* The row may have ended by the ledger's clock, and the token not yet by ours. */
    if (there == NOT_FOUND || rows.live_row.version == 0)
        return refuse(cx, INVALID_GRANT, "grant_gone",
                      "This refresh token is not valid any more. Sign in again.");
    if (!grant_is_live(cx, &rows))
        return not_the_live_token(cx, &rows, &retry, response);
    return step_up_row.version > 0 ? step_up(cx, token->grant_id) : CONFLICT;
}

enum result grant_rotate(struct cx *cx, const struct refresh_request *request,
                         struct token_response *response)
{
    /* Who loses a race finds the winner's response; more than once only where a step-up is
     * asked for and taken back at the same time. */
    enum result result = CONFLICT;
    for (int attempt = 0; attempt < 3 && result == CONFLICT; attempt++) {
        result = rotate(cx, request, response);
        if (result == CONFLICT)
            result = not_rotated(cx, &request->presented, response);
    }
    return result == CONFLICT ? HOST_FAILED : result;
}
