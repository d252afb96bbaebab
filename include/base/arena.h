/*
 * One arena lives exactly as long as one run of one request. Nothing is ever
 * freed; running out ends the request with 500, so no caller checks for NULL.
 * When the run is over, what was used is zeroed: a secret outlives no run.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    void (*exhausted)(void); /* called instead of returning NULL */
};

/* An arena over size bytes that the caller owns. exhausted must not return. */
struct arena arena_make(void *memory, size_t size, void (*exhausted)(void));

/* n * size zeroed bytes, aligned for any type. Never returns NULL. */
void *arena_alloc(struct arena *a, size_t n, size_t size);

/* Zeroes what was handed out and starts anew. */
void arena_wipe(struct arena *a);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, n, type) ((type *)arena_alloc((a), (n), sizeof(type)))

#endif
