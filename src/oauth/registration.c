#include "base/base64.h"
#include "oauth/client_metadata.h"
#include "oauth/error.h"
#include "text/url.h"

/*
 * A client_id is "lkc_" base64url(MAC || record). The record, kept short since
 * it stands in every URL of the flow:
 *
 *   u8   REGISTRATION_FORMAT
 *   u8   enum client_auth, and REFRESHES
 *   u32  when it was issued, seconds since 1970
 *   span name; ABSENT: client_default_name()
 *   span redirect URIs, separated by spaces
 *   span for a secret: random bytes; for a private key: jwks, or ABSENT and
 *   span jwks_uri
 */
enum { REGISTRATION_FORMAT = 1, REFRESHES = 0x80, UNIQUE_SIZE = 16 };

static const unsigned BY_SECRET = AUTH_SECRET_BASIC | AUTH_SECRET_POST;

#define ID_PREFIX SPAN("lkc_")

static struct span pack_record(struct cx *cx, const struct client *client)
{
    struct builder b = builder_make(cx->arena, CLIENT_MAX_PACKED);
    pack_u8(&b, REGISTRATION_FORMAT);
    pack_u8(&b, (uint8_t)(client->auth | (client->refreshes ? REFRESHES : 0)));
    pack_u32(&b, (uint32_t)cx->now);
    pack_span(&b, span_equal(client->name, client_default_name(client)) ? ABSENT : client->name);
    struct builder uris = builder_make(cx->arena, CLIENT_MAX_PACKED);
    for (size_t i = 0; i < client->redirect_uri_count; i++) {
        if (i > 0)
            build_byte(&uris, ' ');
        build_span(&uris, client->redirect_uris[i]);
    }
    b.overflow |= uris.overflow;
    pack_span(&b, built(&uris));
    if ((client->auth & BY_SECRET) != 0)
        pack_span(&b, host_random(cx, UNIQUE_SIZE));
    if ((client->auth & AUTH_PRIVATE_KEY) != 0) {
        pack_span(&b, client->jwks);
        if (!span_present(client->jwks))
            pack_span(&b, client->jwks_uri);
    }
    return built(&b);
}

static void unpack_redirect_uris(struct arena *a, struct span uris, struct client *client)
{
    size_t max = 1;
    for (size_t i = 0; i < uris.size; i++)
        max += uris.data[i] == ' ';
    client->redirect_uris = ARENA_ARRAY(a, max, struct span);
    for (struct span uri = span_word(&uris); span_present(uri); uri = span_word(&uris))
        client->redirect_uris[client->redirect_uri_count++] = uri;
}

static enum result unpack_record(struct cx *cx, struct span record, struct client *client)
{
    struct unpacker u = unpack_make(record);
    if (unpack_u8(&u) != REGISTRATION_FORMAT)
        return MALFORMED;
    uint8_t flags = unpack_u8(&u);
    client->auth = flags & ~(unsigned)REFRESHES;
    client->refreshes = (flags & REFRESHES) != 0;
    (void)unpack_u32(&u);
    client->name = unpack_span(&u);
    unpack_redirect_uris(cx->arena, unpack_span(&u), client);
    if (!span_present(client->name))
        client->name = client_default_name(client);
    if ((client->auth & BY_SECRET) != 0)
        (void)unpack_span(&u);
    if ((client->auth & AUTH_PRIVATE_KEY) != 0) {
        client->jwks = unpack_span(&u);
        if (!span_present(client->jwks))
            client->jwks_uri = unpack_span(&u);
    }
    return unpack_done(&u);
}

/* The secret of a client_id: nobody can make it who has not the root secret. */
static struct span secret_of(struct cx *cx, struct span client_id, bool previous)
{
    struct key key;
    derive(&cx->gateway->keys, FOR_SECRET, previous, 1, &client_id, &key);
    return base64url_encode(cx->arena, key_span(&key));
}

static void expect_secrets(struct cx *cx, struct client *client)
{
    if ((client->auth & BY_SECRET) == 0)
        return;
    client->secret_count = cx->gateway->keys.has_previous ? 2 : 1;
    for (size_t i = 0; i < client->secret_count; i++)
        sha256(secret_of(cx, client->id, i == 1), &client->secret_hashes[i]);
}

