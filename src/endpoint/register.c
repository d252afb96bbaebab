/* POST /register: dynamic client registration (RFC 7591), without storing anything. */
#include "broker/audit.h"
#include "endpoint/endpoint.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/limit.h"
#include "text/json.h"

/* Room for a client_id, a secret and the names of the members. */
enum { RESPONSE_OVERHEAD = CLIENT_MAX_ID + 1024 };

/* Checked, and of no further meaning here: told back as they came, unless they were empty. */
static void put_pages(struct cx *cx, struct json_writer *w, struct span metadata)
{
    struct json_pick pages[] = {
        {"client_uri", ABSENT}, {"logo_uri", ABSENT}, {"policy_uri", ABSENT}, {"tos_uri", ABSENT}};
    const size_t count = sizeof pages / sizeof *pages;
    if (json_scan(cx->arena, metadata, pages, count) != OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (json_kind(pages[i].raw) == '"' && pages[i].raw.size > 2)
            json_put_raw(w, pages[i].path, pages[i].raw);
}

/*
 * RFC 7591 section 3.2.1: "The authorization server MUST return all registered metadata about
 * this client, including any fields provisioned by the authorization server itself." No
 * registration_client_uri: what is nowhere stored cannot be managed (RFC 7592).
 */
static struct span information(struct cx *cx, const struct client *client, struct span secret,
                               struct span metadata)
{
    struct json_writer w =
        json_writer_make(cx->arena, RESPONSE_OVERHEAD + 4 * CLIENT_MAX_PACKED + metadata.size);
    json_begin(&w, '{');
    json_put_text(&w, "client_id", client->id);
    json_put_u64(&w, "client_id_issued_at", cx->now);
    if (span_present(secret)) {
        json_put_text(&w, "client_secret", secret);
        json_put_u64(&w, "client_secret_expires_at", 0); /* never */
    }
    json_put_text(&w, "client_name", client->name);
    json_begin_member(&w, "redirect_uris", '[');
    for (size_t i = 0; i < client->redirect_uri_count; i++)
        json_add_text(&w, client->redirect_uris[i]);
    json_end(&w, ']');
    json_put_text(&w, "token_endpoint_auth_method",
                  client_auth_name((enum client_auth)client->auth));
    json_begin_member(&w, "grant_types", '[');
    json_add_text(&w, SPAN("authorization_code"));
    if (client->refreshes)
        json_add_text(&w, SPAN("refresh_token"));
    json_end(&w, ']');
    json_put_raw(&w, "response_types", SPAN("[\"code\"]"));
    if (span_present(client->jwks))
        json_put_raw(&w, "jwks", client->jwks);
    json_put_text(&w, "jwks_uri", client->jwks_uri);
    put_pages(cx, &w, metadata);
    json_end(&w, '}');
    return json_written(&w);
}

enum result register_client(struct cx *cx)
{
    struct client client;
    struct span metadata;
    struct span secret;
    audit(cx)->action = SPAN("register");
    if (!http_is_type(headers_get(&cx->request.headers, SPAN("content-type")),
                      SPAN("application/json")))
        return refuse(cx, INVALID_CLIENT_METADATA, "registration_type",
                      "Send the client metadata as application/json.");
    enum result limit = limit_caller(cx, SPAN("register"));
    enum result body = host_body(cx, REGISTRATION_MAX_BYTES, &metadata);
    TRY(host_both(limit, body));
    TRY(client_register(cx, metadata, &client, &secret));
    audit_client(cx, &client);
    respond_json(cx, 201, information(cx, &client, secret, metadata));
    return OK;
}
