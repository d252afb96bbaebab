/*
 * Single requests at every URL: what is wrong with each, and how it is told.
 */
#include "app/router.h"
#include "check.h"
#include "support/caller.h"

#include <string.h>

static struct world world;
static struct caller alice; /* signed in */
static struct world_image *image;

/* What a request shows of who it comes from. */
enum credential { NOBODY, TOKEN, TODO_API, PORTAL_CLIENT };

struct row {
    const char *why;
    const char *method, *path;
    enum credential credential;
    struct header header; /* one more */
    const char *body;     /* NULL: none */
    unsigned status;
    const char *says; /* in the body, or in the value of a header */
};

#define TYPE(type) {SPAN("content-type"), SPAN(type)}
#define JSON_TYPE TYPE("application/json")
#define FORM_TYPE TYPE("application/x-www-form-urlencoded")
#define NONE {ABSENT, ABSENT}

#define PORTAL "/authorize?client_id=portal&redirect_uri=https%3A%2F%2Fportal.acme.dev%2Fcb"
#define CODE "&response_type=code"
#define CHALLENGE "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define PKCE CHALLENGE "&code_challenge_method=S256"
#define TODO "&resource=https%3A%2F%2Fmcp.latchkey.dev%2Fmcp%2Ftodo"
#define OTHER "&resource=https%3A%2F%2Fmcp.latchkey.dev%2Fmcp%2Fnotes"

static const struct row AUTHORIZE_ROWS[] = {
    {"all in order", "GET", PORTAL CODE PKCE TODO, NOBODY, NONE, NULL, 200, "name=\"transaction\""},
    {"HEAD is as good as GET", "HEAD", PORTAL CODE PKCE TODO, NOBODY, NONE, NULL, 200, "text/html"},
    {"no query", "GET", "/authorize", NOBODY, NONE, NULL, 400, "client_id is missing"},
    {"no client", "GET", "/authorize?a=b", NOBODY, NONE, NULL, 400, "client_id is missing"},
    {"an unknown client", "GET", "/authorize?client_id=x", NOBODY, NONE, NULL, 400, "cannot"},
    {"a foreign redirect URI", "GET",
     "/authorize?client_id=portal&redirect_uri=https%3A%2F%2Fevil.example%2F" CODE PKCE TODO,
     NOBODY, NONE, NULL, 400, "redirect"},
    {"a parameter twice", "GET", PORTAL "&state=a&state=b", NOBODY, NONE, NULL, 400, "more than"},
    {"a query that is no form", "GET", "/authorize?client_id=%zz", NOBODY, NONE, NULL, 400,
     "cannot"},
    {"no response type", "GET", PORTAL PKCE TODO, NOBODY, NONE, NULL, 303, "error=invalid_request"},
    {"the implicit grant", "GET", PORTAL "&response_type=token" PKCE TODO, NOBODY, NONE, NULL, 303,
     "error=unsupported_response_type"},
    {"no challenge", "GET", PORTAL CODE TODO, NOBODY, NONE, NULL, 303, "PKCE"},
    {"no method, so plain", "GET", PORTAL CODE CHALLENGE TODO, NOBODY, NONE, NULL, 303, "S256"},
    {"plain", "GET", PORTAL CODE CHALLENGE "&code_challenge_method=plain" TODO, NOBODY, NONE, NULL,
     303, "S256"},
    {"a challenge that is none", "GET",
     PORTAL CODE "&code_challenge=a&code_challenge_method=S256" TODO, NOBODY, NONE, NULL, 303,
     "43%20base64url"},
    {"no resource, and several to choose from", "GET", PORTAL CODE PKCE, NOBODY, NONE, NULL, 303,
     "error=invalid_target"},
    {"a foreign resource", "GET", PORTAL CODE PKCE "&resource=https%3A%2F%2Fevil.example", NOBODY,
     NONE, NULL, 303, "error=invalid_target"},
    {"two resources", "GET", PORTAL CODE PKCE TODO OTHER, NOBODY, NONE, NULL, 303,
     "error=invalid_target"},
    {"a scope that is none", "GET", PORTAL CODE PKCE TODO "&scope=%22", NOBODY, NONE, NULL, 303,
     "error=invalid_scope"},
    {"unknown scopes alone", "GET", PORTAL CODE PKCE TODO "&scope=x+y", NOBODY, NONE, NULL, 303,
     "error=invalid_scope"},
    {"an unknown scope among others is left out", "GET",
     PORTAL CODE PKCE TODO "&scope=x+todos:read", NOBODY, NONE, NULL, 200, "todos:read"},
    {"a scope, where the server has none", "GET",
     PORTAL CODE PKCE "&resource=https%3A%2F%2Fmcp.latchkey.dev%2Fmcp%2Fmail&scope=x", NOBODY, NONE,
     NULL, 200, "name=\"transaction\""},
    {"spaces are no scopes: the server's own", "GET", PORTAL CODE PKCE TODO "&scope=+", NOBODY,
     NONE, NULL, 200, "value=\"todos:read\""},
    {"the state comes back", "GET", PORTAL "&state=a%26b", NOBODY, NONE, NULL, 303, "state=a%26b"},
    {"and our issuer", "GET", PORTAL, NOBODY, NONE, NULL, 303, "iss=https%3A%2F%2Fmcp.latchkey"},
    {"no form is posted there", "POST", "/authorize", NOBODY, FORM_TYPE, "a=b", 405, "GET, HEAD"},
};

