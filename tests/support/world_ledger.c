/*
 * The ledger as shim/ledger.js keeps it, and the copies of Workers KV: shards
 * of rows with a version and an expiry; a list of operations, all or nothing.
 */
#include "world.h"

enum operation_kind { CHECK_VERSION = 1, MATCH, READ, WRITE, TOUCH, DELETE, WAIT, DERIVE };

enum { MAX_OPERATIONS = 16 };

struct operation {
    enum operation_kind kind;
    struct span key, value; /* of DERIVE: the head, then the whole; ABSENT if there is none */
    struct span from, mask;
    uint32_t version;
    uint64_t expires;
    struct world_row before; /* version 0: it was not there */
};

struct step {
    struct span shard;
    uint32_t stale_ms;
    struct operation operations[MAX_OPERATIONS];
    size_t count;
};

/* late: how long the request took to come so far; lifetimes begin when they are written. */
static struct operation read_operation(struct unpacker *u, uint64_t late)
{
    struct operation o = {.kind = (enum operation_kind)unpack_u8(u), .key = unpack_span(u)};
    if (o.kind == CHECK_VERSION || o.kind == WAIT)
        o.version = unpack_u32(u);
    if (o.kind == WAIT)
        (void)unpack_u32(u); /* how long: here all other requests come first, then none does */
    if (o.kind == WRITE || o.kind == TOUCH || o.kind == DERIVE)
        o.expires = unpack_u64(u);
    if (o.expires != LEDGER_KEEP_EXPIRY)
        o.expires += late;
    if (o.kind == WRITE || o.kind == MATCH || o.kind == DERIVE)
        o.value = unpack_span(u);
    if (o.kind == DERIVE) {
        o.from = unpack_span(u);
        o.mask = unpack_span(u);
    }
    return o;
}

static struct step read_step(const struct world *w, struct unpacker *effect)
{
    struct step step = {.shard = unpack_span(effect), .stale_ms = unpack_u32(effect)};
    struct unpacker u = unpack_make(unpack_span(effect));
    uint64_t late = w->now - unpack_u64(&u);
    step.count = unpack_u32(&u);
    if (u.broken || step.count > MAX_OPERATIONS)
        world_fault("a ledger step", SPAN("is malformed"));
    for (size_t i = 0; i < step.count; i++)
        step.operations[i] = read_operation(&u, late);
    if (unpack_done(&u) != OK || unpack_done(effect) != OK)
        world_fault("a ledger step", SPAN("is malformed"));
    return step;
}

/* ---- rows ---- */

static struct world_row *stored(struct world *w, struct span shard, struct span key)
{
    for (size_t i = 0; i < w->row_count; i++)
        if (span_equal(w->rows[i].shard, shard) && span_equal(w->rows[i].key, key))
            return &w->rows[i];
    return NULL;
}

/* As it counts: what has expired is not there, whether or not it was collected. */
const struct world_row *world_row(const struct world *w, struct span shard, struct span key)
{
    for (size_t i = 0; i < w->row_count; i++)
        if (span_equal(w->rows[i].shard, shard) && span_equal(w->rows[i].key, key) &&
            w->rows[i].expires > w->now)
            return &w->rows[i];
    return NULL;
}

static struct world_row row_at(const struct world *w, struct span shard, struct span key)
{
    const struct world_row *row = world_row(w, shard, key);
    return row != NULL ? *row : (struct world_row){.value = ABSENT};
}

static void write_row(struct world *w, struct span shard, const struct operation *o)
{
    struct world_row *row = stored(w, shard, o->key);
    if (row == NULL) {
        if (w->row_count == WORLD_MAX_ROWS)
            world_fault("the ledger", SPAN("is full"));
        row = &w->rows[w->row_count++];
        row->shard = span_copy(&w->arena, shard);
        row->key = span_copy(&w->arena, o->key);
    }
    row->version = o->before.version + 1;
    row->expires = o->expires == LEDGER_KEEP_EXPIRY ? o->before.expires : o->expires;
    row->value = span_copy(&w->arena, o->value);
}

static void delete_row(struct world *w, struct world_row *row)
{
    if (row != NULL)
        *row = w->rows[--w->row_count];
}

/* ---- the step ---- */

