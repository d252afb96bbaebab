/*
 * Every effect of every request goes wrong once in every way: it fails; it is
 * done and the answer is lost; it is done twice; the request is gone before it.
 * Then: no success that is not stored, nothing consumed that was not used, no
 * second chain of tokens, no half-written grant, and everybody can go on.
 */
#include "broker/connection.h"
#include "check.h"
#include "oauth/grant.h"
#include "support/scene.h"

static struct world world;
static size_t points;

enum mishap {
    FAILED_ONCE = FAILS,
    LOST_ONCE = ANSWER_LOST,
    TWICE = DONE_TWICE,
    FAIL_ON, /* this effect and all after it */
    LOST_ON,
    KILLED,
    MISHAPS
};

static const char *const MISHAP_NAMES[] = {
    "as usual", "fails", "answer lost", "twice", "all fail on", "all answers lost on", "killed"};

struct point {
    const struct scene *scene;
    size_t at;
    enum mishap mishap;
    enum effect kind;     /* of the effect that it happened to */
    struct caller before; /* what the caller held, and holds now */
    struct caller after;
    bool succeeded;
};

/* ---- what must hold ---- */

/* What was given works, and what was promised has happened. */
static void check_success(struct point *p)
{
    struct caller both[] = {p->before, p->after};
    switch ((int)p->scene->step) {
    case CALLBACK:
        CHECK_INT(caller_do(&p->after, REDEEM), 200);
        CHECK(caller_is_served(&p->after));
        return;
    case REDEEM:
    case REFRESH:
        CHECK(caller_is_served(&p->after));
        CHECK_INT(caller_do(&p->after, REFRESH), 200);
        return;
    case REVOKE:
        CHECK(scene_is_dead(both, 2));
        return;
    case REVOKE_ACCESS:
        CHECK_INT(caller_do(&p->before, CALL), 401);
        CHECK_INT(caller_do(&p->after, REFRESH), 200);
        return;
    default:
        return;
    }
}

/* A code: it still works. Or, if nobody can have heard that it was taken, it is dead with all
 * that it gave. */
static void check_code(struct point *p)
{
    struct caller again = p->before;
    unsigned status = caller_do(&again, REDEEM);
    if (status == 200)
        CHECK(caller_is_served(&again));
    else
        CHECK(p->mishap == LOST_ON && status == 400 && scene_is_dead(&p->after, 1));
}

/* The product has changed its tokens, and nobody can have heard of it. */
static bool tokens_are_lost(const struct point *p)
{
    bool unheard = p->kind == ASKED_FETCH &&
                   (p->mishap == LOST_ONCE || p->mishap == TWICE || p->mishap == LOST_ON);
    bool unstored = p->kind == ASKED_LEDGER && (p->mishap == KILLED || p->mishap == FAIL_ON);
    return world.products[0].refreshes > 0 && (unheard || unstored);
}

/* A call: it goes through when it is made again, unless there is nothing to make it with. */
static void check_call(struct point *p)
{
    struct caller again = p->before;
    bool lost = tokens_are_lost(p);
    world.now += CONNECTION_NEW_SECONDS; /* and no lease lasts so long */
    world.runtime.refusals_due = 0;
    for (size_t i = 0; i < world.products[0].token_count; i++) /* so that the product is asked */
        if (!world.products[0].tokens[i].is_refresh)
            world.products[0].tokens[i].expires = 0;
    CHECK(caller_is_served(&again) != lost);
    if (lost) {
        CHECK_INT(again.answer.status, 401);
        CHECK_INT(caller_do(&again, REFRESH), 400);
    }
}

static void check_failure(struct point *p)
{
    struct caller again = p->before;
    switch ((int)p->scene->step) {
    case CALLBACK:
        CHECK(!span_present(p->after.code));
        return;
    case REDEEM:
        check_code(p);
        return;
    case REFRESH:
        CHECK_INT(caller_do(&again, REFRESH), 200);
        CHECK(caller_is_served(&again));
        return;
    case CALL:
        check_call(p);
        return;
    case REVOKE:
        if (p->mishap == FAILED_ONCE)
            CHECK_INT(caller_do(&again, REFRESH), 200);
        again = p->before;
        CHECK_INT(caller_do(&again, REVOKE), 200);
        return;
    default:
        CHECK(scene_succeeded(&again, p->scene->step, caller_do(&again, p->scene->step)));
        return;
    }
}

/* ---- the sweep ---- */

/* Up to the effect, what happens to it, and on to the end. false: there is no such effect. */
static bool happen(struct point *p, struct exchange *x)
{
    *x = caller_begin(&p->after, p->scene->step);
    for (size_t k = 0; k < p->at; k++)
        if (!world_step(&world, x, AS_USUAL))
            return false;
    if (x->performed == x->effect_count)
        return false;
    p->kind = (enum effect)x->effects[x->performed].data[0];
    if (p->mishap == KILLED)
        return true;
    enum fault first = p->mishap == FAIL_ON   ? FAILS
                       : p->mishap == LOST_ON ? ANSWER_LOST
                                              : (enum fault)p->mishap;
    bool goes_on = world_step(&world, x, first);
    while (goes_on)
        goes_on = world_step(&world, x, p->mishap >= FAIL_ON ? first : AS_USUAL);
    return true;
}

static bool sweep_point(const struct scene *scene, size_t at, enum mishap mishap)
{
    struct exchange x;
    struct point p = {.scene = scene, .at = at, .mishap = mishap};
    char row[128];
    p.before = p.after = scene_set(&world, scene);
    if (!happen(&p, &x))
        return false;
    snprintf(row, sizeof row, "%s, effect %zu (%d): %s", scene->name, at, (int)p.kind,
             MISHAP_NAMES[mishap]);
    check_row(row);
    unsigned status = caller_take(&p.after, scene->step, &x);
    p.succeeded = scene_succeeded(&p.after, scene->step, status);
    CHECK(status != 500);
    CHECK(x.answered || mishap == KILLED);
    CHECK(p.succeeded || !scene_gives(&x));
    CHECK(scene_rows_are_whole(&world));
    CHECK(scene_chains((struct caller[]){p.before, p.after}, 2) <= 1);
    CHECK(scene_goes_on(&world));
    if (p.succeeded)
        check_success(&p);
    else
        check_failure(&p);
    CHECK(scene_rows_are_whole(&world));
    check_row(NULL);
    points++;
    return true;
}

int main(void)
{
    for (size_t i = 0; i < SCENE_COUNT; i++)
        for (int mishap = FAILED_ONCE; mishap < MISHAPS; mishap++)
            for (size_t at = 0; sweep_point(&SCENES[i], at, (enum mishap)mishap); at++)
                ;
    printf("sweep_faults: %zu points\n", points);
    return check_done();
}
