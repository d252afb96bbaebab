/*
 * Every pair of requests about the same grant: before each effect of the one,
 * the other is run to its end. Exactly one wins what can be won once; there are
 * never two chains of refresh tokens; what was revoked is dead.
 */
#include "check.h"
#include "support/scene.h"

static struct world world;
static size_t points;

/* What somebody does who holds something of the grant. */
struct act {
    const char *name;
    enum step step;
    bool with_old_token; /* the refresh token that was rotated */
};

static const struct act ACTS[] = {
    {"refresh", REFRESH, false},
    {"refresh with the old token", REFRESH, true},
    {"call", CALL, false},
    {"revoke", REVOKE, false},
    {"revoke by the old token", REVOKE, true},
    {"revoke an access token", REVOKE_ACCESS, false},
    {"introspect", INTROSPECT, false},
    {"the code again", REDEEM, false},
};

/* How the grant stands when they do it. */
struct state {
    const char *name;
    bool called;       /* once, so that the product's tokens were sealed anew */
    uint64_t later;    /* seconds since the last refresh */
    unsigned refusals; /* calls that the runtime refuses */
};

static const struct state STATES[] = {
    {"fresh", true, 0, 0},
    {"never called", false, 0, 0},
    {"retry window over, downstream expired", true, 620, 0},
    {"never called, downstream expired", false, 620, 0},
    {"refused by the runtime", true, 30, 1},
};

struct pair {
    struct caller old; /* holds what was rotated away */
    struct caller a, b;
    unsigned a_status, b_status;
};

static struct pair set(const struct state *state)
{
    world_make(&world);
    world.gateway.lifetimes.code = 3600; /* so that a replay is one in all states */
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    if (state->called)
        CHECK(caller_is_served(&c));
    struct pair p = {.old = c};
    CHECK_INT(caller_do(&c, REFRESH), 200);
    p.a = p.b = c;
    world.now += state->later;
    world.runtime.refusals_due = state->refusals;
    world_count_anew(&world);
    return p;
}

static struct exchange begin(struct caller *c, const struct caller *old, const struct act *act)
{
    struct caller asking = *c;
    if (act->with_old_token)
        asking.refresh_token = old->refresh_token;
    return caller_begin(&asking, act->step);
}

/* ---- what must hold ---- */

/* A revocation; a code that is used again; a refresh token that is behind by more than the
 * window allows, or by two. */
static bool ends_the_grant(const struct act *act, unsigned status)
{
    bool reuse = act->step == REFRESH && act->with_old_token;
    return (act->step == REVOKE && status == 200) || (act->step == REDEEM && status == 400) ||
           (reuse && status == 400);
}

/* It comes when the retry window is over. */
static bool is_late(const struct state *state, const struct act *act)
{
    return act->step == REFRESH && act->with_old_token && state->later > 60;
}

/* `other` is what happens meanwhile. */
static bool is_possible(const struct act *act, const struct act *other, unsigned status)
{
    /* Who revokes ends the product's tokens too; who refreshes them holds up the others. */
    if (act->step == CALL)
        return status == 200 || status == 401 || (status == 502 && other->step == REVOKE) ||
               (status == 503 && other->step == CALL);
    if (act->step == REFRESH)
        return status == 200 || status == 400;
    return status == (act->step == REDEEM ? 400 : 200);
}

static void check_pair(struct pair *p, const struct state *state, const struct act *a,
                       const struct act *b)
{
    struct caller all[] = {p->old, p->a, p->b};
    bool ended = ends_the_grant(a, p->a_status) || ends_the_grant(b, p->b_status);
    bool access_revoked = a->step == REVOKE_ACCESS || b->step == REVOKE_ACCESS;
    CHECK(is_possible(a, b, p->a_status));
    CHECK(is_possible(b, a, p->b_status));
    CHECK(a->step != CALL || p->a_status != 200 || span_equal(p->a.answer.body, p->a.user));
    CHECK(!is_late(state, a) || p->a_status == 400);
    CHECK(!is_late(state, b) || p->b_status == 400);
    CHECK(scene_rows_are_whole(&world));
    CHECK_INT(scene_chains(all, 3), ended ? 0 : 1);
    CHECK(world.products[0].refreshes <= 1 + state->refusals);
    CHECK_INT(world.products[0].reuses, 0);
    if (ended) {
        CHECK(scene_is_dead(all, 3));
        return;
    }
    /* Whoever refreshed has tokens that work, and the same ones if both did with the same. */
    if (a->step == REFRESH && b->step == REFRESH)
        CHECK(a->with_old_token != b->with_old_token ||
              span_equal(p->a.refresh_token, p->b.refresh_token));
    if (!access_revoked)
        CHECK(caller_is_served(&p->a) && caller_is_served(&p->b));
    if (a->step == REVOKE_ACCESS && b->step != REFRESH)
        CHECK_INT(caller_do(&p->a, CALL), 401);
    if (b->step == REVOKE_ACCESS && a->step != REFRESH)
        CHECK_INT(caller_do(&p->b, CALL), 401);
}

