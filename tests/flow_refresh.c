/*
 * Refresh tokens: they rotate, and there is one chain of them. Rows of the
 * security list: D01-D09, D11, I02, I03, S09-S13.
 */
#include "base/base64.h"
#include "check.h"
#include "support/caller.h"

static struct world world;
static struct caller alice; /* signed in */
static struct world_image *image;

static void start(void)
{
    world_make(&world);
    alice = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&alice, CALL), 200);
    image = world_save(&world);
}

static struct caller signed_in(void)
{
    world_restore(&world, image);
    return alice;
}

static bool refused(struct caller *c, const char *error)
{
    struct span before = c->refresh_token;
    unsigned status = caller_do(c, REFRESH);
    return CHECK(status == 400 || status == 401) && CHECK_SPAN(c->error, span_of(error)) &&
           CHECK(span_equal(before, c->refresh_token));
}

/* Nothing of the grant works any more, for none of those who hold something of it. */
static void is_dead(struct caller *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(caller_do(&list[i], CALL), 401);
        CHECK(refused(&list[i], "invalid_grant"));
    }
}

/* ---- one chain ---- */

static void rotates(void)
{
    struct caller c = signed_in();
    check_row("D01: each refresh gives another refresh token");
    for (int i = 0; i < 12; i++) {
        struct span before = c.refresh_token;
        struct span access = c.access_token;
        world.now += 400;
        CHECK_INT(caller_do(&c, REFRESH), 200);
        CHECK(!span_equal(before, c.refresh_token));
        CHECK(!span_equal(access, c.access_token));
        check_row("D05: with the scopes that it had");
        CHECK_SPAN(c.granted, SPAN("todos:read todos:write"));
        check_row("S4: and goes on when the product's token has to be refreshed too");
        CHECK(caller_is_served(&c));
    }
}

static void lost_response(void)
{
    struct caller c = signed_in();
    struct caller lost = c;
    check_row("S11: the response was lost, the client asks again and gets the same");
    CHECK_INT(caller_do(&lost, REFRESH), 200);
    world.now += 59;
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK_SPAN(c.refresh_token, lost.refresh_token);
    CHECK_SPAN(c.access_token, lost.access_token);
    CHECK(caller_is_served(&c));
    CHECK_INT(caller_do(&c, REFRESH), 200);

    check_row("S10: a second after the window, the grant ends");
    struct caller two[] = {signed_in(), alice};
    CHECK_INT(caller_do(&two[0], REFRESH), 200);
    world.now += 60;
    CHECK(refused(&two[1], "invalid_grant"));
    is_dead(two, 2);
}

static void without_a_window(void)
{
    check_row("D02: without a window, at once");
    struct caller two[] = {signed_in(), alice};
    world.gateway.lifetimes.refresh_retry = 0;
    CHECK_INT(caller_do(&two[0], REFRESH), 200);
    CHECK(refused(&two[1], "invalid_grant"));
    is_dead(two, 2);
}

static void two_steps_behind(void)
{
    check_row("S12: two rotations behind, window or not");
    struct caller two[] = {signed_in(), alice};
    CHECK_INT(caller_do(&two[0], REFRESH), 200);
    CHECK_INT(caller_do(&two[0], REFRESH), 200);
    CHECK(refused(&two[1], "invalid_grant"));
    is_dead(two, 2);
}

static void fork(void)
{
    check_row("S12: attacker and victim refresh inside the window, then again");
    struct caller two[] = {signed_in(), alice};
    CHECK_INT(caller_do(&two[0], REFRESH), 200);
    CHECK_INT(caller_do(&two[1], REFRESH), 200);
    CHECK_SPAN(two[1].refresh_token, two[0].refresh_token);
    world.now += 100;
    CHECK_INT(caller_do(&two[0], REFRESH), 200);
    world.now += 100;
    CHECK(refused(&two[1], "invalid_grant"));
    is_dead(two, 2);
}

