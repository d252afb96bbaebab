/*
 * Revocation and introspection. Rows of the security list: M01-M07, S14, and
 * D02 where a revocation is under way.
 */
#include "check.h"
#include "support/caller.h"

static struct world world;
static struct caller alice; /* signed in, and has called once */
static struct world_image *image;

static void start(void)
{
    world_make(&world);
    alice = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&alice, CALL), 200);
    CHECK(caller_is_served(&alice));
    image = world_save(&world);
}

static struct caller signed_in(void)
{
    world_restore(&world, image);
    world_count_anew(&world);
    return alice;
}

static struct caller stranger(void)
{
    struct caller c = caller_make(&world, "bob");
    c.redirect_uri = SPAN("https://evil.dev/cb");
    CHECK_INT(caller_do(&c, REGISTER), 201);
    return c;
}

/* ---- revocation ---- */

static void refresh_token(void)
{
    struct caller c = signed_in();
    struct caller before = c;
    check_row("M03: with the refresh token goes everything");
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK_INT(caller_do(&c, REVOKE), 200);
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK_INT(caller_do(&c, REFRESH), 400);
    CHECK_INT(caller_do(&before, CALL), 401);
    CHECK_INT(caller_do(&before, REFRESH), 400);
    check_row("M01: twice is as good as once");
    CHECK_INT(caller_do(&c, REVOKE), 200);
    check_row("M03: an old refresh token of the grant does it too");
    c = before = signed_in();
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK_INT(caller_do(&before, REVOKE), 200);
    CHECK_INT(caller_do(&c, CALL), 401);
    check_row("S11: and no downstream token is left in the stores");
    CHECK(world_row(&world, world.rows[0].shard, SPAN("refresh")) == NULL);
    CHECK(world_row(&world, world.rows[0].shard, SPAN("access/0")) == NULL);
    CHECK(world_row(&world, world.rows[0].shard, SPAN("retry")) == NULL);
    check_row("the user may sign in again");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    CHECK(caller_is_served(&c));
}

static void access_token(void)
{
    struct caller c = signed_in();
    struct caller before = c;
    check_row("an access token alone");
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK_INT(caller_do(&before, REVOKE_ACCESS), 200);
    CHECK_INT(caller_do(&before, CALL), 401);
    check_row("the others stay as they are");
    CHECK(caller_is_served(&c));
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK(caller_is_served(&c));
}

static void hints(void)
{
    static const char *const HINTS[] = {
        "&token_type_hint=access_token",
        "&token_type_hint=refresh_token",
        "&token_type_hint=nonsense",
    };
    for (size_t i = 0; i < COUNT(HINTS); i++) {
        struct caller c = signed_in();
        check_row("M03: a wrong hint finds the token all the same");
        c.extra = span_of(HINTS[i]);
        CHECK_INT(caller_do(&c, REVOKE), 200);
        CHECK_INT(caller_do(&c, CALL), 401);
    }
}

static void by_others(void)
{
    struct caller c = signed_in();
    struct caller other = stranger();
    const struct {
        const char *why;
        struct span client_id, client_secret;
        unsigned status;
    } rows[] = {
        {"M02: another client", other.client_id, ABSENT, 200},
        {"M02: a confidential client", SPAN("portal"), PORTAL_SECRET, 200},
        {"M02: a client known by a document", DOCUMENT_CLIENT, ABSENT, 200},
        {"a client that is none", SPAN("nobody"), ABSENT, 401},
        {"C05: a confidential client without its secret", SPAN("portal"), ABSENT, 401},
        {"a confidential client with a wrong secret", SPAN("portal"), SPAN("x"), 401},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int step = REVOKE; step <= REVOKE_ACCESS; step++) {
            struct caller wrong = c;
            check_row(rows[i].why);
            wrong.client_id = rows[i].client_id;
            wrong.client_secret = rows[i].client_secret;
            CHECK_INT(caller_do(&wrong, (enum step)step), rows[i].status);
            CHECK(caller_is_served(&c));
        }
    }
    CHECK_INT(caller_do(&c, REFRESH), 200);
}

static void tokens_that_are_none(void)
{
    struct caller c = signed_in();
    const struct {
        const char *why;
        struct span token;
        unsigned status;
    } rows[] = {
        {"M01: nonsense", SPAN("x"), 200},
        {"M01: a code", c.code, 200},
        {"M01: the product's", SPAN("downstream-refresh-alice-2"), 200},
        {"M01: a token cut short", span_first(c.refresh_token, 60), 200},
        {"no token", ABSENT, 400},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller wrong = c;
        check_row(rows[i].why);
        wrong.refresh_token = rows[i].token;
        CHECK_INT(caller_do(&wrong, REVOKE), rows[i].status);
        CHECK_INT(world.asked[ASKED_LEDGER], 0);
    }
    CHECK(caller_is_served(&c));
}

static void store_is_away(void)
{
    for (size_t bad = 1; bad < 3; bad++) {
        struct caller c = signed_in();
        check_row("M04: 503 and Retry-After: the token lives");
        struct exchange x = caller_begin(&c, REVOKE);
        for (size_t k = 0; world_step(&world, &x, k == bad ? FAILS : AS_USUAL); k++)
            ;
        CHECK_INT(caller_take(&c, REVOKE, &x), 503);
        CHECK(span_present(headers_get(&x.answer.headers, SPAN("retry-after"))));
        CHECK(caller_is_served(&c));
        CHECK_INT(caller_do(&c, REVOKE), 200);
        CHECK_INT(caller_do(&c, CALL), 401);
    }
}

