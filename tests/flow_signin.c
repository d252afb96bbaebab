/*
 * From the client's first request to the code: who may go on, and who may not.
 * Rows of the security list: A13, A14, N05, N08-N11, N15, S07, S20-S22, S30, S31, S78.
 * A state's single use: flow_state.c.
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

static bool header_has(const struct caller *c, struct span name, struct span text)
{
    return span_contains(headers_get(&c->answer.headers, name), text);
}

static unsigned effects(void)
{
    unsigned sum = 0;
    for (int kind = 0; kind < EFFECT_KINDS; kind++)
        sum += world.asked[kind];
    return sum;
}

static bool product_code_is_untouched(void)
{
    return world.products[0].code_count == 1 && !world.products[0].codes[0].used;
}

/* ---- the whole ---- */

static void the_whole_sign_in(void)
{
    check_row("S2: every step, in order");
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do(&c, REGISTER), 201);
    CHECK_INT(caller_do(&c, AUTHORIZE), 200);
    CHECK(span_present(c.transaction) && span_present(c.cookies));
    CHECK_INT(caller_do(&c, CONSENT), 303);
    CHECK(span_present(c.callback_url));
    CHECK_INT(caller_do(&c, CALLBACK), 303);
    CHECK(header_has(&c, SPAN("location"), SPAN("https://agent.acme.dev/cb?")));
    check_row("A13: the state comes back as it was");
    CHECK(header_has(&c, SPAN("location"), SPAN("state=state%20of%20the%20client&")));
    check_row("A14: and our issuer with it");
    CHECK(header_has(&c, SPAN("location"), SPAN("iss=https%3A%2F%2Fmcp.latchkey.dev&")));
    CHECK(!span_present(c.cookies));
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK_SPAN(c.granted, SPAN("todos:read todos:write"));
    check_row("a first sign-in costs three ledger steps");
    CHECK_INT(world.asked[ASKED_LEDGER], 3);
    CHECK(caller_is_served(&c));
}

static void nothing_secret_is_told(void)
{
    struct caller c = at_step(REDEEM);
    struct span code = c.code;
    struct span cookie = c.cookies;
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK(caller_is_served(&c));
    struct span refresh = c.refresh_token;
    CHECK_INT(caller_do(&c, REFRESH), 200);
    const struct span secrets[] = {
        code,
        cookie,
        refresh,
        c.refresh_token,
        c.access_token,
        c.verifier,
        c.transaction,
        SPAN("downstream-access-"),
        SPAN("downstream-refresh-"),
        SPAN("downstream-code-"),
        SPAN("alice@product.dev"),
        SPAN("product-secret"),
    };
    for (size_t i = 0; i < COUNT(secrets); i++) {
        check_row("S78: no secret in the log");
        CHECK(!span_present(secrets[i]) || !world_logged(&world, secrets[i]));
        check_row("S1: tokens are stored as hashes, downstream tokens sealed");
        CHECK(!span_present(secrets[i]) || i == 10 || !world_stores(&world, secrets[i]));
    }
    check_row("S1: the product's tokens are in no answer");
    CHECK(!span_contains(c.answer.body, SPAN("downstream-")));
}

/* ---- the person says no ---- */

static void refused_by_the_person(void)
{
    static const struct {
        const char *why, *decision, *scope;
    } rows[] = {
        {"denied on our page", "deny", "todos:read todos:write"},
        {"approved, with every box unticked", "approve", ""},
        {"approved, with a box that was not there", "approve", "notes:read"},
        {"no button, but sent all the same", "", "todos:read todos:write"},
    };
    struct caller start = at_step(CONSENT);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller c = start;
        check_row(rows[i].why);
        c.decision = span_of(rows[i].decision);
        c.scope = span_of(rows[i].scope);
        CHECK_INT(caller_do(&c, CONSENT), 303);
        CHECK_SPAN(c.error, SPAN("access_denied"));
        CHECK(!span_present(c.downstream_url));
        CHECK_INT(world.row_count, 0);
        check_row("and not afterwards: the browser has forgotten");
        CHECK(!span_present(c.cookies));
        c.decision = start.decision;
        CHECK_INT(caller_do(&c, CONSENT), 403);
    }
    check_row("denied at the product");
    struct caller c = at_step(CALLBACK);
    c.callback_url = product_sign_in(&world, c.downstream_url, ABSENT);
    CHECK_INT(caller_do(&c, CALLBACK), 303);
    CHECK_SPAN(c.error, SPAN("access_denied"));
    CHECK(!span_present(c.code));
    CHECK_INT(world.row_count, 0);
}

static void fewer_scopes(void)
{
    check_row("C14: a box is unticked, and the token says so");
    struct caller c = at_step(CONSENT);
    c.scope = SPAN("todos:read");
    CHECK_INT(caller_do(&c, CONSENT), 303);
    CHECK_INT(caller_do(&c, CALLBACK), 303);
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK_SPAN(c.granted, SPAN("todos:read"));

    check_row("S34: a scope that was not asked for does not come in by the form");
    c = at_step(AUTHORIZE);
    c.scope = SPAN("todos:read");
    CHECK_INT(caller_do(&c, AUTHORIZE), 200);
    c.scope = SPAN("todos:read todos:write notes:read");
    CHECK_INT(caller_do(&c, CONSENT), 303);
    CHECK_INT(caller_do(&c, CALLBACK), 303);
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK_SPAN(c.granted, SPAN("todos:read"));
}

