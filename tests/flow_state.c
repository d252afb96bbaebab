/*
 * A state is used once: for its whole life, whatever became of what it gave.
 * Rows of the security list: N09, S21.
 */
#include "check.h"
#include "support/caller.h"

static struct world world;

static struct caller at_step(enum step step)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    (void)caller_do_until(&c, step);
    return c;
}

static void state_is_used_once(void)
{
    check_row("S21: the same answer again, as the browser is now");
    struct caller c = at_step(CALLBACK);
    struct caller again = c;
    CHECK_INT(caller_do(&c, CALLBACK), 303);
    CHECK(span_present(c.code));
    again.cookies = c.cookies;
    CHECK_INT(caller_do(&again, CALLBACK), 403);

    check_row("S21: again, by a browser that kept its cookie");
    c = at_step(CALLBACK);
    again = c;
    CHECK_INT(caller_do(&c, CALLBACK), 303);
    again.callback_url = product_sign_in(&world, c.downstream_url, SPAN("mallory"));
    CHECK_INT(caller_do(&again, CALLBACK), 303);
    CHECK_SPAN(again.error, SPAN("access_denied"));
    CHECK(!span_present(again.code));
    check_row("S21: the live flow is unaffected");
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK(caller_is_served(&c));

    check_row("S21: at the same time");
    c = at_step(CALLBACK);
    struct caller two[] = {c, c};
    CHECK_INT(callers_do(two, 2, CALLBACK, 1, 303), 2);
    CHECK(span_present(two[0].code) != span_present(two[1].code));
}

/* What may have become of a sign-in before its state comes back. */
enum became { NOTHING, A_GRANT, A_BRIEF_GRANT, A_REFRESHED_GRANT, A_BROKEN_GRANT, A_REVOKED_GRANT };

static void goes_on(struct caller *c, enum became what)
{
    struct lifetimes *l = &world.gateway.lifetimes;
    if (what == A_BRIEF_GRANT || what == A_REFRESHED_GRANT)
        l->access_token = l->refresh_token = 30;
    if (what == A_BROKEN_GRANT)
        world.products[0].access_seconds = 1;
    CHECK_INT(caller_do(c, CALLBACK), 303);
    CHECK(span_present(c->code));
    if (what == NOTHING)
        return;
    CHECK_INT(caller_do(c, REDEEM), 200);
    if (what == A_REFRESHED_GRANT)
        CHECK_INT(caller_do(c, REFRESH), 200);
    if (what == A_REVOKED_GRANT)
        CHECK_INT(caller_do(c, REVOKE), 200);
    if (what == A_BROKEN_GRANT) {
        world.now += 1;
        world.products[0].mood = REFUSES;
        CHECK_INT(caller_do(c, CALL), 401);
        world.products[0].mood = WELL;
    }
}

static void state_stays_used(void)
{
    static const struct {
        const char *why;
        enum became became;
    } rows[] = {
        {"S21 N09: nobody redeemed its code", NOTHING},
        {"S21 N09: its grant lives", A_GRANT},
        {"S21 N09: its grant was brief", A_BRIEF_GRANT},
        {"S21 N09: its grant was brief, but refreshed", A_REFRESHED_GRANT},
        {"S21 N09: its grant is broken", A_BROKEN_GRANT},
        {"S21 N09: its grant was revoked", A_REVOKED_GRANT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct caller c = at_step(CALLBACK);
        struct caller kept = c; /* a browser that keeps its cookie, and its state */
        uint64_t end = world.now + world.gateway.lifetimes.transaction;
        goes_on(&c, rows[i].became);
        for (; world.now < end; world.now += 19) {
            struct caller again = kept;
            again.callback_url = product_sign_in(&world, kept.downstream_url, SPAN("mallory"));
            CHECK_INT(caller_do(&again, CALLBACK), 303);
            CHECK_SPAN(again.error, SPAN("access_denied"));
            CHECK(!span_present(again.code));
        }
        check_row("S21 N09: then it has expired");
        world.now = end;
        CHECK_INT(caller_do(&kept, CALLBACK), 400);
    }
}

int main(void)
{
    state_is_used_once();
    state_stays_used();
    return check_done();
}
