/*
 * Every step on the ledger finds its shard overloaded: nothing was done, and an
 * overloaded shard must not be asked again at once. So the client is told to
 * come back, once, and when it does everything is as it was.
 */
#include "check.h"
#include "oauth/grant.h"
#include "support/scene.h"

#define BUSY SPAN("\4") /* as shim/worker.js says it */

static struct world world;

/* To the effect; false: it is no step on the ledger before the answer. */
static bool reach(struct caller *c, enum step step, size_t at, struct exchange *x, bool *is_last)
{
    *x = caller_begin(c, step);
    for (size_t k = 0; k < at && x->performed < x->effect_count; k++)
        (void)world_step(&world, x, AS_USUAL);
    *is_last = x->performed == x->effect_count;
    return !*is_last && !x->answered && x->effects[x->performed].data[0] == ASKED_LEDGER;
}

/* What downstream has rotated exists only here: that one step is asked twice. */
static bool stores_new_tokens(void)
{
    return world.products[0].refreshes > 0;
}

static bool tells_to_come_back(const struct caller *c)
{
    return (c->answer.status == 503 &&
            span_present(headers_get(&c->answer.headers, SPAN("retry-after")))) ||
           span_equal(c->error, SPAN("temporarily_unavailable"));
}

/* false: there is no such effect. */
static bool check_point(const struct scene *scene, size_t at, size_t *points)
{
    struct exchange x;
    bool is_last;
    struct caller c = scene_set(&world, scene);
    struct caller again = c;
    if (!reach(&c, scene->step, at, &x, &is_last))
        return !is_last;
    bool asked_twice = stores_new_tokens();
    unsigned asked = world.asked[ASKED_LEDGER];
    (void)world_answer(&world, &x, BUSY);
    while (!x.answered)
        (void)world_step(&world, &x, AS_USUAL);
    check_row(scene->name);
    CHECK_INT(world.asked[ASKED_LEDGER] - asked, asked_twice ? 1 : 0);
    world_finish(&world, &x);
    bool succeeded = scene_succeeded(&c, scene->step, caller_take(&c, scene->step, &x));
    CHECK(succeeded || (tells_to_come_back(&c) && !scene_gives(&x)));
    CHECK(succeeded || !asked_twice);
    CHECK(scene_rows_are_whole(&world));
    if (scene->step != CALLBACK) { /* the product's code is used up: the user starts again */
        world.now += LEASE_SECONDS;
        CHECK(scene_succeeded(&again, scene->step, caller_do(&again, scene->step)));
    }
    CHECK(scene_goes_on(&world));
    check_row(NULL);
    (*points)++;
    return true;
}

int main(void)
{
    size_t points = 0;
    for (size_t i = 0; i < SCENE_COUNT; i++)
        for (size_t at = 0; SCENES[i].refusals < 2 && check_point(&SCENES[i], at, &points); at++)
            ;
    printf("sweep_busy: %zu points\n", points);
    return check_done();
}
