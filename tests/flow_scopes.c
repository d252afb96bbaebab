/*
 * Servers with as many scopes as there may be, and as long: what holds them (the
 * form, the code, the tokens) has room for all. Rows of the security list: A08, A13.
 */
#include "check.h"
#include "support/caller.h"

static struct world world;

/* 64 names and the spaces between them: 2047 bytes, and one more. */
static struct span many_scopes(void)
{
    struct builder b = builder_make(&world.arena, SCOPES_MAX_BYTES);
    for (size_t i = 0; i < MAX_SCOPES; i++) {
        if (i > 0)
            build_byte(&b, ' ');
        build_span(&b, SPAN("https://scopes.acme.dev/todo:"));
        build_byte(&b, (uint8_t)('a' + i / 8));
        build_byte(&b, (uint8_t)('a' + i % 8));
    }
    build_byte(&b, '!');
    CHECK_INT(b.size, SCOPES_MAX_BYTES);
    return built(&b);
}

static void set_scopes(struct server *server, struct span scopes)
{
    server->all_scopes = server->default_scopes = scopes;
    server->scopes = ARENA_ARRAY(&world.arena, MAX_SCOPES, struct scope_entry);
    server->scope_count = 0;
    for (struct span name; span_present(name = span_word(&scopes));)
        server->scopes[server->scope_count++] = (struct scope_entry){name, name};
    CHECK_INT(server->scope_count, MAX_SCOPES);
}

/* A text of this size, all of it to be encoded in a URL. */
static struct span odd_text(size_t size)
{
    struct builder b = builder_make(&world.arena, size);
    while (b.size < size)
        build_byte(&b, '%');
    return built(&b);
}

static void sign_in(struct span state)
{
    world_make(&world);
    set_scopes(&world.gateway.servers[2], many_scopes());
    struct caller c = caller_make(&world, "alice");
    c.scope = world.gateway.servers[2].all_scopes;
    c.state = state;
    for (int step = REGISTER; step < CALL; step++)
        CHECK(caller_do(&c, (enum step)step) < 400);
    check_row("all were asked for, ticked and granted");
    CHECK_SPAN(c.granted, c.scope);
    CHECK(caller_is_served(&c));
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK_SPAN(c.granted, c.scope);
    CHECK(caller_is_served(&c));
    CHECK_INT(caller_do(&c, INTROSPECT), 200);
    CHECK(span_contains(c.answer.body, c.scope));
}

/* Sent on with everything that belongs to it, however long that is. */
static void denied(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    c.state = odd_text(2048);
    for (int step = REGISTER; step < CONSENT; step++)
        CHECK(caller_do(&c, (enum step)step) < 400);
    c.decision = SPAN("deny");
    CHECK_INT(caller_do(&c, CONSENT), 303);
    CHECK_SPAN(c.error, SPAN("access_denied"));
}

static struct exchange get(const char *path)
{
    struct asked asked = {.method = "GET", .url = JOIN(&world.arena, ISSUER, span_of(path))};
    struct exchange x = world_begin(&world, &asked);
    world_finish(&world, &x);
    return x;
}

/* Clients go by a server's own metadata; those of all servers say as much as fits. */
static void of_all_servers(void)
{
    world_make(&world);
    set_scopes(&world.gateway.servers[0], many_scopes());
    struct exchange x = get("/.well-known/oauth-authorization-server");
    CHECK_INT(x.answer.status, 200);
    CHECK(span_contains(x.answer.body, world.gateway.servers[0].scopes[0].name));
    CHECK(!span_contains(x.answer.body, SPAN("todos:read")));
    x = get("/.well-known/oauth-protected-resource/mcp/todo");
    CHECK(span_contains(x.answer.body, SPAN("todos:read")));
}

/* What the operator wrote can still be too much; then that is said. */
static void too_much(void)
{
    world_make(&world);
    world.gateway.servers[2].name = odd_text(1 << 16);
    struct exchange x = get("/.well-known/oauth-protected-resource/mcp/todo");
    CHECK_INT(x.answer.status, 500);
    CHECK(span_contains(x.answer.body, SPAN("\"error\":\"server_error\"")));
    CHECK_SPAN(headers_get(&x.answer.headers, SPAN("cache-control")), SPAN("no-store"));
    x = get("/.well-known/oauth-protected-resource/mcp/notes");
    CHECK_INT(x.answer.status, 200);
}

int main(void)
{
    world_make(&world);
    check_row("a full set of scopes");
    sign_in(SPAN("state of the client"));
    check_row("... and as long a state as there may be (A13)");
    sign_in(odd_text(2048));
    check_row("A13: the longest state, and a refusal");
    denied();
    check_row("as many scopes as there may be, at the first of several servers");
    of_all_servers();
    check_row("an answer that its writer has no room for");
    too_much();
    return check_done();
}
