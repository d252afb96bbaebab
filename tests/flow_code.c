/*
 * The code at the token endpoint: who wins, what is refused, and what a refusal
 * leaves as it was. Rows of the security list: B05-B07, C01-C05, C09-C16,
 * I02-I04, S01-S06, S61.
 */
#include "check.h"
#include "support/caller.h"

#include <string.h>

static struct world world;
static struct caller alice; /* holds a code */
static struct world_image *image;

static void start(void)
{
    world_make(&world);
    alice = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&alice, REDEEM), 303);
    image = world_save(&world);
}

static struct caller holding_a_code(void)
{
    world_restore(&world, image);
    return alice;
}

static bool refused(struct caller *c, unsigned status, const char *error)
{
    struct span before = c->access_token;
    bool held = CHECK_INT(caller_do(c, REDEEM), status);
    held &= CHECK_SPAN(c->error, span_of(error));
    held &= CHECK(!span_contains(c->answer.body, SPAN("access_token")));
    return held && span_equal(before, c->access_token);
}

/* ---- one winner ---- */

static void race(void)
{
    for (uint32_t luck = 0; luck < 4; luck++) {
        static struct caller many[50];
        size_t winner = 0;
        check_row("S01: 50 at once with one code, one wins");
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = i == 0 ? holding_a_code() : many[0];
        CHECK_INT(callers_do(many, COUNT(many), REDEEM, luck, 200), 1);
        for (size_t i = 0; i < COUNT(many); i++) {
            if (span_present(many[i].access_token))
                winner = i;
            else
                CHECK_SPAN(many[i].error, SPAN("invalid_grant"));
        }
        check_row("S01: the others were replays, so the winner's tokens are dead (C10)");
        CHECK_INT(caller_do(&many[winner], CALL), 401);
        CHECK_INT(caller_do(&many[winner], REFRESH), 400);
    }
}

static void replay(void)
{
    const uint64_t waits[] = {0, 1, 30, 59};
    for (size_t i = 0; i < COUNT(waits); i++) {
        struct caller c = holding_a_code();
        struct caller again = c;
        check_row("C09: a code gives tokens once");
        CHECK_INT(caller_do(&c, REDEEM), 200);
        world.now += waits[i];
        CHECK(caller_is_served(&c));
        check_row("S02: later again, with all that is right");
        CHECK(refused(&again, 400, "invalid_grant"));
        check_row("S02: what the first one got is dead");
        CHECK_INT(caller_do(&c, CALL), 401);
        CHECK_SPAN(c.error, SPAN("invalid_token"));
        CHECK_INT(caller_do(&c, REFRESH), 400);
    }
}

