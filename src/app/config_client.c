#include "app/reader.h"
#include "oauth/client_metadata.h"
#include "text/ascii.h"
#include "text/html.h"
#include "text/url.h"

enum {
    CLIENT_ID_MAX = 128,
    CLIENT_SECRET_MIN = 32 /* bytes */
};

/*
 * Of the id: unreserved characters only, so that it is the same with and without form-encoding
 * (oauth/credentials.c), and not the form of a registered one or of a document's URL.
 */
static enum result read_id(struct reader *r, const struct place *p)
{
    bool good = p->name.size > 0 && p->name.size <= CLIENT_ID_MAX;
    for (size_t i = 0; i < p->name.size; i++)
        good &= ascii_is_unreserved(p->name.data[i]);
    if (!good || span_starts(p->name, SPAN("lkc_")))
        return reader_problem(r, p,
                              SPAN("a client's id has 1 to 128 characters of A-Z a-z 0-9 - . _ ~ "
                                   "and does not begin with \"lkc_\""));
    return OK;
}

static enum result read_redirect_uris(struct reader *r, const struct place *p,
                                      struct registered_client *client)
{
    struct place uris = place_of(p, "redirect_uris");
    size_t count = json_count(uris.node);
    if (!place_given(&uris) && client->introspects != NULL)
        return OK;
    if (!json_is_array(uris.node) || count == 0 || count > CLIENT_MAX_REDIRECT_URIS)
        return reader_expected(r, &uris, "an array of 1 to 32 redirect URIs");
    client->redirect_uris = ARENA_ARRAY(r->kept, count, struct span);
    for (const struct json *child = json_first(uris.node); child != NULL;
         child = json_next(child)) {
        struct place item = place_at(&uris, child);
        struct span *uri = &client->redirect_uris[client->redirect_uri_count++];
        TRY(reader_text(r, &item, uri));
        struct span refusal = url_redirect_refusal(*uri);
        if (span_present(refusal))
            return reader_problem(r, &item, refusal);
    }
    return OK;
}

/* The one thing of the three by which it authenticates, and the methods that go with it. */
static enum result read_credential(struct reader *r, const struct place *p,
                                   struct registered_client *client, unsigned *possible)
{
    struct place secret = place_of(p, "client_secret");
    struct place jwks = place_of(p, "jwks");
    struct place jwks_uri = place_of(p, "jwks_uri");
    if (place_given(&secret) + place_given(&jwks) + place_given(&jwks_uri) > 1)
        return reader_problem(r, p, SPAN("give only one of client_secret, jwks and jwks_uri"));
    *possible = AUTH_NONE;
    client->auth = AUTH_NONE;
    TRY(reader_url_or_absent(r, &jwks_uri, &client->jwks_uri));
    struct span keys = ABSENT;
    if (place_given(&jwks) && metadata_jwks(r->scratch, jwks.node, &keys) != OK)
        return reader_expected(r, &jwks,
                               "a JWK set of 1 to 8 public keys for ES256, RS256 or PS256");
    client->jwks = span_copy(r->kept, keys);
    if (place_given(&jwks) || place_given(&jwks_uri)) {
        client->auth = AUTH_PRIVATE_KEY;
        *possible = AUTH_PRIVATE_KEY;
    }
    if (place_given(&secret)) {
        struct span value;
        TRY(reader_secret(r, &secret, &value));
        if (value.size < CLIENT_SECRET_MIN)
            return reader_problem(r, &secret,
                                  SPAN("a client's secret has 32 random bytes or more, such as "
                                       "\"openssl rand -base64 32\" prints, so that nobody can "
                                       "guess it"));
        sha256(value, &client->secret_hash);
        client->auth = AUTH_SECRET_BASIC;
        *possible = AUTH_SECRET_BASIC | AUTH_SECRET_POST;
    }
    return OK;
}

static enum result read_auth(struct reader *r, const struct place *p,
                             struct registered_client *client)
{
    struct place method = place_of(p, "token_endpoint_auth_method");
    unsigned possible;
    TRY(read_credential(r, p, client, &possible));
    if (place_given(&method) && (client_auth_parse(json_text(method.node), &client->auth) != OK ||
                                 (client->auth & possible) == 0))
        return reader_expected(r, &method,
                               "client_secret_basic or client_secret_post (with client_secret), "
                               "private_key_jwt (with jwks or jwks_uri), or none (without all)");
    return OK;
}

static enum result read_introspect(struct reader *r, const struct place *p,
                                   struct registered_client *client)
{
    struct place introspect = place_of(p, "introspect");
    if (!place_given(&introspect))
        return OK;
    client->introspects = gateway_server(r->gateway, json_text(introspect.node));
    if (client->introspects == NULL)
        return reader_expected(r, &introspect, "the id of the server whose tokens it may look at");
    /* RFC 7662 section 2.1: the endpoint "MUST also require some form of authorization". */
    if (client->auth == AUTH_NONE)
        return reader_problem(r, &introspect,
                              SPAN("a client that introspects needs client_secret, jwks or "
                                   "jwks_uri"));
    return OK;
}

static enum result read_client(struct reader *r, const struct place *p,
                               struct registered_client *client)
{
    struct place name = place_of(p, "name");
    struct span text;
    TRY(read_id(r, p));
    TRY(reader_object(r, p,
                      "name redirect_uris client_secret jwks jwks_uri token_endpoint_auth_method "
                      "introspect"));
    client->id = span_copy(r->kept, p->name);
    TRY(reader_text_or(r, &name, client->id, &text));
    client->name = html_display_name(r->kept, text, CLIENT_MAX_NAME);
    TRY(read_auth(r, p, client));
    TRY(read_introspect(r, p, client));
    return read_redirect_uris(r, p, client);
}

enum result config_clients(struct reader *r, const struct place *p)
{
    struct gateway *gateway = r->gateway;
    if (!place_given(p))
        return OK;
    if (!json_is_object(p->node))
        return reader_expected(r, p, "an object of clients by their id");
    gateway->clients = ARENA_ARRAY(r->kept, json_count(p->node), struct registered_client);
    for (const struct json *child = json_first(p->node); child != NULL; child = json_next(child)) {
        struct place client = place_at(p, child);
        TRY(read_client(r, &client, &gateway->clients[gateway->client_count++]));
    }
    return OK;
}
