/*
 * Clients and products that do less than they might: no refresh tokens, no
 * resource, no redirect URI at the token endpoint; and one that refreshes often.
 */
#include "check.h"
#include "support/caller.h"
#include "text/form.h"

#include <string.h>

static struct world world;

/* ---- asking without the caller's help ---- */

static struct exchange post(const char *path, const char *type, struct span body)
{
    struct asked asked = {.method = "POST", .body = body, .header_count = 1};
    asked.url = JOIN(&world.arena, ISSUER, span_of(path));
    asked.headers[0] = (struct header){SPAN("content-type"), span_of(type)};
    struct exchange x = world_begin(&world, &asked);
    world_finish(&world, &x);
    return x;
}

/* A form of names and values, the client's name among them; ends with NULL. */
static unsigned post_form(struct caller *c, enum step step, const struct form_parameter *more)
{
    struct builder b = builder_make(&world.arena, 8192);
    form_append(&world.arena, &b, SPAN("client_id"), c->client_id);
    for (; span_present(more->name); more++)
        form_append(&world.arena, &b, more->name, more->value);
    struct exchange x = post("/token", "application/x-www-form-urlencoded", built(&b));
    return caller_take(c, step, &x);
}

static unsigned redeem(struct caller *c)
{
    return post_form(c, REDEEM,
                     (struct form_parameter[]){{SPAN("grant_type"), SPAN("authorization_code")},
                                               {SPAN("code"), c->code},
                                               {SPAN("code_verifier"), c->verifier},
                                               {ABSENT, ABSENT}});
}

static unsigned refresh(struct caller *c)
{
    return post_form(c, REFRESH,
                     (struct form_parameter[]){{SPAN("grant_type"), SPAN("refresh_token")},
                                               {SPAN("refresh_token"), c->refresh_token},
                                               {ABSENT, ABSENT}});
}

/* ---- the clients ---- */

static void without_refresh_tokens(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    check_row("a client that did not register for refresh tokens gets none");
    struct exchange x = post("/register", "application/json",
                             SPAN("{\"redirect_uris\":[\"https://agent.acme.dev/cb\"],"
                                  "\"grant_types\":[\"authorization_code\"],"
                                  "\"token_endpoint_auth_method\":\"none\"}"));
    CHECK_INT(caller_take(&c, REGISTER, &x), 201);
    for (int step = AUTHORIZE; step <= CALLBACK; step++)
        CHECK(caller_do(&c, (enum step)step) < 400);
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK(span_present(c.access_token) && !span_present(c.refresh_token));
    CHECK(caller_is_served(&c));
    check_row("it is served as long as its access token lasts, and the grant no longer");
    world.now += world.gateway.lifetimes.access_token - 1;
    CHECK(caller_is_served(&c));
    world.now += 1;
    CHECK_INT(caller_do(&c, CALL), 401);
    for (size_t i = 0; i < world.row_count; i++)
        CHECK(world.rows[i].expires <= world.now);
    check_row(NULL);
}

static void without_parameters(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    (void)caller_do_until(&c, REDEEM);
    check_row("OAuth 2.1 asks for no redirect_uri with the code, RFC 8707 for no resource");
    CHECK_INT(redeem(&c), 200);
    CHECK(caller_is_served(&c));
    check_row("nor with a refresh");
    CHECK_INT(refresh(&c), 200);
    CHECK(caller_is_served(&c));
    check_row("but if there is one, it is the grant's");
    c.extra = SPAN("&resource=https%3A%2F%2Fmcp.latchkey.dev%2Fmcp%2Fnotes");
    CHECK_INT(caller_do(&c, REFRESH), 400);
    c.server = SPAN("notes");
    CHECK_INT(caller_do(&c, REFRESH), 400);
    CHECK_SPAN(c.error, SPAN("invalid_target"));
    check_row("and nothing was consumed");
    c.server = SPAN("todo");
    CHECK_INT(caller_do(&c, REFRESH), 200);
    check_row(NULL);
}

