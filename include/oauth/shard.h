/*
 * Inside a grant's shard: the names of its rows, the step that reads them, and
 * the keys that seal what stands in them. For the files that carry out a grant's
 * life (grant.c, issue.c, lease.c, token_text.c) and for nobody else.
 */
#ifndef OAUTH_SHARD_H
#define OAUTH_SHARD_H

#include "oauth/grant.h"

#define ROW_GRANT SPAN("grant")
#define ROW_CODE SPAN("code")
#define ROW_REFRESH SPAN("refresh")
#define ROW_RETRY SPAN("retry")
#define ROW_LEASE SPAN("lease")
#define ROW_STEP_UP SPAN("step_up")

/* access/0 to access/7; a larger number begins anew. */
struct span shard_access_row(uint8_t number);

/* A step on the grant's shard, with room for `values` bytes of values. */
struct ledger_step shard_step(struct cx *cx, struct span grant_id, size_t values);

/*
 * When the `grant` row of a grant ends that is good until `end`: not before the
 * `state` that made it, so that nobody can present that once more.
 */
uint64_t shard_grant_end(const struct cx *cx, uint64_t end);

/* Reads the grant and the row of rows->token; after the commit, shard_rows makes records of them.
 */
void shard_read(struct ledger_step *step, struct grant_rows *rows);

/*
 * OK: a grant that has not ended, whether or not the token is live. NOT_FOUND otherwise.
 * HOST_FAILED: a row in a format that we do not know; nobody is told that it is gone.
 */
enum result shard_rows(struct grant_rows *rows) MUST_USE;

/* What a token's share of the data key is XORed with; `previous`: made with that root secret. */
struct key shard_pad(struct cx *cx, const struct token_digest *token, bool previous);

/* Sealed so that only who holds the token can open it, and only with our root secret. */
enum result shard_seal_for(struct cx *cx, struct span grant_id, const struct token_digest *token,
                           struct span value, struct span *box) MUST_USE;
enum result shard_unseal_for(struct cx *cx, struct span grant_id, const struct token_digest *token,
                             struct span box, struct span *value) MUST_USE;

/* The grant's data key, from a live token; nothing is opened by one that is not. */
struct key shard_data_key(struct cx *cx, const struct grant_rows *rows);

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
