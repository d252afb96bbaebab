#include "oauth/client.h"

#include "oauth/error.h"
#include "text/url.h"

/* RFC 7591 section 2 and OpenID Connect Core section 9. */
static const struct {
    enum client_auth auth;
    const char *name;
} METHODS[] = {
    {AUTH_NONE, "none"},
    {AUTH_SECRET_BASIC, "client_secret_basic"},
    {AUTH_SECRET_POST, "client_secret_post"},
    {AUTH_PRIVATE_KEY, "private_key_jwt"},
};

enum { METHOD_COUNT = sizeof METHODS / sizeof *METHODS };

enum result client_auth_parse(struct span name, enum client_auth *auth)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (span_equal(name, span_of(METHODS[i].name))) {
            *auth = METHODS[i].auth;
            return OK;
        }
    }
    return NOT_FOUND;
}

struct span client_auth_name(enum client_auth auth)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (METHODS[i].auth == auth)
            return span_of(METHODS[i].name);
    return ABSENT;
}

enum result client_registered(struct cx *cx, struct span client_id, struct client *client)
{
    const struct registered_client *known = gateway_client(cx->gateway, client_id);
    if (known == NULL)
        return NOT_FOUND;
    *client = (struct client){
        .kind = CLIENT_REGISTERED,
        .id = known->id,
        .name = known->name,
        .redirect_uris = known->redirect_uris,
        .redirect_uri_count = known->redirect_uri_count,
        .auth = known->auth,
        .secret_hashes = {known->secret_hash},
        .secret_count = (known->auth & (AUTH_SECRET_BASIC | AUTH_SECRET_POST)) != 0 ? 1 : 0,
        .jwks = known->jwks,
        .jwks_uri = known->jwks_uri,
        .refreshes = true,
    };
    return OK;
}

enum result client_find(struct cx *cx, struct span client_id, struct client *client)
{
    if (client_id.size == 0)
        return refuse(cx, INVALID_CLIENT, "client_id_missing", "client_id is missing.");
    if (client_id.size > CLIENT_MAX_ID)
        return refuse(cx, INVALID_CLIENT, "client_id_too_long", "client_id is too long.");
    enum result found = client_registered(cx, client_id, client);
    if (found == NOT_FOUND)
        found = client_dynamic(cx, client_id, client);
    if (found == NOT_FOUND)
        found = client_document(cx, client_id, client);
    if (found == NOT_FOUND)
        return refuse(cx, INVALID_CLIENT, "client_unknown",
                      "This client_id is unknown here. Register at /register, or use the https URL "
                      "of a client metadata document.");
    return found;
}

static bool is_loopback(struct span uri)
{
    struct url url;
    return url_parse(uri, &url) == OK && url_is_http(&url) && url_is_loopback(&url);
}

enum result client_redirect_uri(struct cx *cx, const struct client *client, struct span asked,
                                struct span *redirect_uri)
{
    /*
     * OAuth 2.1 section 2.3.2: with more than one registered, "the client MUST include a
     * redirect URI with the authorization request". With a loopback one too: whoever listens
     * has chosen a port, and only the request can say which.
     */
    if (!span_present(asked)) {
        if (client->redirect_uri_count != 1 || is_loopback(client->redirect_uris[0]))
            return refuse(cx, INVALID_REDIRECT_URI, "redirect_uri_missing",
                          "redirect_uri is missing.");
        *redirect_uri = client->redirect_uris[0];
        return OK;
    }
    for (size_t i = 0; i < client->redirect_uri_count; i++) {
        if (url_redirect_matches(client->redirect_uris[i], asked)) {
            *redirect_uri = asked;
            return OK;
        }
    }
    return refuse(cx, INVALID_REDIRECT_URI, "redirect_uri_unregistered",
                  "redirect_uri is none of those that this client registered. It must be the same "
                  "to the letter; only the port of a loopback address may differ.");
}
