/*
 * Tool calls: who is let through, as whom, and what it costs. Rows of the
 * security list: H05, H07, H08, H11, J13, N13, S46, S57, S58, S63, S65.
 */
#include "broker/connection.h"
#include "check.h"
#include "support/caller.h"

#include <string.h>

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

static unsigned effects(void)
{
    unsigned sum = 0;
    for (int kind = 0; kind < EFFECT_KINDS; kind++)
        sum += world.asked[kind];
    return sum;
}

static struct span challenge_of(const struct caller *c)
{
    return headers_get(&c->answer.headers, SPAN("www-authenticate"));
}

/* ---- what it costs ---- */

static void steady_state(void)
{
    struct caller c = signed_in();
    check_row("a call: its body, one ledger step, one forward, and nothing else");
    CHECK(caller_is_served(&c));
    CHECK_INT(world.asked[ASKED_BODY], 1);
    CHECK_INT(world.asked[ASKED_LEDGER], 1);
    CHECK_INT(world.asked[ASKED_FORWARD], 1);
    CHECK_INT(effects(), 3);
    check_row("in two runs: body and ledger are asked for together");
    struct exchange x = caller_begin(&c, CALL);
    CHECK_INT(x.effect_count, 2);
    world_finish(&world, &x);
    CHECK_INT(x.run_count, 2);
}

static void from_the_isolates_memory(void)
{
    static const struct {
        const char *why;
        enum step step;
        uint32_t stale_ms;
    } rows[] = {
        {"a call may do with what its isolate has read a moment ago", CALL, 5000},
        {"an introspection may not", INTROSPECT, 0},
        {"a refresh may not", REFRESH, 0},
        {"a revocation may not", REVOKE, 0},
    };
    struct caller c = signed_in();
    world.gateway.lifetimes.grant_cache = 5;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(caller_do(&c, rows[i].step), 200);
        CHECK_INT(world.stale_ms, rows[i].stale_ms);
    }
}

static void without_the_ledger(void)
{
    for (uint32_t cache = 0; cache < 2; cache++) {
        struct caller c = signed_in();
        world.gateway.lifetimes.grant_cache = cache;
        check_row("the ledger cannot be read: nobody is let through, and nobody signed out");
        struct exchange x = caller_begin(&c, CALL);
        unsigned reads = 0;
        while (!x.answered) {
            bool on_ledger = x.effects[x.performed].data[0] == ASKED_LEDGER;
            reads += on_ledger;
            (void)world_step(&world, &x, on_ledger ? FAILS : AS_USUAL);
        }
        world_finish(&world, &x);
        CHECK_INT(caller_take(&c, CALL, &x), 503);
        CHECK_INT(reads, 1);
        CHECK_INT(world.runtime.calls, 0);
        CHECK(caller_is_served(&c));
    }
}

static void what_the_runtime_gets(void)
{
    static const char *const NAMES[] = {"cookie", "x-user-id"};
    struct caller c = signed_in();
    CHECK(caller_is_served(&c));
    const struct headers *h = &world.runtime.headers;
    check_row("H11, S63: the user's downstream token, and not ours");
    CHECK(span_starts(headers_get(h, SPAN("authorization")), SPAN("Bearer downstream-access-")));
    for (size_t i = 0; i < h->count; i++)
        CHECK(!span_contains(h->list[i].value, c.access_token));
    check_row("S63: no cookie, no claimed identity");
    for (size_t i = 0; i < COUNT(NAMES); i++)
        CHECK(!span_present(headers_get(h, span_of(NAMES[i]))));
    check_row("the rest as it came");
    CHECK_SPAN(headers_get(h, SPAN("accept")), SPAN("application/json, text/event-stream"));
    CHECK_SPAN(world.runtime.url, SPAN("https://api.product.dev/mcp"));
    CHECK(span_contains(world.runtime.body, SPAN("\"name\":\"list_todos\"")));
    check_row("G9: the runtime's cookie and challenge stay behind, its session id does not");
    CHECK(!span_present(headers_get(&c.answer.headers, SPAN("set-cookie"))));
    CHECK(!span_present(challenge_of(&c)));
    CHECK_SPAN(headers_get(&c.answer.headers, SPAN("mcp-session-id")), SPAN("session-1"));
}

