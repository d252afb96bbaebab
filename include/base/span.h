/*
 * A span is a view of bytes that somebody else owns (the request, the arena,
 * a literal). It is passed by value and never NUL-terminated. Absent (data is
 * NULL) is not the same as empty (data is not NULL, size 0).
 *
 * A builder writes a text whose largest size is known when it is made; writing
 * past it sets `overflow` and drops the rest, which the caller checks once.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include "base/arena.h"
#include "base/result.h"

#include <stdbool.h>

struct span {
    const uint8_t *data;
    size_t size;
};

#define ABSENT ((struct span){NULL, 0})
#define SPAN(literal) ((struct span){(const uint8_t *)("" literal), sizeof(literal) - 1})

/* A NUL-terminated string of our own (a literal, a table entry), viewed. */
struct span span_of(const char *text);
struct span span_bytes(const void *data, size_t size);

static inline bool span_present(struct span s)
{
    return s.data != NULL;
}

/* Comparisons are of bytes. Not for secrets: see crypto_equal (jose/crypto.h). */
bool span_equal(struct span a, struct span b);
bool span_equal_nocase(struct span a, struct span b); /* ASCII letters only */
bool span_starts(struct span s, struct span prefix);
bool span_ends(struct span s, struct span suffix);

/* The order of bytes, a prefix first: negative, 0 or positive. For sorting and searching. */
int span_compare(struct span a, struct span b);

/* The first place of the byte, or s.size when it is not there. */
size_t span_find(struct span s, uint8_t byte);
bool span_has(struct span s, uint8_t byte);
bool span_contains(struct span s, struct span needle);

/* What is left after n bytes; empty when n is past the end. */
struct span span_skip(struct span s, size_t n);
struct span span_first(struct span s, size_t n);

/* Without the bytes of `set` at both ends. */
struct span span_trim(struct span s, struct span set);

/*
 * Cuts at the first `separator`: *head is what stands before it, the result
 * what stands after. Without a separator *head is all and the result ABSENT.
 */
struct span span_cut(struct span s, uint8_t separator, struct span *head);

/* The next word between runs of spaces; ABSENT when none is left. Advances s. */
struct span span_word(struct span *s);
/* Whether it is one of the words between the spaces of `words`. */
bool span_has_word(struct span words, struct span word);

struct span span_copy(struct arena *a, struct span s);
struct span span_lower(struct arena *a, struct span s); /* ASCII */

/* The parts, one after the other, in the arena. */
struct span span_join(struct arena *a, size_t count, const struct span *parts);
#define JOIN(a, ...)                                                           \
    span_join((a), sizeof((struct span[]){__VA_ARGS__}) / sizeof(struct span), \
              (struct span[]){__VA_ARGS__})

/* Decimal digits only, no sign, no leading zero but "0" itself; MALFORMED otherwise. */
enum result span_u64(struct span s, uint64_t *value) MUST_USE;
struct span span_decimal(struct arena *a, uint64_t value);

struct builder {
    uint8_t *data;
    size_t size;
    size_t max;
    bool overflow;
};

struct builder builder_make(struct arena *a, size_t max);
void build_span(struct builder *b, struct span s);
void build_byte(struct builder *b, uint8_t byte);
void build_u64(struct builder *b, uint64_t value); /* decimal */

/* What was written. A builder that overflowed yields ABSENT. */
struct span built(const struct builder *b);

#endif
