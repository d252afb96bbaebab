/*
 * The module's exports: all that a host needs to know.
 *
 *   input(size)      where to put `size` bytes; 0 if that is more than there is room for
 *   configure(size)  reads what was put there as (configuration, secrets); output: what is
 *                    wrong with it, empty if nothing
 *   run(size)        one run of one request (host.h); output: what it has to say
 *   output_size()    of the last output, whose address configure or run returned
 *   wipe()           forgets the input, the output and all that was computed on the way
 *
 * The statics here are the module's only ones that change: the memory of one run, and
 * the configuration, which is written once. Nothing of a request stays between runs.
 * (Besides them there are the arena of a running JSON parse, text/json.c, and the tables
 * of jose/p256.c: constants that are made when they are first needed.)
 */
#include "app/config.h"
#include "app/router.h"
#include "host.h"

#include <string.h>

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name))) name
#else
#define EXPORT(name) name
#endif

enum { RUN_MEMORY = 10 << 20, CONFIG_MEMORY = 1536 << 10, STACK_MARGIN = 64 };

static _Alignas(16) uint8_t run_memory[RUN_MEMORY];
static _Alignas(16) uint8_t config_memory[CONFIG_MEMORY];
static struct arena arena;
static struct arena config_arena;
static struct gateway gateway;
static size_t last_size;

uint8_t *input(uint32_t size);
const uint8_t *configure(uint32_t size);
const uint8_t *run(uint32_t size);
uint32_t output_size(void);
void wipe(void);

/* The host drops the instance and answers 500 (docs/host.md). */
static void exhausted(void)
{
    __builtin_trap();
}

uint8_t *EXPORT(input)(uint32_t size)
{
    arena = arena_make(run_memory, sizeof run_memory, exhausted);
    return size <= RUN_MEMORY / 2 ? arena_alloc(&arena, size, 1) : NULL;
}

static const uint8_t *output(struct span s)
{
    last_size = s.size;
    return s.data;
}

const uint8_t *EXPORT(configure)(uint32_t size)
{
    config_arena = arena_make(config_memory, sizeof config_memory, exhausted);
    struct unpacker u = unpack_make(span_bytes(run_memory, size));
    struct span text = unpack_span(&u);
    struct secrets secrets = {.count = unpack_u32(&u)};
    struct span problem = SPAN("");
    if (secrets.count > u.rest.size / 8)
        return output(SPAN("The host gave a malformed list of secrets."));
    secrets.list = ARENA_ARRAY(&arena, secrets.count, struct header);
    for (size_t i = 0; i < secrets.count; i++) {
        secrets.list[i].name = unpack_span(&u);
        secrets.list[i].value = unpack_span(&u);
    }
    if (unpack_done(&u) != OK)
        return output(SPAN("The host gave a malformed list of secrets."));
    if (config_read(&config_arena, &arena, text, &secrets, &gateway, &problem) == OK)
        problem = SPAN("");
    return output(problem);
}

const uint8_t *EXPORT(run)(uint32_t size)
{
    struct cx cx;
    if (host_begin(&cx, &arena, &gateway, span_bytes(run_memory, size)) != OK)
        __builtin_trap();
    return output(host_end(&cx, route(&cx)));
}

uint32_t EXPORT(output_size)(void)
{
    return (uint32_t)last_size;
}

/* The stack grows down from here to the start of memory (--stack-first). */
static void wipe_stack(void)
{
#ifdef __wasm__
    uint8_t *bottom = (uint8_t *)STACK_MARGIN;
    uint8_t *top = (uint8_t *)__builtin_frame_address(0) - STACK_MARGIN;
    memset(bottom, 0, (size_t)(top - bottom));
    __asm__ volatile("" : : "r"(bottom) : "memory");
#endif
}

void EXPORT(wipe)(void)
{
    arena_wipe(&arena);
    wipe_stack();
}