static void race(void)
{
    for (uint32_t luck = 0; luck < 4; luck++) {
        static struct caller many[50];
        check_row("S09: 50 at once get the same successor");
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = i == 0 ? signed_in() : many[0];
        CHECK_INT(callers_do(many, COUNT(many), REFRESH, luck, 200), 50);
        for (size_t i = 1; i < COUNT(many); i++)
            CHECK(span_equal(many[i].refresh_token, many[0].refresh_token) &&
                  span_equal(many[i].access_token, many[0].access_token));
        CHECK(caller_is_served(&many[49]));
        world.now += 100;
        CHECK_INT(caller_do(&many[17], REFRESH), 200);
    }
}

static void contention(void)
{
    check_row("S09: whoever loses every race gives up, with nothing and for now");
    struct caller c = signed_in();
    struct span live = world_row(&world, world.rows[0].shard, SPAN("refresh"))->value;
    struct exchange x = caller_begin(&c, REFRESH);
    unsigned lost = 0;
    for (unsigned reads = 0; !x.answered;) {
        bool on_ledger = x.effects[x.performed].data[0] == ASKED_LEDGER;
        if (on_ledger && ++reads % 2 == 1 && ++lost > 0)
            (void)world_answer(&world, &x, SPAN("\2\0\0\0\0\xff\xff\xff\xff")); /* CONFLICTED */
        else
            (void)world_step(&world, &x, AS_USUAL);
    }
    CHECK_INT(lost, 3);
    world_finish(&world, &x);
    CHECK_INT(caller_take(&c, REFRESH, &x), 503);
    CHECK_SPAN(headers_get(&c.answer.headers, SPAN("retry-after")), SPAN("1"));
    CHECK_SPAN(world_row(&world, world.rows[0].shard, SPAN("refresh"))->value, live);
    check_row("S09: and later it goes on");
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK(caller_is_served(&c));
}

/* The rotation's one step meets with this, everything else goes as usual. */
static struct exchange rotated_with(struct caller *c, enum fault fault)
{
    struct exchange x = caller_begin(c, REFRESH);
    while (x.effects[x.performed].data[0] != ASKED_LEDGER)
        (void)world_step(&world, &x, AS_USUAL);
    (void)world_step(&world, &x, fault);
    return x;
}

static void performed_twice(void)
{
    check_row("D01: the platform performs the step twice, and no retry is kept: one chain");
    struct caller c = signed_in();
    world.gateway.lifetimes.refresh_retry = 0;
    struct exchange x = rotated_with(&c, DONE_TWICE);
    world_finish(&world, &x);
    CHECK_INT(caller_take(&c, REFRESH, &x), 200);
    CHECK(caller_is_served(&c));
    CHECK_INT(caller_do(&c, REFRESH), 200);
}

static void lost_and_overtaken(void)
{
    check_row("S11: the step's answer is lost, and what it gave rotates meanwhile: no reuse");
    struct caller slow = signed_in();
    struct caller fast = slow;
    struct exchange x = rotated_with(&slow, ANSWER_LOST);
    CHECK_INT(caller_do(&fast, REFRESH), 200);
    CHECK_INT(caller_do(&fast, REFRESH), 200);
    world_finish(&world, &x);
    CHECK_INT(caller_take(&slow, REFRESH, &x), 503);
    CHECK(caller_is_served(&fast));
    CHECK_INT(caller_do(&fast, REFRESH), 200);
}

static void limited(void)
{
    check_row("P4: asked for too often: 429, and the token is as good as before");
    struct caller c = signed_in();
    struct span before = c.refresh_token;
    world.limited = true;
    CHECK_INT(caller_do(&c, REFRESH), 429);
    CHECK(span_present(headers_get(&c.answer.headers, SPAN("retry-after"))));
    CHECK_SPAN(c.refresh_token, before);
    world.limited = false;
    CHECK_INT(caller_do(&c, REFRESH), 200);
}

/* ---- time ---- */

