#include "world.h"

#include "app/router.h"
#include "edge.h"

#include <stdio.h>

enum { WORLD_MEMORY = 8 << 20, EXCHANGE_MEMORY = 160 << 10, JOURNAL_MAX = 48 << 10 };
enum { OUTPUT_RESPONSE = 0 };

static uint8_t *world_memory, *run_memory, *exchange_memory;

/* clang-format off */
#define JSON(...) #__VA_ARGS__
static const char CONFIG[] = JSON({
    "issuer": "https://mcp.latchkey.dev",
    "profiles": {
        "product": {
            "issuer": "https://login.product.dev",
            "client_id": "latchkey",
            "client_secret": {"secret": "PRODUCT_SECRET"},
            "scopes": ["openid", "offline_access"],
            "claims": {"organization": "org_id"}
        },
        "other": {
            "issuer": "https://login.other.dev",
            "client_id": "latchkey",
            "client_secret": {"secret": "PRODUCT_SECRET"},
            "scopes": ["openid"]
        }
    },
    "servers": {
        "todo": {
            "runtime": "https://api.product.dev/mcp",
            "profile": "product",
            "scopes": ["todos:read", "todos:write"],
            "origins": ["https://app.product.dev"],
            "tools": {"delete_todo": {"scopes": ["todos:write"]}}
        },
        "notes": {
            "runtime": "https://notes.product.dev/mcp",
            "profile": "product",
            "scopes": ["notes:read"]
        },
        "mail": {"runtime": "https://api.other.dev/mcp", "profile": "other"}
    },
    "clients": {
        "portal": {
            "client_secret": {"secret": "PORTAL_SECRET"},
            "redirect_uris": ["https://portal.acme.dev/cb"]
        },
        "todo-api": {"client_secret": {"secret": "TODO_API_SECRET"}, "introspect": "todo"},
        "notes-api": {"client_secret": {"secret": "NOTES_API_SECRET"}, "introspect": "notes"}
    }
});
/* clang-format on */

static struct header SECRETS[] = {
    {SPAN("LATCHKEY_SECRET"), SPAN("root-secret-of-the-tests-0123456789abcdef")},
    {SPAN("PRODUCT_SECRET"), SPAN("product-secret")},
    {SPAN("PORTAL_SECRET"), PORTAL_SECRET},
    {SPAN("TODO_API_SECRET"), SPAN(SECRET_OF("todo-api"))},
    {SPAN("NOTES_API_SECRET"), SPAN(SECRET_OF("notes-api"))},
};

/* ---- making and keeping ---- */

_Noreturn void world_fault(const char *what, struct span detail)
{
    printf("the world of the tests: %s: %.*s\n", what, (int)detail.size, (const char *)detail.data);
    fflush(stdout);
    abort();
}

static void out_of_memory(void)
{
    world_fault("out of memory", SPAN("a run, or the world itself"));
}

void world_make(struct world *w)
{
    struct span problem;
    if (world_memory == NULL) {
        world_memory = malloc(WORLD_MEMORY);
        run_memory = malloc(WORLD_RUN_MEMORY);
        exchange_memory = malloc((size_t)WORLD_EXCHANGES * EXCHANGE_MEMORY);
    }
    *w = (struct world){.now = WORLD_NOW, .run_memory = WORLD_RUN_MEMORY};
    w->exhausted = out_of_memory;
    w->arena = arena_make(world_memory, WORLD_MEMORY, out_of_memory);
    struct arena scratch = arena_make(run_memory, WORLD_RUN_MEMORY, out_of_memory);
    const struct secrets secrets = {SECRETS, sizeof SECRETS / sizeof *SECRETS};
    if (config_read(&w->arena, &scratch, span_of(CONFIG), &secrets, &w->gateway, &problem) != OK)
        world_fault("its configuration", problem);
    world_products(w);
}

struct world_image {
    struct world world;
    size_t size;
    uint8_t memory[];
};

struct world_image *world_save(const struct world *w)
{
    size_t size = (size_t)(w->arena.at - w->arena.start);
    struct world_image *image = malloc(sizeof *image + size);
    image->world = *w;
    image->size = size;
    memcpy(image->memory, world_memory, size);
    return image;
}

void world_restore(struct world *w, const struct world_image *image)
{
    *w = image->world;
    memcpy(world_memory, image->memory, image->size);
}

void world_forget(struct world_image *image)
{
    free(image);
}

void world_count_anew(struct world *w)
{
    memset(w->asked, 0, sizeof w->asked);
    w->runtime.calls = 0;
    for (size_t i = 0; i < 2; i++)
        w->products[i].refreshes = w->products[i].reuses = 0;
}

bool world_logged(const struct world *w, struct span text)
{
    for (size_t i = 0; i < w->line_count; i++)
        if (span_contains(w->lines[i], text))
            return true;
    return false;
}