static void retrying_late(void)
{
    world_make(&world);
    world.gateway.lifetimes.access_token = 30;
    struct caller c = caller_make(&world, "alice");
    (void)caller_do_until(&c, CALL);
    struct caller late = c;
    CHECK_INT(caller_do(&c, REFRESH), 200);
    check_row("the retry of a refresh gives what it gave, even if its access token is over");
    world.now += 40;
    CHECK_INT(caller_do(&late, REFRESH), 200);
    CHECK_SPAN(late.refresh_token, c.refresh_token);
    CHECK(span_contains(late.answer.body, SPAN("\"expires_in\":0")));
    CHECK_INT(caller_do(&late, CALL), 401);
    CHECK_INT(caller_do(&late, REFRESH), 200);
    CHECK(caller_is_served(&late));
    check_row("a scope that is none");
    late.extra = SPAN("&scope=%22");
    CHECK_INT(caller_do(&late, REFRESH), 400);
    CHECK_SPAN(late.error, SPAN("invalid_scope"));
    check_row(NULL);
}

/* An isolate may remember a grant's rows for a while; it asks again before it says no. */
static void remembered_rows(void)
{
    world_make(&world);
    world.gateway.lifetimes.grant_cache = 5;
    struct caller c = caller_make(&world, "alice");
    (void)caller_do_until(&c, CALL);
    CHECK(caller_is_served(&c));
    world_count_anew(&world);
    CHECK(caller_is_served(&c));
    CHECK_INT(world.asked[ASKED_LEDGER], 1);
    check_row("a token that the rows do not know");
    struct caller old = c;
    CHECK_INT(caller_do(&c, REVOKE_ACCESS), 200);
    world_count_anew(&world);
    CHECK_INT(caller_do(&old, CALL), 401);
    CHECK_INT(world.asked[ASKED_LEDGER], 2);
    check_row("a grant that is not there");
    CHECK_INT(caller_do(&c, REVOKE), 200);
    world_count_anew(&world);
    CHECK_INT(caller_do(&old, CALL), 401);
    CHECK_INT(world.asked[ASKED_LEDGER], 2);
    check_row(NULL);
}

static void refreshing_often(void)
{
    enum { TIMES = 8 }; /* GRANT_ACCESS_ROWS */
    struct span tokens[TIMES + 1];
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    (void)caller_do_until(&c, CALL);
    tokens[0] = c.access_token;
    for (size_t i = 1; i <= TIMES; i++) {
        CHECK_INT(caller_do(&c, REFRESH), 200);
        tokens[i] = c.access_token;
    }
    check_row("of so many live access tokens the oldest gives way, and it alone");
    for (size_t i = 0; i <= TIMES; i++) {
        c.access_token = tokens[i];
        CHECK_INT(caller_do(&c, CALL), i == 0 ? 401 : 200);
    }
    check_row(NULL);
}

static void server_gone(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    (void)caller_do_until(&c, REDEEM);
    struct caller later = c;
    struct world_image *image = world_save(&world);
    check_row("the operator takes the server away: its code is good for nothing");
    world.gateway.server_count = 2; /* mail, notes */
    CHECK_INT(redeem(&c), 400);
    CHECK_SPAN(c.error, SPAN("invalid_grant"));
    check_row("nor is its refresh token");
    world_restore(&world, image);
    world_forget(image);
    CHECK_INT(redeem(&later), 200);
    world.gateway.server_count = 2;
    CHECK_INT(refresh(&later), 400);
    CHECK_SPAN(later.error, SPAN("invalid_grant"));
    check_row("and consent has nothing to ask for");
    world_make(&world);
    c = caller_make(&world, "alice");
    (void)caller_do_until(&c, CONSENT);
    world.gateway.server_count = 2;
    CHECK(caller_do(&c, CONSENT) >= 400);
    check_row(NULL);
}