/* ---- whose browser it is ---- */

static void consent_is_of_this_browser(void)
{
    struct caller c = at_step(CONSENT);
    struct caller other = c;
    world_count_anew(&world);
    check_row("S31: without the cookie");
    other.cookies = ABSENT;
    CHECK_INT(caller_do(&other, CONSENT), 403);
    check_row("S31: with the cookie of another sign-in");
    other = c;
    CHECK_INT(caller_do(&other, AUTHORIZE), 200);
    other.transaction = c.transaction;
    CHECK_INT(caller_do(&other, CONSENT), 403);
    check_row("S31: two values for the cookie: nobody knows whose it is");
    other = c;
    other.cookies = JOIN(&world.arena, c.cookies, SPAN("; "), c.cookies, SPAN("x"));
    CHECK_INT(caller_do(&other, CONSENT), 403);
    check_row("S31: the state of a sign-in is no consent");
    other = c;
    CHECK_INT(caller_do(&other, CONSENT), 303);
    struct caller approved = other;
    struct span query;
    other.transaction = span_cut(other.callback_url, '=', &query);
    other.transaction = span_first(other.transaction, span_find(other.transaction, '&'));
    CHECK_INT(caller_do(&other, CONSENT), 403);
    check_row("S31: twice; approval has changed the cookie");
    other = approved;
    CHECK_INT(caller_do(&other, CONSENT), 403);
    CHECK_INT(world.asked[ASKED_LEDGER], 0);
}

static void callback_is_of_this_browser(void)
{
    struct caller victim = at_step(CALLBACK);
    struct caller attacker = victim;
    check_row("S20: a flow begun elsewhere is refused before the product's code is touched");
    victim.cookies = ABSENT;
    world_count_anew(&world);
    CHECK_INT(caller_do(&victim, CALLBACK), 403);
    CHECK(product_code_is_untouched());
    check_row("S20: ... and costs nothing");
    CHECK_INT(effects(), 0);
    check_row("S30: approved in one browser, brought back by another");
    victim = caller_make(&world, "bob");
    CHECK_INT(caller_do_until(&victim, CALLBACK), 303);
    victim.callback_url = attacker.callback_url;
    CHECK_INT(caller_do(&victim, CALLBACK), 403);
    CHECK(!world.products[0].codes[0].used);
    check_row("N05: its owner is not disturbed");
    CHECK_INT(caller_do(&attacker, CALLBACK), 303);
    CHECK(span_present(attacker.code));
}

static void tabs(void)
{
    check_row("A3: two tabs of one browser, finished in the other order");
    struct caller a = at_step(AUTHORIZE);
    struct caller b = a;
    b.verifier = SPAN("another-verifier-of-the-second-tab-0123456789abcdef");
    CHECK_INT(caller_do(&a, AUTHORIZE), 200);
    CHECK_INT(caller_do(&b, AUTHORIZE), 200);
    CHECK_INT(caller_do(&a, CONSENT), 303);
    CHECK_INT(caller_do(&b, CONSENT), 303);
    struct span both = JOIN(&world.arena, a.cookies, SPAN("; "), b.cookies);
    a.cookies = b.cookies = both;
    CHECK_INT(caller_do(&b, CALLBACK), 303);
    CHECK_INT(caller_do(&a, CALLBACK), 303);
    check_row("S08: the code of one tab with the verifier of the other");
    struct caller mixed = a;
    mixed.verifier = b.verifier;
    CHECK_INT(caller_do(&mixed, REDEEM), 400);
    CHECK_SPAN(mixed.error, SPAN("invalid_grant"));
    check_row("S08: each with its own");
    CHECK_INT(caller_do(&a, REDEEM), 200);
    CHECK_INT(caller_do(&b, REDEEM), 200);
    CHECK(caller_is_served(&a));
    CHECK(caller_is_served(&b));
}

/* ---- whose answer it is ---- */

static struct span replaced(struct span text, struct span what, struct span with)
{
    struct span rest = text;
    while (rest.size > 0 && !span_starts(rest, what))
        rest = span_skip(rest, 1);
    CHECK(rest.size > 0);
    return JOIN(&world.arena, span_first(text, text.size - rest.size), with,
                span_skip(rest, what.size));
}

