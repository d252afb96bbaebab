/*
 * The three ways to be a client, each through a whole sign-in, and those who
 * only say that they are one. Rows of the security list: A06, A09, C05-C07,
 * E01, E09, E10, F05, F07, F09, K01, K02, S29, S35, S36.
 */
#include "check.h"
#include "jose/jwt.h"
#include "support/caller.h"
#include "text/json.h"

static struct world world;

static struct exchange post_json(const char *body, const char *address)
{
    struct asked asked = {
        .method = "POST",
        .url = SPAN("https://mcp.latchkey.dev/register"),
        .headers = {{SPAN("content-type"), SPAN("application/json")},
                    {SPAN("cf-connecting-ip"), span_of(address)}},
        .header_count = 2,
        .body = span_of(body),
    };
    struct exchange x = world_begin(&world, &asked);
    world_finish(&world, &x);
    return x;
}

static struct span member(const struct exchange *x, const char *name)
{
    const struct json *object;
    if (json_parse(&world.arena, x->answer.body, &object) != OK)
        return ABSENT;
    return json_member_text(object, span_of(name));
}

/* ---- registered by itself ---- */

static void nothing_is_stored(void)
{
    world_make(&world);
    check_row("E10, S35: however many register, nothing is stored");
    for (int i = 0; i < 100; i++) {
        struct caller c = caller_make(&world, "alice");
        CHECK_INT(caller_do(&c, REGISTER), 201);
        CHECK_SPAN(headers_get(&c.answer.headers, SPAN("cache-control")), SPAN("no-store"));
        check_row("E09: and no client_id looks like a URL");
        CHECK(span_starts(c.client_id, SPAN("lkc_")));
    }
    CHECK_INT(world.row_count, 0);
    CHECK_INT(world.copy_count, 0);
    check_row("E10: too many");
    world.limited = true;
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do(&c, REGISTER), 429);
    CHECK(!span_present(c.client_id));
}

static void registration_refused(void)
{
    static const struct {
        const char *why, *body, *error;
    } rows[] = {
        {"no JSON", "{", "invalid_client_metadata"},
        {"an array", "[]", "invalid_client_metadata"},
        {"S36: a name twice",
         "{\"redirect_uris\":[\"https://a.dev/\"],\"redirect_uris\":[\"https://b.dev/\"]}",
         "invalid_client_metadata"},
        {"no redirect URI", "{}", "invalid_redirect_uri"},
        {"A03: http", "{\"redirect_uris\":[\"http://a.dev/cb\"]}", "invalid_redirect_uri"},
        {"E03: a script", "{\"redirect_uris\":[\"JavaScript:alert(1)\"]}", "invalid_redirect_uri"},
        {"A04: a fragment", "{\"redirect_uris\":[\"https://a.dev/#x\"]}", "invalid_redirect_uri"},
        {"E05: implicit", "{\"redirect_uris\":[\"https://a.dev/\"],\"grant_types\":[\"implicit\"]}",
         "invalid_client_metadata"},
        {"an unknown method",
         "{\"redirect_uris\":[\"https://a.dev/\"],\"token_endpoint_auth_method\":\"x\"}",
         "invalid_client_metadata"},
    };
    world_make(&world);
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct exchange x = post_json(rows[i].body, "192.0.2.1");
        CHECK_INT(x.answer.status, 400);
        CHECK_SPAN(member(&x, "error"), span_of(rows[i].error));
        CHECK(!span_present(member(&x, "client_id")));
    }
}

static void with_a_secret(void)
{
    world_make(&world);
    check_row("E07: a client with a secret");
    struct exchange x = post_json("{\"redirect_uris\":[\"https://agent.acme.dev/cb\"]}", "::1");
    CHECK_INT(x.answer.status, 201);
    struct caller c = caller_make(&world, "alice");
    c.client_id = span_copy(&world.arena, member(&x, "client_id"));
    struct span secret = span_copy(&world.arena, member(&x, "client_secret"));
    CHECK(secret.size >= 43);
    for (int step = AUTHORIZE; step < REDEEM; step++)
        CHECK(caller_do(&c, (enum step)step) < 400);
    check_row("C05: not without it");
    CHECK_INT(caller_do(&c, REDEEM), 401);
    check_row("C03: nor with another");
    c.client_secret = SPAN("guess");
    CHECK_INT(caller_do(&c, REDEEM), 401);
    CHECK(span_starts(headers_get(&c.answer.headers, SPAN("www-authenticate")), SPAN("Basic ")));
    check_row("C05: nor in the form, if it was registered for the header");
    c.client_secret = ABSENT;
    c.extra = JOIN(&world.arena, SPAN("&client_secret="), secret);
    CHECK_INT(caller_do(&c, REDEEM), 401);
    check_row("with it");
    c.client_secret = secret;
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK(caller_is_served(&c));
    check_row("C05: nor may a refresh do without");
    struct caller wrong = c;
    wrong.client_secret = ABSENT;
    CHECK_INT(caller_do(&wrong, REFRESH), 401);
    CHECK_INT(caller_do(&c, REFRESH), 200);
    check_row("the same metadata registered by somebody else is another client");
    x = post_json("{\"redirect_uris\":[\"https://agent.acme.dev/cb\"]}", "::1");
    CHECK(!span_equal(member(&x, "client_id"), c.client_id));
    CHECK(!span_equal(member(&x, "client_secret"), secret));
}

