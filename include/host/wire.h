/*
 * The wire between the core and its host, laid out as in base/pack.h; docs/host.md
 * says the same to people who write hosts.
 *
 *   input     u64 now, seed, method, url, u32 headers, (name, value)..., answer...
 *   output    u8 OUTPUT_EFFECTS,  u8 must finish, u32 n, effect..., END
 *             u8 OUTPUT_RESPONSE, u32 status, headers, body, END
 *   END       u32 n, deferred effect..., line
 */
#ifndef HOST_WIRE_H
#define HOST_WIRE_H

#include "host.h"

enum { OUTPUT_RESPONSE = 0, OUTPUT_EFFECTS = 1 };

enum effect_kind {
    EFFECT_BODY = 1, /* u32 limit                     -> u8 outcome, body */
    EFFECT_LEDGER,   /* shard, u32 cache ms, step     -> u8 outcome, (u32 version, value)... */
    EFFECT_KV_GET,   /* key, u32 cache ms             -> u8 outcome, value */
    EFFECT_KV_PUT,   /* key, value, u32 ttl           -> none: deferred only */
    EFFECT_FETCH,    /* see fetch_effect()            -> u8 outcome, u32 status, headers, body */
    EFFECT_LIMIT,    /* key                           -> u8 outcome, u8 allowed */
    EFFECT_FORWARD,  /* see host_forward()            -> u8 outcome */
    EFFECT_KEEP      /* u8 EFFECT_KEEP, value         -> the same; no outcome has this number */
};

enum outcome {
    OUTCOME_OK = 0,
    OUTCOME_FAILED = 1,
    OUTCOME_CONFLICT = 2,
    OUTCOME_TOO_LARGE = 3,
    OUTCOME_BUSY = 4
};

enum operation {
    LEDGER_CHECK = 1, /* key, u32 version */
    LEDGER_MATCH,     /* key, what its value begins with */
    LEDGER_READ,      /* key */
    LEDGER_WRITE,     /* key, u64 expires, value */
    LEDGER_TOUCH,     /* key, u64 expires */
    LEDGER_DELETE,    /* key */
    LEDGER_WAIT,      /* key, u32 version, u32 ms */
    LEDGER_DERIVE     /* key, u64 expires, head, from, mask */
};

/* The next answer of the journal; false: there is none yet. */
bool wire_answer(struct cx *cx, struct unpacker *answer);

/* An effect, to be completed with at most `max` bytes; then it is wanted, or deferred. */
struct builder wire_effect(struct cx *cx, enum effect_kind kind, size_t max);
enum result wire_want(struct cx *cx, const struct builder *effect); /* PENDING */
void wire_defer(struct cx *cx, const struct builder *effect);

enum result wire_read_headers(struct arena *a, struct unpacker *u, struct headers *headers);
void wire_pack_headers(struct builder *b, const struct header *list, size_t count);
size_t wire_headers_size(const struct header *list, size_t count);

#endif
