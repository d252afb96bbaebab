/*
 * A run is a function of its input: every run of every request, made once more
 * from its journal alone, gives the same bytes. Also where an effect failed.
 */
#include "check.h"
#include "support/scene.h"

static struct world world;

/* fail_at: the effect that fails; beyond the last: none does. Returns how many there were. */
static size_t replay(const struct scene *scene, size_t fail_at, size_t *points)
{
    struct caller c = scene_set(&world, scene);
    struct exchange x = caller_begin(&c, scene->step);
    for (size_t k = 0; world_step(&world, &x, k == fail_at ? FAILS : AS_USUAL); k++)
        ;
    /* Later, with other requests in between, and in any order. */
    CHECK(scene_goes_on(&world));
    CHECK_INT(world_replay(&world, &x), 0);
    CHECK_INT(world_replay(&world, &x), 0);
    *points += x.run_count;
    return x.steps;
}

int main(void)
{
    size_t points = 0;
    for (size_t i = 0; i < SCENE_COUNT; i++) {
        check_row(SCENES[i].name);
        size_t effects = replay(&SCENES[i], SIZE_MAX, &points);
        for (size_t k = 0; k < effects; k++)
            (void)replay(&SCENES[i], k, &points);
    }
    printf("sweep_replay: %zu points\n", points);
    return check_done();
}