static void more_headers_than_are_passed_on(void)
{
    enum { PASSED_ON = 48 }; /* MAX_FORWARDED_HEADERS */
    struct caller c = signed_in();
    struct asked asked = {
        .method = "GET",
        .url = SPAN("https://mcp.latchkey.dev/mcp/todo"),
        .headers = {{SPAN("authorization"), JOIN(&world.arena, SPAN("Bearer "), c.access_token)}},
        .header_count = 1,
    };
    while (asked.header_count < ASKED_MAX_HEADERS) {
        struct span number = span_decimal(&world.arena, asked.header_count);
        asked.headers[asked.header_count++] =
            (struct header){JOIN(&world.arena, SPAN("mcp-param-"), number), number};
    }
    check_row("S74: the first ones go on, and the user's own token with them");
    struct exchange x = world_begin(&world, &asked);
    world_finish(&world, &x);
    CHECK_INT(x.answer.status, 200);
    CHECK_INT(world.runtime.headers.count, PASSED_ON + 1);
    CHECK(span_starts(headers_get(&world.runtime.headers, SPAN("authorization")),
                      SPAN("Bearer downstream-access-")));
}

/* ---- tokens that are none ---- */

static void forged_tokens(void)
{
    struct caller c = signed_in();
    size_t size = c.access_token.size;
    uint8_t text[4096];
    struct span payload;
    struct span header;
    memcpy(text, c.access_token.data, size);
    payload = span_cut(c.access_token, '.', &header);
    size_t jti_end = header.size + 1 + 96;
    CHECK(payload.size > 96);
    for (size_t i = 0; i < size; i++) {
        struct world_image *before = world_save(&world);
        struct caller wrong = c;
        check_row("S46: a token with one letter changed");
        wrong.access_token = span_bytes(text, size);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        CHECK_INT(caller_do(&wrong, CALL), 401);
        check_row("S46: in what names the grant: it costs no I/O");
        CHECK(i <= header.size || i >= jti_end || effects() == 0);
        CHECK_INT(world.runtime.calls, 0);
        text[i] = c.access_token.data[i];
        world_restore(&world, before);
        world_forget(before);
    }
    for (size_t cut = 1; cut < 100; cut++) {
        struct caller wrong = c;
        check_row("J13: a token cut short");
        wrong.access_token.size -= cut;
        CHECK_INT(caller_do(&wrong, CALL), 401);
    }
    CHECK_INT(world.runtime.calls, 0);
    CHECK(caller_is_served(&c));
}

static void other_things_for_a_token(void)
{
    struct caller c = signed_in();
    const struct {
        const char *why;
        struct span text;
    } rows[] = {
        {"H06: a refresh token", c.refresh_token},
        {"H06: a code", c.code},
        {"H06: a client id", c.client_id},
        {"N13: the product's own token", SPAN("downstream-access-alice-1")},
        {"nonsense", SPAN("x")},
        {"three empty parts", SPAN("..")},
        {"two tokens", JOIN(&world.arena, c.access_token, SPAN(", "), c.access_token)},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller wrong = c;
        check_row(rows[i].why);
        wrong.access_token = rows[i].text;
        CHECK_INT(caller_do(&wrong, CALL), 401);
        CHECK_SPAN(wrong.error, SPAN("invalid_token"));
        CHECK_INT(effects(), 0);
    }
    check_row("H08: no credentials, no error");
    struct caller nobody = c;
    nobody.access_token = ABSENT;
    CHECK_INT(caller_do(&nobody, CALL), 401);
    CHECK(!span_contains(challenge_of(&nobody), SPAN("error")));
    check_row("G05: but where to go");
    CHECK(span_contains(challenge_of(&nobody),
                        SPAN("resource_metadata=\"https://mcp.latchkey.dev/.well-known/"
                             "oauth-protected-resource/mcp/todo\"")));
    CHECK_INT(effects(), 0);
}

static void wrong_scope_and_audience(void)
{
    struct caller c = signed_in();
    check_row("H05: a token of another server");
    c.server = SPAN("notes");
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK_INT(world.runtime.calls, 0);
    check_row("there is no such server");
    c.server = SPAN("nothing");
    CHECK_INT(caller_do(&c, CALL), 404);
    check_row("H08: a scope is missing: 403, with all that is needed and all that it has");
    c = signed_in();
    c.extra = SPAN("&scope=todos%3Aread");
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK(caller_is_served(&c));
    c.tool = SPAN("delete_todo");
    CHECK_INT(caller_do(&c, CALL), 403);
    CHECK_SPAN(c.error, SPAN("insufficient_scope"));
    CHECK(span_contains(challenge_of(&c), SPAN("scope=\"todos:read todos:write\"")));
}

