#include "host.h"

/*
 * The wire between the core and its host. Everything is laid out as in
 * base/pack.h; docs/host.md is the same for the people who write hosts.
 *
 *   input     u64 now, seed, method, url, u32 headers, (name, value)..., answer...
 *   output    u8 OUTPUT_EFFECTS,  u32 n, effect...,              u32 n, deferred effect...
 *             u8 OUTPUT_RESPONSE, u32 status, headers, body,     u32 n, deferred effect...
 */
enum { OUTPUT_RESPONSE = 0, OUTPUT_EFFECTS = 1 };

enum effect_kind {
    EFFECT_BODY = 1, /* u32 limit                     -> u8 outcome, body */
    EFFECT_LEDGER,   /* shard, u32 cache ms, step     -> u8 outcome, (u32 version, value)... */
    EFFECT_KV_GET,   /* key                           -> u8 outcome, value */
    EFFECT_KV_PUT,   /* key, value, u32 ttl           -> none: deferred only */
    EFFECT_FETCH,    /* see fetch_effect()            -> u8 outcome, u32 status, headers, body */
    EFFECT_LIMIT,    /* key                           -> u8 outcome, u8 allowed */
    EFFECT_FORWARD,  /* see host_forward()            -> u8 outcome */
    EFFECT_KEEP,     /* value                         -> value */
    EFFECT_LOG       /* line                          -> none: deferred only */
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
    LEDGER_MATCH,     /* key, value */
    LEDGER_READ,      /* key */
    LEDGER_WRITE,     /* key, u64 expires, value */
    LEDGER_TOUCH,     /* key, u64 expires */
    LEDGER_DELETE,    /* key */
    LEDGER_WAIT       /* key, u32 version, u32 ms */
};

/* ---- the request ---- */

static enum result read_headers(struct arena *a, struct unpacker *u, struct headers *headers)
{
    uint32_t count = unpack_u32(u);
    if (u->broken || count > u->rest.size / 8)
        return MALFORMED;
    headers->count = count;
    headers->list = ARENA_ARRAY(a, count, struct header);
    for (uint32_t i = 0; i < count; i++) {
        headers->list[i].name = unpack_span(u);
        headers->list[i].value = unpack_span(u);
    }
    return u->broken ? MALFORMED : OK;
}

/* Splits what follows the authority; the platform's URL is absolute and well-formed. */
static void split_url(struct request *request)
{
    struct span rest = request->url;
    size_t scheme = span_find(rest, ':');
    rest = span_skip(rest, scheme + 3);
    rest = span_skip(rest, span_find(rest, '/'));
    rest = span_first(rest, span_find(rest, '#'));
    request->query = span_cut(rest, '?', &request->path);
}

enum result host_begin(struct cx *cx, struct arena *a, const struct gateway *gateway,
                       struct span input)
{
    *cx = (struct cx){.arena = a, .gateway = gateway, .journal = unpack_make(input)};
    struct unpacker *u = &cx->journal;
    cx->now = unpack_u64(u);
    struct span seed = unpack_span(u);
    cx->request.method = unpack_span(u);
    cx->request.url = unpack_span(u);
    TRY(read_headers(a, u, &cx->request.headers));
    /* Without randomness nothing may be issued; a weak seed must not pass as one. */
    if (seed.size != SEED_SIZE)
        return MALFORMED;
    drbg_make(&cx->drbg, seed);
    split_url(&cx->request);
    return OK;
}

/* ---- what the run has to say ---- */

static void pack_headers(struct builder *b, const struct header *list, size_t count)
{
    pack_u32(b, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        pack_span(b, list[i].name);
        pack_span(b, list[i].value);
    }
}

static size_t headers_size(const struct header *list, size_t count)
{
    size_t size = 4;
    for (size_t i = 0; i < count; i++)
        size += 8 + list[i].name.size + list[i].value.size;
    return size;
}

static size_t spans_size(const struct span *list, size_t count)
{
    size_t size = 4;
    for (size_t i = 0; i < count; i++)
        size += 4 + list[i].size;
    return size;
}