static void too_little_asked_for(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    c.scope = SPAN("todos:read");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    CHECK(caller_is_served(&c));
    check_row("a tool that needs more: the challenge names all that is needed");
    c.tool = SPAN("delete_todo");
    CHECK_INT(caller_do(&c, CALL), 403);
    CHECK(span_contains(headers_get(&c.answer.headers, SPAN("www-authenticate")),
                        SPAN("scope=\"todos:read todos:write\"")));
    check_row("a client that refreshes in answer is sent to sign in, once");
    CHECK_INT(caller_do(&c, REFRESH), 400);
    CHECK_SPAN(c.error, SPAN("invalid_grant"));
    CHECK_INT(caller_do(&c, REFRESH), 200);
    check_row("what it may do goes on");
    c.tool = SPAN("list_todos");
    CHECK(caller_is_served(&c));
    check_row(NULL);
}

static void a_long_name(void)
{
    static uint8_t name[300];
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    memset(name, 'n', sizeof name);
    c.tool = span_bytes(name, sizeof name);
    check_row("what may be a token does not stand in the log");
    CHECK(caller_is_served(&c));
    CHECK(!world_logged(&world, c.tool));
    check_row(NULL);
}

static void broken(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    world.products[0].mood = REFUSES;
    world.now += world.products[0].access_seconds;
    CHECK_INT(caller_do(&c, CALL), 401);
    check_row("a broken grant's tokens are good for nothing");
    CHECK_INT(caller_do(&c, INTROSPECT), 200);
    CHECK_SPAN(c.answer.body, SPAN("{\"active\":false}"));
    CHECK_INT(caller_do(&c, REFRESH), 400);
    check_row("and can be revoked like any other");
    CHECK_INT(caller_do(&c, REVOKE_ACCESS), 200);
    CHECK_INT(caller_do(&c, REVOKE), 200);
    check_row(NULL);
}

/* ---- the products ---- */

static void another_product(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    c.server = SPAN("mail");
    c.scope = ABSENT;
    check_row("a server without scopes, at a product without organizations");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    CHECK(caller_is_served(&c));
    CHECK(!world_logged(&world, SPAN("\"organization\"")));
    check_row(NULL);
}

static void product_without_expiry(void)
{
    world_make(&world);
    world.products[0].access_seconds = NEVER_SAID;
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    check_row("nobody says when the token expires: it is used until the runtime refuses it");
    world.now += 800;
    CHECK(caller_is_served(&c));
    CHECK_INT(world.products[0].refreshes, 0);
    world.runtime.refusals_due = 1;
    CHECK(caller_is_served(&c));
    CHECK_INT(world.products[0].refreshes, 1);
    check_row(NULL);
}

static void product_without_refresh_tokens(void)
{
    world_make(&world);
    world.products[0].mood = GIVES_NO_REFRESH;
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    CHECK(caller_is_served(&c));
    uint64_t lasts = world.products[0].access_seconds;
    check_row("a token that is about to expire will do, if there is no other");
    world.now += lasts - 1;
    CHECK(caller_is_served(&c));
    check_row("one that has expired will not: the user has to sign in again");
    world.now += 2;
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK(span_contains(headers_get(&c.answer.headers, SPAN("www-authenticate")),
                        SPAN("invalid_token")));
    check_row("and the client, whose refresh fails, is told so");
    CHECK_INT(caller_do(&c, REFRESH), 400);
    CHECK_SPAN(c.error, SPAN("invalid_grant"));
    CHECK_INT(caller_do_until(&c, CALL), 200);
    CHECK(caller_is_served(&c));
    check_row("nor will one that the runtime refuses");
    world_make(&world);
    world.products[0].mood = GIVES_NO_REFRESH;
    c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    world.now += 30;
    world.runtime.refusals_due = 1;
    CHECK_INT(caller_do(&c, CALL), 401);
    CHECK_INT(caller_do(&c, REFRESH), 400);
    check_row(NULL);
}

int main(void)
{
    without_refresh_tokens();
    without_parameters();
    retrying_late();
    remembered_rows();
    refreshing_often();
    server_gone();
    too_little_asked_for();
    a_long_name();
    broken();
    another_product();
    product_without_expiry();
    product_without_refresh_tokens();
    return check_done();
}