#define EIGHT "[[[[[[[["
#define DEEP EIGHT EIGHT EIGHT EIGHT "["
#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"

static const struct row CALL_ROWS[] = {
    {"a call", "POST", "/mcp/todo", TOKEN, JSON_TYPE, PING, 200, "alice"},
    {"a stream", "GET", "/mcp/todo", TOKEN, NONE, NULL, 200, "alice"},
    {"a session's end", "DELETE", "/mcp/todo", TOKEN, NONE, NULL, 200, "alice"},
    {"no token", "POST", "/mcp/todo", NOBODY, JSON_TYPE, PING, 401, "resource_metadata="},
    {"a token of another kind", "POST", "/mcp/todo", TODO_API, JSON_TYPE, PING, 401,
     "invalid_token"},
    {"the token in the query too", "POST", "/mcp/todo?access_token=x", TOKEN, JSON_TYPE, PING, 400,
     "invalid_request"},
    {"a query that is no form is no matter", "POST", "/mcp/todo?%zz", TOKEN, JSON_TYPE, PING, 200,
     "alice"},
    {"another query is no matter", "POST", "/mcp/todo?a=b", TOKEN, JSON_TYPE, PING, 200, "alice"},
    {"another server's token", "POST", "/mcp/notes", TOKEN, JSON_TYPE, PING, 401, "invalid_token"},
    {"no such server", "POST", "/mcp/none", TOKEN, JSON_TYPE, PING, 404, "error"},
    {"no such method", "PUT", "/mcp/todo", TOKEN, JSON_TYPE, PING, 405, "GET, POST, DELETE"},
    {"no JSON by its type", "POST", "/mcp/todo", TOKEN, TYPE("text/plain"), PING, 415,
     "application/json"},
    {"no JSON", "POST", "/mcp/todo", TOKEN, JSON_TYPE, "{", 400, "-32700"},
    {"too deep a JSON", "POST", "/mcp/todo", TOKEN, JSON_TYPE, DEEP, 400, "-32700"},
    {"a batch", "POST", "/mcp/todo", TOKEN, JSON_TYPE, "[" PING "]", 400, "-32600"},
    {"an unknown origin",
     "POST",
     "/mcp/todo",
     TOKEN,
     {SPAN("origin"), SPAN("https://evil.example")},
     PING,
     403,
     "error"},
    {"a browser asks first",
     "OPTIONS",
     "/mcp/todo",
     NOBODY,
     {SPAN("origin"), SPAN("https://app.product.dev")},
     NULL,
     204,
     "Authorization, Content-Type"},
    {"as does our own page",
     "OPTIONS",
     "/mcp/todo",
     NOBODY,
     {SPAN("origin"), SPAN("https://mcp.latchkey.dev")},
     NULL,
     204,
     "https://mcp.latchkey.dev"},
};

