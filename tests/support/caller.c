#include "caller.h"

#include "base/base64.h"
#include "oauth/pkce.h"
#include "text/form.h"
#include "text/json.h"

enum { FORM_MAX = 12288 };

struct caller caller_make(struct world *w, const char *user)
{
    struct hash h;
    sha256(span_of(user), &h);
    return (struct caller){
        .world = w,
        .user = span_of(user),
        .server = SPAN("todo"),
        .tool = SPAN("list_todos"),
        .redirect_uri = SPAN("https://agent.acme.dev/cb"),
        .scope = SPAN("todos:read todos:write"),
        .state = SPAN("state of the client"),
        .decision = SPAN("approve"),
        .verifier = base64url_encode(&w->arena, hash_span(&h)),
    };
}

/* ---- asking ---- */

static struct span at(const struct caller *c, struct span path)
{
    return JOIN(&c->world->arena, ISSUER, path);
}

static struct span resource(const struct caller *c)
{
    return JOIN(&c->world->arena, ISSUER, SPAN("/mcp/"), c->server);
}

static void add_header(struct asked *asked, struct span name, struct span value)
{
    if (span_present(value))
        asked->headers[asked->header_count++] = (struct header){name, value};
}

struct parameters {
    const struct caller *caller;
    struct builder text;
};

static struct parameters parameters(const struct caller *c)
{
    return (struct parameters){c, builder_make(&c->world->arena, FORM_MAX)};
}

static void add(struct parameters *p, const char *name, struct span value)
{
    form_append(&p->caller->world->arena, &p->text, span_of(name), value);
}

static struct asked get(struct caller *c, struct span url)
{
    struct asked asked = {.method = "GET", .url = url};
    add_header(&asked, SPAN("cookie"), c->cookies);
    return asked;
}

static struct span basic(const struct caller *c, struct span id, struct span secret)
{
    struct arena *a = &c->world->arena;
    return JOIN(a, SPAN("Basic "), base64_encode(a, JOIN(a, id, SPAN(":"), secret)));
}

/* The form as it was put together, and what the test has to add. */
static struct asked post(struct caller *c, struct span path, struct parameters *p)
{
    struct asked asked = {.method = "POST", .url = at(c, path)};
    add_header(&asked, SPAN("content-type"), SPAN("application/x-www-form-urlencoded"));
    if (span_present(c->extra))
        build_span(&p->text, c->extra);
    c->extra = ABSENT;
    asked.body = built(&p->text);
    return asked;
}

/* As the client: a public one says who it is, one with a secret shows it. */
static struct asked post_as_client(struct caller *c, struct span path, struct parameters *p)
{
    bool has_secret = span_present(c->client_secret);
    if (!has_secret)
        add(p, "client_id", c->client_id);
    struct asked asked = post(c, path, p);
    if (has_secret)
        add_header(&asked, SPAN("authorization"), basic(c, c->client_id, c->client_secret));
    return asked;
}

static struct asked ask_register(struct caller *c)
{
    struct asked asked = {.method = "POST", .url = at(c, SPAN("/register"))};
    add_header(&asked, SPAN("content-type"), SPAN("application/json"));
    asked.body = JOIN(&c->world->arena, SPAN("{\"redirect_uris\":[\""), c->redirect_uri,
                      SPAN("\"],\"token_endpoint_auth_method\":\"none\","
                           "\"client_name\":\"Acme Agent\","
                           "\"grant_types\":[\"authorization_code\",\"refresh_token\"]}"));
    return asked;
}

static struct asked ask_authorize(struct caller *c)
{
    struct arena *a = &c->world->arena;
    struct parameters p = parameters(c);
    add(&p, "response_type", SPAN("code"));
    add(&p, "client_id", c->client_id);
    add(&p, "redirect_uri", c->redirect_uri);
    add(&p, "scope", c->scope);
    add(&p, "state", c->state);
    add(&p, "code_challenge", pkce_challenge_of(a, c->verifier));
    add(&p, "code_challenge_method", SPAN("S256"));
    add(&p, "resource", resource(c));
    if (span_present(c->extra))
        build_span(&p.text, c->extra);
    c->extra = ABSENT;
    return get(c, at(c, JOIN(a, SPAN("/authorize?"), built(&p.text))));
}

