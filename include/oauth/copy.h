/*
 * Copies of what others publish, by its URL, in KV: they may be stale, and can be
 * made anew. Each says itself until when it is good, because the store's own
 * expiry is not exact, and what was withdrawn has to go in time.
 */
#ifndef OAUTH_COPY_H
#define OAUTH_COPY_H

#include "host.h"

/* "{kind}:{hash of the URL}": a URL may be longer than a key of the store may be. */
struct span copy_key(struct arena *a, struct span kind, struct span url);

/* What a Worker has read of the store may serve it for so long; 0 asks the store. */
enum { COPY_CACHE_MS = 30000 };

/* NOT_FOUND: there is none, or it is over. */
enum result copy_get(struct cx *cx, struct span key, uint32_t cache_ms, struct span *text) MUST_USE;

/* Deferred (host.h). */
void copy_put_later(struct cx *cx, struct span key, struct span text, uint32_t seconds);

#endif
