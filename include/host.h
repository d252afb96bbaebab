/*
 * The outside world, as the core sees it.
 *
 * The module imports nothing: it cannot do anything, only say what it wants.
 * A run is given the request, the time, a seed and the journal: the answers to
 * the effects that earlier runs of the same request asked for, in order. A
 * function below takes the next answer from the journal; when there is none
 * yet, it notes the effect and returns PENDING, which goes up to the exports
 * (app/worker.c). The shim performs what was noted, appends the answers and
 * runs again from the top. So code reads as if every call returned at once:
 *
 *     TRY(host_body(cx, limit, &body));
 *
 * Effects that do not depend on each other may be asked for in one run: call
 * both, then return PENDING if either said so (host_both).
 *
 * Because everything is run again, a run must be a function of its input: time
 * and randomness come from here only, and random bytes are always drawn in the
 * same order.
 */
#ifndef HOST_H
#define HOST_H

#include "base/pack.h"
#include "jose/crypto.h"
#include "text/http.h"

struct gateway; /* oauth/gateway.h: the configuration and its keys */

enum {
    SEED_SIZE = KEY_SIZE,  /* as drbg_make wants it */
    HOST_MAX_EFFECTS = 8,  /* wanted by one run */
    HOST_MAX_DEFERRED = 8, /* wanted at its end, unanswered */
    RESPONSE_MAX_HEADERS = 24,
    REQUEST_MAX_HEADERS = 128,
    REQUEST_MAX_URL = 16384,
    REQUEST_MAX_HEADER_BYTES = 131072,
    LEDGER_MAX_READS = 4,
    FETCH_DEADLINE_MS = 10000,
    FETCH_MAX_BYTES = 262144
};

struct request {
    struct span method;
    struct span url;
    struct span path;  /* as it stands in the URL, not decoded */
    struct span query; /* ABSENT without */
    struct headers headers;
};

struct response {
    uint32_t status;
    struct header headers[RESPONSE_MAX_HEADERS];
    size_t header_count;
    struct span body;
};

/* The context of one run: the one argument that everything from oauth on takes. */
struct cx {
    struct arena *arena;
    const struct gateway *gateway;
    uint64_t now; /* seconds since 1970 */
    struct drbg drbg;
    struct request request;
    struct response response;

    struct unpacker journal;
    struct span effects[HOST_MAX_EFFECTS];
    size_t effect_count;
    struct span deferred[HOST_MAX_DEFERRED];
    size_t deferred_count;
    bool forwarded;   /* the last effect wanted is a forward, which may end the request */
    bool must_finish; /* others have been, or are about to be, acted on: even without the client */
    struct span line; /* for the operator's log; ABSENT: none */

    /* Why the request was refused: what the client is told, and what the audit
     * line says (broker/audit.h). Set by refuse() in oauth/error.h; anew by each forward. */
    struct span error_description;
    struct span error_reason;
    struct audit *audit;
};

/* Reads the request of a run; MALFORMED only if the shim and the core disagree. */
enum result host_begin(struct cx *cx, struct arena *a, const struct gateway *gateway,
                       struct span input) MUST_USE;

/* What the run has to say: the effects wanted, or the response. */
struct span host_end(struct cx *cx, enum result result);

/* `size` random bytes in the arena. */
struct span host_random(struct cx *cx, size_t size);

/* PENDING if either is; else the first that is not OK. */
enum result host_both(enum result a, enum result b) MUST_USE;

/* The request's body. TOO_LARGE beyond `limit` bytes; HOST_FAILED if it broke off. */
enum result host_body(struct cx *cx, size_t limit, struct span *body) MUST_USE;

/*
 * A pure result too dear to compute again in the next run: the first run gives
 * it, later runs get the same bytes back. Call only after host_kept said
 * NOT_FOUND; never PENDING by itself, it rides with the next effect. What another
 * effect brought is never taken for something kept: a result that was not kept
 * (a signature that did not hold) is computed again.
 *
 *     if (host_kept(cx, &token) == NOT_FOUND) {
 *         TRY(sign(..., &token));
 *         host_keep(cx, token);
 *     }
 */
enum result host_kept(struct cx *cx, struct span *value) MUST_USE;
void host_keep(struct cx *cx, struct span value);

/*
 * One atomic step on one shard of the ledger: if every check holds, everything
 * is written; else nothing is. Reads see the rows as they were before the
 * writes and are answered in both cases. A row's version counts its writes; 0
 * means that the row is not there (or has expired).
 */
#define LEDGER_KEEP_EXPIRY UINT64_MAX

struct ledger_row {
    uint32_t version;
    struct span value;
};

struct ledger_step {
    struct span shard;
    struct builder operations;
    uint32_t count;
    uint32_t cache_ms; /* an answer this old will do, if the isolate has one; 0: none */
    bool writes;
    struct ledger_row *reads[LEDGER_MAX_READS];
    size_t read_count;
};

