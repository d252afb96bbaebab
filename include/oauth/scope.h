/*
 * Scopes (RFC 6749 section 3.3): names between spaces; order and repetition
 * carry no meaning. What we write is without repetition, in the order given.
 */
#ifndef OAUTH_SCOPE_H
#define OAUTH_SCOPE_H

#include "oauth/gateway.h"

/* MALFORMED: a character outside %x21 / %x23-5B / %x5D-7E, or more than MAX_SCOPES names. */
enum result scope_parse(struct span text) MUST_USE;

bool scope_covers(struct span set, struct span wanted); /* every name of wanted is in set */
struct span scope_union(struct arena *a, struct span first, struct span second);
/* Those of `wanted` that `set` has, in the order of `wanted`. May be empty, never ABSENT. */
struct span scope_intersection(struct arena *a, struct span wanted, struct span set);

#endif