bool world_stores(const struct world *w, struct span text)
{
    for (size_t i = 0; i < w->row_count; i++)
        if (span_contains(w->rows[i].value, text) || span_contains(w->rows[i].key, text) ||
            span_contains(w->rows[i].shard, text))
            return true;
    for (size_t i = 0; i < w->copy_count; i++)
        if (span_contains(w->copies[i].value, text) || span_contains(w->copies[i].key, text))
            return true;
    return false;
}

/* ---- runs ---- */

/* One run, on memory that holds nothing, with the journal at the edge of its allocation. The
 * output is gone with the next run. */
static struct span run(struct world *w, struct span journal)
{
    struct cx cx;
    memset(run_memory, 0x55, WORLD_RUN_MEMORY);
    struct arena arena = arena_make(run_memory, w->run_memory, w->exhausted);
    if (host_begin(&cx, &arena, &w->gateway, edge(journal)) != OK)
        world_fault("host_begin", SPAN("refuses the request"));
    return host_end(&cx, route(&cx));
}

struct headers world_headers(struct arena *a, struct unpacker *u)
{
    struct headers headers = {.count = unpack_u32(u)};
    headers.list = ARENA_ARRAY(a, headers.count, struct header);
    for (size_t i = 0; i < headers.count; i++) {
        headers.list[i].name = unpack_span(u);
        headers.list[i].value = unpack_span(u);
    }
    return headers;
}

static size_t read_effects(struct unpacker *u, struct span *effects)
{
    uint32_t count = unpack_u32(u);
    for (uint32_t i = 0; i < count; i++)
        effects[i] = unpack_span(u);
    return count;
}

/* Who has acted is not let go, but for a forward, with which nothing is half done any more. */
static void check_must_finish(const struct exchange *x)
{
    for (size_t i = x->deferred; i < x->effect_count; i++)
        if (x->has_acted && !x->must_finish && x->effects[i].data[0] != ASKED_FORWARD)
            world_fault("a request that has acted", SPAN("need not be finished"));
}

/* What the output says is what the exchange wants, or its answer. */
static void run_exchange(struct world *w, struct exchange *x)
{
    struct span wanted[HOST_MAX_EFFECTS];
    struct span output = span_copy(&x->arena, run(w, built(&x->journal)));
    if (x->run_count == EXCHANGE_MAX_RUNS)
        world_fault("a request", SPAN("does not end"));
    x->runs[x->run_count++] = (struct run_record){x->journal.size, output};
    struct unpacker u = unpack_make(output);
    x->answered = unpack_u8(&u) == OUTPUT_RESPONSE;
    size_t count = 0;
    if (x->answered) {
        x->answer.status = unpack_u32(&u);
        x->answer.headers = world_headers(&x->arena, &u);
        x->answer.body = unpack_span(&u);
    } else {
        x->must_finish = unpack_u8(&u) == 1;
        count = read_effects(&u, wanted);
    }
    x->performed = 0;
    x->deferred = read_effects(&u, x->effects);
    x->effect_count = x->deferred + count;
    memcpy(x->effects + x->deferred, wanted, count * sizeof wanted[0]);
    struct span line = unpack_span(&u);
    if (line.size > 0)
        w->lines[w->line_count++ % WORLD_MAX_LINES] = span_copy(&w->arena, line);
    if (unpack_done(&u) != OK)
        world_fault("a run's output", SPAN("is malformed"));
    check_must_finish(x);
}

size_t world_replay(struct world *w, const struct exchange *x)
{
    size_t differing = 0;
    for (size_t i = 0; i < x->run_count; i++) {
        struct span journal = span_bytes(x->journal.data, x->runs[i].journal_size);
        differing += !span_equal(run(w, journal), x->runs[i].output);
    }
    return differing;
}

/* ---- exchanges ---- */

struct exchange world_begin(struct world *w, const struct asked *asked)
{
    struct exchange x = {.body = asked->body};
    struct hash seed;
    uint64_t number = w->drawn++;
    sha256(span_bytes(&number, sizeof number), &seed);
    x.arena = arena_make(exchange_memory + w->exchanges++ % WORLD_EXCHANGES * EXCHANGE_MEMORY,
                         EXCHANGE_MEMORY, out_of_memory);
    x.journal = builder_make(&x.arena, JOURNAL_MAX);
    pack_u64(&x.journal, w->now);
    pack_span(&x.journal, hash_span(&seed));
    pack_span(&x.journal, span_of(asked->method));
    pack_span(&x.journal, asked->url);
    pack_u32(&x.journal, (uint32_t)asked->header_count);
    for (size_t i = 0; i < asked->header_count; i++) {
        pack_span(&x.journal, asked->headers[i].name);
        pack_span(&x.journal, asked->headers[i].value);
    }
    run_exchange(w, &x);
    return x;
}