enum result client_dynamic(struct cx *cx, struct span client_id, struct client *client)
{
    struct span bytes;
    if (!span_starts(client_id, ID_PREFIX))
        return NOT_FOUND;
    if (base64url_decode(cx->arena, span_skip(client_id, ID_PREFIX.size), &bytes) != OK)
        return refuse(cx, INVALID_CLIENT, "client_id_malformed", "client_id is damaged.");
    struct span mac = span_first(bytes, MAC_SIZE);
    struct span record = span_skip(bytes, MAC_SIZE);
    if (mac_check(&cx->gateway->keys, FOR_CLIENT, 1, &record, mac, NULL) != OK)
        return refuse(cx, INVALID_CLIENT, "client_id_forged",
                      "This client_id is not one of this server, or no longer. Register again.");
    *client = (struct client){.kind = CLIENT_DYNAMIC, .id = client_id};
    if (unpack_record(cx, record, client) != OK)
        return refuse(cx, INVALID_CLIENT, "client_id_of_other_format",
                      "This client_id is of another version of this server. Register again.");
    expect_secrets(cx, client);
    return OK;
}

/* ---- the request ---- */

static enum result check_auth(struct cx *cx, const struct json *root, struct client *client)
{
    const struct json *method = metadata_member(root, SPAN("token_endpoint_auth_method"));
    enum client_auth auth = AUTH_SECRET_BASIC; /* RFC 7591 section 2: the default */
    if (method != NULL && client_auth_parse(json_text(method), &auth) != OK)
        return refuse(cx, INVALID_CLIENT_METADATA, "auth_method_unknown",
                      "token_endpoint_auth_method must be none, client_secret_basic, "
                      "client_secret_post or private_key_jwt.");
    client->auth = auth;
    bool has_keys = span_present(client->jwks) || span_present(client->jwks_uri);
    if (auth == AUTH_PRIVATE_KEY && !has_keys)
        return refuse(cx, INVALID_CLIENT_METADATA, "keys_missing",
                      "private_key_jwt needs jwks or jwks_uri.");
    return OK;
}

/* Whether a list, if it is there, holds nothing but words of `offered`. */
static bool only(const struct json *list, struct span offered)
{
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item))
        if (!span_has_word(offered, json_text(item)))
            return false;
    return true;
}

/* RFC 7591 section 2.1: what is asked for and not offered is refused, not dropped. */
static enum result check_offered(struct cx *cx, const struct json *root)
{
    if (!only(metadata_member(root, SPAN("grant_types")), SPAN("authorization_code refresh_token")))
        return refuse(cx, INVALID_CLIENT_METADATA, "grant_type_not_offered",
                      "grant_types may hold authorization_code and refresh_token only.");
    if (!only(metadata_member(root, SPAN("response_types")), SPAN("code")))
        return refuse(cx, INVALID_CLIENT_METADATA, "response_type_not_offered",
                      "response_types may hold code only.");
    return OK;
}

/* RFC 7591 section 5: URLs of pages about the client; we show none, others may. */
static enum result check_pages(struct cx *cx, const struct json *root)
{
    static const char *const PAGES[] = {"client_uri", "logo_uri", "policy_uri", "tos_uri"};
    for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++) {
        struct span name = span_of(PAGES[i]);
        const struct json *page = metadata_member(root, name);
        struct url url;
        if (page != NULL && (url_parse(json_text(page), &url) != OK || !url_is_https(&url)))
            return refuse_with(cx, INVALID_CLIENT_METADATA, "page_no_https_url",
                               JOIN(cx->arena, name, SPAN(" must be an absolute https URL.")));
    }
    return OK;
}

enum result client_register(struct cx *cx, struct span metadata, struct client *client,
                            struct span *secret)
{
    const struct json *root;
    if (json_parse(cx->arena, metadata, &root) != OK || !json_is_object(root))
        return refuse(cx, INVALID_CLIENT_METADATA, "registration_no_json",
                      "The body must be one JSON object, without a name that stands twice.");
    *client = (struct client){.kind = CLIENT_DYNAMIC};
    TRY(metadata_redirect_uris(cx, root, client));
    TRY(metadata_name(cx, root, client));
    TRY(metadata_grants(cx, root, client));
    TRY(check_offered(cx, root));
    TRY(metadata_keys(cx, root, client));
    TRY(check_auth(cx, root, client));
    TRY(check_pages(cx, root));

    struct span record = pack_record(cx, client);
    if (!span_present(record))
        return refuse(cx, INVALID_CLIENT_METADATA, "registration_too_large",
                      "The redirect URIs, the name and the keys come to more than 2048 bytes. "
                      "Register fewer redirect URIs, or jwks_uri instead of jwks.");
    uint8_t mac[MAC_SIZE];
    mac_make(&cx->gateway->keys, FOR_CLIENT, 1, &record, mac);
    struct span bytes = JOIN(cx->arena, span_bytes(mac, sizeof mac), record);
    client->id = JOIN(cx->arena, ID_PREFIX, base64url_encode(cx->arena, bytes));
    expect_secrets(cx, client);
    *secret = (client->auth & BY_SECRET) != 0 ? secret_of(cx, client->id, false) : ABSENT;
    return OK;
}