/* ---- while others are at it ---- */

static void revoke_among_refreshes(void)
{
    for (uint32_t luck = 0; luck < 32; luck++) {
        static struct caller many[21];
        static struct exchange exchanges[COUNT(many)];
        check_row("S14: revoked while 20 refreshes are on their way: nothing of it works");
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = i == 0 ? signed_in() : many[0];
        for (size_t i = 0; i < COUNT(many); i++)
            exchanges[i] = caller_begin(&many[i], i == 10 ? REVOKE : REFRESH);
        world_finish_together(&world, exchanges, COUNT(many), luck);
        for (size_t i = 0; i < COUNT(many); i++) {
            unsigned status = caller_take(&many[i], i == 10 ? REVOKE : REFRESH, &exchanges[i]);
            CHECK(status == 200 || (i != 10 && status == 400));
        }
        for (size_t i = 0; i < COUNT(many); i++) {
            CHECK_INT(caller_do(&many[i], CALL), 401);
            CHECK_INT(caller_do(&many[i], REFRESH), 400);
        }
    }
}

static void revoke_during_a_downstream_refresh(void)
{
    struct caller c = signed_in();
    world.now += 580;
    struct exchange probe = caller_begin(&c, CALL);
    world_finish(&world, &probe);
    for (size_t k = 0; k < probe.steps; k++) {
        c = signed_in();
        struct caller other = c;
        world.now += 580;
        check_row("S14: revoked while the product's token is being refreshed");
        struct exchange x = caller_begin(&c, CALL);
        for (size_t i = 0; i < k; i++)
            (void)world_step(&world, &x, AS_USUAL);
        CHECK_INT(caller_do(&other, REVOKE), 200);
        world_finish(&world, &x);
        unsigned status = caller_take(&c, CALL, &x);
        CHECK(status == 200 || status == 401);
        CHECK_INT(caller_do(&c, CALL), 401);
        CHECK_INT(caller_do(&c, REFRESH), 400);
    }
}

/* ---- introspection ---- */

static bool is_inactive(struct caller *c)
{
    return CHECK_INT(caller_do(c, INTROSPECT), 200) &&
           CHECK_SPAN(c->answer.body, SPAN("{\"active\":false}"));
}

static void introspection(void)
{
    struct caller c = signed_in();
    check_row("RFC 7662: a live token");
    CHECK_INT(caller_do(&c, INTROSPECT), 200);
    CHECK(span_contains(c.answer.body, SPAN("\"active\":true")));
    CHECK(span_contains(c.answer.body, SPAN("\"scope\":\"todos:read todos:write\"")));
    CHECK(!span_contains(c.answer.body, SPAN("alice")));
    check_row("M07: of another server");
    struct caller wrong = c;
    wrong.server = SPAN("notes");
    CHECK(is_inactive(&wrong));
    check_row("M06: a refresh token");
    wrong = c;
    wrong.access_token = c.refresh_token;
    CHECK(is_inactive(&wrong));
    check_row("M06: a forged one");
    wrong.access_token = span_first(c.access_token, c.access_token.size - 1);
    CHECK(is_inactive(&wrong));
    check_row("M06: one that has expired");
    world.now += world.gateway.lifetimes.access_token;
    CHECK(is_inactive(&c));
    check_row("M06: one that was revoked");
    c = signed_in();
    CHECK_INT(caller_do(&c, REVOKE), 200);
    CHECK(is_inactive(&c));
}

static void introspection_by_others(void)
{
    static const struct {
        const char *why, *authorization, *extra;
    } rows[] = {
        {"M05: nobody", NULL, ""},
        {"M05: a public client", NULL, "&client_id=https%3A%2F%2Fclient.acme.dev%2Foauth.json"},
        {"M05: a wrong secret", "Basic dG9kby1hcGk6eA==", ""},
        {"M05: a client that is no resource server",
         "Basic cG9ydGFsOnBvcnRhbC1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXRlcw==", ""},
        {"M05: no secret", NULL, "&client_id=todo-api"},
    };
    struct caller c = signed_in();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asked asked = {
            .method = "POST",
            .url = SPAN("https://mcp.latchkey.dev/introspect"),
            .headers = {{SPAN("content-type"), SPAN("application/x-www-form-urlencoded")}},
            .header_count = 1,
            .body = JOIN(&world.arena, SPAN("token="), c.access_token, span_of(rows[i].extra)),
        };
        if (rows[i].authorization != NULL)
            asked.headers[asked.header_count++] =
                (struct header){SPAN("authorization"), span_of(rows[i].authorization)};
        check_row(rows[i].why);
        struct exchange x = world_begin(&world, &asked);
        world_finish(&world, &x);
        CHECK_INT(x.answer.status, 401);
        CHECK(!span_contains(x.answer.body, SPAN("active")));
    }
}

int main(void)
{
    start();
    refresh_token();
    access_token();
    hints();
    by_others();
    tokens_that_are_none();
    store_is_away();
    revoke_among_refreshes();
    revoke_during_a_downstream_refresh();
    introspection();
    introspection_by_others();
    world_forget(image);
    return check_done();
}