static struct asked ask_consent(struct caller *c)
{
    struct parameters p = parameters(c);
    struct span scopes = c->scope;
    add(&p, "transaction", c->transaction);
    for (struct span scope; span_present(scope = span_word(&scopes));)
        add(&p, "scope", scope);
    add(&p, "decision", c->decision);
    struct asked asked = post(c, SPAN("/consent"), &p);
    add_header(&asked, SPAN("sec-fetch-site"), SPAN("same-origin"));
    add_header(&asked, SPAN("cookie"), c->cookies);
    return asked;
}

static struct asked ask_token(struct caller *c, enum step step)
{
    struct parameters p = parameters(c);
    if (step == REDEEM) {
        add(&p, "grant_type", SPAN("authorization_code"));
        add(&p, "code", c->code);
        add(&p, "redirect_uri", c->redirect_uri);
        add(&p, "code_verifier", c->verifier);
    } else {
        add(&p, "grant_type", SPAN("refresh_token"));
        add(&p, "refresh_token", c->refresh_token);
    }
    add(&p, "resource", resource(c));
    return post_as_client(c, SPAN("/token"), &p);
}

static struct asked ask_revoke(struct caller *c, struct span token)
{
    struct parameters p = parameters(c);
    add(&p, "token", token);
    return post_as_client(c, SPAN("/revoke"), &p);
}

static struct asked ask_introspect(struct caller *c)
{
    struct arena *a = &c->world->arena;
    struct parameters p = parameters(c);
    add(&p, "token", c->access_token);
    struct asked asked = post(c, SPAN("/introspect"), &p);
    struct span id = JOIN(a, c->server, SPAN("-api"));
    add_header(&asked, SPAN("authorization"), basic(c, id, JOIN(a, id, SPAN(SECRET_OF("")))));
    return asked;
}

static struct asked ask_call(struct caller *c)
{
    struct arena *a = &c->world->arena;
    struct asked asked = {.method = "POST", .url = resource(c)};
    add_header(&asked, SPAN("content-type"), SPAN("application/json"));
    add_header(&asked, SPAN("accept"), SPAN("application/json, text/event-stream"));
    add_header(&asked, SPAN("cookie"), SPAN("session=of-the-client"));
    add_header(&asked, SPAN("x-user-id"), SPAN("somebody-else"));
    if (span_present(c->access_token))
        add_header(&asked, SPAN("authorization"), JOIN(a, SPAN("Bearer "), c->access_token));
    asked.body = JOIN(a,
                      SPAN("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","
                           "\"params\":{\"name\":\""),
                      c->tool, SPAN("\",\"arguments\":{}}}"));
    return asked;
}

static struct asked ask(struct caller *c, enum step step)
{
    switch (step) {
    case REGISTER:
        return ask_register(c);
    case AUTHORIZE:
        return ask_authorize(c);
    case CONSENT:
        return ask_consent(c);
    case CALLBACK:
        return get(c, c->callback_url);
    case REDEEM:
    case REFRESH:
        return ask_token(c, step);
    case CALL:
        return ask_call(c);
    case REVOKE:
        return ask_revoke(c, c->refresh_token);
    case REVOKE_ACCESS:
        return ask_revoke(c, c->access_token);
    case INTROSPECT:
        return ask_introspect(c);
    case STEPS:
        break;
    }
    world_fault("a caller's step", SPAN("that there is not"));
}

struct exchange caller_begin(struct caller *c, enum step step)
{
    struct asked asked = ask(c, step);
    add_header(&asked, SPAN("cf-connecting-ip"), SPAN("192.0.2.1")); /* as from every host */
    return world_begin(c->world, &asked);
}

