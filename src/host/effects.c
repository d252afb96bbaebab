#include "host/wire.h"

enum result host_body(struct cx *cx, size_t limit, struct span *body)
{
    struct unpacker answer;
    if (!wire_answer(cx, &answer)) {
        struct builder b = wire_effect(cx, EFFECT_BODY, 4);
        pack_u32(&b, (uint32_t)limit);
        return wire_want(cx, &b);
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
    const struct unpacker journal = cx->journal;
    struct unpacker answer;
    if (!wire_answer(cx, &answer))
        return NOT_FOUND;
    if (unpack_u8(&answer) != EFFECT_KEEP) {
        cx->journal = journal; /* what another effect brought: nothing was kept here */
        return NOT_FOUND;
    }
    *value = answer.rest;
    return OK;
}

void host_keep(struct cx *cx, struct span value)
{
    struct builder b = wire_effect(cx, EFFECT_KEEP, 1 + value.size);
    pack_u8(&b, EFFECT_KEEP);
    build_span(&b, value);
    (void)wire_want(cx, &b);
}

/* ---- copies ---- */

enum result kv_get(struct cx *cx, struct span key, uint32_t cache_ms, struct span *value)
{
    struct unpacker answer;
    if (!wire_answer(cx, &answer)) {
        struct builder b = wire_effect(cx, EFFECT_KV_GET, 8 + key.size);
        pack_span(&b, key);
        pack_u32(&b, cache_ms);
        return wire_want(cx, &b);
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
    struct builder b = wire_effect(cx, EFFECT_KV_PUT, 12 + key.size + value.size);
    pack_span(&b, key);
    pack_span(&b, value);
    pack_u32(&b, ttl_seconds);
    wire_defer(cx, &b);
}

/* ---- other parties ---- */

static struct builder fetch_effect(struct cx *cx, const struct fetch *f)
{
    size_t max = 20 + f->method.size + f->url.size +
                 wire_headers_size(f->headers, f->header_count) + f->body.size;
    struct builder b = wire_effect(cx, EFFECT_FETCH, max);
    pack_span(&b, f->method);
    pack_span(&b, f->url);
    wire_pack_headers(&b, f->headers, f->header_count);
    pack_span(&b, f->body);
    pack_u32(&b, f->deadline_ms != 0 ? f->deadline_ms : FETCH_DEADLINE_MS);
    pack_u32(&b, f->max_bytes != 0 ? f->max_bytes : FETCH_MAX_BYTES);
    return b;
}

enum result host_fetch(struct cx *cx, const struct fetch *wanted, struct fetched *got)
{
    struct unpacker answer;
    cx->must_finish = true;
    if (!wire_answer(cx, &answer)) {
        struct builder b = fetch_effect(cx, wanted);
        return wire_want(cx, &b);
    }
    uint8_t outcome = unpack_u8(&answer);
    if (outcome == OUTCOME_TOO_LARGE)
        return TOO_LARGE;
    if (outcome != OUTCOME_OK)
        return HOST_FAILED;
    got->status = unpack_u32(&answer);
    if (wire_read_headers(cx->arena, &answer, &got->headers) != OK)
        return HOST_FAILED;
    got->body = unpack_span(&answer);
    return unpack_done(&answer) == OK && span_present(got->body) ? OK : HOST_FAILED;
}

void host_fetch_later(struct cx *cx, const struct fetch *wanted)
{
    struct builder b = fetch_effect(cx, wanted);
    wire_defer(cx, &b);
}

enum result host_limit(struct cx *cx, struct span key)
{
    struct unpacker answer;
    if (!wire_answer(cx, &answer)) {
        struct builder b = wire_effect(cx, EFFECT_LIMIT, 4 + key.size);
        pack_span(&b, key);
        return wire_want(cx, &b);
    }
    uint8_t outcome = unpack_u8(&answer);
    uint8_t allowed = unpack_u8(&answer);
    return outcome == OUTCOME_OK && allowed == 0 ? TOO_MANY_REQUESTS : OK;
}

enum result host_forward(struct cx *cx, const struct forward *f)
{
    struct unpacker answer;
    if (wire_answer(cx, &answer)) {
        cx->deferred_count = 0; /* begun with the forward */
        return unpack_u8(&answer) == OUTCOME_OK ? OK : HOST_FAILED;
    }
    size_t kept_size = 4;
    for (size_t i = 0; i < f->kept_count; i++)
        kept_size += 4 + span_of(f->kept[i]).size;
    size_t max = 16 + f->method.size + f->url.size +
                 wire_headers_size(f->headers, f->header_count) + kept_size +
                 wire_headers_size(f->added, f->added_count);
    struct builder b = wire_effect(cx, EFFECT_FORWARD, max);
    pack_span(&b, f->method);
    pack_span(&b, f->url);
    wire_pack_headers(&b, f->headers, f->header_count);
    pack_u8(&b, f->with_body ? 1 : 0);
    pack_u32(&b, f->returned_status);
    pack_u32(&b, (uint32_t)f->kept_count);
    for (size_t i = 0; i < f->kept_count; i++)
        pack_span(&b, span_of(f->kept[i]));
    wire_pack_headers(&b, f->added, f->added_count);
    cx->forwarded = true;
    cx->must_finish = false; /* nothing is half done any more: it may end with its client */
    return wire_want(cx, &b);
}

void host_log(struct cx *cx, struct span line)
{
    cx->line = line;
}