static void damaged_client_id(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do(&c, REGISTER), 201);
    for (size_t i = 0; i < c.client_id.size; i++) {
        struct world_image *before = world_save(&world);
        struct caller wrong = c;
        uint8_t letter = c.client_id.data[i] == 'A' ? 'B' : 'A';
        wrong.client_id = JOIN(&world.arena, span_first(c.client_id, i), span_bytes(&letter, 1),
                               span_skip(c.client_id, i + 1));
        check_row("A06: a client_id that was changed: a page, never a redirect");
        CHECK(caller_do(&wrong, AUTHORIZE) >= 400);
        CHECK(!span_present(headers_get(&wrong.answer.headers, SPAN("location"))));
        world_restore(&world, before);
        world_forget(before);
    }
    CHECK_INT(caller_do(&c, AUTHORIZE), 200);
}

/* ---- known by its document ---- */

static struct caller document_client(void)
{
    struct caller c = caller_make(&world, "alice");
    c.client_id = DOCUMENT_CLIENT;
    c.redirect_uri = SPAN("https://client.acme.dev/cb");
    return c;
}

static void by_document(void)
{
    world_make(&world);
    check_row("A5: a client known by its document, without registration");
    struct caller c = document_client();
    for (int step = AUTHORIZE; step < CALL; step++)
        CHECK(caller_do(&c, (enum step)step) < 400);
    CHECK(caller_is_served(&c));
    CHECK_INT(caller_do(&c, REFRESH), 200);
    check_row("F06: its document is fetched once");
    world_count_anew(&world);
    CHECK_INT(caller_do(&c, AUTHORIZE), 200);
    CHECK_INT(world.asked[ASKED_FETCH], 0);
    check_row("F07: a redirect URI that is not in it");
    c.redirect_uri = SPAN("https://agent.acme.dev/cb");
    CHECK_INT(caller_do(&c, AUTHORIZE), 400);
    check_row("A02: of a loopback one, any port");
    c.redirect_uri = SPAN("http://127.0.0.1:4711/cb");
    CHECK_INT(caller_do(&c, AUTHORIZE), 200);
}

static void documents_that_are_none(void)
{
    static const char *const URLS[] = {
        "https://client.acme.dev/other.json",
        "https://client.acme.dev/",
        "https://client.acme.dev/../oauth.json",
        "https://client.acme.dev/oauth.json#x",
        "https://user@client.acme.dev/oauth.json",
        "http://client.acme.dev/oauth.json",
        "https://127.0.0.1/oauth.json",
        "https://mcp.latchkey.dev/oauth.json",
        "https://CLIENT.acme.dev/oauth.json",
    };
    for (size_t i = 0; i < COUNT(URLS); i++) {
        world_make(&world);
        struct caller c = document_client();
        check_row(URLS[i]);
        c.client_id = span_of(URLS[i]);
        CHECK(caller_do(&c, AUTHORIZE) >= 400);
        CHECK(!span_present(c.transaction));
        CHECK(!span_present(headers_get(&c.answer.headers, SPAN("location"))));
        CHECK_INT(world.copy_count, 0);
    }
    check_row("F05: the document cannot be had: an error, and nothing is kept");
    world_make(&world);
    struct caller c = document_client();
    struct exchange x = caller_begin(&c, AUTHORIZE);
    while (world_step(&world, &x, x.effects[x.performed].data[0] == ASKED_FETCH ? FAILS : AS_USUAL))
        ;
    CHECK_INT(caller_take(&c, AUTHORIZE, &x), 503);
    CHECK_INT(world.copy_count, 0);
    CHECK_INT(caller_do(&c, AUTHORIZE), 200);
}

/* ---- known by its document, and its key ---- */

