#include "oauth/grant.h"

#include "oauth/record.h"
#include "oauth/shard.h"

#include <string.h>

/* A tombstone outlives what could make the grant anew: a state. */
enum { TOMBSTONE_SECONDS = 86400 };

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
                        const struct code *code, struct span *code_text)
{
    struct span id = code->facts.grant_id;
    struct key data_key;
    memcpy(data_key.bytes, host_random(cx, KEY_SIZE).data, KEY_SIZE);
    grant->state = GRANT_LIVE;
    TRY(shard_seal_tokens(cx, id, grant, tokens, &data_key));
    TRY(code_seal(cx, code, code_text));
    struct token_digest digest = token_digest_of(*code_text);
    struct key share = shard_pad(cx, &digest, false);
    key_mask(&share, key_span(&data_key));
    struct live_token live = {hash_span(&digest.hash), code->expires, SPAN(""), key_span(&share)};
    struct ledger_row present;
    struct span row = grant_pack(cx->arena, grant);
    struct span code_row = live_pack(cx->arena, &live);
    struct ledger_step step = shard_step(cx, id, row.size + code_row.size);
    ledger_check(&step, ROW_GRANT, 1);
    /* The code itself says when it ends; its row ends with the grant's, by the same alarm. */
    uint64_t end = shard_grant_end(cx, code->expires);
    ledger_write(&step, ROW_GRANT, end, row);
    ledger_write(&step, ROW_CODE, end, code_row);
    return ledger_commit_own(cx, &step, ROW_GRANT, row, &present);
}

/* ---- reading ---- */

static enum result read_grant(struct cx *cx, const struct presented *token, uint64_t cache_seconds,
                              struct grant_rows *rows)
{
    *rows = (struct grant_rows){.token = token};
    struct ledger_step step = shard_step(cx, token->grant_id, 0);
    step.cache_ms = (uint32_t)(cache_seconds * 1000);
    shard_read(&step, rows);
    TRY(ledger_commit(cx, &step));
    return shard_rows(rows);
}

enum result grant_read(struct cx *cx, const struct presented *token, struct grant_rows *rows)
{
    return read_grant(cx, token, cx->gateway->lifetimes.grant_cache, rows);
}

enum result grant_read_now(struct cx *cx, const struct presented *token, struct grant_rows *rows)
{
    return read_grant(cx, token, 0, rows);
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

bool grant_is_live(const struct cx *cx, const struct grant_rows *rows)
{
    return rows->live_row.version > 0 && rows->live.expires > cx->now &&
           crypto_equal(rows->live.hash, hash_span(&rows->digest.hash));
}

enum result grant_open(struct cx *cx, const struct grant_rows *rows,
                       struct downstream_tokens *tokens, struct key *data_key)
{
    *data_key = shard_data_key(cx, rows);
    return shard_unseal_tokens(cx, rows->token->grant_id, &rows->grant, data_key, tokens);
}

/* ---- the end ---- */

enum result grant_end(struct cx *cx, struct span grant_id)
{
    struct grant ended = {.state = GRANT_ENDED};
    struct span row = grant_pack(cx->arena, &ended);
    struct ledger_step step = shard_step(cx, grant_id, row.size);
    ledger_write(&step, ROW_GRANT, cx->now + TOMBSTONE_SECONDS, row);
    ledger_delete(&step, ROW_CODE);
    ledger_delete(&step, ROW_REFRESH);
    for (uint8_t i = 0; i < GRANT_ACCESS_ROWS; i++)
        ledger_delete(&step, shard_access_row(i));
    ledger_delete(&step, ROW_RETRY);
    ledger_delete(&step, ROW_LEASE);
    ledger_delete(&step, ROW_STEP_UP);
    return ledger_commit(cx, &step);
}

enum result grant_end_access(struct cx *cx, const struct grant_rows *rows)
{
    struct ledger_step step = shard_step(cx, rows->token->grant_id, 0);
    ledger_match(&step, rows->token->row, live_start(cx->arena, &rows->digest));
    ledger_delete(&step, rows->token->row);
    return ledger_commit(cx, &step);
}
