/*
 * How a grant's rows, its code and its refresh tokens are laid out (base/pack.h). Each begins with
 * a format number; a reader refuses a number that it does not know, so that
 * a rollback fails closed instead of misreading. docs/storage.md has the tables.
 */
#ifndef OAUTH_RECORD_H
#define OAUTH_RECORD_H

#include "oauth/grant.h"

struct span grant_pack(struct arena *a, const struct grant *grant);
enum result grant_unpack(struct span row, struct grant *grant) MUST_USE;

/* The share comes last, so that the ledger can put it behind the rest, which is called the head. */
struct span live_pack(struct arena *a, const struct live_token *live);
enum result live_unpack(struct span row, struct live_token *live) MUST_USE;
/* The first bytes of a row that is the token's. */
struct span live_start(struct arena *a, const struct token_digest *token);

struct span code_pack(struct arena *a, const struct code *code);
enum result code_unpack(struct span bytes, struct code *code) MUST_USE;

struct span refresh_pack(struct arena *a, const struct refresh_token *token);
enum result refresh_unpack(struct span bytes, struct refresh_token *token) MUST_USE;

struct span tokens_pack(struct arena *a, const struct downstream_tokens *tokens);
enum result tokens_unpack(struct span bytes, struct downstream_tokens *tokens) MUST_USE;

#endif
