/*
 * A fuzz target says what must hold for any input whatever:
 *
 *     void fuzz(struct arena *a, struct span input)
 *
 * `make fuzz` looks for an input where it does not, with libFuzzer; the tests
 * replay what stands in corpus/<target>, natively and as wasm (replay.c). Each
 * input is an allocation of its own, so the sanitizer sees a read past its end,
 * and each gets a fresh arena of the size that a run has in production.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition) must((condition), __FILE__, __LINE__, #condition)

void fuzz(struct arena *a, struct span input);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(bool held, const char *file, int line, const char *what)
{
    if (held)
        return;
    printf("%s:%d: %s\n", file, line, what);
    fflush(stdout);
    abort();
}

static void fuzz_exhausted(void)
{
    must(false, __FILE__, __LINE__, "the arena is large enough");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { RUN_MEMORY = 10 << 20 };
    static uint8_t *memory;
    if (memory == NULL)
        memory = malloc(RUN_MEMORY);
    struct arena arena = arena_make(memory, RUN_MEMORY, fuzz_exhausted);
    memset(memory, 0x55, 1 << 16); /* what an earlier input left is gone */
    fuzz(&arena, span_bytes(data, size));
    return 0;
}

/* An input of several parts has one in each line, and the rest after them. */
static inline struct span fuzz_line(struct span *input)
{
    struct span line;
    struct span rest = span_cut(*input, '\n', &line);
    *input = span_present(rest) ? rest : span_skip(*input, input->size);
    return line;
}

static inline bool fuzz_same(struct span a, struct span b)
{
    return span_present(a) == span_present(b) && span_equal(a, b);
}

#endif
