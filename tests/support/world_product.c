/*
 * Two products with their authorization servers (OpenID providers with PKCE,
 * rotating refresh tokens and reuse detection), a client that publishes its
 * metadata document, and the runtimes, which ask the product whose token it is.
 */
#include "world.h"

#include "base/base64.h"
#include "jose/jwt.h"
#include "oauth/pkce.h"
#include "text/form.h"
#include "text/json.h"

enum { CODE_SECONDS = 60, ID_TOKEN_SECONDS = 300, ACCESS_SECONDS = 600, REFRESH_SECONDS = 86400 };

/* ---- its keys and its documents ---- */

static void make_key(struct world *w, struct span name, struct p256_private *key)
{
    struct hash first, second;
    sha256(name, &first);
    sha256(hash_span(&first), &second);
    struct span material = JOIN(&w->arena, hash_span(&first), hash_span(&second));
    if (p256_private_from(material, key) != OK)
        world_fault("the key of", name);
}

static struct span key_set(struct arena *a, const struct p256_private *key)
{
    struct p256_public public_key;
    p256_public_of(key, &public_key);
    return JOIN(a, SPAN("{\"keys\":["), jwk_public_es256(a, &public_key), SPAN("]}"));
}

void product_new_key(struct world *w, struct product *p, struct span name)
{
    struct p256_public public_key;
    make_key(w, JOIN(&w->arena, p->issuer, name), &p->key);
    p256_public_of(&p->key, &public_key);
    p->kid = jwk_kid_es256(&w->arena, &public_key);
    p->jwks = key_set(&w->arena, &p->key);
}

static void make_product(struct world *w, struct product *p, struct span issuer)
{
    *p = (struct product){.issuer = issuer, .access_seconds = ACCESS_SECONDS};
    product_new_key(w, p, SPAN(""));
}

void world_products(struct world *w)
{
    make_product(w, &w->products[0], PRODUCT);
    make_product(w, &w->products[1], OTHER_PRODUCT);
    make_key(w, SIGNING_CLIENT, &w->client_key);
}

struct product *world_product(struct world *w, struct span url)
{
    for (size_t i = 0; i < 2; i++)
        if (span_starts(url, w->products[i].issuer))
            return &w->products[i];
    return NULL;
}

static struct span metadata(struct arena *a, const struct product *p)
{
    struct json_writer w = json_writer_make(a, 1024);
    json_begin(&w, '{');
    json_put_text(&w, "issuer", p->issuer);
    json_put_text(&w, "authorization_endpoint", JOIN(a, p->issuer, SPAN("/authorize")));
    json_put_text(&w, "token_endpoint", JOIN(a, p->issuer, SPAN("/token")));
    json_put_text(&w, "revocation_endpoint", JOIN(a, p->issuer, SPAN("/revoke")));
    json_put_text(&w, "jwks_uri", JOIN(a, p->issuer, SPAN("/keys")));
    json_put_bool(&w, "authorization_response_iss_parameter_supported", true);
    json_end(&w, '}');
    return json_written(&w);
}

static const char DOCUMENT[] =
    "{\"client_id\":\"https://client.acme.dev/oauth.json\",\"client_name\":\"Acme Agent\","
    "\"redirect_uris\":[\"https://client.acme.dev/cb\",\"http://127.0.0.1/cb\"],"
    "\"token_endpoint_auth_method\":\"none\"}";

static const char SIGNING_DOCUMENT[] =
    "{\"client_id\":\"https://signing.acme.dev/oauth.json\",\"client_name\":\"Acme Signs\","
    "\"redirect_uris\":[\"https://signing.acme.dev/cb\"],"
    "\"token_endpoint_auth_method\":\"private_key_jwt\",\"jwks\":";

/* ---- answers ---- */

static struct span answer(struct arena *a, uint32_t status, struct span body)
{
    struct builder b = builder_make(a, 128 + body.size);
    pack_u8(&b, DONE);
    pack_u32(&b, status);
    pack_u32(&b, 1);
    pack_span(&b, SPAN("content-type"));
    pack_span(&b, SPAN("application/json"));
    pack_span(&b, body);
    return built(&b);
}

static struct span no_answer(struct arena *a)
{
    struct builder b = builder_make(a, 1);
    pack_u8(&b, FAILED);
    return built(&b);
}

static struct span invalid_grant(struct arena *a)
{
    return answer(a, 400, SPAN("{\"error\":\"invalid_grant\"}"));
}

/* ---- tokens ---- */

