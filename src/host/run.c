#include "host/wire.h"

enum result wire_read_headers(struct arena *a, struct unpacker *u, struct headers *headers)
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

void wire_pack_headers(struct builder *b, const struct header *list, size_t count)
{
    pack_u32(b, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        pack_span(b, list[i].name);
        pack_span(b, list[i].value);
    }
}

size_t wire_headers_size(const struct header *list, size_t count)
{
    size_t size = 4;
    for (size_t i = 0; i < count; i++)
        size += 8 + list[i].name.size + list[i].value.size;
    return size;
}

/* ---- the request ---- */

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
    TRY(wire_read_headers(a, u, &cx->request.headers));
    /* Without randomness nothing may be issued; a weak seed must not pass as one. */
    if (seed.size != SEED_SIZE)
        return MALFORMED;
    drbg_make(&cx->drbg, seed);
    split_url(&cx->request);
    return OK;
}

/* ---- what the run has to say ---- */

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
    size_t max = 16 + wire_headers_size(r->headers, r->header_count) + r->body.size +
                 spans_size(cx->effects, cx->effect_count) +
                 spans_size(cx->deferred, cx->deferred_count) + cx->line.size;
    /* What is deferred, and the line, go out with an answer or a forward. */
    bool may_end = result != PENDING || cx->forwarded;
    struct builder b = builder_make(cx->arena, max);
    if (result == PENDING) {
        pack_u8(&b, OUTPUT_EFFECTS);
        pack_u8(&b, cx->must_finish ? 1 : 0);
        pack_spans(&b, cx->effects, cx->effect_count);
    } else {
        pack_u8(&b, OUTPUT_RESPONSE);
        pack_u32(&b, r->status);
        wire_pack_headers(&b, r->headers, r->header_count);
        pack_span(&b, r->body);
    }
    pack_spans(&b, cx->deferred, may_end ? cx->deferred_count : 0);
    pack_span(&b, may_end && span_present(cx->line) ? cx->line : SPAN(""));
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

/* ---- effects ---- */

bool wire_answer(struct cx *cx, struct unpacker *answer)
{
    if (cx->journal.rest.size == 0)
        return false;
    *answer = unpack_make(unpack_span(&cx->journal));
    return true;
}

struct builder wire_effect(struct cx *cx, enum effect_kind kind, size_t max)
{
    struct builder b = builder_make(cx->arena, 1 + max);
    pack_u8(&b, (uint8_t)kind);
    return b;
}

enum result wire_want(struct cx *cx, const struct builder *b)
{
    if (cx->effect_count == HOST_MAX_EFFECTS || b->overflow)
        __builtin_trap();
    cx->effects[cx->effect_count++] = built(b);
    return PENDING;
}

void wire_defer(struct cx *cx, const struct builder *b)
{
    if (cx->deferred_count == HOST_MAX_DEFERRED || b->overflow)
        __builtin_trap();
    cx->deferred[cx->deferred_count++] = built(b);
}
