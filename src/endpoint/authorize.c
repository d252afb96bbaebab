/* GET /authorize: what the client asks for is checked in full, then the user is asked. */
#include "broker/audit.h"
#include "broker/downstream.h"
#include "endpoint/endpoint.h"
#include "endpoint/page.h"
#include "endpoint/transaction.h"
#include "oauth/error.h"
#include "oauth/limit.h"
#include "oauth/pkce.h"
#include "oauth/scope.h"
#include "text/url.h"

struct authorization {
    struct form query;
    struct client client;
    struct span redirect_uri;
    struct span state;
    struct span challenge;
    const struct server *server;
    struct span scopes;
};

/* Until client and redirect URI are known to belong together, nothing is sent anywhere. */
static enum result check_client(struct cx *cx, struct authorization *asked)
{
    TRY(form_parse(cx->arena, cx->request.query, &asked->query));
    /* OAuth 2.1 section 3.1: parameters must not be included more than once. */
    struct span twice = form_repeated(&asked->query, SPAN("resource"));
    if (span_present(twice))
        return refuse(cx, INVALID_REQUEST, "repeated_parameter",
                      "A parameter was sent more than once.");
    struct span client_id = form_get(&asked->query, SPAN("client_id"));
    if (!span_present(client_id))
        return refuse(cx, INVALID_REQUEST, "client_id_missing", "client_id is missing.");
    TRY(limit_caller(cx, SPAN("authorize")));
    TRY(client_find(cx, client_id, &asked->client));
    audit_client(cx, &asked->client);
    return client_redirect_uri(cx, &asked->client, form_get(&asked->query, SPAN("redirect_uri")),
                               &asked->redirect_uri);
}

/* OAuth 2.1 section 4.1.1: only codes, and only with an S256 challenge. */
static enum result check_pkce(struct cx *cx, struct authorization *asked)
{
    struct span type = form_get(&asked->query, SPAN("response_type"));
    if (!span_present(type))
        return refuse(cx, INVALID_REQUEST, "response_type_missing", "response_type is missing.");
    if (!span_equal(type, SPAN("code")))
        return refuse(cx, UNSUPPORTED_RESPONSE_TYPE, "response_type",
                      "Only response_type=code is offered.");
    asked->challenge = form_get(&asked->query, SPAN("code_challenge"));
    struct span method = form_get(&asked->query, SPAN("code_challenge_method"));
    if (!span_present(asked->challenge))
        return refuse(cx, INVALID_REQUEST, "challenge_missing",
                      "code_challenge is missing: PKCE is required of every client.");
    /* RFC 7636 section 4.3: no method means plain, which is not offered. */
    if (!span_equal(method, SPAN("S256")))
        return refuse(cx, INVALID_REQUEST, "challenge_method",
                      "code_challenge_method must be S256.");
    if (pkce_challenge_check(asked->challenge) != OK)
        return refuse(cx, INVALID_REQUEST, "challenge_malformed",
                      "code_challenge must be 43 base64url characters.");
    return OK;
}

/* RFC 8707: the server that the token is for; some clients do not say it. */
static enum result check_resource(struct cx *cx, struct authorization *asked)
{
    struct span resource = form_get(&asked->query, SPAN("resource"));
    if (form_count(&asked->query, SPAN("resource")) > 1)
        return refuse(cx, INVALID_TARGET, "resource_repeated",
                      "A token is for one resource: send one resource parameter.");
    if (span_present(resource))
        asked->server = gateway_server_of_resource(cx->arena, cx->gateway, resource);
    else if (cx->gateway->server_count == 1)
        asked->server = &cx->gateway->servers[0];
    if (asked->server != NULL)
        return OK;
    return refuse(cx, INVALID_TARGET, "resource_unknown",
                  "resource must be the URL of one of the servers published here.");
}

/*
 * RFC 6749 section 3.3: what we do not know of is left out and the answer says
 * so; clients ask for offline_access and the like out of habit.
 */
static enum result check_scope(struct cx *cx, struct authorization *asked)
{
    struct span scope = form_get(&asked->query, SPAN("scope"));
    struct span rest = scope;
    asked->scopes = asked->server->default_scopes;
    if (!span_present(span_word(&rest)))
        return OK;
    if (scope_parse(scope) != OK)
        return refuse(cx, INVALID_SCOPE, "scope_malformed", "scope is malformed.");
    asked->scopes = scope_intersection(cx->arena, scope, asked->server->all_scopes);
    if (asked->server->scope_count > 0 && asked->scopes.size == 0)
        return refuse(cx, INVALID_SCOPE, "scope_unknown",
                      "None of these scopes is known here; see scopes_supported.");
    return OK;
}

static enum result check_request(struct cx *cx, struct authorization *asked)
{
    if (asked->state.size > STATE_MAX) {
        asked->state = ABSENT;
        return refuse(cx, INVALID_REQUEST, "state_too_long", "state is longer than 2048 bytes.");
    }
    TRY(check_pkce(cx, asked));
    TRY(check_resource(cx, asked));
    return check_scope(cx, asked);
}

/*
 * RFC 9700 section 4.11.2: anybody can register a client, so an error is not
 * sent on automatically; the user may follow the link. A client that the
 * operator has named is trusted with it.
 */
static enum result tell_client(struct cx *cx, const struct authorization *asked, enum result result)
{
    struct span url = error_redirect_url(cx, asked->redirect_uri, asked->state, result);
    if (asked->client.kind == CLIENT_REGISTERED)
        respond_redirect(cx, url);
    else
        page_error(cx, error_status(result), SPAN("This request cannot be granted"),
                   error_description(cx, result),
                   SPAN("The application has asked for something that is not possible here. Go "
                        "back to it and try again; if it happens again, tell its developer."),
                   url);
    return OK;
}

static struct span host_of(struct span url_text)
{
    struct url url;
    return url_parse(url_text, &url) == OK ? url.host : ABSENT;
}

static enum result ask_user(struct cx *cx, const struct authorization *asked)
{
    const struct client *client = &asked->client;
    struct hash client_hash;
    sha256(client->id, &client_hash);
    struct transaction t = {
        .grant_id = host_random(cx, GRANT_ID_SIZE),
        .expires = cx->now + cx->gateway->lifetimes.transaction,
        .client_id_hash = hash_span(&client_hash),
        .client_name = client->name,
        .client_auth = client->auth,
        .refreshes = client->refreshes,
        .redirect_uri = asked->redirect_uri,
        .state = asked->state,
        .challenge = asked->challenge,
        .server = asked->server->id,
        .scopes = asked->scopes,
    };
    struct span cookie;
    struct span sealed;
    TRY(transaction_seal(cx, STAGE_CONSENT, &t, &cookie, &sealed));
    page_consent(cx, &(struct consent_page){
                         .client = client,
                         .server = asked->server,
                         .profile_name = asked->server->profile->name,
                         .profile_host = host_of(asked->server->profile->issuer),
                         .redirect_uri = asked->redirect_uri,
                         .scopes = asked->scopes,
                         .transaction = sealed,
                     });
    return OK;
}

enum result authorize(struct cx *cx)
{
    struct authorization asked = {0};
    audit(cx)->action = SPAN("authorize");
    audit(cx)->door = SPAN("oauth");
    TRY(check_client(cx, &asked));
    asked.state = form_get(&asked.query, SPAN("state"));
    enum result checked = check_request(cx, &asked);
    if (checked != OK)
        return tell_client(cx, &asked, checked);
    audit(cx)->server = asked.server->id;
    return ask_user(cx, &asked);
}
