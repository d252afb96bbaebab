/*
 * A host that follows a script: the effects that must be asked for, in order,
 * each with its answer. What is under test runs as it does in production, from
 * the top for each effect, and in the end once more: the same journal must lead
 * to the same result, deferred effects included.
 *
 *     script_start(&script, &gateway, NOW);
 *     expect_kv(&script, SPAN("metadata:https://login.example"), ABSENT);
 *     expect_fetch(&script, "GET https://login.example/...", 200, "application/json", BODY);
 *     CHECK_INT(script_run(&script, discover), OK);
 *
 * Afterwards script.cx is the last run's context, and script.sent what was fetched.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "check.h"
#include "host.h"

#include <string.h>

enum { SCRIPT_MAX_STEPS = 16, SCRIPT_MEMORY = 4 << 20 };
enum {
    ASKS_BODY = 1,
    ASKS_LEDGER = 2,
    ASKS_KV_GET = 3,
    ASKS_KV_PUT = 4,
    ASKS_FETCH = 5,
    ASKS_LIMIT = 6,
    ASKS_KEEP = 8
};

struct script_step {
    struct span asked; /* "GET https://...", "kv key", "ledger shard", "limit key" */
    struct span answer;
};

struct sent {
    struct span method, url, body;
    struct headers headers;
};

struct script {
    const struct gateway *gateway;
    uint64_t now;
    struct arena arena; /* of the script itself; the runs have another */
    struct script_step steps[SCRIPT_MAX_STEPS];
    size_t step_count, at;
    struct span journal;
    struct sent sent[SCRIPT_MAX_STEPS]; /* the fetches among them */
    size_t sent_count;
    struct cx cx;
    bool strayed; /* something else was asked for than the script says */
};

static uint8_t script_memory[2][SCRIPT_MEMORY];

static void script_exhausted(void)
{
    __builtin_trap();
}

static inline void script_start(struct script *s, const struct gateway *gateway, uint64_t now)
{
    static const uint8_t seed[SEED_SIZE] = {7};
    memset(s, 0, sizeof *s);
    s->gateway = gateway;
    s->now = now;
    s->arena = arena_make(script_memory[0], SCRIPT_MEMORY, script_exhausted);
    struct builder b = builder_make(&s->arena, 256);
    pack_u64(&b, now);
    pack_span(&b, span_bytes(seed, sizeof seed));
    pack_span(&b, SPAN("GET"));
    pack_span(&b, SPAN("https://gateway.example/"));
    pack_u32(&b, 0);
    s->journal = built(&b);
}

/* ---- what is expected, and its answer ---- */

static inline void script_expect(struct script *s, struct span asked, struct span answer)
{
    s->steps[s->step_count++] = (struct script_step){asked, answer};
}

/* value ABSENT: there is no copy. */
static inline void script_expect_kv(struct script *s, struct span asked, struct span value)
{
    struct builder b = builder_make(&s->arena, 8 + value.size);
    pack_u8(&b, 0);
    pack_span(&b, value);
    script_expect(s, asked, built(&b));
}

static inline void expect_kv(struct script *s, struct span key, struct span value)
{
    script_expect_kv(s, JOIN(&s->arena, SPAN("kv "), key), value);
}

/* Of the store itself, not of what the Worker remembers. */
static inline void expect_kv_now(struct script *s, struct span key, struct span value)
{
    script_expect_kv(s, JOIN(&s->arena, SPAN("kv now "), key), value);
}

static inline void expect_fetch(struct script *s, const char *asked, uint32_t status,
                                const char *type, struct span body)
{
    struct builder b = builder_make(&s->arena, 128 + body.size);
    pack_u8(&b, 0);
    pack_u32(&b, status);
    pack_u32(&b, 1);
    pack_span(&b, SPAN("Content-Type"));
    pack_span(&b, span_of(type));
    pack_span(&b, body);
    script_expect(s, span_of(asked), built(&b));
}

enum { HELD = 0, FAILED = 1, CONFLICTED = 2, TOO_MUCH = 3 }; /* outcomes on the wire */

static inline struct span script_outcome(struct script *s, uint8_t outcome)
{
    return span_copy(&s->arena, span_bytes(&outcome, 1));
}

static inline void expect_fetch_failure(struct script *s, const char *asked, uint8_t outcome)
{
    script_expect(s, span_of(asked), script_outcome(s, outcome));
}