/* jti: what tells one assertion from another. */
static struct span assertion(struct span issuer, struct span audience, const char *jti)
{
    struct span token;
    struct json_writer w = json_writer_make(&world.arena, 1024);
    json_begin(&w, '{');
    json_put_text(&w, "iss", issuer);
    json_put_text(&w, "sub", issuer);
    json_put_text(&w, "aud", audience);
    json_put_text(&w, "jti", span_of(jti));
    json_put_u64(&w, "iat", world.now);
    json_put_u64(&w, "exp", world.now + 60);
    json_end(&w, '}');
    CHECK_INT(
        jwt_sign(&world.arena, &world.client_key, ABSENT, SPAN("JWT"), json_written(&w), &token),
        OK);
    return JOIN(&world.arena,
                SPAN("&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type"
                     "%3Ajwt-bearer&client_assertion="),
                token);
}

static void by_key(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    c.client_id = SIGNING_CLIENT;
    c.redirect_uri = SPAN("https://signing.acme.dev/cb");
    for (int step = AUTHORIZE; step < REDEEM; step++)
        CHECK(caller_do(&c, (enum step)step) < 400);
    check_row("F09: its document says private_key_jwt: not without");
    CHECK_INT(caller_do(&c, REDEEM), 401);
    check_row("K02: for another audience");
    c.extra = assertion(SIGNING_CLIENT, SPAN("https://login.product.dev/token"), "1");
    CHECK_INT(caller_do(&c, REDEEM), 401);
    check_row("K01: of another client");
    c.extra = assertion(DOCUMENT_CLIENT, ISSUER, "2");
    CHECK_INT(caller_do(&c, REDEEM), 401);
    check_row("K01: with it, but for nothing of ours: nothing is stored");
    const size_t rows = world.row_count;
    struct caller stranger = c;
    stranger.code = SPAN("nonsense");
    stranger.refresh_token = SPAN("nonsense");
    stranger.extra = assertion(SIGNING_CLIENT, ISSUER, "3");
    CHECK_INT(caller_do(&stranger, REDEEM), 400);
    stranger.extra = assertion(SIGNING_CLIENT, ISSUER, "3");
    CHECK_INT(caller_do(&stranger, REFRESH), 400);
    stranger.extra = assertion(SIGNING_CLIENT, ISSUER, "3");
    CHECK_INT(caller_do(&stranger, REVOKE), 200);
    CHECK_INT(world.row_count, rows);
    check_row("F09: with it");
    c.extra = assertion(SIGNING_CLIENT, ISSUER, "3");
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK(caller_is_served(&c));
    check_row("F09: nor may a refresh or a revocation do without");
    CHECK_INT(caller_do(&c, REFRESH), 401);
    CHECK_INT(caller_do(&c, REVOKE), 200);
    CHECK(caller_is_served(&c));
    check_row("K01: the same assertion again");
    c.extra = assertion(SIGNING_CLIENT, ISSUER, "3");
    CHECK_INT(caller_do(&c, REFRESH), 401);
    c.extra = assertion(SIGNING_CLIENT, ISSUER, "3");
    CHECK_INT(caller_do(&c, REVOKE), 401);
    CHECK(caller_is_served(&c));
    check_row("K02: a client known by its document may name the token endpoint");
    c.extra = assertion(SIGNING_CLIENT, SPAN("https://mcp.latchkey.dev/token"), "4");
    CHECK_INT(caller_do(&c, REFRESH), 200);
    CHECK(caller_is_served(&c));
}

/* ---- named by the operator ---- */

static unsigned introspect_by_key(const struct caller *c, struct span client_assertion,
                                  struct span *body)
{
    struct asked asked = {
        .method = "POST",
        .url = SPAN("https://mcp.latchkey.dev/introspect"),
        .headers = {{SPAN("content-type"), SPAN("application/x-www-form-urlencoded")}},
        .header_count = 1,
        .body = JOIN(&world.arena, SPAN("client_id=todo-api&token="), c->access_token,
                     client_assertion),
    };
    struct exchange x = world_begin(&world, &asked);
    world_finish(&world, &x);
    *body = x.answer.body;
    return x.answer.status;
}

