/*
 * Inputs at the edge of an allocation, so that the sanitizer sees every read
 * past their end; and an arena to run the tests in, which is wiped often.
 */
#ifndef EDGE_H
#define EDGE_H

#include "check.h"

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

/* For tables of nothing but inputs: the next word of a list, which also names the row. */
static inline struct span edge_row(struct span *words)
{
    static char why[256];
    struct span word = span_word(words);
    struct span shown = span_first(word, sizeof why - 1);
    memcpy(why, span_present(shown) ? shown.data : (const uint8_t *)"", shown.size);
    why[shown.size] = 0;
    check_row(span_present(word) ? why : NULL);
    return edge(word);
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
