/*
 * Inside a grant's shard: the names of its rows, the step that reads them, and
 * the keys that seal what stands in them. For the files that carry out a
 * grant's life (grant.c, issue.c, lease.c) and for nobody else.
 */
#ifndef OAUTH_SHARD_H
#define OAUTH_SHARD_H

#include "oauth/grant.h"

#define ROW_GRANT SPAN("grant")
#define ROW_FAMILY SPAN("family")
#define ROW_CODE SPAN("code")
#define ROW_RETRY SPAN("retry")
#define ROW_LEASE SPAN("lease")
#define ROW_STEP_UP SPAN("step_up")

/* A step on the grant's shard, with room for `values` bytes of values. */
struct ledger_step shard_step(struct cx *cx, struct span grant_id, size_t values);

/*
 * When the `grant` row of a grant ends that is good until `end`: not before the
 * `state` that made it, so that nobody can present that once more.
 */
uint64_t shard_grant_end(const struct cx *cx, uint64_t end);

/* Reads grant and family; after the commit, shard_rows makes records of them. */
void shard_read(struct ledger_step *step, struct grant_rows *rows);

/*
 * OK: a grant that was redeemed and has not ended. NOT_FOUND otherwise.
 * HOST_FAILED: a row in a format that we do not know; nobody is told that it is gone.
 */
enum result shard_rows(struct grant_rows *rows) MUST_USE;

/* Sealed so that only who holds the token can open it, and only with our root secret. */
enum result shard_seal_for(struct cx *cx, struct span grant_id, const struct token_digest *token,
                           struct span value, struct span *box) MUST_USE;
enum result shard_unseal_for(struct cx *cx, struct span grant_id, const struct token_digest *token,
                             struct span box, struct span *value) MUST_USE;

/* The grant's data key, from a live token. */
enum result shard_data_key(struct cx *cx, struct span grant_id, const struct token_digest *token,
                           const struct live_token *live, struct key *data_key) MUST_USE;

/*
 * The downstream tokens into the grant's record, and out of it. The box names
 * its owner (deployment, user, grant): copied elsewhere it does not open.
 * HOST_FAILED: it holds, but a later version wrote it.
 */
enum result shard_seal_tokens(struct cx *cx, struct span grant_id, struct grant *grant,
                              const struct downstream_tokens *tokens,
                              const struct key *data_key) MUST_USE;
enum result shard_unseal_tokens(struct cx *cx, struct span grant_id, const struct grant *grant,
                                const struct key *data_key,
                                struct downstream_tokens *tokens) MUST_USE;

#endif