static struct span add_token(struct world *w, struct product *p, size_t sign_in, bool is_refresh)
{
    uint64_t seconds = is_refresh ? REFRESH_SECONDS : p->access_seconds;
    struct span kind = is_refresh ? SPAN("downstream-refresh-") : SPAN("downstream-access-");
    struct product_token *token = &p->tokens[p->token_count++];
    if (p->token_count > PRODUCT_MAX_TOKENS)
        world_fault("too many tokens of", p->issuer);
    *token = (struct product_token){
        .text = JOIN(&w->arena, kind, p->users[sign_in], SPAN("-"),
                     span_decimal(&w->arena, p->token_count)),
        .sign_in = sign_in,
        .is_refresh = is_refresh,
        .expires = w->now + seconds,
    };
    return token->text;
}

static struct product_token *find_token(struct product *p, struct span text)
{
    for (size_t i = 0; i < p->token_count; i++)
        if (span_equal(p->tokens[i].text, text))
            return &p->tokens[i];
    return NULL;
}

static void end_sign_in(struct product *p, size_t sign_in)
{
    p->users[sign_in] = ABSENT;
}

struct span product_user_of(const struct world *w, struct span access_token)
{
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < w->products[i].token_count; k++) {
            const struct product_token *token = &w->products[i].tokens[k];
            if (span_equal(token->text, access_token) && !token->is_refresh &&
                token->expires > w->now)
                return w->products[i].users[token->sign_in];
        }
    return ABSENT;
}

static struct span id_token(struct world *w, struct arena *a, const struct product *p,
                            struct span user, struct span nonce)
{
    struct span token;
    struct json_writer c = json_writer_make(a, 1024);
    json_begin(&c, '{');
    json_put_text(&c, "iss", p->issuer);
    json_put_text(&c, "sub", p->mood == ANOTHER_USER ? SPAN("mallory") : user);
    json_put_text(&c, "aud", SPAN("latchkey"));
    json_put_text(&c, "nonce", p->mood == WRONG_NONCE ? SPAN("another") : nonce);
    json_put_text(&c, "email", JOIN(a, user, SPAN("@product.dev")));
    json_put_bool(&c, "email_verified", true);
    json_put_text(&c, "org_id", SPAN("org-1"));
    json_put_u64(&c, "iat", w->now);
    json_put_u64(&c, "exp", w->now + ID_TOKEN_SECONDS);
    json_end(&c, '}');
    if (jwt_sign(a, &p->key, p->kid, SPAN("JWT"), json_written(&c), &token) != OK)
        world_fault("the signature of", p->issuer);
    return token;
}

/* nonce ABSENT: the answer to a refresh. */
static struct span tokens(struct world *w, struct arena *a, struct product *p, size_t sign_in,
                          bool with_refresh, struct span nonce)
{
    struct span user = p->users[sign_in];
    struct json_writer t = json_writer_make(a, 4096);
    json_begin(&t, '{');
    json_put_text(&t, "access_token", add_token(w, p, sign_in, false));
    json_put_text(&t, "refresh_token", with_refresh ? add_token(w, p, sign_in, true) : ABSENT);
    json_put_text(&t, "token_type", SPAN("Bearer"));
    if (p->access_seconds < NEVER_SAID)
        json_put_u64(&t, "expires_in", p->access_seconds);
    if (span_present(nonce) || p->mood == ANOTHER_USER)
        json_put_text(&t, "id_token", id_token(w, a, p, user, nonce));
    json_end(&t, '}');
    return answer(a, 200, json_written(&t));
}

/* ---- the token endpoint ---- */

static struct span by_code(struct world *w, struct arena *a, struct product *p,
                           const struct form *form)
{
    for (size_t i = 0; i < p->code_count; i++) {
        struct product_code *code = &p->codes[i];
        if (!span_equal(code->text, form_get(form, SPAN("code"))))
            continue;
        if (code->used || !span_equal(code->redirect_uri, form_get(form, SPAN("redirect_uri"))) ||
            pkce_verify(a, code->challenge, form_get(form, SPAN("code_verifier"))) != OK)
            return invalid_grant(a);
        code->used = true;
        if (p->sign_ins == PRODUCT_MAX_SIGN_INS)
            world_fault("too many sign-ins at", p->issuer);
        p->users[p->sign_ins++] = code->user;
        return tokens(w, a, p, p->sign_ins - 1, p->mood != GIVES_NO_REFRESH, code->nonce);
    }
    return invalid_grant(a);
}

