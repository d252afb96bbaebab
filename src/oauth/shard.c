#include "oauth/shard.h"

#include "oauth/record.h"

/* For the operations of any step of ours, beside the values. */
enum { STEP_OVERHEAD = 1024 };

struct ledger_step shard_step(struct cx *cx, struct span grant_id, size_t values)
{
    return ledger_step(cx, grant_shard(cx->arena, grant_id), STEP_OVERHEAD + values);
}

/* ---- rows ---- */

struct span shard_access_row(uint8_t number)
{
    static const char NAMES[GRANT_ACCESS_ROWS][9] = {"access/0", "access/1", "access/2",
                                                     "access/3", "access/4", "access/5",
                                                     "access/6", "access/7"};
    return span_of(NAMES[number % GRANT_ACCESS_ROWS]);
}

enum result shard_rows(struct grant_rows *rows)
{
    /* A row in a format that we do not know fails closed: nobody is told that it is gone. */
    if (rows->grant_row.version > 0 && grant_unpack(rows->grant_row.value, &rows->grant) != OK)
        return HOST_FAILED;
    if (rows->live_row.version > 0 && live_unpack(rows->live_row.value, &rows->live) != OK)
        return HOST_FAILED;
    rows->digest = token_digest_of(rows->token->text);
    bool there = rows->grant_row.version > 0 &&
                 (rows->grant.state == GRANT_LIVE || rows->grant.state == GRANT_BROKEN);
    return there ? OK : NOT_FOUND;
}

void shard_read(struct ledger_step *step, struct grant_rows *rows)
{
    ledger_read(step, ROW_GRANT, &rows->grant_row);
    ledger_read(step, rows->token->row, &rows->live_row);
}

uint64_t shard_grant_end(const struct cx *cx, uint64_t end)
{
    uint64_t state_end = cx->now + cx->gateway->lifetimes.transaction;
    return end > state_end ? end : state_end;
}

/* ---- keys ---- */

struct key shard_pad(struct cx *cx, const struct token_digest *token, bool previous)
{
    struct key key;
    struct span parts[] = {SPAN("share"), hash_span(&token->digest)};
    derive(&cx->gateway->keys, FOR_WRAP, previous, 2, parts, &key);
    return key;
}

struct key shard_data_key(struct cx *cx, const struct grant_rows *rows)
{
    struct key key = shard_pad(cx, &rows->digest, rows->token->previous);
    key_mask(&key, rows->live.share);
    return key;
}

static struct key wrapping_key(struct cx *cx, const struct token_digest *token, bool previous)
{
    struct key key;
    struct span parts[] = {SPAN("box"), hash_span(&token->digest)};
    derive(&cx->gateway->keys, FOR_WRAP, previous, 2, parts, &key);
    return key;
}

enum result shard_seal_for(struct cx *cx, struct span grant_id, const struct token_digest *token,
                           struct span value, struct span *box)
{
    struct key wrapping = wrapping_key(cx, token, false);
    return seal_with(cx->arena, &wrapping, &cx->drbg, grant_id, value, box);
}

enum result shard_unseal_for(struct cx *cx, struct span grant_id, const struct token_digest *token,
                             struct span box, struct span *value)
{
    struct key wrapping = wrapping_key(cx, token, false);
    enum result result = unseal_with(cx->arena, &wrapping, grant_id, box, value);
    if (result == OK || !cx->gateway->keys.has_previous)
        return result;
    wrapping = wrapping_key(cx, token, true);
    return unseal_with(cx->arena, &wrapping, grant_id, box, value);
}

/* Whose tokens these are: sealed bytes copied to another grant or user do not open. */
static struct span owner(struct cx *cx, struct span grant_id, struct span user)
{
    struct builder b =
        builder_make(cx->arena, 16 + cx->gateway->issuer.size + user.size + grant_id.size);
    pack_span(&b, cx->gateway->issuer);
    pack_span(&b, user);
    pack_span(&b, grant_id);
    return built(&b);
}

enum result shard_seal_tokens(struct cx *cx, struct span grant_id, struct grant *grant,
                              const struct downstream_tokens *tokens, const struct key *data_key)
{
    return seal_with(cx->arena, data_key, &cx->drbg, owner(cx, grant_id, grant->user),
                     tokens_pack(cx->arena, tokens), &grant->sealed_tokens);
}

enum result shard_unseal_tokens(struct cx *cx, struct span grant_id, const struct grant *grant,
                                const struct key *data_key, struct downstream_tokens *tokens)
{
    struct span packed;
    TRY(unseal_with(cx->arena, data_key, owner(cx, grant_id, grant->user), grant->sealed_tokens,
                    &packed));
    /* Ours, but of a version that we are not: nobody is told that they do not hold. */
    return tokens_unpack(packed, tokens) == OK ? OK : HOST_FAILED;
}