/* ---- as whom ---- */

static void as_oneself(void)
{
    struct caller a = signed_in();
    struct caller b = caller_make(&world, "bob");
    CHECK_INT(caller_do_until(&b, CALL), 200);
    check_row("S57: two users of one client");
    CHECK(caller_is_served(&a));
    CHECK(caller_is_served(&b));
    check_row("S57: the grant's id swapped in the token");
    struct caller mixed = b;
    struct span header;
    struct span payload = span_cut(a.access_token, '.', &header);
    size_t grant_id = header.size + 1 + 32; /* jti: the grant's id comes first in it */
    mixed.access_token =
        JOIN(&world.arena, span_first(b.access_token, grant_id),
             span_skip(span_first(payload, 54), 32), span_skip(b.access_token, grant_id + 22));
    CHECK_INT(caller_do(&mixed, CALL), 401);
}

static void interleaved(void)
{
    for (uint32_t luck = 0; luck < 4; luck++) {
        static struct caller many[40];
        struct caller first = signed_in();
        struct caller second = caller_make(&world, "bob");
        CHECK_INT(caller_do_until(&second, CALL), 200);
        world.now += 580; /* the product's tokens are about to expire */
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = i % 2 == 0 ? first : second;
        check_row("S58: two users' calls, interleaved, while both are refreshed");
        CHECK_INT(callers_do(many, COUNT(many), CALL, luck, 200), COUNT(many));
        for (size_t i = 0; i < COUNT(many); i++)
            CHECK(span_equal(many[i].answer.body, many[i].user));
        CHECK_INT(world.products[0].refreshes, 2);
        CHECK_INT(world.products[0].reuses, 0);
    }
}

/* ---- messages ---- */

static void messages(void)
{
    static const struct {
        const char *why, *method, *type, *body, *origin;
        unsigned status;
    } rows[] = {
        {"a notification", "POST", "application/json",
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", NULL, 200},
        {"a stream", "GET", NULL, NULL, NULL, 200},
        {"the end of a session", "DELETE", NULL, NULL, NULL, 200},
        {"from a page that is allowed", "GET", NULL, NULL, "https://app.product.dev", 200},
        {"from a page that is not", "GET", NULL, NULL, "https://evil.dev", 403},
        {"from a page without a name", "GET", NULL, NULL, "null", 403},
        {"P2: a batch", "POST", "application/json",
         "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", NULL, 400},
        {"P2: a name twice", "POST", "application/json",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"method\":\"tools/call\"}", NULL, 400},
        {"no JSON", "POST", "application/json", "{", NULL, 400},
        {"nothing", "POST", "application/json", "", NULL, 400},
        {"of another type", "POST", "text/plain", "{}", NULL, 415},
        {"by another method", "PUT", "application/json", "{}", NULL, 405},
        {"a call of nothing", "POST", "application/json",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{}}", NULL, 400},
    };
    struct caller c = signed_in();
    struct span bearer = JOIN(&world.arena, SPAN("Bearer "), c.access_token);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asked asked = {
            .method = rows[i].method,
            .url = SPAN("https://mcp.latchkey.dev/mcp/todo"),
            .headers = {{SPAN("authorization"), bearer}},
            .header_count = 1,
            .body = rows[i].body == NULL ? ABSENT : span_of(rows[i].body),
        };
        if (rows[i].type != NULL)
            asked.headers[asked.header_count++] =
                (struct header){SPAN("content-type"), span_of(rows[i].type)};
        if (rows[i].origin != NULL)
            asked.headers[asked.header_count++] =
                (struct header){SPAN("origin"), span_of(rows[i].origin)};
        world_count_anew(&world);
        check_row(rows[i].why);
        struct exchange x = world_begin(&world, &asked);
        world_finish(&world, &x);
        CHECK_INT(x.answer.status, rows[i].status);
        CHECK_INT(world.runtime.calls, rows[i].status == 200);
    }
    check_row("H07: a token in the query is no token");
    struct asked asked = {
        .method = "GET",
        .url = JOIN(&world.arena, SPAN("https://mcp.latchkey.dev/mcp/todo?access_token="),
                    c.access_token),
    };
    struct exchange x = world_begin(&world, &asked);
    world_finish(&world, &x);
    CHECK_INT(x.answer.status, 401);
}

/* ---- the runtime fails ---- */