static void answers_of_others(void)
{
    static const struct {
        const char *why, *what, *with;
        unsigned status;
    } rows[] = {
        {"S22: by another profile's door", "/callback/product", "/callback/other", 403},
        {"S22: by no door", "/callback/product", "/callback/none", 404},
        {"N08: iss of another server", "login.product.dev", "login.other.dev", 303},
        {"N08: iss with a slash", "login.product.dev", "login.product.dev%2F", 303},
        {"N08: iss in capitals", "login.product.dev", "LOGIN.product.dev", 303},
        {"N08: no iss, though it is promised", "&iss=", "&not-iss=", 303},
        {"S26: a code twice", "&code=", "&code=x&code=", 400},
        {"S26: a state twice", "?state=", "?state=x&state=", 400},
        {"S26: code and error", "&code=", "&error=access_denied&code=", 303},
        {"S26: an empty code", "&code=downstream-code-1", "&code=", 303},
        {"N09: no state", "?state=", "?not-state=", 403},
        {"N09: a state that is not ours", "?state=", "?state=AAAA", 403},
    };
    struct caller start = at_step(CALLBACK);
    struct world_image *image = world_save(&world);
    for (size_t i = 0; i < COUNT(rows); i++) {
        world_restore(&world, image);
        struct caller c = start;
        check_row(rows[i].why);
        c.callback_url = replaced(c.callback_url, span_of(rows[i].what), span_of(rows[i].with));
        CHECK_INT(caller_do(&c, CALLBACK), rows[i].status);
        CHECK(!span_present(c.code));
        CHECK(rows[i].status != 303 || span_present(c.error));
        CHECK(product_code_is_untouched());
        CHECK_INT(world.row_count, 0);
    }
    world_forget(image);
}

/* ---- the product misbehaves ---- */

static void product_in_a_mood(void)
{
    static const struct {
        const char *why;
        enum mood mood;
        const char *error;
    } rows[] = {
        {"S52: the product refuses the code", REFUSES, "server_error"},
        {"S52: 500", BREAKS, "temporarily_unavailable"},
        {"S51: no answer", SILENT, "temporarily_unavailable"},
        {"S54: no answer, but the code is spent", TOO_LATE, "temporarily_unavailable"},
        {"S53: no JSON", BABBLES, "temporarily_unavailable"},
        {"N11: the nonce of another sign-in", WRONG_NONCE, "server_error"},
    };
    struct caller start = at_step(CALLBACK);
    struct world_image *image = world_save(&world);
    for (size_t i = 0; i < COUNT(rows); i++) {
        world_restore(&world, image);
        struct caller c = start;
        check_row(rows[i].why);
        world.products[0].mood = rows[i].mood;
        CHECK_INT(caller_do(&c, CALLBACK), 303);
        CHECK(!span_present(c.code));
        CHECK_SPAN(c.error, span_of(rows[i].error));
        CHECK(header_has(&c, SPAN("location"), SPAN("state=state%20of%20the%20client&")));
        check_row("S21: it cannot be tried again with the same state");
        world.products[0].mood = WELL;
        c.cookies = start.cookies;
        c.callback_url = product_sign_in(&world, c.downstream_url, c.user);
        CHECK_INT(caller_do(&c, CALLBACK), 303);
        CHECK(!span_present(c.code));
    }
    check_row("N11: tokens of somebody whom we cannot tell are revoked");
    world_restore(&world, image);
    world.products[0].mood = WRONG_NONCE;
    CHECK_INT(caller_do(&start, CALLBACK), 303);
    CHECK_INT(world.products[0].sign_ins, 1);
    CHECK(!span_present(world.products[0].users[0]));
    world_forget(image);
}

static void cannot_be_stored(bool claim_is_lost)
{
    struct caller c = at_step(CALLBACK);
    struct exchange x = caller_begin(&c, CALLBACK);
    for (bool more = true; more;) {
        bool stores = x.effects[x.performed].data[0] == ASKED_LEDGER && world.row_count > 0;
        if (stores && claim_is_lost)
            world.row_count = 0;
        more = world_step(&world, &x, stores && !claim_is_lost ? FAILS : AS_USUAL);
    }
    CHECK_INT(caller_take(&c, CALLBACK, &x), 303);
    CHECK_SPAN(c.error, SPAN("temporarily_unavailable"));
    CHECK(!span_present(c.code));
    CHECK_INT(world.row_count, claim_is_lost ? 0 : 1);
    CHECK_INT(world.products[0].sign_ins, 1);
    CHECK(!span_present(world.products[0].users[0]));
}

static void store_is_away(void)
{
    check_row("S07: the grant cannot be stored: no code, and the product's tokens are revoked");
    cannot_be_stored(false);
    check_row("S07: nor where it was claimed, if that is not known any more");
    cannot_be_stored(true);
}

static void too_late(void)
{
    check_row("the consent page lay open too long");
    struct caller c = at_step(CONSENT);
    world.now += 600;
    CHECK_INT(caller_do(&c, CONSENT), 400);
    check_row("the product took too long");
    c = at_step(CALLBACK);
    world.now += 600;
    CHECK_INT(caller_do(&c, CALLBACK), 400);
    CHECK(product_code_is_untouched());
}

int main(void)
{
    the_whole_sign_in();
    nothing_secret_is_told();
    refused_by_the_person();
    fewer_scopes();
    consent_is_of_this_browser();
    callback_is_of_this_browser();
    tabs();
    answers_of_others();
    product_in_a_mood();
    store_is_away();
    too_late();
    return check_done();
}
