#include "oauth/client_metadata.h"

#include "oauth/error.h"
#include "text/html.h"
#include "text/url.h"

enum {
    SHOWN_MAX = 200 /* bytes of somebody's value in a description */
};

const struct json *metadata_member(const struct json *root, struct span name)
{
    const struct json *member = json_member(root, name);
    bool empty = json_is_string(member) && json_text(member).size == 0;
    return json_is_null(member) || empty ? NULL : member;
}

enum result metadata_redirect_uris(struct cx *cx, const struct json *root, struct client *client)
{
    const struct json *list = metadata_member(root, SPAN("redirect_uris"));
    size_t count = json_count(list);
    if (!json_is_array(list) || count == 0)
        return refuse(cx, INVALID_REDIRECT_URI, "redirect_uris_missing",
                      "redirect_uris must be an array with at least one URI.");
    if (count > CLIENT_MAX_REDIRECT_URIS)
        return refuse(cx, INVALID_REDIRECT_URI, "redirect_uris_too_many",
                      "redirect_uris has more than 32 URIs.");
    client->redirect_uris = ARENA_ARRAY(cx->arena, count, struct span);
    client->redirect_uri_count = 0;
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item)) {
        struct span uri = json_text(item);
        if (!span_present(uri))
            return refuse(cx, INVALID_REDIRECT_URI, "redirect_uri_no_string",
                          "redirect_uris must hold strings only.");
        struct span refusal = url_redirect_refusal(uri);
        if (span_present(refusal))
            return refuse_with(cx, INVALID_REDIRECT_URI, "redirect_uri_refused",
                               JOIN(cx->arena, SPAN("redirect_uris: "), span_first(uri, SHOWN_MAX),
                                    SPAN(": "), refusal));
        client->redirect_uris[client->redirect_uri_count++] = uri;
    }
    return OK;
}

struct span client_default_name(const struct client *client)
{
    struct url url;
    if (client->redirect_uri_count == 0 || url_parse(client->redirect_uris[0], &url) != OK)
        return SPAN("?");
    return span_present(url.host) && url.host.size > 0 ? url.host : url.scheme;
}

enum result metadata_name(struct cx *cx, const struct json *root, struct client *client)
{
    const struct json *name = metadata_member(root, SPAN("client_name"));
    if (name != NULL && !json_is_string(name))
        return refuse(cx, INVALID_CLIENT_METADATA, "client_name_no_string",
                      "client_name must be a string.");
    struct span text = name != NULL ? json_text(name) : SPAN("");
    client->name = html_display_name(cx->arena, text, CLIENT_MAX_NAME);
    if (client->name.size == 0)
        client->name = client_default_name(client);
    return OK;
}

static bool lists(const struct json *list, struct span word)
{
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item))
        if (span_present(json_text(item)) && span_equal(json_text(item), word))
            return true;
    return false;
}

enum result metadata_grants(struct cx *cx, const struct json *root, struct client *client)
{
    const struct json *grants = metadata_member(root, SPAN("grant_types"));
    const struct json *responses = metadata_member(root, SPAN("response_types"));
    /*
     * RFC 7591 section 2: without grant_types "the default behavior is that the client will use
     * only the "authorization_code" Grant Type". A client that leaves it out still gets refresh
     * tokens: the alternative for its users is to sign in again every few minutes.
     */
    if (grants != NULL && (!json_is_array(grants) || !lists(grants, SPAN("authorization_code"))))
        return refuse(cx, INVALID_CLIENT_METADATA, "grant_types_without_code",
                      "grant_types must be an array with authorization_code among them.");
    if (responses != NULL && (!json_is_array(responses) || !lists(responses, SPAN("code"))))
        return refuse(cx, INVALID_CLIENT_METADATA, "response_types_without_code",
                      "response_types must be an array with code among them.");
    client->refreshes = grants == NULL || lists(grants, SPAN("refresh_token"));
    return OK;
}

/* Members outside this list (x5c, key_ops, ...) are no longer needed once jwk_parse said yes. */
static const char *const KEY_MEMBERS[] = {"kty", "crv", "x", "y", "n", "e", "alg", "kid"};

enum result metadata_jwks(struct arena *a, const struct json *jwks, struct span *text)
{
    const struct json *keys = json_member(jwks, SPAN("keys"));
    size_t usable = 0;
    if (!json_is_array(keys) || json_count(keys) > CLIENT_MAX_KEYS)
        return MALFORMED;
    struct json_writer w = json_writer_make(a, 16 + json_count(keys) * CLIENT_MAX_KEY_BYTES);
    json_begin(&w, '{');
    json_begin_member(&w, "keys", '[');
    for (const struct json *key = json_first(keys); key != NULL; key = json_next(key)) {
        struct jwk parsed;
        if (jwk_parse(a, key, &parsed) != OK)
            continue;
        usable++;
        json_begin(&w, '{');
        for (size_t i = 0; i < sizeof KEY_MEMBERS / sizeof *KEY_MEMBERS; i++)
            json_put_text(&w, KEY_MEMBERS[i], json_member_text(key, span_of(KEY_MEMBERS[i])));
        json_end(&w, '}');
    }
    json_end(&w, ']');
    json_end(&w, '}');
    struct span written = json_written(&w);
    if (usable == 0 || !span_present(written))
        return MALFORMED;
    *text = written;
    return OK;
}

enum result metadata_keys(struct cx *cx, const struct json *root, struct client *client)
{
    const struct json *jwks = metadata_member(root, SPAN("jwks"));
    const struct json *jwks_uri = metadata_member(root, SPAN("jwks_uri"));
    /* RFC 7591 section 2: "jwks_uri" and "jwks" "MUST NOT both be present in the same request". */
    if (jwks != NULL && jwks_uri != NULL)
        return refuse(cx, INVALID_CLIENT_METADATA, "jwks_twice",
                      "Give either jwks or jwks_uri, not both.");
    client->jwks = ABSENT;
    if (jwks != NULL && metadata_jwks(cx->arena, jwks, &client->jwks) != OK)
        return refuse(cx, INVALID_CLIENT_METADATA, "jwks_unusable",
                      "jwks must be a JWK set of at most 8 public keys, with one for ES256, RS256 "
                      "or PS256 among them, and no private ones.");
    client->jwks_uri = json_text(jwks_uri);
    if (jwks_uri != NULL && !gateway_may_fetch(cx->gateway, client->jwks_uri))
        return refuse(cx, INVALID_CLIENT_METADATA, "jwks_uri_refused",
                      "jwks_uri must be an https URL on a public host.");
    return OK;
}
