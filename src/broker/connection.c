#include "broker/connection.h"

#include "oauth/error.h"

enum { MAX_ROUNDS = 3, HOLDER_SIZE = 16 };

struct opened {
    struct downstream_tokens tokens;
    struct key data_key;
};

static enum result gone(struct cx *cx)
{
    return refuse(cx, INVALID_TOKEN, "downstream_broken",
                  "The connection to the product has ended. Sign in again.");
}

static enum result unavailable(struct cx *cx)
{
    return refuse(cx, TEMPORARILY_UNAVAILABLE, "downstream_unavailable",
                  "The product's authorization server does not answer. Try again shortly.");
}

static enum result open_rows(struct cx *cx, const struct profile *profile,
                             const struct grant_rows *rows, struct opened *opened)
{
    if (!grant_is_live(cx, rows) || rows->grant.state != GRANT_LIVE)
        return gone(cx);
    enum result result = grant_open(cx, rows, &opened->tokens, &opened->data_key);
    /* What another authorization server gave is not for this one, nor for who trusts it. */
    if (result == OK && !span_equal(rows->grant.identity.issuer, profile->issuer))
        opened->tokens = (struct downstream_tokens){.access_token = SPAN(""), .expires = 1};
    if (result == OK || result == HOST_FAILED)
        return result;
    return refuse(cx, SERVER_ERROR, "grant_sealed", "The grant could not be opened.");
}

/* Half of a short life: what is always about to expire would be refreshed by every call. */
static uint64_t half_of_life_or(const struct downstream_tokens *t, uint64_t seconds)
{
    uint64_t half = (t->expires - t->obtained) / 2;
    return t->expires != 0 && half < seconds ? half : seconds;
}

static bool is_rejected(const struct downstream_tokens *t, struct span rejected)
{
    return span_present(rejected) && crypto_equal(t->access_token, rejected);
}

/* Too young to have died: whatever is wrong with it would be wrong with the next one too. */
static bool is_new(const struct cx *cx, const struct downstream_tokens *t)
{
    return cx->now < t->obtained + half_of_life_or(t, CONNECTION_NEW_SECONDS);
}

/* Good for a call as it is. */
static bool fresh(const struct cx *cx, const struct downstream_tokens *t, struct span rejected)
{
    uint64_t early = half_of_life_or(t, cx->gateway->lifetimes.early_refresh);
    return !is_rejected(t, rejected) && (t->expires == 0 || t->expires > cx->now + early);
}

/* Not fresh, but better than nothing while downstream is out of reach. */
static bool usable(const struct cx *cx, const struct downstream_tokens *t, struct span rejected)
{
    return t->expires > cx->now && !is_rejected(t, rejected);
}

/*
 * New tokens exist nowhere else, and the product takes the old ones no more: so even an overloaded
 * shard is asked twice, and what cannot be stored is no mere outage of the product.
 */
static enum result store_as_holder(struct cx *cx, const struct grant_rows *rows, struct span holder,
                                   const struct opened *opened)
{
    enum result stored = grant_renew(cx, rows, holder, &opened->tokens, &opened->data_key);
    if (stored == TEMPORARILY_UNAVAILABLE)
        stored = grant_renew(cx, rows, holder, &opened->tokens, &opened->data_key);
    return stored == TEMPORARILY_UNAVAILABLE ? HOST_FAILED : stored;
}

/* As the lease's holder. OK: opened->tokens are new and stored. */
static enum result refresh_as_holder(struct cx *cx, const struct downstream *server,
                                     const struct grant_rows *rows, struct span holder,
                                     struct opened *opened)
{
    enum result refreshed = downstream_refresh(cx, server, &rows->grant.identity, &opened->tokens);
    if (refreshed == PENDING)
        return PENDING;
    if (refreshed == OK)
        return store_as_holder(cx, rows, holder, opened);
    if (refreshed == INVALID_GRANT) {
        enum result broken = grant_break(cx, rows, holder);
        return broken == OK ? INVALID_TOKEN : broken; /* with downstream_refresh's reason */
    }
    enum result released = grant_release(cx, rows, holder);
    return released == PENDING ? PENDING : TEMPORARILY_UNAVAILABLE;
}

static enum result refresh_round(struct cx *cx, const struct downstream *server,
                                 struct grant_rows *rows, uint32_t ms, struct opened *opened)
{
    struct span holder = host_random(cx, HOLDER_SIZE);
    uint32_t before = rows->grant_row.version;
    enum result leased = grant_lease(cx, rows, holder);
    if (leased == OK) {
        enum result result = refresh_as_holder(cx, server, rows, holder, opened);
        if (result != CONFLICT)
            return result;
    } else if (leased != CONFLICT) {
        return leased;
    }
    /* Somebody else is at it, or has done it: their row is the answer. If it is the same
     * as before, they failed, and trying again at once would only add to the storm. */
    enum result waited = grant_wait(cx, rows, ms);
    if (waited == NOT_FOUND && leased == OK)
        downstream_revoke_later(cx, server, &opened->tokens); /* the grant ended meanwhile */
    if (waited == NOT_FOUND)
        return gone(cx);
    TRY(waited);
    if (rows->grant_row.version == before)
        return unavailable(cx);
    TRY(open_rows(cx, server->profile, rows, opened));
    return CONFLICT;
}

enum result connection_token(struct cx *cx, const struct profile *profile, struct grant_rows *rows,
                             struct span rejected, struct span *access_token)
{
    struct opened opened;
    TRY(open_rows(cx, profile, rows, &opened));
    struct downstream server;
    for (int round = 0; !fresh(cx, &opened.tokens, rejected); round++) {
        if (is_rejected(&opened.tokens, rejected) && is_new(cx, &opened.tokens))
            return NOT_FOUND;
        /* Without a refresh token it is good to its end; then the lease's holder breaks the grant,
         * so that the client's own refresh is refused too and the user is asked again. */
        if (!span_present(opened.tokens.refresh_token) && usable(cx, &opened.tokens, rejected))
            break;
        if (round == MAX_ROUNDS)
            return unavailable(cx);
        struct opened before = opened;
        bool can_do_without = usable(cx, &opened.tokens, rejected);
        uint32_t wait_ms = can_do_without ? LEASE_GLANCE_MS : LEASE_WAIT_MS;
        enum result result = round > 0 ? OK : downstream_discover(cx, profile, &server);
        if (result == OK)
            result = refresh_round(cx, &server, rows, wait_ms, &opened);
        if (result == OK)
            break;
        if (result == TEMPORARILY_UNAVAILABLE && can_do_without) {
            cx->error_reason = ABSENT; /* the call goes on */
            opened = before;
            break;
        }
        if (result != CONFLICT)
            return result;
    }
    *access_token = opened.tokens.access_token;
    return OK;
}
