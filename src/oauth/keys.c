#include "oauth/keys.h"

#include "oauth/copy.h"
#include "oauth/error.h"
#include "oauth/limit.h"

/* A set without a key that we could use is an answer gone wrong, not a set. */
static enum result read_set(struct cx *cx, struct span text, struct jwks *set)
{
    TRY(jwks_parse(cx->arena, text, set));
    return set->count > 0 ? OK : MALFORMED;
}

static bool has_key(const struct jwks *set, struct span kid)
{
    if (!span_present(kid))
        return true;
    for (size_t i = 0; i < set->count; i++)
        if (span_present(set->keys[i].kid) && span_equal(set->keys[i].kid, kid))
            return true;
    return false;
}

static enum result read_copy(struct cx *cx, struct span key, uint32_t cache_ms, struct jwks *set)
{
    struct span text;
    TRY(copy_get(cx, key, cache_ms, &text));
    return read_set(cx, text, set) == OK ? OK : NOT_FOUND;
}

/*
 * Anybody can name a key that does not exist. So one of all requests everywhere
 * writes this row and fetches; the others have to wait until it expires.
 */
static enum result take_turn(struct cx *cx, struct span key)
{
    struct ledger_step step = ledger_step(cx, key, 128);
    ledger_check(&step, SPAN("refetch"), 0);
    ledger_write(&step, SPAN("refetch"), cx->now + JWKS_REFETCH_SECONDS, SPAN(""));
    return ledger_commit(cx, &step);
}

static enum result fetch_set(struct cx *cx, struct span jwks_uri, struct span *text,
                             struct jwks *set)
{
    struct fetch fetch = {.method = SPAN("GET"), .url = jwks_uri, .max_bytes = JWKS_MAX_BYTES};
    fetch.headers[fetch.header_count++] =
        (struct header){SPAN("accept"), SPAN("application/jwk-set+json, application/json")};
    struct fetched got;
    TRY(host_fetch(cx, &fetch, &got));
    struct span type = headers_get(&got.headers, SPAN("content-type"));
    if (got.status != 200 || (!http_is_type(type, SPAN("application/json")) &&
                              !http_is_type(type, SPAN("application/jwk-set+json"))))
        return HOST_FAILED;
    *text = got.body;
    return read_set(cx, got.body, set);
}

static enum result unavailable(struct cx *cx)
{
    return refuse(cx, TEMPORARILY_UNAVAILABLE, "jwks_unavailable",
                  "The signing keys cannot be fetched at the moment. Try again in a minute.");
}

/* Whoever had the turn may have stored more than this Worker remembers. */
static enum result find_stored(struct cx *cx, struct span key, struct span kid, struct jwks *set)
{
    TRY(read_copy(cx, key, 0, set));
    return has_key(set, kid) ? OK : NOT_FOUND;
}

static enum result find(struct cx *cx, struct span jwks_uri, struct span kid, bool limited,
                        struct jwks *set)
{
    struct span key = copy_key(cx->arena, SPAN("jwks"), jwks_uri);
    struct span text;
    enum result copied = read_copy(cx, key, COPY_CACHE_MS, set);
    if (copied == PENDING || (copied == OK && has_key(set, kid)))
        return copied;
    if (limited)
        TRY(limit_caller(cx, SPAN("jwks")));
    enum result turn = copied == OK ? take_turn(cx, key) : OK;
    if (turn == CONFLICT)
        return find_stored(cx, key, kid, set);
    if (turn != OK)
        return turn == PENDING ? PENDING : unavailable(cx);
    enum result fetched = fetch_set(cx, jwks_uri, &text, set);
    if (fetched == PENDING)
        return PENDING;
    /* The copy, if there is one, stays as it is, and good for the keys that it has. */
    if (fetched != OK)
        return copied == OK ? NOT_FOUND : unavailable(cx);
    copy_put_later(cx, key, text, JWKS_CACHE_SECONDS);
    return has_key(set, kid) ? OK : NOT_FOUND;
}

enum result jwks_find(struct cx *cx, struct span jwks_uri, struct span kid, struct jwks *set)
{
    return find(cx, jwks_uri, kid, false, set);
}

enum result jwks_find_limited(struct cx *cx, struct span jwks_uri, struct span kid,
                              struct jwks *set)
{
    return find(cx, jwks_uri, kid, true, set);
}