/* ---- taking ---- */

static struct span copy(const struct caller *c, struct span s)
{
    return span_copy(&c->world->arena, s);
}

/* A browser with one cookie: each sign-in has its own, and the tests look at one at a time. */
static void take_cookie(struct caller *c, struct span set_cookie)
{
    struct span pair;
    struct span attributes = span_cut(set_cookie, ';', &pair);
    if (!span_present(set_cookie))
        return;
    c->cookies = span_contains(attributes, SPAN("Max-Age=0")) ? ABSENT : copy(c, pair);
}

static void take_page(struct caller *c, struct span page)
{
    struct span mark = SPAN("name=\"transaction\" value=\"");
    struct span rest = page;
    while (rest.size > 0 && !span_starts(rest, mark))
        rest = span_skip(rest, 1);
    rest = span_skip(rest, mark.size);
    c->transaction = copy(c, span_first(rest, span_find(rest, '"')));
}

/* The browser goes where it is sent, and the person signs in there. */
static void take_redirect(struct caller *c, struct span location)
{
    struct form query;
    struct span page;
    if (world_product(c->world, location) != NULL) {
        c->downstream_url = copy(c, location);
        c->callback_url = product_sign_in(c->world, c->downstream_url, c->user);
        return;
    }
    if (form_parse(&c->world->arena, span_cut(location, '?', &page), &query) != OK)
        return;
    c->error = copy(c, form_get(&query, SPAN("error")));
    if (span_present(form_get(&query, SPAN("code"))))
        c->code = copy(c, form_get(&query, SPAN("code")));
}

static void take_member(struct caller *c, const struct json *object, const char *name,
                        struct span *value)
{
    struct span text = json_member_text(object, span_of(name));
    if (span_present(text))
        *value = copy(c, text);
}

static void take_json(struct caller *c, struct span body)
{
    const struct json *object;
    if (json_parse(&c->world->arena, body, &object) != OK)
        return;
    take_member(c, object, "error", &c->error);
    take_member(c, object, "client_id", &c->client_id);
    take_member(c, object, "access_token", &c->access_token);
    take_member(c, object, "refresh_token", &c->refresh_token);
    take_member(c, object, "scope", &c->granted);
}

unsigned caller_take(struct caller *c, enum step step, const struct exchange *x)
{
    const struct headers *headers = &x->answer.headers;
    struct span location = headers_get(headers, SPAN("location"));
    c->error = ABSENT;
    if (!x->answered)
        return 0;
    c->answer = x->answer;
    take_cookie(c, headers_get(headers, SPAN("set-cookie")));
    if (step == AUTHORIZE && x->answer.status == 200)
        take_page(c, x->answer.body);
    else if (span_present(location))
        take_redirect(c, location);
    else if (step == REGISTER || step == REDEEM || step == REFRESH || step == CALL)
        take_json(c, x->answer.body);
    return x->answer.status;
}

/* ---- doing ---- */

unsigned caller_do(struct caller *c, enum step step)
{
    struct exchange x = caller_begin(c, step);
    world_finish(c->world, &x);
    return caller_take(c, step, &x);
}

unsigned caller_do_until(struct caller *c, enum step end)
{
    unsigned status = 0;
    for (int step = REGISTER; step < (int)end && status < 400; step++)
        status = caller_do(c, (enum step)step);
    return status;
}

size_t callers_do(struct caller *list, size_t count, enum step step, uint32_t luck, unsigned status)
{
    static struct exchange exchanges[WORLD_EXCHANGES];
    size_t got = 0;
    for (size_t i = 0; i < count; i++)
        exchanges[i] = caller_begin(&list[i], step);
    world_finish_together(list[0].world, exchanges, count, luck);
    for (size_t i = 0; i < count; i++)
        got += caller_take(&list[i], step, &exchanges[i]) == status;
    return got;
}

bool caller_is_served(struct caller *c)
{
    return caller_do(c, CALL) == 200 && span_equal(c->answer.body, c->user);
}
