/*
 * The product's tokens behind the calls: refreshed once for everybody, whatever
 * the product does. Rows: S4, S5; of the security list S51-S53, S55, N11, D11.
 */
#include "broker/downstream.h"
#include "check.h"
#include "support/caller.h"

static struct world world;
static struct caller alice; /* signed in, and has called once */
static struct world_image *image;

enum { TOKEN_SECONDS = 600, EARLY_SECONDS = 60 }; /* of the product's; and ours before that */

static void start(void)
{
    world_make(&world);
    alice = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&alice, CALL), 200);
    CHECK(caller_is_served(&alice));
    image = world_save(&world);
}

/* So many seconds before the product's token expires. */
static struct caller seconds_left(uint64_t seconds)
{
    world_restore(&world, image);
    world_count_anew(&world);
    world.now += TOKEN_SECONDS - seconds;
    return alice;
}

static void in_time(void)
{
    const struct {
        const char *why;
        uint64_t left;
        unsigned refreshes;
    } rows[] = {
        {"long before its end", 300, 0}, {"a second before it is time", EARLY_SECONDS + 1, 0},
        {"in time", EARLY_SECONDS, 1},   {"shortly before its end", 1, 1},
        {"when it has expired", 0, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller c = seconds_left(rows[i].left);
        check_row(rows[i].why);
        CHECK(caller_is_served(&c));
        CHECK_INT(world.products[0].refreshes, rows[i].refreshes);
        check_row("and not again with the next call");
        CHECK(caller_is_served(&c));
        CHECK_INT(world.products[0].refreshes, rows[i].refreshes);
    }
}

static void short_lives(void)
{
    static const struct {
        const char *why;
        uint64_t lives, after;
        unsigned refreshes;
    } rows[] = {
        {"as long as we would be early: fresh", EARLY_SECONDS, 0, 0},
        {"before half of its life", EARLY_SECONDS, EARLY_SECONDS / 2 - 1, 0},
        {"at half of its life", EARLY_SECONDS, EARLY_SECONDS / 2, 1},
        {"a little longer than we would be early", EARLY_SECONDS + 1, 1, 0},
        {"twice as long", 2 * EARLY_SECONDS, EARLY_SECONDS - 1, 0},
        {"twice as long, at half of it", 2 * EARLY_SECONDS, EARLY_SECONDS, 1},
        {"two seconds: fresh", 2, 0, 0},
        {"two seconds, after one", 2, 1, 1},
        {"one second: fresh", 1, 0, 0},
        {"one second, when it has expired", 1, 1, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        world_make(&world);
        world.products[0].access_seconds = rows[i].lives;
        struct caller c = caller_make(&world, "alice");
        CHECK_INT(caller_do_until(&c, CALL), 200);
        world.now += rows[i].after;
        check_row(rows[i].why);
        for (int call = 0; call < 3; call++)
            CHECK(caller_is_served(&c));
        CHECK_INT(world.products[0].refreshes, rows[i].refreshes);
    }
}

static void once_for_everybody(void)
{
    for (uint32_t luck = 0; luck < 8; luck++) {
        static struct caller many[50];
        check_row("S4: 50 calls with an expired token, one refresh");
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = i == 0 ? seconds_left(0) : many[0];
        CHECK_INT(callers_do(many, COUNT(many), CALL, luck, 200), COUNT(many));
        CHECK_INT(world.products[0].refreshes, 1);
        CHECK_INT(world.products[0].reuses, 0);
        check_row("S4: also right after the first sign-in, before the tokens were sealed anew");
        world_make(&world);
        struct caller fresh = caller_make(&world, "alice");
        CHECK_INT(caller_do_until(&fresh, CALL), 200);
        world.now += TOKEN_SECONDS;
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = fresh;
        CHECK_INT(callers_do(many, COUNT(many), CALL, luck, 200), COUNT(many));
        CHECK_INT(world.products[0].refreshes, 1);
        CHECK(caller_is_served(&fresh));
    }
}

/* ---- the product in a mood ---- */

static void moods(void)
{
    static const struct {
        const char *why;
        enum mood mood;
        uint64_t left;
        unsigned status; /* of the call meanwhile */
        bool ends;       /* the connection */
    } rows[] = {
        {"S52: 400 invalid_grant: the connection is broken", REFUSES, 0, 401, true},
        {"S52: 400, though the token is still good", REFUSES, 30, 401, true},
        {"S52: 403 of something before it: not yet expired", FORBIDS, 30, 200, false},
        {"S52: 403 of something before it: try again", FORBIDS, 0, 503, false},
        {"S52: 500: not yet expired, so the call goes on", BREAKS, 30, 200, false},
        {"S52: 500: try again", BREAKS, 0, 503, false},
        {"S51: no answer: not yet expired", SILENT, 30, 200, false},
        {"S51: no answer", SILENT, 0, 503, false},
        {"S53: no JSON: not yet expired", BABBLES, 30, 200, false},
        {"S53: no JSON", BABBLES, 0, 503, false},
        {"no new refresh token: the old one is kept", ROTATES_NOT, 0, 200, false},
        {"S5, S55: an id_token of somebody else", ANOTHER_USER, 0, 401, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller c = seconds_left(rows[i].left);
        check_row(rows[i].why);
        world.products[0].mood = rows[i].mood;
        CHECK_INT(caller_do(&c, CALL), rows[i].status);
        CHECK(rows[i].status != 200 || span_equal(c.answer.body, c.user));
        check_row("S52: nobody holds the lease behind it");
        CHECK(world_row(&world, world.rows[0].shard, SPAN("lease")) == NULL);
        check_row(rows[i].ends ? "it stays broken until the user signs in again"
                               : "afterwards it goes on as before");
        world.products[0].mood = WELL;
        world.now += TOKEN_SECONDS;
        CHECK_INT(caller_do(&c, REFRESH), rows[i].ends ? 400 : 200);
        CHECK_INT(caller_do(&c, CALL), rows[i].ends ? 401 : 200);
        CHECK_INT(world.products[0].reuses, 0);
        CHECK_INT(caller_do_until(&c, CALL), 200);
        CHECK(caller_is_served(&c));
    }
}

static void operator_is_told(void)
{
    check_row("S52, P5: why it was 503 stands in the log");
    struct caller c = seconds_left(0);
    world.products[0].mood = FORBIDS;
    CHECK_INT(caller_do(&c, CALL), 503);
    CHECK(world_logged(&world, SPAN("\"reason\":\"downstream_answer_malformed\"")));
}

static void answer_lost(void)
{
    check_row("S51: the product has rotated, its answer is lost");
    struct caller c = seconds_left(30);
    world.products[0].mood = TOO_LATE;
    CHECK(caller_is_served(&c)); /* with what is left of the old one */
    world.products[0].mood = WELL;
    world.now += 30;
    check_row("nobody can know: the product takes the old refresh token for stolen");
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK_INT(world.products[0].reuses, 1);
    check_row("and the user signs in again");
    CHECK_INT(caller_do(&c, REFRESH), 400);
    CHECK_INT(caller_do_until(&c, CALL), 200);
    CHECK(caller_is_served(&c));
}

static void without_refresh_token(void)
{
    check_row("the product gave no refresh token: good until it expires, then sign in again");
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    world.products[0].mood = ROTATES_NOT;
    CHECK_INT(caller_do_until(&c, CALL), 200);
    world.products[0].mood = WELL;
    world.now += TOKEN_SECONDS - 1;
    CHECK(caller_is_served(&c));
}

static void storm(void)
{
    for (uint32_t luck = 0; luck < 4; luck++) {
        static struct caller many[50];
        check_row("S51: the product is down: 50 calls do not become 50 requests");
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = i == 0 ? seconds_left(0) : many[0];
        world.products[0].mood = BREAKS;
        CHECK_INT(callers_do(many, COUNT(many), CALL, luck, 503), COUNT(many));
        CHECK(world.asked[ASKED_FETCH] < 10);
        check_row("S51: and all go on when it is back");
        world.products[0].mood = WELL;
        CHECK_INT(callers_do(many, COUNT(many), CALL, luck, 200), COUNT(many));
        CHECK_INT(world.products[0].refreshes, 1);
    }
}

static void to_the_lease(struct exchange *x)
{
    while (world_row(&world, world.rows[0].shard, SPAN("lease")) == NULL)
        CHECK(world_step(&world, x, AS_USUAL));
}

static void a_holder_that_died(void)
{
    check_row("S66: the lease's holder is gone for ever: the others go on after its time");
    struct caller c = seconds_left(0);
    struct caller other = c;
    world.products[0].mood = ROTATES_NOT;
    struct exchange x = caller_begin(&c, CALL);
    to_the_lease(&x);
    CHECK_INT(caller_do(&other, CALL), 503);
    world.now += 15;
    CHECK(caller_is_served(&other));
    CHECK_INT(world.products[0].refreshes, 1);
    check_row("S66: should it wake up then, it overwrites nothing, and uses what is stored");
    struct span stored = world_row(&world, world.rows[0].shard, SPAN("grant"))->value;
    world_finish(&world, &x);
    CHECK_INT(caller_take(&c, CALL, &x), 200);
    CHECK_SPAN(world_row(&world, world.rows[0].shard, SPAN("grant"))->value, stored);
}

static void ended_while_waiting(void)
{
    const struct {
        const char *why;
        enum step by;
    } rows[] = {
        {"S66: its token was revoked while it waited for another's refresh", REVOKE_ACCESS},
        {"S66: the grant was", REVOKE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller holder = seconds_left(0);
        CHECK_INT(caller_do(&holder, REFRESH), 200); /* two live tokens: alice's and the holder's */
        struct caller waiting = alice;
        check_row(rows[i].why);
        struct exchange first = caller_begin(&holder, CALL);
        to_the_lease(&first);
        struct exchange second = caller_begin(&waiting, CALL);
        while (!world_ledger_waits(&world, second.effects[second.performed]))
            CHECK(world_step(&world, &second, AS_USUAL));
        struct caller revoker = rows[i].by == REVOKE ? holder : alice;
        CHECK_INT(caller_do(&revoker, rows[i].by), 200);
        world_finish(&world, &first);
        world_finish(&world, &second);
        CHECK_INT(caller_take(&waiting, CALL, &second), 401);
        CHECK_SPAN(waiting.error, SPAN("invalid_token"));
        CHECK_INT(caller_take(&holder, CALL, &first), rows[i].by == REVOKE ? 401 : 200);
        CHECK_INT(world.runtime.calls, rows[i].by == REVOKE ? 0 : 1);
    }
}

static void stored_nowhere(void)
{
    check_row("S73: new tokens, and a shard that is overloaded twice: no call goes out with them");
    struct caller c = seconds_left(30);
    struct exchange x = caller_begin(&c, CALL);
    while (world.products[0].refreshes == 0)
        CHECK(world_step(&world, &x, AS_USUAL));
    for (int i = 0; i < 2; i++)
        (void)world_answer(&world, &x, SPAN("\4")); /* BUSY */
    world_finish(&world, &x);
    CHECK_INT(caller_take(&c, CALL, &x), 503);
    CHECK_INT(world.runtime.calls, 0);
}

static void a_lease_taken_late(void)
{
    check_row("S4: the request was long on its way: its lease begins when it is taken");
    struct caller c = seconds_left(0);
    struct caller other = c;
    struct exchange x = caller_begin(&c, CALL);
    world.now += 14;
    to_the_lease(&x);
    world.now += 14;
    CHECK_INT(caller_do(&other, CALL), 503);
    world_finish(&world, &x);
    CHECK_INT(caller_take(&c, CALL, &x), 200);
    CHECK(caller_is_served(&other));
    CHECK_INT(world.products[0].refreshes, 1);
}

/* Whether any effect of the exchange would carry the text to somebody. */
static bool carries(const struct exchange *x, struct span text)
{
    for (size_t i = 0; i < x->effect_count; i++)
        if (span_contains(x->effects[i], text))
            return true;
    return false;
}

/* Of a sign-in at the first product, every token so far. */
static bool carries_a_token(const struct exchange *x)
{
    const struct product *p = &world.products[0];
    for (size_t i = 0; i < p->token_count; i++)
        if (carries(x, p->tokens[i].text))
            return true;
    return false;
}

static void moved_to_another_product(void)
{
    static const struct {
        const char *why;
        uint64_t left;
        enum step step;
        unsigned status;
    } rows[] = {
        {"N13: the server has another product now: its runtime gets none of the old tokens", 300,
         CALL, 401},
        {"N13: nor does its token endpoint, when they have expired", 0, CALL, 401},
        {"N13: nor does its revocation endpoint", 300, REVOKE, 200},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller c = seconds_left(rows[i].left);
        check_row(rows[i].why);
        for (size_t k = 0; k < world.gateway.server_count; k++)
            if (span_equal(world.gateway.servers[k].id, SPAN("todo")))
                world.gateway.servers[k].profile =
                    downstream_profile(&world.gateway, SPAN("other"));
        struct exchange x = caller_begin(&c, rows[i].step);
        do
            CHECK(!carries_a_token(&x));
        while (world_step(&world, &x, AS_USUAL));
        CHECK_INT(caller_take(&c, rows[i].step, &x), rows[i].status);
        check_row("and the user is asked to sign in again, there");
        CHECK_INT(caller_do(&c, REFRESH), 400);
        CHECK_INT(caller_do_until(&c, CALL), 200);
        CHECK(caller_is_served(&c));
    }
}

int main(void)
{
    start();
    in_time();
    short_lives();
    once_for_everybody();
    moods();
    operator_is_told();
    answer_lost();
    without_refresh_token();
    storm();
    a_holder_that_died();
    ended_while_waiting();
    stored_nowhere();
    a_lease_taken_late();
    moved_to_another_product();
    world_forget(image);
    return check_done();
}
