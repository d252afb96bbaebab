#include "oauth/grant.h"

#include "oauth/record.h"
#include "oauth/shard.h"

#include <string.h>

/* A tombstone outlives whatever could still name the grant's id: a state or a code. */
enum { TOMBSTONE_SECONDS = 86400 };

static void key_from(struct span bytes, struct key *key)
{
    memcpy(key->bytes, bytes.data, KEY_SIZE);
}

/* ---- the callback ---- */

enum result grant_claim(struct cx *cx, struct span grant_id)
{
    struct ledger_row present;
    struct grant claimed = {
        .state = GRANT_CLAIMED,
        .sealed_tokens = host_random(cx, GRANT_ID_SIZE), /* tells this request's claim */
    };
    struct span row = grant_pack(cx->arena, &claimed);
    struct ledger_step step = shard_step(cx, grant_id, row.size);
    ledger_check(&step, ROW_GRANT, 0);
    ledger_write(&step, ROW_GRANT, cx->now + cx->gateway->lifetimes.transaction, row);
    return ledger_commit_own(cx, &step, ROW_GRANT, row, &present);
}

enum result grant_store(struct cx *cx, struct grant *grant, const struct downstream_tokens *tokens,
                        struct code *code)
{
    key_from(host_random(cx, KEY_SIZE), &code->data_key);
    grant->state = GRANT_LIVE;
    grant->under_code_key = true;
    TRY(shard_seal_tokens(cx, code->grant_id, grant, tokens, &code->data_key));
    struct ledger_row present;
    struct span row = grant_pack(cx->arena, grant);
    struct ledger_step step = shard_step(cx, code->grant_id, row.size);
    ledger_check(&step, ROW_GRANT, 1);
    /* The code itself says when it ends; its row ends with the grant's, by the same alarm. */
    uint64_t end = shard_grant_end(cx, code->expires);
    ledger_write(&step, ROW_GRANT, end, row);
    ledger_write(&step, ROW_CODE, end, SPAN("issued"));
    return ledger_commit_own(cx, &step, ROW_GRANT, row, &present);
}

/* ---- reading ---- */

static enum result read_grant(struct cx *cx, struct span grant_id, uint64_t cache_seconds,
                              struct grant_rows *rows)
{
    *rows = (struct grant_rows){.id = grant_id};
    struct ledger_step step = shard_step(cx, grant_id, 0);
    step.cache_ms = (uint32_t)(cache_seconds * 1000);
    shard_read(&step, rows);
    TRY(ledger_commit(cx, &step));
    return shard_rows(rows);
}

enum result grant_read(struct cx *cx, struct span grant_id, struct grant_rows *rows)
{
    return read_grant(cx, grant_id, cx->gateway->lifetimes.grant_cache, rows);
}

enum result grant_read_now(struct cx *cx, struct span grant_id, struct grant_rows *rows)
{
    return read_grant(cx, grant_id, 0, rows);
}

struct token_digest token_digest_of(struct span token)
{
    struct token_digest made;
    /* By a name of its own: others log a token's bare SHA-256 as harmless (RFC 9449's ath is one).
     */
    sha256_parts(2, (struct span[]){SPAN("latchkey/1 token"), token}, &made.digest);
    sha256(hash_span(&made.digest), &made.hash);
    return made;
}

static bool is_live(const struct cx *cx, const struct live_token *live,
                    const struct token_digest *token)
{
    return crypto_equal(live->hash, hash_span(&token->hash)) && live->expires > cx->now;
}

const struct live_token *grant_access(const struct cx *cx, const struct grant_rows *rows,
                                      const struct token_digest *token)
{
    for (size_t i = 0; i < rows->family.access_count; i++)
        if (is_live(cx, &rows->family.access[i], token))
            return &rows->family.access[i];
    return NULL;
}

const struct live_token *grant_refresh(const struct cx *cx, const struct grant_rows *rows,
                                       const struct token_digest *token)
{
    return is_live(cx, &rows->family.refresh, token) ? &rows->family.refresh : NULL;
}

/* Out of the code's reach: sealed anew under the key that only live tokens give. */
static void reseal_later(struct cx *cx, const struct grant_rows *rows,
                         const struct downstream_tokens *tokens, const struct key *data_key)
{
    struct grant grant = rows->grant;
    grant.under_code_key = false;
    if (shard_seal_tokens(cx, rows->id, &grant, tokens, data_key) != OK)
        return;
    struct span row = grant_pack(cx->arena, &grant);
    struct ledger_step step = shard_step(cx, rows->id, row.size);
    ledger_check(&step, ROW_GRANT, rows->grant_row.version);
    ledger_write(&step, ROW_GRANT, LEDGER_KEEP_EXPIRY, row);
    ledger_commit_later(cx, &step);
}

enum result grant_open(struct cx *cx, const struct grant_rows *rows, const struct live_token *live,
                       const struct token_digest *token, struct downstream_tokens *tokens,
                       struct key *data_key)
{
    const struct grant *grant = &rows->grant;
    struct key sealing;
    TRY(shard_data_key(cx, rows->id, token, live, data_key));
    sealing = *data_key;
    if (grant->under_code_key) {
        struct span code_key;
        TRY(unseal_with(cx->arena, data_key, rows->id, rows->family.code_key, &code_key));
        if (code_key.size != KEY_SIZE)
            return UNVERIFIABLE;
        key_from(code_key, &sealing);
    }
    TRY(shard_unseal_tokens(cx, rows->id, grant, &sealing, tokens));
    if (grant->under_code_key)
        reseal_later(cx, rows, tokens, data_key);
    return OK;
}

/* ---- the end ---- */

enum result grant_end(struct cx *cx, struct span grant_id)
{
    struct grant ended = {.state = GRANT_ENDED};
    struct span row = grant_pack(cx->arena, &ended);
    struct ledger_step step = shard_step(cx, grant_id, row.size);
    ledger_write(&step, ROW_GRANT, cx->now + TOMBSTONE_SECONDS, row);
    ledger_delete(&step, ROW_FAMILY);
    ledger_delete(&step, ROW_CODE);
    ledger_delete(&step, ROW_RETRY);
    ledger_delete(&step, ROW_LEASE);
    ledger_delete(&step, ROW_STEP_UP);
    return ledger_commit(cx, &step);
}

enum result grant_end_access(struct cx *cx, const struct grant_rows *rows,
                             const struct live_token *live)
{
    struct family family = rows->family;
    size_t at = (size_t)(live - rows->family.access);
    family.access_count--;
    memmove(family.access + at, family.access + at + 1,
            (family.access_count - at) * sizeof family.access[0]);
    struct span row = family_pack(cx->arena, &family);
    struct ledger_step step = shard_step(cx, rows->id, row.size);
    ledger_check(&step, ROW_FAMILY, rows->family_row.version);
    ledger_write(&step, ROW_FAMILY, LEDGER_KEEP_EXPIRY, row);
    return ledger_commit(cx, &step);
}