static const struct row OTHER_ROWS[] = {
    {"alive", "GET", "/health", NOBODY, NONE, NULL, 200, "ok"},
    {"what is published", "GET", "/", NOBODY, NONE, NULL, 200, "todo"},
    {"a host that only begins like ours", "GET", ".evil.example/", NOBODY, NONE, NULL, 421,
     "https://mcp.latchkey.dev"},
    {"or another port of it", "GET", ":8443/", NOBODY, NONE, NULL, 421, "https://mcp.latchkey.dev"},
    {"nothing there", "GET", "/nothing", NOBODY, NONE, NULL, 404, "error"},
    {"a resource by its path", "GET", "/.well-known/oauth-protected-resource/mcp/todo", NOBODY,
     NONE, NULL, 200, "\"resource\":\"https://mcp.latchkey.dev/mcp/todo\""},
    {"no such resource", "GET", "/.well-known/oauth-protected-resource/mcp/none", NOBODY, NONE,
     NULL, 404, "error"},
    {"which one of several?", "GET", "/.well-known/oauth-protected-resource", NOBODY, NONE, NULL,
     404, "error"},
    {"nor by any other path", "GET", "/.well-known/oauth-protected-resource/x", NOBODY, NONE, NULL,
     404, "error"},
    {"a method that is none", "BREW", "/health", NOBODY, NONE, NULL, 405, "GET, HEAD"},
    {"the token endpoint takes posts", "GET", "/token", NOBODY, NONE, NULL, 405, "POST"},
    {"from browsers too", "OPTIONS", "/token", NOBODY, NONE, NULL, 204, "GET, POST"},
    {"no form by its type", "POST", "/token", NOBODY, JSON_TYPE, "{}", 400, "invalid_request"},
    {"no grant type", "POST", "/token", NOBODY, FORM_TYPE, "client_id=portal", 400,
     "invalid_request"},
    {"another grant type", "POST", "/token", TODO_API, FORM_TYPE, "grant_type=password", 400,
     "unsupported_grant_type"},
    {"nobody's introspection", "POST", "/introspect", NOBODY, FORM_TYPE, "token=x", 401,
     "invalid_client"},
    {"by one who shows no secret", "POST", "/introspect", NOBODY, FORM_TYPE,
     "token=x&client_id=todo-api", 401, "invalid_client"},
    {"an introspection of nothing", "POST", "/introspect", TODO_API, FORM_TYPE, "a=b", 400,
     "invalid_request"},
    {"by a client that is no resource server", "POST", "/introspect", PORTAL_CLIENT, FORM_TYPE,
     "token=x", 401, "invalid_client"},
    {"of anything", "POST", "/introspect", TODO_API, FORM_TYPE, "token=x", 200,
     "{\"active\":false}"},
    {"a registration that is no JSON by its type", "POST", "/register", NOBODY, FORM_TYPE, "a=b",
     400, "invalid_client_metadata"},
    {"a registration with a key, and pages", "POST", "/register", NOBODY, JSON_TYPE,
     "{\"redirect_uris\":[\"https://a.example/cb\"],\"client_uri\":\"https://a.example/\","
     "\"logo_uri\":\"\",\"token_endpoint_auth_method\":\"private_key_jwt\",\"jwks\":{\"keys\":["
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
     "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}}",
     201, "\"jwks\":{\"keys\":[{\"kty\":\"EC\""},
    {"a consent out of nowhere", "POST", "/consent", NOBODY, FORM_TYPE, "decision=approve", 403,
     "This sign-in cannot go on"},
    {"a consent from another site",
     "POST",
     "/consent",
     NOBODY,
     {SPAN("sec-fetch-site"), SPAN("cross-site")},
     "decision=approve",
     403,
     "cannot"},
    {"nobody's callback", "GET", "/callback/none?code=a", NOBODY, NONE, NULL, 404, "cannot"},
    {"a callback with a query that is no form", "GET", "/callback/product?code=%zz", NOBODY, NONE,
     NULL, 400, "cannot"},
    {"a callback out of nowhere", "GET", "/callback/product?code=a&state=b", NOBODY, NONE, NULL,
     403, "This sign-in cannot go on"},
};

/* ---- asking ---- */

static void add(struct asked *asked, struct span name, struct span value)
{
    if (span_present(name))
        asked->headers[asked->header_count++] = (struct header){name, value};
}

static void show(struct asked *asked, enum credential credential)
{
    struct arena *a = &world.arena;
    struct span bearer = JOIN(a, SPAN("Bearer "), alice.access_token);
    if (credential == TOKEN)
        add(asked, SPAN("authorization"), bearer);
    if (credential == PORTAL_CLIENT)
        add(asked, SPAN("authorization"),
            SPAN("Basic cG9ydGFsOnBvcnRhbC1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXRlcw=="));
    if (credential == TODO_API)
        add(asked, SPAN("authorization"),
            SPAN("Basic dG9kby1hcGk6dG9kby1hcGktc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM="));
}

