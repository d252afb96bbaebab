#include "oauth/client_metadata.h"
#include "oauth/copy.h"
#include "oauth/error.h"
#include "oauth/limit.h"
#include "text/url.h"

/*
 * The client's URL. draft-ietf-oauth-client-id-metadata-document section 3: "MUST have an "https"
 * scheme, MUST contain a path component, MUST NOT contain single-dot or double-dot path segments,
 * MUST NOT contain a fragment component and MUST NOT contain a username or password component".
 */
static enum result check_url(struct cx *cx, struct span client_id, struct url *url)
{
    if (url_parse(client_id, url) != OK)
        return refuse(cx, INVALID_CLIENT, "document_url_malformed",
                      "client_id is not a well-formed URL.");
    if (url->path.size < 2 || url_has_dot_segments(url) || span_present(url->fragment) ||
        url->has_userinfo)
        return refuse(cx, INVALID_CLIENT, "document_url_refused",
                      "A client_id that is a URL must have a path, and neither dot segments nor a "
                      "fragment, user name or password.");
    if (!gateway_may_fetch(cx->gateway, client_id))
        return refuse(cx, INVALID_CLIENT, "document_url_not_public",
                      "A client_id that is a URL must be an https URL on a public host.");
    return OK;
}

/* ---- the document ---- */

/*
 * Section 4.1: "the client metadata document MUST NOT include [...] client_secret_post,
 * client_secret_basic, client_secret_jwt, or any other method based around a shared symmetric
 * secret", nor a client_secret.
 */
static enum result check_no_secrets(struct cx *cx, const struct json *root)
{
    struct span method = json_text(metadata_member(root, SPAN("token_endpoint_auth_method")));
    if (span_starts(method, SPAN("client_secret")) ||
        metadata_member(root, SPAN("client_secret")) != NULL ||
        metadata_member(root, SPAN("client_secret_expires_at")) != NULL)
        return refuse(cx, INVALID_CLIENT_METADATA, "document_with_secret",
                      "A client metadata document is public: it may hold no client_secret and no "
                      "method that needs one.");
    return OK;
}

static unsigned public_method(const struct json *name)
{
    enum client_auth auth;
    if (client_auth_parse(json_text(name), &auth) != OK)
        return 0;
    return auth & (AUTH_NONE | AUTH_PRIVATE_KEY);
}

/*
 * token_endpoint_auth_method is what the client prefers; some documents list all that it can do
 * in token_endpoint_auth_methods_supported (OpenID Connect RP Metadata Choices). Any of them is
 * acceptable: it is the client itself that says so.
 */
static enum result read_auth(struct cx *cx, const struct json *root, struct client *client)
{
    const struct json *method = metadata_member(root, SPAN("token_endpoint_auth_method"));
    const struct json *methods =
        metadata_member(root, SPAN("token_endpoint_auth_methods_supported"));
    client->auth = public_method(method);
    for (const struct json *item = json_first(methods); item != NULL; item = json_next(item))
        client->auth |= public_method(item);
    if (method == NULL && methods == NULL)
        client->auth = AUTH_NONE; /* no secret is possible, so the default cannot be Basic */
    if (!span_present(client->jwks) && !span_present(client->jwks_uri))
        client->auth &= ~(unsigned)AUTH_PRIVATE_KEY;
    if (client->auth == 0)
        return refuse(cx, INVALID_CLIENT_METADATA, "document_auth_refused",
                      "token_endpoint_auth_method must be none, or private_key_jwt with jwks or "
                      "jwks_uri.");
    return OK;
}

static enum result read_document(struct cx *cx, struct span text, struct client *client)
{
    const struct json *root;
    if (json_parse(cx->arena, text, &root) != OK || !json_is_object(root))
        return refuse(cx, INVALID_CLIENT_METADATA, "document_no_json",
                      "The client metadata document is not one JSON object.");
    /* Section 4.1: "client_id" "MUST match the URL of the document using simple string comparison"
     */
    if (!span_equal(json_member_text(root, SPAN("client_id")), client->id))
        return refuse(cx, INVALID_CLIENT_METADATA, "document_of_other_client",
                      "client_id in the client metadata document is not the document's URL, to "
                      "the letter.");
    if (metadata_member(root, SPAN("client_name")) == NULL)
        return refuse(cx, INVALID_CLIENT_METADATA, "document_without_name",
                      "The client metadata document has no client_name.");
    TRY(metadata_redirect_uris(cx, root, client));
    TRY(metadata_name(cx, root, client));
    TRY(metadata_grants(cx, root, client));
    TRY(metadata_keys(cx, root, client));
    TRY(check_no_secrets(cx, root));
    return read_auth(cx, root, client);
}

