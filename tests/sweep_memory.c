/*
 * Every request with too little memory, and a little more each time, until it
 * passes. Running out ends the request, whatever it was at: what it had stored
 * are whole steps, and the request can be made again. In production the
 * instance is dropped then (docs/host.md); here the run is left by longjmp,
 * which wasm has not: natively only.
 */
#include "check.h"

#include "oauth/grant.h"
#include "support/scene.h"

#include <setjmp.h>

enum { SMALLEST = 512, STEP = 1021 }; /* odd: memory may end anywhere */

static struct world world;
static jmp_buf out;
static size_t points;

static void exhausted(void)
{
    longjmp(out, 1);
}

/* Whether it came to its end; if not, it is left lying where it ran out. */
static bool fits(struct caller *c, enum step step, size_t size, struct exchange *x)
{
    void (*usual)(void) = world.exhausted;
    world.run_memory = size;
    world.exhausted = exhausted;
    bool fitted = setjmp(out) == 0;
    if (fitted) {
        *x = caller_begin(c, step);
        world_finish(&world, x);
    }
    world.run_memory = WORLD_RUN_MEMORY;
    world.exhausted = usual;
    return fitted;
}

static bool sweep_point(const struct scene *scene, struct caller before, size_t size)
{
    static struct exchange x;
    struct caller after = before;
    bool fitted = fits(&after, scene->step, size, &x);
    points++;
    CHECK(scene_rows_are_whole(&world));
    CHECK(scene_chains(&before, 1) <= 1);
    if (fitted) {
        unsigned status = caller_take(&after, scene->step, &x);
        return CHECK(scene_succeeded(&after, scene->step, status) || scene->refusals == 2);
    }
    /* Made again, it passes; unless it had gone so far that what it takes once was taken. */
    world.now += LEASE_SECONDS;
    unsigned status = caller_do(&before, scene->step);
    bool taken = (scene->step == CALLBACK && span_equal(before.error, SPAN("access_denied"))) ||
                 (scene->step == REDEEM && span_equal(before.error, SPAN("invalid_grant"))) ||
                 world.products[0].reuses > 0;
    CHECK(scene_succeeded(&before, scene->step, status) || taken || scene->refusals == 2);
    CHECK(scene_goes_on(&world));
    return false;
}

static void sweep(const struct scene *scene)
{
    char row[96];
    struct caller c = scene_set(&world, scene);
    struct world_image *image = world_save(&world);
    bool fitted = false;
    for (size_t size = SMALLEST; !fitted && size < WORLD_RUN_MEMORY; size += STEP) {
        snprintf(row, sizeof row, "%s, with %zu bytes", scene->name, size);
        check_row(row);
        world_restore(&world, image);
        fitted = sweep_point(scene, c, size);
    }
    CHECK(fitted);
    check_row(NULL);
    world_forget(image);
}

int main(void)
{
    for (size_t i = 0; i < SCENE_COUNT; i++)
        sweep(&SCENES[i]);
    printf("sweep_memory: %zu points\n", points);
    return check_done();
}