/* ---- pairs on a living grant ---- */

/* false: the one has no such effect. */
static bool race(const struct state *state, struct pair p, const struct world_image *image,
                 const struct act *a, const struct act *b, size_t at)
{
    char row[160];
    world_restore(&world, image);
    struct exchange x = begin(&p.a, &p.old, a);
    for (size_t k = 0; k < at; k++)
        if (!world_step(&world, &x, AS_USUAL))
            return false;
    struct exchange y = begin(&p.b, &p.old, b);
    world_finish(&world, &y);
    world_finish(&world, &x);
    p.b_status = caller_take(&p.b, b->step, &y);
    p.a_status = caller_take(&p.a, a->step, &x);
    snprintf(row, sizeof row, "%s: in %s, before effect %zu, %s", state->name, a->name, at,
             b->name);
    check_row(row);
    check_pair(&p, state, a, b);
    check_row(NULL);
    points++;
    return true;
}

static void races(const struct state *state)
{
    struct pair p = set(state);
    struct world_image *image = world_save(&world);
    for (size_t a = 0; a < COUNT(ACTS); a++)
        for (size_t b = 0; b < COUNT(ACTS); b++)
            for (size_t at = 0; race(state, p, image, &ACTS[a], &ACTS[b], at); at++)
                ;
    world_forget(image);
}

/* ---- what can be won once ---- */

static void callbacks(void)
{
    const struct scene scene = {.step = CALLBACK};
    for (size_t at = 0; at < 16; at++) {
        struct caller a = scene_set(&world, &scene);
        struct caller b = a;
        check_row("two callbacks of one sign-in: one code");
        struct exchange x = caller_begin(&a, CALLBACK);
        for (size_t k = 0; k < at; k++)
            (void)world_step(&world, &x, AS_USUAL);
        CHECK_INT(caller_do(&b, CALLBACK), 303);
        world_finish(&world, &x);
        CHECK_INT(caller_take(&a, CALLBACK, &x), 303);
        CHECK(span_present(a.code) != span_present(b.code));
        CHECK_SPAN(span_present(a.code) ? b.error : a.error, SPAN("access_denied"));
        CHECK(scene_rows_are_whole(&world));
        check_row("and it works");
        struct caller *winner = span_present(a.code) ? &a : &b;
        CHECK(caller_do(winner, REDEEM) == 200 && caller_is_served(winner));
        points++;
    }
}

static void redemptions(void)
{
    const struct scene scene = {.step = REDEEM};
    for (size_t at = 0; at < 8; at++) {
        struct caller two[2];
        two[0] = two[1] = scene_set(&world, &scene);
        check_row("two redemptions of one code: one wins, and is revoked by the other");
        struct exchange x = caller_begin(&two[0], REDEEM);
        for (size_t k = 0; k < at; k++)
            (void)world_step(&world, &x, AS_USUAL);
        unsigned second = caller_do(&two[1], REDEEM);
        world_finish(&world, &x);
        unsigned first = caller_take(&two[0], REDEEM, &x);
        CHECK((first == 200 && second == 400) || (first == 400 && second == 200));
        CHECK(scene_is_dead(two, 2));
        CHECK(scene_rows_are_whole(&world));
        points++;
    }
}

int main(void)
{
    callbacks();
    redemptions();
    for (size_t i = 0; i < COUNT(STATES); i++)
        races(&STATES[i]);
    printf("sweep_races: %zu points\n", points);
    return check_done();
}
