/*
 * A run of the core whose answers lie ready: for targets that read what others
 * answer. The gateway is that of the world (support/world.h).
 */
#ifndef FUZZ_RUN_H
#define FUZZ_RUN_H

#include "fuzz.h"
#include "support/world.h"

static inline const struct gateway *run_gateway(void)
{
    static struct world world;
    if (world.now == 0)
        world_make(&world);
    return &world.gateway;
}

static inline struct cx run_make(struct arena *a, struct span journal)
{
    static const uint8_t seed[SEED_SIZE] = {7};
    struct cx cx = {
        .arena = a, .gateway = run_gateway(), .now = WORLD_NOW, .journal = unpack_make(journal)};
    drbg_make(&cx.drbg, span_bytes(seed, sizeof seed));
    return cx;
}

/* ---- answers ---- */

static inline struct span answer_copy(struct arena *a, struct span value)
{
    struct builder b = builder_make(a, 16 + value.size);
    pack_u32(&b, span_present(value) ? 5 + (uint32_t)value.size : 5);
    pack_u8(&b, DONE);
    pack_span(&b, value);
    return built(&b);
}

static inline struct span answer_fetch(struct arena *a, uint64_t status, struct span type,
                                       struct span body)
{
    struct span name = SPAN("content-type");
    uint32_t size = (uint32_t)(21 + name.size + type.size + body.size);
    struct builder b = builder_make(a, 4 + size);
    pack_u32(&b, size);
    pack_u8(&b, DONE);
    pack_u32(&b, (uint32_t)status);
    pack_u32(&b, 1);
    pack_span(&b, name);
    pack_span(&b, type);
    pack_span(&b, body);
    return built(&b);
}

/* "200 application/json": what the first line of an input may say of the answer behind it. */
static inline struct span answer_from(struct arena *a, struct span *input)
{
    struct span type = fuzz_line(input);
    struct span word = span_word(&type);
    uint64_t status = 0;
    if (span_u64(word, &status) != OK)
        status = 200;
    return answer_fetch(a, status, span_trim(type, SPAN(" ")), *input);
}

#endif