/* ---- where it comes from ---- */

static void keep_copy(struct cx *cx, struct span key, const struct fetched *got)
{
    struct span cache_control = headers_get(&got->headers, SPAN("cache-control"));
    uint64_t seconds = http_max_age(cache_control, DOCUMENT_CACHE_SECONDS);
    if (seconds < DOCUMENT_MIN_CACHE_SECONDS)
        seconds = DOCUMENT_MIN_CACHE_SECONDS;
    if (seconds > DOCUMENT_MAX_CACHE_SECONDS)
        seconds = DOCUMENT_MAX_CACHE_SECONDS;
    copy_put_later(cx, key, got->body, (uint32_t)seconds);
}

/* application/json or application/<something>+json (section 4). */
static bool is_json(struct cx *cx, struct span content_type)
{
    struct span type;
    (void)span_cut(content_type, ';', &type);
    type = span_lower(cx->arena, span_trim(type, SPAN(" \t")));
    bool json = span_equal(type, SPAN("application/json")) ||
                (span_starts(type, SPAN("application/")) && span_ends(type, SPAN("+json")));
    return json && http_is_type(content_type, type);
}

static enum result fetch_document(struct cx *cx, struct span url, struct fetched *got)
{
    TRY(limit_caller(cx, SPAN("document")));
    /* Nothing of the browser's request goes along: neither cookies nor headers. */
    struct fetch wanted = {
        .method = SPAN("GET"),
        .url = url,
        .headers = {{SPAN("accept"), SPAN("application/json")}},
        .header_count = 1,
        .deadline_ms = DOCUMENT_DEADLINE_MS,
        .max_bytes = DOCUMENT_MAX_BYTES,
    };
    enum result fetched = host_fetch(cx, &wanted, got);
    if (fetched == PENDING)
        return PENDING;
    if (fetched == TOO_LARGE || (fetched == OK && got->body.size > DOCUMENT_MAX_BYTES))
        return refuse(cx, INVALID_CLIENT, "document_too_large",
                      "The client metadata document is larger than 5 KB.");
    if (fetched != OK || http_is_transient(got->status))
        return refuse(cx, TEMPORARILY_UNAVAILABLE, "document_unavailable",
                      "The client metadata document could not be fetched. Try again.");
    /* Section 4: only 200 is success, and redirects are not followed. */
    if (got->status != 200)
        return refuse(cx, INVALID_CLIENT, "document_status",
                      "The URL of the client metadata document does not answer with status 200.");
    if (!is_json(cx, headers_get(&got->headers, SPAN("content-type"))))
        return refuse(cx, INVALID_CLIENT, "document_type",
                      "The client metadata document is not served as application/json.");
    return OK;
}

enum result client_document(struct cx *cx, struct span client_id, struct client *client)
{
    struct url url;
    struct span text;
    if (!span_starts(client_id, SPAN("https://")) &&
        !(cx->gateway->development && span_starts(client_id, SPAN("http://"))))
        return NOT_FOUND;
    TRY(check_url(cx, client_id, &url));
    *client = (struct client){.kind = CLIENT_DOCUMENT, .id = client_id, .host = url.host};

    struct span key = copy_key(cx->arena, SPAN("document"), client_id);
    enum result copy = copy_get(cx, key, COPY_CACHE_MS, &text);
    if (copy == PENDING)
        return PENDING;
    if (copy == OK)
        return read_document(cx, text, client) == OK ? OK : INVALID_CLIENT;
    struct fetched got;
    TRY(fetch_document(cx, client_id, &got));
    if (read_document(cx, got.body, client) != OK)
        return INVALID_CLIENT; /* why has been noted */
    /* Section 4.4: only what is good is kept. */
    keep_copy(cx, key, &got);
    return OK;
}