static void resource_server_by_key(void)
{
    world_make(&world);
    struct span body;
    struct span api = SPAN("todo-api");
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    struct p256_public public;
    p256_public_of(&world.client_key, &public);
    for (size_t i = 0; i < world.gateway.client_count; i++) {
        struct registered_client *client = &world.gateway.clients[i];
        if (!span_equal(client->id, api))
            continue;
        client->auth = AUTH_PRIVATE_KEY;
        client->jwks = JOIN(&world.arena, SPAN("{\"keys\":["),
                            jwk_public_es256(&world.arena, &public), SPAN("]}"));
    }
    check_row("M05: a resource server may show a key, too");
    CHECK_INT(introspect_by_key(&c, assertion(api, ISSUER, "1"), &body), 200);
    CHECK(span_contains(body, SPAN("\"active\":true")));
    check_row("K01: once with each assertion");
    CHECK_INT(introspect_by_key(&c, assertion(api, ISSUER, "1"), &body), 401);
    CHECK(!span_contains(body, SPAN("active")));
    CHECK_INT(introspect_by_key(&c, assertion(api, ISSUER, "2"), &body), 200);
    check_row("K01: and not without");
    CHECK_INT(introspect_by_key(&c, SPAN(""), &body), 401);
}

static void by_operator(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    c.client_id = SPAN("portal");
    c.redirect_uri = SPAN("https://portal.acme.dev/cb");
    for (int step = AUTHORIZE; step < REDEEM; step++)
        CHECK(caller_do(&c, (enum step)step) < 400);
    check_row("C05: it was named with a secret");
    CHECK_INT(caller_do(&c, REDEEM), 401);
    c.client_secret = PORTAL_SECRET;
    CHECK_INT(caller_do(&c, REDEEM), 200);
    CHECK(caller_is_served(&c));
    check_row("A09: an error is sent on to a client that the operator trusts");
    c.extra = SPAN("&code_challenge=twice");
    CHECK_INT(caller_do(&c, AUTHORIZE), 400);
    c.server = SPAN("nothing");
    CHECK_INT(caller_do(&c, AUTHORIZE), 303);
    CHECK_SPAN(c.error, SPAN("invalid_target"));
    check_row("A09: and not to one that anybody could have registered");
    struct caller anybody = caller_make(&world, "alice");
    CHECK_INT(caller_do(&anybody, REGISTER), 201);
    anybody.server = SPAN("nothing");
    CHECK_INT(caller_do(&anybody, AUTHORIZE), 400);
    CHECK(!span_present(headers_get(&anybody.answer.headers, SPAN("location"))));
}

static unsigned refresh_nothing(struct caller c, struct span secret)
{
    c.client_secret = secret;
    c.refresh_token = SPAN("nothing");
    return caller_do(&c, REFRESH);
}

static void guessing(void)
{
    world_make(&world);
    struct caller named = caller_make(&world, "alice");
    named.client_id = SPAN("portal");
    struct caller registered = caller_make(&world, "alice");
    struct exchange x = post_json("{\"redirect_uris\":[\"https://agent.acme.dev/cb\"]}", "::1");
    registered.client_id = span_copy(&world.arena, member(&x, "client_id"));
    const struct {
        struct caller *caller;
        struct span secret;
    } rows[] = {
        {&named, PORTAL_SECRET},
        {&registered, span_copy(&world.arena, member(&x, "client_secret"))},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        world.limited = false;
        world_count_anew(&world);
        check_row("C07: guessing a secret is throttled");
        CHECK_INT(refresh_nothing(*rows[i].caller, SPAN("guess")), 401);
        CHECK_INT(world.asked[ASKED_LIMIT], 1);
        world.limited = true;
        CHECK_INT(refresh_nothing(*rows[i].caller, SPAN("guess")), 429);
        check_row("C07: the right one is not, however often");
        world_count_anew(&world);
        CHECK_INT(refresh_nothing(*rows[i].caller, rows[i].secret), 400);
        CHECK_INT(world.asked[ASKED_LIMIT], 0);
    }
}

static void consent_is_asked_for_each(void)
{
    world_make(&world);
    struct caller a = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&a, CALL), 200);
    check_row("S29: a consent given to one client is none for another, nor for itself later");
    struct caller b = caller_make(&world, "alice");
    b.redirect_uri = SPAN("https://evil.dev/cb");
    CHECK_INT(caller_do(&b, REGISTER), 201);
    CHECK_INT(caller_do(&b, AUTHORIZE), 200);
    CHECK(span_contains(b.answer.body, SPAN("evil.dev")));
    CHECK_INT(caller_do(&a, AUTHORIZE), 200);
}

int main(void)
{
    nothing_is_stored();
    registration_refused();
    with_a_secret();
    damaged_client_id();
    by_document();
    documents_that_are_none();
    by_key();
    resource_server_by_key();
    by_operator();
    guessing();
    consent_is_asked_for_each();
    return check_done();
}