static bool says(const struct fetched *answer, struct span text)
{
    bool found = span_contains(answer->body, text);
    for (size_t i = 0; i < answer->headers.count; i++)
        found |= span_contains(answer->headers.list[i].value, text);
    return found;
}

static struct exchange ask(struct asked *asked, const char *path)
{
    asked->url = JOIN(&world.arena, ISSUER, span_of(path));
    struct exchange x = world_begin(&world, asked);
    world_finish(&world, &x);
    CHECK_INT(world_replay(&world, &x), 0);
    return x;
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct asked asked = {.method = row->method};
        world_restore(&world, image);
        check_row(row->why);
        show(&asked, row->credential);
        add(&asked, row->header.name, row->header.value);
        if (row->body != NULL)
            asked.body = span_of(row->body);
        struct exchange x = ask(&asked, row->path);
        CHECK_INT(x.answer.status, row->status);
        if (!CHECK(says(&x.answer, span_of(row->says))))
            check_print("body", x.answer.body);
    }
    check_row(NULL);
}

/* ---- what does not fit in a row ---- */

static void too_large(void)
{
    static char path[REQUEST_MAX_URL + 2] = "/";
    struct asked asked = {.method = "GET"};
    check_row("a URL");
    world_restore(&world, image);
    memset(path + 1, 'a', sizeof path - 2);
    struct exchange x = ask(&asked, path);
    CHECK_INT(x.answer.status, 413);
    check_row("a state");
    struct span query = SPAN(PORTAL CODE PKCE TODO "&state=");
    memset(path, 'a', sizeof path - 1);
    memcpy(path, query.data, query.size);
    path[query.size + 2049] = 0;
    x = ask(&asked, path);
    CHECK_INT(x.answer.status, 303);
    CHECK(says(&x.answer, SPAN("error=invalid_request")) && !says(&x.answer, SPAN("state=aaa")));
    check_row(NULL);
}

static void too_large_a_form(void)
{
    static uint8_t body[33000];
    struct asked asked = {.method = "POST"};
    world_restore(&world, image);
    check_row("a form");
    memset(body, 'a', sizeof body);
    asked.body = span_bytes(body, sizeof body);
    add(&asked, SPAN("content-type"), SPAN("application/x-www-form-urlencoded"));
    struct exchange x = ask(&asked, "/token");
    CHECK_INT(x.answer.status, 413);
    CHECK(says(&x.answer, SPAN("invalid_request")));
    check_row(NULL);
}

static void wrong_message(void)
{
    struct asked asked = {.method = "POST", .body = SPAN(PING)};
    world_restore(&world, image);
    show(&asked, TOKEN);
    add(&asked, SPAN("content-type"), SPAN("application/json"));
    check_row("headers of the stateless era that the body does not bear out");
    add(&asked, SPAN("mcp-protocol-version"), SPAN("2026-07-28"));
    struct exchange x = ask(&asked, "/mcp/todo");
    CHECK_INT(x.answer.status, 400);
    CHECK(says(&x.answer, SPAN("-32020")));
    check_row("larger than the operator allows");
    world.gateway.body_limit = 10;
    x = ask(&asked, "/mcp/todo");
    CHECK_INT(x.answer.status, 413);
    CHECK(says(&x.answer, SPAN("-32600")));
    check_row(NULL);
}

static void too_often(void)
{
    struct asked asked = {.method = "GET"};
    check_row("the limiter has had enough of this address");
    world_restore(&world, image);
    world.limited = true;
    add(&asked, SPAN("cf-connecting-ip"), SPAN("2001:db8:1:2:3::4"));
    struct exchange x = ask(&asked, PORTAL CODE PKCE TODO);
    CHECK_INT(x.answer.status, 429);
    CHECK(says(&x.answer, SPAN("This does not work at the moment")));
    check_row(NULL);
}

/* ---- other gateways than the one of the tests ---- */

static void one_server(void)
{
    struct asked asked = {.method = "GET"};
    world_restore(&world, image);
    world.gateway.server_count = 1; /* "mail" */
    check_row("where there is one server, nobody has to say which");
    struct exchange x = ask(&asked, PORTAL CODE PKCE);
    CHECK_INT(x.answer.status, 200);
    CHECK(says(&x.answer, SPAN("mail")));
    x = ask(&asked, "/.well-known/oauth-protected-resource");
    CHECK_INT(x.answer.status, 200);
    CHECK(says(&x.answer, SPAN("\"resource\":\"https://mcp.latchkey.dev/mcp/mail\"")));
    check_row(NULL);
}

