#include "base/pack.h"

static const uint32_t ABSENT_SIZE = UINT32_MAX;

static void pack_number(struct builder *b, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i) & 0xff);
    build_span(b, span_bytes(bytes, size));
}

void pack_u8(struct builder *b, uint8_t value)
{
    build_byte(b, value);
}

void pack_u32(struct builder *b, uint32_t value)
{
    pack_number(b, value, 4);
}

void pack_u64(struct builder *b, uint64_t value)
{
    pack_number(b, value, 8);
}

void pack_span(struct builder *b, struct span s)
{
    pack_u32(b, span_present(s) ? (uint32_t)s.size : ABSENT_SIZE);
    build_span(b, s);
}

struct unpacker unpack_make(struct span bytes)
{
    return (struct unpacker){bytes, false};
}

static struct span take(struct unpacker *u, size_t size)
{
    if (u->broken || size > u->rest.size) {
        u->broken = true;
        return ABSENT;
    }
    struct span taken = span_first(u->rest, size);
    u->rest = span_skip(u->rest, size);
    return taken;
}

static uint64_t unpack_number(struct unpacker *u, size_t size)
{
    struct span bytes = take(u, size);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++)
        value |= (uint64_t)bytes.data[i] << (8 * i);
    return value;
}

uint8_t unpack_u8(struct unpacker *u)
{
    return (uint8_t)unpack_number(u, 1);
}

uint32_t unpack_u32(struct unpacker *u)
{
    return (uint32_t)unpack_number(u, 4);
}

uint64_t unpack_u64(struct unpacker *u)
{
    return unpack_number(u, 8);
}

struct span unpack_span(struct unpacker *u)
{
    uint32_t size = unpack_u32(u);
    return size == ABSENT_SIZE ? ABSENT : take(u, size);
}

enum result unpack_done(const struct unpacker *u)
{
    return u->broken || u->rest.size > 0 ? MALFORMED : OK;
}
