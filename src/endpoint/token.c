/* POST /token: a code or a refresh token becomes an access token. */
#include "broker/audit.h"
#include "endpoint/endpoint.h"
#include "endpoint/oauth_form.h"
#include "oauth/error.h"
#include "oauth/grant.h"
#include "oauth/limit.h"
#include "oauth/pkce.h"
#include "oauth/scope.h"
#include "text/json.h"

enum { RESPONSE_OVERHEAD = 256 };

/* The code is spent, the old token rotated: the answer must fit. None of the three has characters
 * that JSON escapes. */
static void respond_token(struct cx *cx, const struct token_response *r)
{
    struct json_writer w = json_writer_make(cx->arena, RESPONSE_OVERHEAD + r->access_token.size +
                                                           r->refresh_token.size + r->scopes.size);
    json_begin(&w, '{');
    json_put_text(&w, "access_token", r->access_token);
    json_put_text(&w, "token_type", SPAN("Bearer"));
    json_put_u64(&w, "expires_in", r->expires_in);
    json_put_text(&w, "refresh_token", r->refresh_token);
    json_put_text(&w, "scope", r->scopes);
    json_end(&w, '}');
    respond_json(cx, 200, json_written(&w));
}

/* RFC 8707 section 2.2, before anything is consumed. NULL: no resource was named. */
static enum result named_server(struct cx *cx, const struct form *form,
                                const struct server **server)
{
    struct span resource = form_get(form, SPAN("resource"));
    *server = NULL;
    if (form_count(form, SPAN("resource")) > 1)
        return refuse(cx, INVALID_TARGET, "resource_repeated",
                      "A token is for one resource: send one resource parameter.");
    if (!span_present(resource))
        return OK;
    *server = gateway_server_of_resource(cx->arena, cx->gateway, resource);
    if (*server == NULL)
        return refuse(cx, INVALID_TARGET, "resource_unknown",
                      "resource must be the URL of one of the servers published here.");
    return OK;
}

/* Whose a code or refresh token is, and how its holder has to show that. */
static enum result check_client(struct cx *cx, const struct grant_facts *facts,
                                const struct client_credentials *client)
{
    struct hash hash;
    sha256(client->client_id, &hash);
    if (!span_equal(facts->client_id_hash, hash_span(&hash)))
        return refuse(cx, INVALID_GRANT, "client_differs", "This was issued to another client.");
    if ((facts->client_auth & client->method) == 0)
        return refuse(cx, INVALID_CLIENT, "client_auth_differs",
                      "The client must authenticate with a method that it had registered "
                      "when the user agreed.");
    return OK;
}

/* Everything that a code's request has to match, in the order in which it is asked. */
static enum result check_code(struct cx *cx, const struct form *form,
                              const struct client_credentials *client, const struct code *code)
{
    TRY(check_client(cx, &code->facts, client));
    if (code->expires <= cx->now)
        return refuse(cx, INVALID_GRANT, "code_expired",
                      "This authorization code was used before or is no longer valid.");
    /* OAuth 2.1 section 10.2: clients of OAuth 2.0 send it, and then it must match. */
    struct span redirect_uri = form_get(form, SPAN("redirect_uri"));
    struct hash hash;
    sha256(redirect_uri, &hash);
    if (span_present(redirect_uri) && !span_equal(code->redirect_uri_hash, hash_span(&hash)))
        return refuse(cx, INVALID_GRANT, "redirect_uri_differs",
                      "redirect_uri is not the one of the authorization request.");
    /* RFC 7636 section 4.6 */
    struct span verifier = form_get(form, SPAN("code_verifier"));
    if (pkce_verifier_check(verifier) != OK)
        return refuse(cx, INVALID_REQUEST, "verifier_malformed",
                      "code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~");
    if (pkce_verify(cx->arena, code->challenge, verifier) != OK)
        return refuse(cx, INVALID_GRANT, "verifier_differs",
                      "code_verifier does not belong to the code_challenge.");
    return OK;
}