static void passing_time(void)
{
    struct caller c = signed_in();
    const uint64_t idle = world.gateway.lifetimes.refresh_token;
    check_row("D08: unused for as long as it may be, less a second");
    world.now += idle - 1;
    CHECK_INT(caller_do(&c, REFRESH), 200);
    check_row("D08: which begins anew with each use");
    world.now += idle - 1;
    CHECK_INT(caller_do(&c, REFRESH), 200);
    check_row("D08: a second longer; and that costs no I/O");
    world.now += idle;
    world_count_anew(&world);
    CHECK(refused(&c, "invalid_grant"));
    CHECK_INT(world.asked[ASKED_LEDGER], 0);
    check_row("D08: by the ledger's clock it has ended, by ours not yet: refused, and no reuse");
    c = signed_in();
    struct world_row *row =
        (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("refresh"));
    row->expires = world.now;
    CHECK(refused(&c, "invalid_grant"));
    CHECK(caller_is_served(&c));

    check_row("S13: shortly before the end, never 500");
    for (uint64_t left = 120; left > 0; left -= 10) {
        c = signed_in();
        world.now += idle - left;
        CHECK_INT(caller_do(&c, REFRESH), 200);
        CHECK_INT(caller_do(&c, REFRESH), 200);
    }
    check_row("an access token ends by itself");
    c = signed_in();
    world.now += world.gateway.lifetimes.access_token;
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK(caller_is_served(&c));
}

/* ---- requests that are wrong in one way ---- */

struct wrong {
    const char *why, *error;
    void (*make)(struct caller *c);
};

static void other_client(struct caller *c)
{
    struct caller other = caller_make(c->world, "bob");
    other.redirect_uri = SPAN("https://evil.dev/cb");
    CHECK_INT(caller_do(&other, REGISTER), 201);
    c->client_id = other.client_id;
}

static void confidential_client(struct caller *c)
{
    c->client_id = SPAN("portal");
    c->client_secret = PORTAL_SECRET;
}

static void unknown_client(struct caller *c)
{
    c->client_id = SPAN("lkc_AAAA");
}

static void other_server(struct caller *c)
{
    c->server = SPAN("notes");
}

static void unknown_server(struct caller *c)
{
    c->server = SPAN("nothing");
}

static void two_resources(struct caller *c)
{
    c->extra = SPAN("&resource=https%3A%2F%2Fmcp.latchkey.dev%2Fmcp%2Ftodo");
}

static void more_scopes(struct caller *c)
{
    c->extra = SPAN("&scope=todos%3Aread+notes%3Aread");
}

static void unknown_scope(struct caller *c)
{
    c->extra = SPAN("&scope=admin");
}

static void token_twice(struct caller *c)
{
    c->extra = SPAN("&refresh_token=x");
}

static void no_token(struct caller *c)
{
    c->refresh_token = ABSENT;
}

static void access_token(struct caller *c)
{
    c->refresh_token = c->access_token;
}

static void cut_token(struct caller *c)
{
    c->refresh_token.size--;
}

static void longer_token(struct caller *c)
{
    c->refresh_token = JOIN(&world.arena, c->refresh_token, SPAN("A"));
}

static const struct wrong WRONGS[] = {
    {"D03: another client", "invalid_grant", other_client},
    {"D03: a confidential client", "invalid_grant", confidential_client},
    {"an unknown client", "invalid_client", unknown_client},
    {"I03: another resource", "invalid_target", other_server},
    {"I02: an unknown resource", "invalid_target", unknown_server},
    {"I04: two resources", "invalid_target", two_resources},
    {"D04: more scopes than it has", "invalid_scope", more_scopes},
    {"D04: scopes that it never had", "invalid_scope", unknown_scope},
    {"A11: the token twice", "invalid_request", token_twice},
    {"no token", "invalid_request", no_token},
    {"an access token", "invalid_grant", access_token},
    {"D07: a token cut short", "invalid_grant", cut_token},
    {"D07: a token with more behind it", "invalid_grant", longer_token},
};