static void edge_of_time(void)
{
    const struct {
        const char *why;
        uint64_t later;
        bool good;
    } rows[] = {
        {"S06: a second before its end", 59, true},
        {"S06: at its end", 60, false},
        {"S06: a second later", 61, false},
        {"S06: a day later", 86400, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller c = holding_a_code();
        check_row(rows[i].why);
        world.now += rows[i].later;
        if (rows[i].good)
            CHECK_INT(caller_do(&c, REDEEM), 200);
        else
            CHECK(refused(&c, 400, "invalid_grant"));
    }
}

/* ---- requests that are wrong in one way ---- */

struct wrong {
    const char *why;
    unsigned status;
    const char *error;
    void (*make)(struct caller *c);
};

static void wrong_verifier(struct caller *c)
{
    c->verifier = SPAN("a-verifier-that-is-not-the-one-of-the-challenge");
}

static void short_verifier(struct caller *c)
{
    c->verifier = span_first(c->verifier, 42);
}

static void no_verifier(struct caller *c)
{
    c->verifier = ABSENT;
}

static void wrong_redirect(struct caller *c)
{
    c->redirect_uri = SPAN("https://agent.acme.dev/cb/");
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
    c->extra = SPAN("&resource=https%3A%2F%2Fmcp.latchkey.dev%2Fmcp%2Fnotes");
}

static void other_client(struct caller *c)
{
    struct caller other = caller_make(c->world, "bob");
    other.redirect_uri = SPAN("https://evil.dev/cb");
    CHECK_INT(caller_do(&other, REGISTER), 201);
    c->client_id = other.client_id;
}

static void unknown_client(struct caller *c)
{
    c->client_id = SPAN("nobody");
}

static void document_client(struct caller *c)
{
    c->client_id = DOCUMENT_CLIENT;
}

static void confidential_client(struct caller *c)
{
    c->client_id = SPAN("portal");
    c->client_secret = PORTAL_SECRET;
}

static void secret_of_a_public_client(struct caller *c)
{
    c->client_secret = SPAN("secret");
}

static void two_methods(struct caller *c)
{
    c->client_secret = SPAN("secret");
    c->extra = SPAN("&client_secret=secret");
}

static void repeated(struct caller *c)
{
    c->extra = SPAN("&grant_type=authorization_code");
}

static void no_code(struct caller *c)
{
    c->code = ABSENT;
}

static void state_for_a_code(struct caller *c)
{
    c->code = span_skip(c->callback_url, span_find(c->callback_url, '=') + 1);
    c->code = span_first(c->code, span_find(c->code, '&'));
}

static void refresh_token_for_a_code(struct caller *c)
{
    struct caller other = caller_make(c->world, "bob");
    CHECK_INT(caller_do_until(&other, CALL), 200);
    c->code = other.refresh_token;
}

static void broken_escape(struct caller *c)
{
    c->extra = SPAN("&x=%");
}

static const struct wrong WRONGS[] = {
    {"B06: another verifier", 400, "invalid_grant", wrong_verifier},
    {"B05: a short verifier", 400, "invalid_request", short_verifier},
    {"B07: no verifier", 400, "invalid_request", no_verifier},
    {"C13: another redirect URI", 400, "invalid_grant", wrong_redirect},
    {"I03: another resource", 400, "invalid_target", other_server},
    {"I02: an unknown resource", 400, "invalid_target", unknown_server},
    {"I04: two resources", 400, "invalid_target", two_resources},
    {"S04, C12: another client", 400, "invalid_grant", other_client},
    {"an unknown client", 401, "invalid_client", unknown_client},
    {"a client known by its document", 400, "invalid_grant", document_client},
    {"C12: a confidential client", 400, "invalid_grant", confidential_client},
    {"C05: a public client with a secret", 401, "invalid_client", secret_of_a_public_client},
    {"C04: two methods of authentication", 400, "invalid_request", two_methods},
    {"A11: a parameter twice", 400, "invalid_request", repeated},
    {"no code", 400, "invalid_request", no_code},
    {"a state for a code", 400, "invalid_grant", state_for_a_code},
    {"a refresh token for a code", 400, "invalid_grant", refresh_token_for_a_code},
    {"Q2: a broken form", 400, "invalid_request", broken_escape},
};

static void wrong_requests(void)
{
    for (size_t i = 0; i < COUNT(WRONGS); i++) {
        struct caller right = holding_a_code();
        struct caller wrong = right;
        check_row(WRONGS[i].why);
        WRONGS[i].make(&wrong);
        world_count_anew(&world);
        CHECK(refused(&wrong, WRONGS[i].status, WRONGS[i].error));
        check_row("I02: nothing was asked of the ledger");
        CHECK_INT(world.asked[ASKED_LEDGER], 0);
        check_row(WRONGS[i].why);
        CHECK_INT(caller_do(&right, REDEEM), 200);

        check_row("S03, C11: the same when the code has been used: the first tokens still work");
        wrong = right;
        WRONGS[i].make(&wrong);
        (void)caller_do(&wrong, REDEEM);
        CHECK(caller_is_served(&right));
        CHECK_INT(caller_do(&right, REFRESH), 200);
    }
}

/* Every letter of the code changed, and every beginning of it. */
static void damaged_code(void)
{
    struct caller c = holding_a_code();
    size_t size = c.code.size;
    uint8_t text[4096];
    memcpy(text, c.code.data, size);
    world_count_anew(&world);
    for (size_t i = 0; i < 2 * size; i++) {
        struct caller wrong = c;
        struct world_image *before = world_save(&world);
        check_row("S05: a code that was changed, or cut");
        wrong.code = span_bytes(text, i < size ? size : i - size);
        if (i < size)
            text[i] = text[i] == 'A' ? 'B' : 'A';
        CHECK(caller_do(&wrong, REDEEM) == 400 && world.asked[ASKED_LEDGER] == 0);
        if (i < size)
            text[i] = c.code.data[i];
        world_restore(&world, before);
        world_forget(before);
    }
    CHECK_INT(caller_do(&c, REDEEM), 200);
}

static void limited(void)
{
    struct caller c = holding_a_code();
    check_row("P4: asked for too often: 429, and the code is as good as before");
    world.limited = true;
    CHECK(refused(&c, 429, "too_many_requests"));
    CHECK(span_present(headers_get(&c.answer.headers, SPAN("retry-after"))));
    world.limited = false;
    CHECK_INT(caller_do(&c, REDEEM), 200);
}

/* ---- the endpoint itself ---- */

static void not_a_token_request(void)
{
    static const struct {
        const char *why, *method, *type, *body, *error;
        unsigned status;
    } rows[] = {
        {"C01: GET", "GET", "", "", "method_not_allowed", 405},
        {"C01: PUT", "PUT", "application/x-www-form-urlencoded", "", "method_not_allowed", 405},
        {"C02: JSON", "POST", "application/json", "{}", "invalid_request", 400},
        {"C02: no type", "POST", "", "grant_type=x", "invalid_request", 400},
        {"C02: nonsense", "POST", ";;;", "grant_type=x", "invalid_request", 400},
        {"C02: a charset", "POST", "application/x-www-form-urlencoded;charset=utf-16", "",
         "invalid_request", 400},
        {"nothing", "POST", "application/x-www-form-urlencoded", "", "invalid_request", 400},
        {"C15: password", "POST", "application/x-www-form-urlencoded",
         "grant_type=password&username=a&password=b", "unsupported_grant_type", 400},
        {"C15: of another kind", "POST", "application/x-www-form-urlencoded",
         "grant_type=client_credentials", "unsupported_grant_type", 400},
        {"no client", "POST", "application/x-www-form-urlencoded",
         "grant_type=authorization_code&code=x", "invalid_client", 401},
    };
    (void)holding_a_code();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asked asked = {
            .method = rows[i].method,
            .url = SPAN("https://mcp.latchkey.dev/token?grant_type=authorization_code"),
            .headers = {{SPAN("content-type"), span_of(rows[i].type)}},
            .header_count = 1,
            .body = span_of(rows[i].body),
        };
        check_row(rows[i].why);
        struct exchange x = world_begin(&world, &asked);
        world_finish(&world, &x);
        CHECK_INT(x.answer.status, rows[i].status);
        CHECK(span_contains(x.answer.body, span_of(rows[i].error)));
        check_row("C08: no-store");
        CHECK_SPAN(headers_get(&x.answer.headers, SPAN("cache-control")), SPAN("no-store"));
    }
}

int main(void)
{
    start();
    race();
    replay();
    edge_of_time();
    wrong_requests();
    damaged_code();
    limited();
    not_a_token_request();
    world_forget(image);
    return check_done();
}