static void pack_spans(struct builder *b, const struct span *list, size_t count)
{
    pack_u32(b, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        pack_span(b, list[i]);
}

struct span host_end(struct cx *cx, enum result result)
{
    const struct response *r = &cx->response;
    size_t max = 16 + headers_size(r->headers, r->header_count) + r->body.size +
                 spans_size(cx->effects, cx->effect_count) +
                 spans_size(cx->deferred, cx->deferred_count);
    struct builder b = builder_make(cx->arena, max);
    if (result == PENDING) {
        pack_u8(&b, OUTPUT_EFFECTS);
        pack_spans(&b, cx->effects, cx->effect_count);
    } else {
        pack_u8(&b, OUTPUT_RESPONSE);
        pack_u32(&b, r->status);
        pack_headers(&b, r->headers, r->header_count);
        pack_span(&b, r->body);
    }
    /* What is deferred belongs to the end of the request; a forward may be it. */
    pack_spans(&b, cx->deferred, result != PENDING || cx->forwarded ? cx->deferred_count : 0);
    return built(&b);
}

void respond(struct cx *cx, uint32_t status, struct span content_type, struct span body)
{
    cx->response.status = status;
    cx->response.body = body;
    if (span_present(content_type))
        respond_header(cx, SPAN("content-type"), content_type);
}

void respond_header(struct cx *cx, struct span name, struct span value)
{
    struct response *r = &cx->response;
    if (r->header_count == RESPONSE_MAX_HEADERS)
        __builtin_trap(); /* a mistake of ours, found by the first test that makes it */
    r->headers[r->header_count++] = (struct header){name, value};
}

/* ---- effects ---- */

struct span host_random(struct cx *cx, size_t size)
{
    uint8_t *bytes = ARENA_ARRAY(cx->arena, size, uint8_t);
    drbg_bytes(&cx->drbg, bytes, size);
    return span_bytes(bytes, size);
}

enum result host_both(enum result a, enum result b)
{
    if (a == PENDING || b == PENDING)
        return PENDING;
    return a != OK ? a : b;
}

static bool next_answer(struct cx *cx, struct unpacker *answer)
{
    if (cx->journal.rest.size == 0)
        return false;
    *answer = unpack_make(unpack_span(&cx->journal));
    return true;
}

static struct builder effect(struct cx *cx, enum effect_kind kind, size_t max)
{
    struct builder b = builder_make(cx->arena, 1 + max);
    pack_u8(&b, (uint8_t)kind);
    return b;
}

static enum result want(struct cx *cx, const struct builder *b)
{
    if (cx->effect_count == HOST_MAX_EFFECTS || b->overflow)
        __builtin_trap();
    cx->effects[cx->effect_count++] = built(b);
    return PENDING;
}

static void defer(struct cx *cx, const struct builder *b)
{
    if (cx->deferred_count == HOST_MAX_DEFERRED || b->overflow)
        __builtin_trap();
    cx->deferred[cx->deferred_count++] = built(b);
}

enum result host_body(struct cx *cx, size_t limit, struct span *body)
{
    struct unpacker answer;
    if (!next_answer(cx, &answer)) {
        struct builder b = effect(cx, EFFECT_BODY, 4);
        pack_u32(&b, (uint32_t)limit);
        return want(cx, &b);
    }
    uint8_t outcome = unpack_u8(&answer);
    struct span bytes = unpack_span(&answer);
    if (outcome == OUTCOME_TOO_LARGE || bytes.size > limit)
        return TOO_LARGE;
    if (outcome != OUTCOME_OK || unpack_done(&answer) != OK || !span_present(bytes))
        return HOST_FAILED;
    *body = bytes;
    return OK;
}

enum result host_kept(struct cx *cx, struct span *value)
{
    struct unpacker answer;
    if (!next_answer(cx, &answer))
        return NOT_FOUND;
    *value = answer.rest;
    return OK;
}

void host_keep(struct cx *cx, struct span value)
{
    struct builder b = effect(cx, EFFECT_KEEP, value.size);
    build_span(&b, value);
    (void)want(cx, &b);
}

/* ---- the ledger ---- */

struct ledger_step ledger_step(struct cx *cx, struct span shard, size_t max)
{
    return (struct ledger_step){.shard = shard, .operations = builder_make(cx->arena, max)};
}

static void operation(struct ledger_step *step, enum operation kind, struct span key)
{
    pack_u8(&step->operations, (uint8_t)kind);
    pack_span(&step->operations, key);
    step->count++;
}

void ledger_check(struct ledger_step *step, struct span key, uint32_t version)
{
    operation(step, LEDGER_CHECK, key);
    pack_u32(&step->operations, version);
}

void ledger_match(struct ledger_step *step, struct span key, struct span value)
{
    operation(step, LEDGER_MATCH, key);
    pack_span(&step->operations, value);
}

void ledger_read(struct ledger_step *step, struct span key, struct ledger_row *row)
{
    if (step->read_count == LEDGER_MAX_READS)
        __builtin_trap();
    operation(step, LEDGER_READ, key);
    step->reads[step->read_count++] = row;
}

void ledger_write(struct ledger_step *step, struct span key, uint64_t expires, struct span value)
{
    operation(step, LEDGER_WRITE, key);
    pack_u64(&step->operations, expires);
    pack_span(&step->operations, value);
}

void ledger_touch(struct ledger_step *step, struct span key, uint64_t expires)
{
    operation(step, LEDGER_TOUCH, key);
    pack_u64(&step->operations, expires);
}

void ledger_delete(struct ledger_step *step, struct span key)
{
    operation(step, LEDGER_DELETE, key);
}

void ledger_wait(struct ledger_step *step, struct span key, uint32_t version, uint32_t ms)
{
    operation(step, LEDGER_WAIT, key);
    pack_u32(&step->operations, version);
    pack_u32(&step->operations, ms);
}

static struct builder ledger_effect(struct cx *cx, const struct ledger_step *step)
{
    size_t size = 12 + step->operations.size;
    struct builder b = effect(cx, EFFECT_LEDGER, 12 + step->shard.size + size);
    b.overflow = step->operations.overflow;
    pack_span(&b, step->shard);
    pack_u32(&b, step->cache_ms);
    pack_u32(&b, (uint32_t)size);
    pack_u64(&b, cx->now);
    pack_u32(&b, step->count);
    build_span(&b, built(&step->operations));
    return b;
}

enum result ledger_commit(struct cx *cx, struct ledger_step *step)
{
    struct unpacker answer;
    if (!next_answer(cx, &answer)) {
        struct builder b = ledger_effect(cx, step);
        return want(cx, &b);
    }
    uint8_t outcome = unpack_u8(&answer);
    if (outcome == OUTCOME_BUSY)
        return TEMPORARILY_UNAVAILABLE;
    if (outcome != OUTCOME_OK && outcome != OUTCOME_CONFLICT)
        return HOST_FAILED;
    for (size_t i = 0; i < step->read_count; i++) {
        step->reads[i]->version = unpack_u32(&answer);
        step->reads[i]->value = unpack_span(&answer);
    }
    if (unpack_done(&answer) != OK)
        return HOST_FAILED;
    return outcome == OUTCOME_OK ? OK : CONFLICT;
}

enum result ledger_commit_own(struct cx *cx, struct ledger_step *step, struct span key,
                              struct span own, struct ledger_row *row)
{
    ledger_read(step, key, row);
    enum result result = ledger_commit(cx, step);
    if (result == HOST_FAILED)
        result = ledger_commit(cx, step);
    return result == CONFLICT && span_present(row->value) && span_equal(row->value, own) ? OK
                                                                                         : result;
}

void ledger_commit_later(struct cx *cx, struct ledger_step *step)
{
    struct builder b = ledger_effect(cx, step);
    defer(cx, &b);
}

/* ---- copies ---- */

enum result kv_get(struct cx *cx, struct span key, struct span *value)
{
    struct unpacker answer;
    if (!next_answer(cx, &answer)) {
        struct builder b = effect(cx, EFFECT_KV_GET, 4 + key.size);
        pack_span(&b, key);
        return want(cx, &b);
    }
    uint8_t outcome = unpack_u8(&answer);
    struct span found = unpack_span(&answer);
    if (outcome != OUTCOME_OK || unpack_done(&answer) != OK || !span_present(found))
        return NOT_FOUND;
    *value = found;
    return OK;
}

void kv_put_later(struct cx *cx, struct span key, struct span value, uint32_t ttl_seconds)
{
    struct builder b = effect(cx, EFFECT_KV_PUT, 12 + key.size + value.size);
    pack_span(&b, key);
    pack_span(&b, value);
    pack_u32(&b, ttl_seconds);
    defer(cx, &b);
}

/* ---- other parties ---- */

static struct builder fetch_effect(struct cx *cx, const struct fetch *f)
{
    size_t max = 20 + f->method.size + f->url.size + headers_size(f->headers, f->header_count) +
                 f->body.size;
    struct builder b = effect(cx, EFFECT_FETCH, max);
    pack_span(&b, f->method);
    pack_span(&b, f->url);
    pack_headers(&b, f->headers, f->header_count);
    pack_span(&b, f->body);
    pack_u32(&b, f->deadline_ms != 0 ? f->deadline_ms : FETCH_DEADLINE_MS);
    pack_u32(&b, f->max_bytes != 0 ? f->max_bytes : FETCH_MAX_BYTES);
    return b;
}

enum result host_fetch(struct cx *cx, const struct fetch *wanted, struct fetched *got)
{
    struct unpacker answer;
    if (!next_answer(cx, &answer)) {
        struct builder b = fetch_effect(cx, wanted);
        return want(cx, &b);
    }
    uint8_t outcome = unpack_u8(&answer);
    if (outcome == OUTCOME_TOO_LARGE)
        return TOO_LARGE;
    if (outcome != OUTCOME_OK)
        return HOST_FAILED;
    got->status = unpack_u32(&answer);
    if (read_headers(cx->arena, &answer, &got->headers) != OK)
        return HOST_FAILED;
    got->body = unpack_span(&answer);
    return unpack_done(&answer) == OK && span_present(got->body) ? OK : HOST_FAILED;
}

void host_fetch_later(struct cx *cx, const struct fetch *wanted)
{
    struct builder b = fetch_effect(cx, wanted);
    defer(cx, &b);
}

enum result host_limit(struct cx *cx, struct span key)
{
    struct unpacker answer;
    if (!next_answer(cx, &answer)) {
        struct builder b = effect(cx, EFFECT_LIMIT, 4 + key.size);
        pack_span(&b, key);
        return want(cx, &b);
    }
    uint8_t outcome = unpack_u8(&answer);
    uint8_t allowed = unpack_u8(&answer);
    return outcome == OUTCOME_OK && allowed == 0 ? TOO_MANY_REQUESTS : OK;
}

enum result host_forward(struct cx *cx, const struct forward *f)
{
    struct unpacker answer;
    if (next_answer(cx, &answer))
        return unpack_u8(&answer) == OUTCOME_OK ? OK : HOST_FAILED;
    size_t kept_size = 4;
    for (size_t i = 0; i < f->kept_count; i++)
        kept_size += 4 + span_of(f->kept[i]).size;
    size_t max = 16 + f->method.size + f->url.size + headers_size(f->headers, f->header_count) +
                 kept_size + headers_size(f->added, f->added_count);
    struct builder b = effect(cx, EFFECT_FORWARD, max);
    pack_span(&b, f->method);
    pack_span(&b, f->url);
    pack_headers(&b, f->headers, f->header_count);
    pack_u8(&b, f->with_body ? 1 : 0);
    pack_u32(&b, f->returned_status);
    pack_u32(&b, (uint32_t)f->kept_count);
    for (size_t i = 0; i < f->kept_count; i++)
        pack_span(&b, span_of(f->kept[i]));
    pack_headers(&b, f->added, f->added_count);
    cx->forwarded = true;
    return want(cx, &b);
}

void host_log(struct cx *cx, struct span line)
{
    struct builder b = effect(cx, EFFECT_LOG, 4 + line.size);
    pack_span(&b, line);
    defer(cx, &b);
}