static void in_development(void)
{
    static const struct {
        const char *origin;
        unsigned status;
    } rows[] = {
        {"http://localhost:3000", 204},     {"http://127.0.0.1", 204},   {"http://[::1]:1", 204},
        {"http://localhost.evil.com", 403}, {"http://192.168.0.1", 403}, {"null", 403},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asked asked = {.method = "OPTIONS"};
        check_row(rows[i].origin);
        world_restore(&world, image);
        add(&asked, SPAN("origin"), span_of(rows[i].origin));
        struct exchange x = ask(&asked, "/mcp/todo");
        CHECK_INT(x.answer.status, 403);
        world.gateway.development = true;
        x = ask(&asked, "/mcp/todo");
        CHECK_INT(x.answer.status, rows[i].status);
    }
    check_row(NULL);
}

static void own_headers(void)
{
    struct header own = {SPAN("x-api-key"), SPAN("of-the-operator")};
    struct asked asked = {.method = "GET"};
    world_restore(&world, image);
    world.gateway.servers[2].headers = &own;
    world.gateway.servers[2].header_count = 1;
    show(&asked, TOKEN);
    check_row("the operator's header replaces what a client says in its place");
    add(&asked, SPAN("X-API-Key"), SPAN("of-the-client"));
    check_row("what is no header's value is not passed on");
    add(&asked, SPAN("user-agent"), SPAN("\xc3\xa9"));
    struct exchange x = ask(&asked, "/mcp/todo");
    CHECK_INT(x.answer.status, 200);
    CHECK_SPAN(headers_get(&world.runtime.headers, SPAN("x-api-key")), own.value);
    CHECK_SPAN(headers_get(&world.runtime.headers, SPAN("user-agent")), ABSENT);
    check_row(NULL);
}

static void keys_of_before(void)
{
    struct asked asked = {.method = "GET"};
    world_restore(&world, image);
    struct keyring *keys = &world.gateway.keys;
    struct exchange x = ask(&asked, "/.well-known/jwks.json");
    CHECK(!span_contains(x.answer.body, SPAN("},{")));
    check_row("what the key before has signed still verifies");
    keys->has_previous_signing = true;
    keys->previous_signing_public = keys->signing_public;
    x = ask(&asked, "/.well-known/jwks.json");
    CHECK_INT(x.answer.status, 200);
    CHECK(span_contains(x.answer.body, SPAN("},{")));
    check_row(NULL);
}

/* More than the platform lets through, so only the core itself can be asked. */
static void too_many_headers(void)
{
    static struct header list[REQUEST_MAX_HEADERS + 1];
    static uint8_t value[REQUEST_MAX_HEADER_BYTES];
    const struct {
        const char *why;
        size_t count, size;
        unsigned status;
    } rows[] = {
        {"as many as there may be", REQUEST_MAX_HEADERS, 1, 200},
        {"one more", REQUEST_MAX_HEADERS + 1, 1, 413},
        {"as large as they may be", 1, sizeof value - 1, 200},
        {"one byte more", 1, sizeof value, 413},
    };
    memset(value, 'a', sizeof value);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cx cx = {.arena = &world.arena, .gateway = &world.gateway};
        world_restore(&world, image);
        check_row(rows[i].why);
        for (size_t k = 0; k < rows[i].count; k++)
            list[k] = (struct header){SPAN("a"), span_bytes(value, rows[i].size)};
        cx.request = (struct request){SPAN("GET"),
                                      SPAN("https://mcp.latchkey.dev/health"),
                                      SPAN("/health"),
                                      ABSENT,
                                      {list, rows[i].count}};
        CHECK_INT(route(&cx) == OK ? 200 : cx.response.status, rows[i].status);
    }
    check_row(NULL);
}

int main(void)
{
    world_make(&world);
    alice = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&alice, CALL), 200);
    image = world_save(&world);
    check_rows(AUTHORIZE_ROWS, COUNT(AUTHORIZE_ROWS));
    check_rows(CALL_ROWS, COUNT(CALL_ROWS));
    check_rows(OTHER_ROWS, COUNT(OTHER_ROWS));
    too_large();
    too_large_a_form();
    wrong_message();
    too_often();
    one_server();
    in_development();
    own_headers();
    keys_of_before();
    too_many_headers();
    world_forget(image);
    return check_done();
}
