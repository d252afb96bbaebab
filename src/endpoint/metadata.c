/* What we say of ourselves: RFC 8414, RFC 9728, RFC 7517. Only what is implemented. */
#include "endpoint/endpoint.h"
#include "endpoint/page.h"
#include "jose/jwk.h"
#include "oauth/error.h"
#include "oauth/scope.h"
#include "text/json.h"

enum { METADATA_MAX = 65536 };

static void put_list(struct json_writer *w, const char *name, const char *const *values,
                     size_t count)
{
    json_begin_member(w, name, '[');
    for (size_t i = 0; i < count; i++)
        json_add_text(w, span_of(values[i]));
    json_end(w, ']');
}

static void put_words(struct json_writer *w, const char *name, struct span words)
{
    json_begin_member(w, name, '[');
    for (struct span word; span_present(word = span_word(&words));)
        json_add_text(w, word);
    json_end(w, ']');
}

#define PUT_LIST(w, name, ...)                                            \
    put_list((w), (name), (const char *const[]){__VA_ARGS__},             \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void put_endpoint(struct cx *cx, struct json_writer *w, const char *name, struct span path)
{
    json_put_text(w, name, JOIN(cx->arena, cx->gateway->issuer, path));
}

static enum result respond_metadata(struct cx *cx, const struct json_writer *w)
{
    respond(cx, 200, SPAN("application/json"), json_written(w));
    respond_header(cx, SPAN("cache-control"), SPAN("public, max-age=300"));
    return OK;
}

/* What all servers have, as far as it fits: clients go by a server's own metadata. */
static struct span all_scopes(struct cx *cx)
{
    struct span all = SPAN("");
    for (size_t i = 0; i < cx->gateway->server_count && all.size < SCOPES_MAX_BYTES; i++)
        all = scope_union(cx->arena, all, cx->gateway->servers[i].all_scopes);
    return all;
}

enum result authorization_server_metadata(struct cx *cx)
{
    struct json_writer writer = json_writer_make(cx->arena, METADATA_MAX);
    struct json_writer *w = &writer;
    json_begin(w, '{');
    json_put_text(w, "issuer", cx->gateway->issuer);
    put_endpoint(cx, w, "authorization_endpoint", SPAN("/authorize"));
    put_endpoint(cx, w, "token_endpoint", SPAN("/token"));
    put_endpoint(cx, w, "registration_endpoint", SPAN("/register"));
    put_endpoint(cx, w, "revocation_endpoint", SPAN("/revoke"));
    put_endpoint(cx, w, "introspection_endpoint", SPAN("/introspect"));
    put_endpoint(cx, w, "jwks_uri", SPAN("/.well-known/jwks.json"));
    PUT_LIST(w, "response_types_supported", "code");
    PUT_LIST(w, "response_modes_supported", "query");
    PUT_LIST(w, "grant_types_supported", "authorization_code", "refresh_token");
    PUT_LIST(w, "token_endpoint_auth_methods_supported", "none", "client_secret_basic",
             "client_secret_post", "private_key_jwt");
    PUT_LIST(w, "token_endpoint_auth_signing_alg_values_supported", "ES256", "RS256", "PS256");
    PUT_LIST(w, "revocation_endpoint_auth_methods_supported", "none", "client_secret_basic",
             "client_secret_post", "private_key_jwt");
    PUT_LIST(w, "introspection_endpoint_auth_methods_supported", "client_secret_basic",
             "client_secret_post", "private_key_jwt");
    PUT_LIST(w, "revocation_endpoint_auth_signing_alg_values_supported", "ES256", "RS256", "PS256");
    PUT_LIST(w, "introspection_endpoint_auth_signing_alg_values_supported", "ES256", "RS256",
             "PS256");
    PUT_LIST(w, "code_challenge_methods_supported", "S256");
    put_words(w, "scopes_supported", all_scopes(cx));
    json_put_bool(w, "authorization_response_iss_parameter_supported", true);
    json_put_bool(w, "client_id_metadata_document_supported", true);
    json_end(w, '}');
    return respond_metadata(cx, w);
}

enum result protected_resource_metadata(struct cx *cx, const struct server *server)
{
    struct json_writer w = json_writer_make(cx->arena, METADATA_MAX);
    json_begin(&w, '{');
    json_put_text(&w, "resource", server->resource);
    json_put_text(&w, "resource_name", server->name);
    json_begin_member(&w, "authorization_servers", '[');
    json_add_text(&w, cx->gateway->issuer);
    json_end(&w, ']');
    put_words(&w, "scopes_supported", server->default_scopes);
    PUT_LIST(&w, "bearer_methods_supported", "header");
    json_end(&w, '}');
    return respond_metadata(cx, &w);
}

enum result signing_keys(struct cx *cx)
{
    const struct keyring *keys = &cx->gateway->keys;
    struct json_writer w = json_writer_make(cx->arena, METADATA_MAX);
    json_begin(&w, '{');
    json_begin_member(&w, "keys", '[');
    json_add_raw(&w, jwk_public_es256(cx->arena, &keys->signing_public));
    /* Tokens that the previous key signed verify until they expire. */
    if (keys->has_previous_signing)
        json_add_raw(&w, jwk_public_es256(cx->arena, &keys->previous_signing_public));
    json_end(&w, ']');
    json_end(&w, '}');
    return respond_metadata(cx, &w);
}

enum result health(struct cx *cx)
{
    respond_json(cx, 200, SPAN("{\"status\":\"ok\"}"));
    return OK;
}

enum result landing(struct cx *cx)
{
    page_landing(cx);
    return OK;
}