/* "limit key" */
static inline void expect_limit(struct script *s, const char *asked, bool allowed)
{
    script_expect(s, span_of(asked), allowed ? SPAN("\x00\x01") : SPAN("\x00\x00"));
}

/* A step that reads nothing. */
static inline void expect_ledger(struct script *s, struct span shard, uint8_t outcome)
{
    script_expect(s, JOIN(&s->arena, SPAN("ledger "), shard), script_outcome(s, outcome));
}

/* ---- the run ---- */

static inline struct sent script_unpack_fetch(struct arena *a, struct span effect)
{
    struct unpacker u = unpack_make(span_skip(effect, 1));
    struct sent sent = {.method = unpack_span(&u), .url = unpack_span(&u)};
    sent.headers.count = unpack_u32(&u);
    sent.headers.list = ARENA_ARRAY(a, sent.headers.count, struct header);
    for (size_t i = 0; i < sent.headers.count; i++) {
        sent.headers.list[i].name = unpack_span(&u);
        sent.headers.list[i].value = unpack_span(&u);
    }
    sent.body = unpack_span(&u);
    return sent;
}

/* An effect in the words of the script. */
static inline struct span script_asked(struct script *s, struct span effect)
{
    struct unpacker u = unpack_make(span_skip(effect, 1));
    struct span first = unpack_span(&u);
    if (effect.data[0] == ASKS_KV_GET)
        return JOIN(&s->arena, unpack_u32(&u) > 0 ? SPAN("kv ") : SPAN("kv now "), first);
    if (effect.data[0] == ASKS_LEDGER)
        return JOIN(&s->arena, SPAN("ledger "), first);
    if (effect.data[0] == ASKS_BODY)
        return SPAN("body");
    if (effect.data[0] == ASKS_LIMIT)
        return JOIN(&s->arena, SPAN("limit "), first);
    if (effect.data[0] != ASKS_FETCH)
        return SPAN("something else");
    return JOIN(&s->arena, first, SPAN(" "), unpack_span(&u));
}

static inline void script_answer(struct script *s, struct span effect)
{
    struct span answer = span_skip(effect, 1); /* what was kept comes back */
    if (effect.data[0] != ASKS_KEEP) {
        struct span asked = script_asked(s, effect);
        if (s->at == s->step_count || !CHECK_SPAN(asked, s->steps[s->at].asked)) {
            if (s->at == s->step_count)
                CHECK_SPAN(asked, SPAN("nothing more"));
            s->strayed = true;
            return;
        }
        answer = s->steps[s->at++].answer;
    }
    if (effect.data[0] == ASKS_FETCH)
        s->sent[s->sent_count++] = script_unpack_fetch(&s->arena, span_copy(&s->arena, effect));
    struct builder b = builder_make(&s->arena, s->journal.size + 4 + answer.size);
    build_span(&b, s->journal);
    pack_span(&b, answer);
    s->journal = built(&b);
}

typedef enum result script_body(struct cx *cx);

static inline enum result script_once(struct script *s, script_body *body)
{
    static struct arena arena;
    arena = arena_make(script_memory[1], SCRIPT_MEMORY, script_exhausted);
    memset(script_memory[1], 0x55, SCRIPT_MEMORY); /* what the last run left is gone */
    if (host_begin(&s->cx, &arena, s->gateway, span_copy(&s->arena, s->journal)) != OK)
        __builtin_trap();
    s->cx.now = s->now;
    return body(&s->cx);
}

/* What the body comes to; -1 when it strays from the script. */
static inline int script_run(struct script *s, script_body *body)
{
    enum result result;
    while ((result = script_once(s, body)) == PENDING) {
        for (size_t i = 0; i < s->cx.effect_count && !s->strayed; i++)
            script_answer(s, span_copy(&s->arena, s->cx.effects[i]));
        if (s->strayed)
            return -1;
    }
    CHECK_INT(s->at, s->step_count);
    struct span first = span_copy(&s->arena, host_end(&s->cx, result));
    CHECK_INT(script_once(s, body), result);
    CHECK_SPAN(host_end(&s->cx, result), first);
    return (int)result;
}

/* The deferred effects of one kind: how many, and the last. */
static inline size_t script_deferred(const struct script *s, uint8_t kind, struct span *last)
{
    size_t count = 0;
    for (size_t i = 0; i < s->cx.deferred_count; i++)
        if (s->cx.deferred[i].data[0] == kind) {
            *last = s->cx.deferred[i];
            count++;
        }
    return count;
}

#endif
