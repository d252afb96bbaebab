/*
 * The keys of others, by the URL under which they publish them: a product's
 * authorization server signs id_tokens with them, a client its assertions.
 */
#ifndef OAUTH_KEYS_H
#define OAUTH_KEYS_H

#include "host.h"
#include "jose/jwk.h"

enum { JWKS_CACHE_SECONDS = 3600, JWKS_REFETCH_SECONDS = 60, JWKS_MAX_BYTES = 65536 };

/*
 * A JWK set by its URL, from the copy in KV or fetched. `kid` is one that must be
 * there: if it is not, the set is fetched anew, at most once in
 * JWKS_REFETCH_SECONDS for everybody (ABSENT: any copy will do). Kept at most
 * JWKS_CACHE_SECONDS; an outage leaves the copy in use until then. NOT_FOUND: no
 * such key; TEMPORARILY_UNAVAILABLE: there is no copy and none can be had. Whether
 * the URL may be fetched from is the caller's to know (gateway_may_fetch).
 */
enum result jwks_find(struct cx *cx, struct span jwks_uri, struct span kid,
                      struct jwks *set) MUST_USE;

/*
 * The same by a URL that a stranger named: whoever makes us fetch it is counted
 * (oauth/limit.h). TOO_MANY_REQUESTS.
 */
enum result jwks_find_limited(struct cx *cx, struct span jwks_uri, struct span kid,
                              struct jwks *set) MUST_USE;

#endif
