#include "base/arena.h"

#include <string.h>

enum { ARENA_ALIGNMENT = 16 };

struct arena arena_make(void *memory, size_t size, void (*exhausted)(void))
{
    uint8_t *start = memory;
    return (struct arena){start, start, start + size, exhausted};
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
    size_t padding = -(size_t)a->at & (ARENA_ALIGNMENT - 1);
    size_t room = (size_t)(a->end - a->at);
    if (padding > room || (size != 0 && n > (room - padding) / size)) {
        a->exhausted();
        __builtin_trap();
    }
    uint8_t *p = a->at + padding;
    a->at = p + n * size;
    memset(p, 0, n * size);
    return p;
}

void arena_wipe(struct arena *a)
{
    size_t used = (size_t)(a->at - a->start);
    memset(a->start, 0, used);
    /* The compiler must believe that somebody reads the zeroes. */
    __asm__ volatile("" : : "r"(a->start) : "memory");
    a->at = a->start;
}
