/*
 * Inputs at the edge of an allocation, so that the sanitizer sees every read
 * past their end; and an arena to run the tests in, which is wiped often.
 */
#ifndef EDGE_H
#define EDGE_H

#include "base/span.h"

#include <stdlib.h>
#include <string.h>

/* A copy whose last byte is the last of its allocation. The latest four live. */
static inline struct span edge(struct span s)
{
    static uint8_t *copies[4];
    static size_t at;
    if (!span_present(s))
        return ABSENT;
    at = (at + 1) % 4;
    free(copies[at]);
    copies[at] = malloc(s.size + 1);
    if (s.size == 0)
        return span_bytes(copies[at] + 1, 0);
    copies[at] = realloc(copies[at], s.size);
    memcpy(copies[at], s.data, s.size);
    return span_bytes(copies[at], s.size);
}

/* The same from a literal, for tables. */
static inline struct span edge_of(const char *text)
{
    return edge(span_of(text));
}

static inline void edge_exhausted(void)
{
    abort();
}

/* Never given back: it belongs into a static. */
static inline struct arena edge_arena(size_t size)
{
    return arena_make(malloc(size), size, edge_exhausted);
}

#endif
