/*
 * How every record of ours is laid out, in storage, in sealed parameters and
 * between the core and its host: numbers are little-endian, a span is its
 * length (u32) and its bytes, ABSENT is the length 0xffffffff. A record that
 * is stored begins with a format number, so that a later version can read it.
 *
 * The reader is for bytes that may be hostile: past the end, everything reads
 * as zero or ABSENT and `broken` stays set; unpack_done() is asked once, at
 * the end, and wants every byte consumed.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/span.h"

void pack_u8(struct builder *b, uint8_t value);
void pack_u32(struct builder *b, uint32_t value);
void pack_u64(struct builder *b, uint64_t value);
void pack_span(struct builder *b, struct span s);

struct unpacker {
    struct span rest;
    bool broken;
};

struct unpacker unpack_make(struct span bytes);
uint8_t unpack_u8(struct unpacker *u);
uint32_t unpack_u32(struct unpacker *u);
uint64_t unpack_u64(struct unpacker *u);
struct span unpack_span(struct unpacker *u); /* a view of the input, not a copy */

/* OK when nothing was missing and nothing is left over; else MALFORMED. */
enum result unpack_done(const struct unpacker *u) MUST_USE;

#endif
