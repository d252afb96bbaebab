/* POST /introspect (RFC 7662), for resource servers that latchkey.json names. */
#include "broker/audit.h"
#include "endpoint/endpoint.h"
#include "endpoint/oauth_form.h"
#include "oauth/error.h"
#include "oauth/grant.h"
#include "text/json.h"

enum { INTROSPECTION_MAX = 8192 };

/* RFC 7662 section 2.2: and not a word about why. */
static enum result inactive(struct cx *cx)
{
    respond_json(cx, 200, SPAN("{\"active\":false}"));
    return OK;
}

static enum result active(struct cx *cx, const struct server *server, const struct grant *grant,
                          const struct live_token *live)
{
    struct json_writer w = json_writer_make(cx->arena, INTROSPECTION_MAX);
    json_begin(&w, '{');
    json_put_bool(&w, "active", true);
    json_put_text(&w, "token_type", SPAN("Bearer"));
    json_put_text(&w, "iss", cx->gateway->issuer);
    json_put_text(&w, "sub", grant->user);
    json_put_text(&w, "aud", server->resource);
    json_put_text(&w, "scope", live->scopes);
    json_put_text(&w, "org", grant->identity.organization);
    json_put_u64(&w, "exp", live->expires);
    json_end(&w, '}');
    respond_json(cx, 200, json_written(&w));
    return OK;
}

enum result introspect(struct cx *cx)
{
    struct client_credentials client;
    struct span token;
    struct presented presented;
    struct grant_rows rows;
    audit(cx)->action = SPAN("introspect");
    TRY(read_token_form(cx, &client, &token));
    const struct registered_client *who = gateway_client(cx->gateway, client.client_id);
    if (who == NULL || who->introspects == NULL || client.method == AUTH_NONE)
        return refuse(cx, INVALID_CLIENT, "no_resource_server",
                      "Only a resource server that the operator has named may introspect.");
    if (access_token_open(cx, token, &presented) != OK)
        return inactive(cx);
    TRY(client_spend_assertion(cx, &client));
    enum result found = grant_read_now(cx, &presented, &rows);
    if (found == NOT_FOUND)
        return inactive(cx);
    TRY(found);
    /* RFC 7662 section 4: a resource learns only about tokens meant for it. */
    if (!grant_is_live(cx, &rows) || rows.grant.state != GRANT_LIVE ||
        !span_equal(rows.grant.server, who->introspects->id))
        return inactive(cx);
    return active(cx, who->introspects, &rows.grant, &rows.live);
}