static enum result by_code(struct cx *cx, const struct form *form,
                           const struct client_credentials *client)
{
    struct span text = form_get(form, SPAN("code"));
    const struct server *server;
    struct presented presented;
    struct code code;
    struct token_response response = {0};
    if (!span_present(text))
        return refuse(cx, INVALID_REQUEST, "code_missing", "code is missing.");
    TRY(named_server(cx, form, &server));
    TRY(code_open(cx, text, &code, &presented));
    TRY(limit_grant(cx, presented.grant_id));
    audit_facts(cx, &code.facts);
    TRY(check_code(cx, form, client, &code));
    if (server != NULL && !span_equal(server->id, code.facts.server))
        return refuse(cx, INVALID_TARGET, "resource_differs",
                      "The authorization was for another resource.");
    TRY(client_spend_assertion(cx, client));
    TRY(grant_redeem(cx, &presented, &code, client->client_id, &response));
    respond_token(cx, &response);
    return OK;
}

/* Everything that a refresh must be, in the order in which it is asked; consumes nothing. */
static enum result check_refresh(struct cx *cx, const struct client_credentials *client,
                                 const struct refresh_token *token, const struct server *server,
                                 struct span scope)
{
    const struct grant_facts *facts = &token->facts;
    TRY(check_client(cx, facts, client));
    if (token->expires <= cx->now)
        return refuse(cx, INVALID_GRANT, "refresh_expired",
                      "This refresh token was not used for too long. Sign in again.");
    /* RFC 8707 section 2.2: only what the grant was made for. */
    if (server != NULL && !span_equal(server->id, facts->server))
        return refuse(cx, INVALID_TARGET, "resource_differs", "The grant is for another resource.");
    /* OAuth 2.1 section 4.3.1: the scope may shrink, never grow; omitted means original. */
    if (span_present(scope) && (scope_parse(scope) != OK || !scope_covers(facts->scopes, scope)))
        return refuse(cx, INVALID_SCOPE, "scope_grows",
                      "A refresh cannot ask for scopes that were not granted.");
    return OK;
}

static enum result by_refresh(struct cx *cx, const struct form *form,
                              const struct client_credentials *client)
{
    struct span text = form_get(form, SPAN("refresh_token"));
    struct span scope = form_get(form, SPAN("scope"));
    const struct server *server;
    struct refresh_request request = {.client_id = client->client_id};
    struct token_response response = {0};
    if (!span_present(text))
        return refuse(cx, INVALID_REQUEST, "refresh_missing", "refresh_token is missing.");
    TRY(named_server(cx, form, &server));
    if (refresh_token_open(cx, text, &request.token, &request.presented) != OK)
        return refuse(cx, INVALID_GRANT, "refresh_unknown",
                      "This refresh token was not issued here, or is damaged.");
    TRY(limit_grant(cx, request.presented.grant_id));
    audit_facts(cx, &request.token.facts);
    TRY(client_spend_assertion(cx, client));
    TRY(check_refresh(cx, client, &request.token, server, scope));
    request.scopes = request.token.facts.scopes;
    if (span_present(scope))
        request.scopes = scope_intersection(cx->arena, scope, request.scopes);
    TRY(grant_rotate(cx, &request, &response));
    respond_token(cx, &response);
    return OK;
}

static const struct {
    const char *name;
    enum result (*serve)(struct cx *, const struct form *, const struct client_credentials *);
} GRANT_TYPES[] = {
    {"authorization_code", by_code},
    {"refresh_token", by_refresh},
};

enum result token(struct cx *cx)
{
    struct form form;
    struct client_credentials client;
    audit(cx)->action = SPAN("token");
    audit(cx)->door = SPAN("oauth");
    TRY(read_oauth_form(cx, &form, SPAN("resource")));
    struct span type = form_get(&form, SPAN("grant_type"));
    if (!span_present(type))
        return refuse(cx, INVALID_REQUEST, "grant_type_missing", "grant_type is missing.");
    for (size_t i = 0; i < sizeof GRANT_TYPES / sizeof GRANT_TYPES[0]; i++) {
        if (!span_equal(type, span_of(GRANT_TYPES[i].name)))
            continue;
        audit(cx)->action = span_of(GRANT_TYPES[i].name);
        TRY(authenticate_client(cx, &form, &client));
        return GRANT_TYPES[i].serve(cx, &form, &client);
    }
    return refuse(cx, UNSUPPORTED_GRANT_TYPE, "grant_type_unknown",
                  "grant_type must be authorization_code or refresh_token.");
}