static bool holds(const struct operation *o)
{
    if (o->kind == CHECK_VERSION)
        return o->before.version == o->version;
    if (o->kind == DERIVE)
        return span_present(o->value);
    return o->kind != MATCH || (o->before.version > 0 && span_starts(o->before.value, o->value));
}

/* The head, and then the end of the other row under the mask; ABSENT if there is not as much. */
static struct span derived(struct arena *a, const struct operation *o, struct span from)
{
    if (!span_present(from) || from.size < o->mask.size)
        return ABSENT;
    struct span end = span_skip(from, from.size - o->mask.size);
    uint8_t *masked = ARENA_ARRAY(a, o->mask.size, uint8_t);
    for (size_t i = 0; i < o->mask.size; i++)
        masked[i] = end.data[i] ^ o->mask.data[i];
    return JOIN(a, o->value, span_bytes(masked, o->mask.size));
}

static void apply(struct world *w, struct span shard, const struct operation *o)
{
    struct world_row *row = stored(w, shard, o->key);
    if (o->kind == WRITE || o->kind == DERIVE)
        write_row(w, shard, o);
    if (o->kind == TOUCH && o->before.version > 0 && o->expires != LEDGER_KEEP_EXPIRY)
        row->expires = o->expires;
    if (o->kind == DELETE)
        delete_row(w, row);
}

struct span world_ledger(struct world *w, struct arena *a, struct unpacker *effect)
{
    struct step step = read_step(w, effect);
    bool all_hold = true;
    w->stale_ms = step.stale_ms;
    size_t size = 1;
    for (size_t i = 0; i < step.count; i++) {
        struct operation *o = &step.operations[i];
        o->before = row_at(w, step.shard, o->key);
        if (o->kind == DERIVE)
            o->value = derived(a, o, row_at(w, step.shard, o->from).value);
        all_hold &= holds(o);
        size += 8 + o->before.value.size;
    }
    struct builder answer = builder_make(a, size);
    pack_u8(&answer, all_hold ? DONE : CONFLICTED);
    for (size_t i = 0; i < step.count; i++) {
        const struct operation *o = &step.operations[i];
        if (o->kind != READ)
            continue;
        pack_u32(&answer, o->before.version);
        pack_span(&answer, o->before.value);
    }
    for (size_t i = 0; i < step.count && all_hold; i++)
        apply(w, step.shard, &step.operations[i]);
    return built(&answer);
}

bool world_ledger_waits(const struct world *w, struct span effect)
{
    struct unpacker u = unpack_make(effect);
    if (unpack_u8(&u) != ASKED_LEDGER)
        return false;
    struct step step = read_step(w, &u);
    for (size_t i = 0; i < step.count; i++) {
        const struct operation *o = &step.operations[i];
        if (o->kind == WAIT && row_at(w, step.shard, o->key).version == o->version)
            return true;
    }
    return false;
}

bool world_ledger_writes(const struct world *w, struct span effect)
{
    struct unpacker u = unpack_make(effect);
    if (unpack_u8(&u) != ASKED_LEDGER)
        return false;
    struct step step = read_step(w, &u);
    for (size_t i = 0; i < step.count; i++) {
        enum operation_kind kind = step.operations[i].kind;
        if (kind == WRITE || kind == TOUCH || kind == DELETE || kind == DERIVE)
            return true;
    }
    return false;
}

/* ---- copies ---- */

struct span world_copy_get(const struct world *w, struct span key)
{
    for (size_t i = 0; i < w->copy_count; i++)
        if (span_equal(w->copies[i].key, key) && w->copies[i].expires > w->now)
            return w->copies[i].value;
    return ABSENT;
}

void world_copy_put(struct world *w, struct span key, struct span value, uint32_t seconds)
{
    struct world_copy copy = {.value = span_copy(&w->arena, value), .expires = w->now + seconds};
    size_t at = 0;
    while (at < w->copy_count && !span_equal(w->copies[at].key, key))
        at++;
    if (at == WORLD_MAX_COPIES || seconds < 60) /* Workers KV refuses what expires earlier */
        world_fault("a copy that cannot be stored", key);
    if (at == w->copy_count)
        w->copy_count++;
    copy.key = span_copy(&w->arena, key);
    w->copies[at] = copy;
}
