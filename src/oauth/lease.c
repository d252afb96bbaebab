/* The downstream refresh, one at a time. */
#include "oauth/record.h"
#include "oauth/shard.h"

/* A lease is always written where none was. */
enum { LEASE_VERSION = 1 };

enum result grant_lease(struct cx *cx, const struct grant_rows *rows, struct span holder)
{
    struct ledger_row present;
    struct ledger_step step = shard_step(cx, rows->token->grant_id, holder.size);
    ledger_check(&step, ROW_LEASE, 0);
    ledger_check(&step, ROW_GRANT, rows->grant_row.version);
    ledger_write(&step, ROW_LEASE, cx->now + LEASE_SECONDS, holder);
    return ledger_commit_own(cx, &step, ROW_LEASE, holder, &present);
}

enum result grant_wait(struct cx *cx, struct grant_rows *rows, uint32_t ms)
{
    struct ledger_step step = shard_step(cx, rows->token->grant_id, 0);
    ledger_wait(&step, ROW_LEASE, LEASE_VERSION, ms);
    shard_read(&step, rows);
    TRY(ledger_commit(cx, &step));
    return shard_rows(rows);
}

/* Writes the grant's row as the lease's holder, whatever its version became meanwhile. */
static enum result write_as_holder(struct cx *cx, const struct grant_rows *rows, struct span holder,
                                   const struct grant *grant)
{
    struct ledger_row present;
    struct span row = grant_pack(cx->arena, grant);
    struct ledger_step step = shard_step(cx, rows->token->grant_id, row.size + holder.size);
    ledger_match(&step, ROW_LEASE, holder);
    ledger_write(&step, ROW_GRANT, LEDGER_KEEP_EXPIRY, row);
    ledger_delete(&step, ROW_LEASE);
    if (grant->state == GRANT_BROKEN)
        ledger_delete(&step, ROW_REFRESH); /* nothing is to be had by it any more */
    return ledger_commit_own(cx, &step, ROW_GRANT, row, &present);
}

enum result grant_renew(struct cx *cx, const struct grant_rows *rows, struct span holder,
                        const struct downstream_tokens *tokens, const struct key *data_key)
{
    struct grant grant = rows->grant;
    TRY(shard_seal_tokens(cx, rows->token->grant_id, &grant, tokens, data_key));
    return write_as_holder(cx, rows, holder, &grant);
}

enum result grant_break(struct cx *cx, const struct grant_rows *rows, struct span holder)
{
    struct grant grant = rows->grant;
    grant.state = GRANT_BROKEN;
    grant.sealed_tokens = SPAN("");
    return write_as_holder(cx, rows, holder, &grant);
}

enum result grant_release(struct cx *cx, const struct grant_rows *rows, struct span holder)
{
    struct ledger_step step = shard_step(cx, rows->token->grant_id, holder.size);
    ledger_match(&step, ROW_LEASE, holder);
    ledger_delete(&step, ROW_LEASE);
    return ledger_commit(cx, &step);
}