static struct span by_refresh(struct world *w, struct arena *a, struct product *p,
                              const struct form *form)
{
    struct product_token *token = find_token(p, form_get(form, SPAN("refresh_token")));
    if (token == NULL || !token->is_refresh || token->expires <= w->now ||
        !span_present(p->users[token->sign_in]))
        return invalid_grant(a);
    if (token->spent) { /* RFC 9700 section 4.14.2: somebody else has it too */
        p->reuses++;
        end_sign_in(p, token->sign_in);
        return invalid_grant(a);
    }
    p->refreshes++;
    token->spent = p->mood != ROTATES_NOT;
    return tokens(w, a, p, token->sign_in, token->spent, ABSENT);
}

static struct span token_endpoint(struct world *w, struct arena *a, struct product *p,
                                  const struct headers *headers, const struct form *form)
{
    struct span type = form_get(form, SPAN("grant_type"));
    struct span basic = JOIN(a, SPAN("Basic "), base64_encode(a, SPAN("latchkey:product-secret")));
    if (p->mood == SILENT)
        return no_answer(a);
    if (p->mood == BREAKS)
        return answer(a, 500, SPAN("{}"));
    if (p->mood == FORBIDS)
        return answer(a, 403, SPAN("<html>"));
    if (p->mood == BABBLES)
        return answer(a, 200, SPAN("<html>"));
    if (!span_equal(headers_get(headers, SPAN("authorization")), basic))
        return answer(a, 401, SPAN("{\"error\":\"invalid_client\"}"));
    if (p->mood == REFUSES)
        return invalid_grant(a);
    struct span said = span_equal(type, SPAN("refresh_token")) ? by_refresh(w, a, p, form)
                                                               : by_code(w, a, p, form);
    return p->mood == TOO_LATE ? no_answer(a) : said;
}

static struct span revocation_endpoint(struct arena *a, struct product *p, const struct form *form)
{
    const struct product_token *token = find_token(p, form_get(form, SPAN("token")));
    if (token != NULL)
        end_sign_in(p, token->sign_in);
    return answer(a, 200, SPAN("{}"));
}

struct span world_fetch(struct world *w, struct arena *a, struct unpacker *effect)
{
    struct form form;
    (void)unpack_span(effect); /* the method */
    struct span url = unpack_span(effect);
    struct headers headers = world_headers(a, effect);
    struct span body = unpack_span(effect);
    struct product *p = world_product(w, url);
    if (span_equal(url, DOCUMENT_CLIENT))
        return answer(a, 200, span_of(DOCUMENT));
    if (span_equal(url, SIGNING_CLIENT))
        return answer(a, 200,
                      JOIN(a, span_of(SIGNING_DOCUMENT), key_set(a, &w->client_key), SPAN("}")));
    if (p == NULL || form_parse(a, body, &form) != OK)
        return no_answer(a);
    struct span path = span_skip(url, p->issuer.size);
    if (span_equal(path, SPAN("/.well-known/openid-configuration")))
        return answer(a, 200, metadata(a, p));
    if (span_equal(path, SPAN("/keys")))
        return answer(a, 200, p->jwks);
    if (span_equal(path, SPAN("/token")))
        return token_endpoint(w, a, p, &headers, &form);
    if (span_equal(path, SPAN("/revoke")))
        return revocation_endpoint(a, p, &form);
    return answer(a, 404, SPAN("{}"));
}

/* ---- the browser ---- */

struct span product_sign_in(struct world *w, struct span url, struct span user)
{
    struct arena *a = &w->arena;
    struct product *p = world_product(w, url);
    struct form query;
    struct span page;
    if (p == NULL || form_parse(a, span_cut(url, '?', &page), &query) != OK ||
        p->code_count == PRODUCT_MAX_CODES)
        world_fault("a browser that goes to", url);
    struct span redirect_uri = form_get(&query, SPAN("redirect_uri"));
    struct builder b = builder_make(a, 8192);
    build_span(&b, redirect_uri);
    build_byte(&b, '?');
    struct span start = built(&b);
    struct builder parameters = builder_make(a, 8192);
    form_append(a, &parameters, SPAN("state"), form_get(&query, SPAN("state")));
    form_append(a, &parameters, SPAN("iss"), p->issuer);
    if (span_present(user)) {
        struct product_code *code = &p->codes[p->code_count++];
        *code = (struct product_code){
            .text = JOIN(a, SPAN("downstream-code-"), span_decimal(a, p->code_count)),
            .user = span_copy(a, user),
            .redirect_uri = redirect_uri,
            .challenge = form_get(&query, SPAN("code_challenge")),
            .nonce = form_get(&query, SPAN("nonce")),
        };
        form_append(a, &parameters, SPAN("code"), code->text);
    } else {
        form_append(a, &parameters, SPAN("error"), SPAN("access_denied"));
    }
    return JOIN(a, start, built(&parameters));
}