static struct span outcome(struct arena *a, enum outcome outcome)
{
    struct builder b = builder_make(a, 1);
    pack_u8(&b, (uint8_t)outcome);
    return built(&b);
}

static struct span done_with(struct arena *a, struct span value)
{
    struct builder b = builder_make(a, 5 + value.size);
    pack_u8(&b, DONE);
    pack_span(&b, value);
    return built(&b);
}

/* Does what is asked; the answer, or ABSENT where none is expected. */
static struct span perform(struct world *w, struct exchange *x, struct span effect, bool *ends)
{
    struct unpacker u = unpack_make(effect);
    enum effect kind = (enum effect)unpack_u8(&u);
    struct arena *a = &x->arena;
    w->asked[kind]++;
    switch (kind) {
    case ASKED_BODY:
        return done_with(a, span_present(x->body) ? x->body : SPAN(""));
    case ASKED_LEDGER:
        return world_ledger(w, a, &u);
    case ASKED_KV_GET:
        return done_with(a, world_copy_get(w, unpack_span(&u)));
    case ASKED_KV_PUT: {
        struct span key = unpack_span(&u);
        struct span value = unpack_span(&u);
        world_copy_put(w, key, value, unpack_u32(&u));
        return ABSENT;
    }
    case ASKED_FETCH:
        return world_fetch(w, a, &u);
    case ASKED_LIMIT:
        return JOIN(a, outcome(a, DONE), span_bytes(w->limited ? "\0" : "\1", 1));
    case ASKED_FORWARD:
        return world_forward(w, x, &u, ends);
    case ASKED_KEEP:
        return u.rest;
    case EFFECT_KINDS:
        break;
    }
    world_fault("an effect", SPAN("of no known kind"));
}

/* Into the journal, unless nobody reads it. */
static void take_answer(struct world *w, struct exchange *x, struct span answer)
{
    if (x->performed > x->deferred)
        pack_span(&x->journal, answer);
    if (x->performed == x->effect_count && !x->answered)
        run_exchange(w, x);
}

/* What would be left half done, were the request dropped when its client leaves. */
static void check_acts(const struct world *w, struct exchange *x, struct span effect)
{
    if (x->performed <= x->deferred)
        return;
    if (effect.data[0] != ASKED_FETCH && !world_ledger_writes(w, effect))
        return;
    x->has_acted = true;
    if (!x->must_finish)
        world_fault("an effect that acts", SPAN("of a request that need not be finished"));
}

bool world_step(struct world *w, struct exchange *x, enum fault fault)
{
    if (x->performed == x->effect_count)
        return false;
    struct span effect = x->effects[x->performed++];
    check_acts(w, x, effect);
    struct span answer = outcome(&x->arena, FAILED);
    bool ends = false;
    /* What the core has kept for itself never leaves the machine: nothing can happen to it. */
    if (effect.data[0] == ASKED_KEEP)
        fault = AS_USUAL;
    if (fault == DONE_TWICE)
        (void)perform(w, x, effect, &ends);
    if (fault == ANSWER_LOST)
        (void)perform(w, x, effect, &ends);
    else if (fault != FAILS)
        answer = perform(w, x, effect, &ends);
    x->steps++;
    if (ends && fault != ANSWER_LOST)
        x->answered = true; /* a forward, the last of what was wanted */
    else
        take_answer(w, x, answer);
    return x->performed < x->effect_count;
}

bool world_answer(struct world *w, struct exchange *x, struct span answer)
{
    if (x->performed == x->effect_count)
        return false;
    x->performed++;
    x->steps++;
    take_answer(w, x, answer);
    return x->performed < x->effect_count;
}

void world_finish(struct world *w, struct exchange *x)
{
    while (world_step(w, x, AS_USUAL))
        ;
}

/* The first from `at` on that can go on; if all wait for each other, the first that waits. */
static struct exchange *whose_turn(const struct world *w, struct exchange *list, size_t count,
                                   size_t at)
{
    struct exchange *waiting = NULL;
    for (size_t i = 0; i < count; i++) {
        struct exchange *x = &list[(at + i) % count];
        if (x->performed == x->effect_count)
            continue;
        if (x->answered || !world_ledger_waits(w, x->effects[x->performed]))
            return x;
        waiting = x;
    }
    return waiting;
}

void world_finish_together(struct world *w, struct exchange *list, size_t count, uint32_t luck)
{
    struct exchange *x;
    while ((x = whose_turn(w, list, count, luck >> 8)) != NULL) {
        (void)world_step(w, x, AS_USUAL);
        luck = luck * 1664525 + 1013904223;
    }
}