static void runtime_always_refuses(void)
{
    static const struct {
        const char *why;
        uint64_t later;            /* than the call before */
        unsigned calls, refreshes; /* of the runtime, of the product */
    } rows[] = {
        {"it refuses a new token: another one would be no better", 0, 1, 0},
        {"nor a moment later", CONNECTION_NEW_SECONDS - 1, 1, 0},
        {"it is no longer new: one refresh, one more attempt", 1, 2, 1},
        {"and the new one is new", 0, 1, 0},
        {"to its last second", CONNECTION_NEW_SECONDS - 1, 1, 0},
        {"so it is one refresh for all calls of half a minute", 1, 2, 1},
    };
    struct caller c = signed_in();
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        world.now += rows[i].later;
        world_count_anew(&world);
        world.runtime.refusals_due = 2;
        CHECK_INT(caller_do(&c, CALL), 502);
        CHECK_INT(world.runtime.calls, rows[i].calls);
        CHECK_INT(world.products[0].refreshes, rows[i].refreshes);
    }
    check_row("the connection has not suffered");
    world.runtime.refusals_due = 0;
    CHECK(caller_is_served(&c));
    check_row("a token of ten seconds is new for five");
    world_make(&world);
    c = caller_make(&world, "alice");
    world.products[0].access_seconds = 10;
    CHECK_INT(caller_do_until(&c, CALL), 200);
    world.now += 4;
    world.runtime.refusals_due = 1;
    CHECK_INT(caller_do(&c, CALL), 502);
    CHECK_INT(world.products[0].refreshes, 0);
}

static void runtime_fails(void)
{
    struct caller c = signed_in();
    check_row("it does not answer");
    world.runtime.silent = true;
    CHECK_INT(caller_do(&c, CALL), 502);
    check_row("it refuses the token once: another one is fetched, and the call goes through");
    c = signed_in();
    world.now += CONNECTION_NEW_SECONDS;
    world.runtime.refusals_due = 1;
    size_t lines = world.line_count;
    CHECK(caller_is_served(&c));
    CHECK_INT(world.products[0].refreshes, 1);
    CHECK_INT(world.line_count, lines + 2);
    CHECK(world_logged(&world, SPAN("\"outcome\":\"forwarded\",\"reason\":\"token_refused\"")));
    check_row("it refuses that too: an answer, not a loop");
    c = signed_in();
    world.now += CONNECTION_NEW_SECONDS;
    world.runtime.refusals_due = 2;
    lines = world.line_count;
    CHECK_INT(caller_do(&c, CALL), 502);
    CHECK_INT(world.line_count, lines + 3); /* sent on, sent on again, refused */
    CHECK_INT(world.runtime.calls, 2);
    CHECK_INT(world.products[0].refreshes, 1);
    CHECK(caller_is_served(&c));
    check_row("what is deferred is begun with the first attempt, and not again");
    c = signed_in();
    world.now += CONNECTION_NEW_SECONDS;
    world.copy_count = 0;
    world.runtime.refusals_due = 2;
    CHECK_INT(caller_do(&c, CALL), 502);
    CHECK_INT(world.asked[ASKED_FORWARD], 2);
    CHECK_INT(world.asked[ASKED_KV_PUT], 1);
    check_row("nor with the refusal when the runtime is silent");
    c = signed_in();
    world.now += 620;
    world.copy_count = 0;
    world.runtime.silent = true;
    CHECK_INT(caller_do(&c, CALL), 502);
    CHECK_INT(world.asked[ASKED_KV_PUT], 1);
    runtime_always_refuses();
    for (uint32_t luck = 0; luck < 4; luck++) {
        static struct caller many[30];
        check_row("it refuses the token of 30 calls at once: one refresh");
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = i == 0 ? signed_in() : many[0];
        world.now += CONNECTION_NEW_SECONDS;
        world.products[0].tokens[0].expires = 0;
        CHECK_INT(callers_do(many, COUNT(many), CALL, luck, 200), COUNT(many));
        CHECK_INT(world.products[0].refreshes, 1);
    }
}

int main(void)
{
    start();
    steady_state();
    from_the_isolates_memory();
    without_the_ledger();
    what_the_runtime_gets();
    more_headers_than_are_passed_on();
    forged_tokens();
    other_things_for_a_token();
    wrong_scope_and_audience();
    as_oneself();
    interleaved();
    messages();
    runtime_fails();
    world_forget(image);
    return check_done();
}
