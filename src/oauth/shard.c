#include "oauth/shard.h"

#include "oauth/record.h"

#include <string.h>

/* For the operations of any step of ours, beside the values. */
enum { STEP_OVERHEAD = 1024 };

struct ledger_step shard_step(struct cx *cx, struct span grant_id, size_t values)
{
    return ledger_step(cx, grant_shard(cx->arena, grant_id), STEP_OVERHEAD + values);
}

/* ---- rows ---- */

enum result shard_rows(struct grant_rows *rows)
{
    /* A row in a format that we do not know fails closed: nobody is told that it is gone. */
    if (rows->grant_row.version > 0 && grant_unpack(rows->grant_row.value, &rows->grant) != OK)
        return HOST_FAILED;
    if (rows->family_row.version > 0 && family_unpack(rows->family_row.value, &rows->family) != OK)
        return HOST_FAILED;
    bool there = rows->grant_row.version > 0 && rows->family_row.version > 0 &&
                 (rows->grant.state == GRANT_LIVE || rows->grant.state == GRANT_BROKEN);
    return there ? OK : NOT_FOUND;
}

void shard_read(struct ledger_step *step, struct grant_rows *rows)
{
    ledger_read(step, ROW_GRANT, &rows->grant_row);
    ledger_read(step, ROW_FAMILY, &rows->family_row);
}

uint64_t shard_grant_end(const struct cx *cx, uint64_t end)
{
    uint64_t state_end = cx->now + cx->gateway->lifetimes.transaction;
    return end > state_end ? end : state_end;
}

/* ---- keys ---- */

static struct key wrapping_key(struct cx *cx, const struct token_digest *token, bool previous)
{
    struct key key;
    struct span digest = hash_span(&token->digest);
    derive(&cx->gateway->keys, FOR_WRAP, previous, 1, &digest, &key);
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

enum result shard_data_key(struct cx *cx, struct span grant_id, const struct token_digest *token,
                           const struct live_token *live, struct key *data_key)
{
    struct span bytes;
    TRY(shard_unseal_for(cx, grant_id, token, live->wrapped, &bytes));
    if (bytes.size != KEY_SIZE)
        return UNVERIFIABLE;
    memcpy(data_key->bytes, bytes.data, KEY_SIZE);
    return OK;
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