/* `max` bounds the bytes of all keys and values, plus 32 for each operation. */
struct ledger_step ledger_step(struct cx *cx, struct span shard, size_t max);
void ledger_check(struct ledger_step *step, struct span key, uint32_t version);
/* The row's value begins with these bytes: for a row whose version may have begun anew. */
void ledger_match(struct ledger_step *step, struct span key, struct span value);
void ledger_read(struct ledger_step *step, struct span key, struct ledger_row *row);
/*
 * expires: seconds since 1970, from then on the row is not there; or
 * LEDGER_KEEP_EXPIRY. The ledger goes by its own clock: what counts is the time
 * from cx->now to then, and it begins when the row is written, however long the
 * request took to come so far.
 */
void ledger_write(struct ledger_step *step, struct span key, uint64_t expires, struct span value);
/*
 * Writes a value that takes part of another row's without anybody having read that:
 * `head`, and then the last mask.size bytes of the row `from`, each XORed with the
 * mask's. CONFLICT if `from` is not there, or shorter.
 */
void ledger_derive(struct ledger_step *step, struct span key, uint64_t expires, struct span from,
                   struct span head, struct span mask);
/* Only a new expiry; the version stays. Nothing happens if the row is not there. */
void ledger_touch(struct ledger_step *step, struct span key, uint64_t expires);
void ledger_delete(struct ledger_step *step, struct span key);
/* Before anything else, wait until the row's version is another one, at most `ms`. */
void ledger_wait(struct ledger_step *step, struct span key, uint32_t version, uint32_t ms);

/*
 * OK, CONFLICT (a condition did not hold), HOST_FAILED, PENDING;
 * TEMPORARILY_UNAVAILABLE: the shard is overloaded and must not be asked again at once.
 */
enum result ledger_commit(struct cx *cx, struct ledger_step *step) MUST_USE;
/*
 * For a step that writes to the row `key` a value that begins with `own`, bytes
 * that nobody else would write: a platform may perform a step twice, and a step whose answer was
 * lost may have been performed. So it is asked once more after a failure, and a row that begins so
 * already is success. *row: as the step read it.
 */
enum result ledger_commit_own(struct cx *cx, struct ledger_step *step, struct span key,
                              struct span own, struct ledger_row *row) MUST_USE;
/*
 * Deferred, like all that ends in _later: begun when the response or a forward goes out, its
 * outcome unknown. Only for what may as well not happen.
 */
void ledger_commit_later(struct cx *cx, struct ledger_step *step);

/* Read-mostly copies. NOT_FOUND when missing; also when the store fails: a copy can be made anew.
 */
enum result kv_get(struct cx *cx, struct span key, uint32_t cache_ms, struct span *value) MUST_USE;
/* Deferred. ttl in seconds, at least 60. */
void kv_put_later(struct cx *cx, struct span key, struct span value, uint32_t ttl_seconds);

/* One outbound request: redirects are answers, not followed. */
struct fetch {
    struct span method;
    struct span url;
    struct header headers[8];
    size_t header_count;
    struct span body;     /* ABSENT: none */
    uint32_t deadline_ms; /* 0: FETCH_DEADLINE_MS */
    uint32_t max_bytes;   /* 0: FETCH_MAX_BYTES; counted after decompression */
};
struct fetched {
    uint32_t status;
    struct headers headers;
    struct span body;
};
/* OK with any status; HOST_FAILED: no answer, or too late; TOO_LARGE: more than max_bytes. */
enum result host_fetch(struct cx *cx, const struct fetch *wanted, struct fetched *got) MUST_USE;
/* Deferred. */
void host_fetch_later(struct cx *cx, const struct fetch *wanted);

/* Whether the platform's limiter lets this key pass. A limiter that fails lets pass. */
enum result host_limit(struct cx *cx,
                       struct span key) MUST_USE; /* OK, TOO_MANY_REQUESTS, PENDING */

/*
 * Sends the request on and streams the answer back. The body is the one that
 * host_body read, or none. Comes back (OK) only if the runtime answers with
 * `returned_status`, or HOST_FAILED if it does not answer; otherwise the answer
 * has gone to the client, with those of its headers that `kept` names (a name
 * that ends in '*' is a prefix) and with `added`. A client that leaves takes it along: there is
 * nothing that must be finished then.
 */
struct forward {
    struct span method;
    struct span url;
    struct header *headers;
    size_t header_count;
    bool with_body;
    uint32_t returned_status; /* 0: none */
    const char *const *kept;
    size_t kept_count;
    struct header *added;
    size_t added_count;
};
enum result host_forward(struct cx *cx, const struct forward *wanted) MUST_USE;

/*
 * The request's line in the operator's log: of its answer, or of a forward, as it goes out. A call
 * that is forwarded and then answered by us, or forwarded again, has a line for each.
 */
void host_log(struct cx *cx, struct span line);

/* The response. Headers keep their order; a name may be added twice (Set-Cookie). */
void respond(struct cx *cx, uint32_t status, struct span content_type, struct span body);
void respond_header(struct cx *cx, struct span name, struct span value);

#endif