static void wrong_requests(void)
{
    for (size_t i = 0; i < COUNT(WRONGS); i++) {
        struct caller right = signed_in();
        struct caller wrong = right;
        check_row(WRONGS[i].why);
        WRONGS[i].make(&wrong);
        CHECK(refused(&wrong, WRONGS[i].error));
        check_row("nothing was consumed");
        CHECK(caller_is_served(&right));
        struct caller before = right;
        CHECK_INT(caller_do(&right, REFRESH), 200);
        check_row("D02: a rotated token in a request that is wrong otherwise revokes nothing");
        world.now += 100;
        WRONGS[i].make(&before);
        CHECK(refused(&before, WRONGS[i].error));
        CHECK_INT(caller_do(&right, REFRESH), 200);
    }
}

static void forged(void)
{
    struct caller c = signed_in();
    struct span bytes;
    CHECK_INT(base64url_decode(&world.arena, span_skip(c.refresh_token, 4), &bytes), OK);
    world_count_anew(&world);
    for (size_t i = 0; i < bytes.size; i++) {
        struct world_image *before = world_save(&world);
        struct caller wrong = c;
        struct span changed =
            JOIN(&world.arena, span_first(bytes, i), span_bytes((uint8_t[]){bytes.data[i] ^ 1}, 1),
                 span_skip(bytes, i + 1));
        check_row("D07: a token with one bit changed costs no I/O");
        wrong.refresh_token =
            JOIN(&world.arena, SPAN("lkr_"), base64url_encode(&world.arena, changed));
        CHECK(refused(&wrong, "invalid_grant"));
        CHECK_INT(world.asked[ASKED_LEDGER], 0);
        world_restore(&world, before);
        world_forget(before);
    }
    CHECK_INT(caller_do(&c, REFRESH), 200);
}

static void narrower(void)
{
    struct caller c = signed_in();
    check_row("D04: fewer scopes for this access token");
    c.extra = SPAN("&scope=todos%3Aread");
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK_SPAN(c.granted, SPAN("todos:read"));
    c.tool = SPAN("delete_todo");
    CHECK_INT(caller_do(&c, CALL), 403);
    check_row("D05: the refresh token keeps them all");
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK_SPAN(c.granted, SPAN("todos:read todos:write"));
    CHECK_INT(caller_do(&c, CALL), 200);
}

static void step_up(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    c.scope = SPAN("todos:read");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    struct caller old = c;
    CHECK_INT(caller_do(&c, REFRESH), 200);
    world.now += world.gateway.lifetimes.refresh_retry;
    c.tool = SPAN("delete_todo");
    check_row("A8: more scopes are wanted than were granted: the next refresh says so, once");
    CHECK_INT(caller_do(&c, CALL), 403);
    struct world_image *before = world_save(&world);
    struct caller same = c;
    CHECK(refused(&same, "invalid_grant"));
    CHECK_INT(caller_do(&same, REFRESH), 200);
    check_row("D02: but an old token is an old token, and ends the grant");
    world_restore(&world, before);
    world_forget(before);
    CHECK(refused(&old, "invalid_grant"));
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK(refused(&c, "invalid_grant"));
}

/* ---- what stands behind it ---- */

static void dead_connection(void)
{
    struct caller c = signed_in();
    check_row("D11: the product has ended the connection: invalid_grant, not 500");
    world.now += 580;
    world.products[0].mood = REFUSES;
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK(refused(&c, "invalid_grant"));
    CHECK_INT(world.products[0].refreshes, 0);
    check_row("D11: and no storm: the product is not asked again");
    world_count_anew(&world);
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK(refused(&c, "invalid_grant"));
    CHECK_INT(world.asked[ASKED_FETCH], 0);
}

int main(void)
{
    start();
    rotates();
    lost_response();
    without_a_window();
    two_steps_behind();
    fork();
    race();
    contention();
    performed_twice();
    lost_and_overtaken();
    limited();
    passing_time();
    wrong_requests();
    forged();
    narrower();
    step_up();
    dead_connection();
    world_forget(image);
    return check_done();
}
