/*
 * /mcp/{server}: a call comes in with our token and goes on with the user's
 * downstream token. In steady state this is one ledger step and one forward;
 * a token that we did not make costs no I/O at all.
 */
#include "broker/audit.h"
#include "broker/connection.h"
#include "broker/mcp.h"
#include "endpoint/endpoint.h"
#include "oauth/error.h"
#include "oauth/scope.h"
#include "text/form.h"
#include "text/url.h"

enum {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_INTERNAL = -32603,
    RPC_HEADER_MISMATCH = -32020,
    MAX_FORWARDED_HEADERS = 48,
    MAX_ADDED_HEADERS = 4,
    LOGGED_NAME_MAX = 64
};

/*
 * What of the client's request the runtime may see: whatever is not named here
 * stays behind, so no cookie, credential or claimed identity can slip through.
 */
static const char *const FORWARDED[] = {
    "accept", "accept-language", "content-type", "last-event-id",
    "mcp-*",  "traceparent",     "tracestate",   "user-agent",
};

/* What of the runtime's answer the client may see. */
static const char *const KEPT[] = {
    "allow", "cache-control", "content-language",  "content-type",
    "mcp-*", "retry-after",   "x-accel-buffering",
};

struct call {
    const struct server *server;
    struct presented token;
    struct span origin; /* ABSENT: not from a browser */
    struct span body;
    struct mcp_message message;
    struct grant_rows rows;
};

/* ---- answers of our own ---- */

static void add_cors(struct cx *cx, const struct call *call)
{
    if (!span_present(call->origin))
        return;
    respond_header(cx, SPAN("access-control-allow-origin"), call->origin);
    respond_header(cx, SPAN("access-control-expose-headers"),
                   SPAN("WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version"));
    respond_header(cx, SPAN("vary"), SPAN("Origin"));
}

static enum result challenge(struct cx *cx, const struct call *call, enum result result,
                             struct span scope)
{
    struct span metadata =
        JOIN(cx->arena, cx->gateway->issuer, SPAN("/.well-known/oauth-protected-resource/mcp/"),
             call->server->id);
    respond_challenge(cx, result, metadata, scope);
    add_cors(cx, call);
    return OK;
}

static enum result rpc_error(struct cx *cx, const struct call *call, uint32_t status, int code,
                             enum result result)
{
    mcp_respond_error(cx, status, call->message.id, code, error_description(cx, result));
    if (status == 503)
        respond_header(cx, SPAN("retry-after"), SPAN("1"));
    add_cors(cx, call);
    return OK;
}

/* ---- who calls ---- */

static bool origin_is_known(const struct cx *cx, const struct call *call)
{
    struct url url;
    if (span_equal(call->origin, cx->gateway->issuer))
        return true;
    for (size_t i = 0; i < call->server->origin_count; i++)
        if (span_equal(call->origin, call->server->origins[i]))
            return true;
    return cx->gateway->development && url_parse(call->origin, &url) == OK && url_is_loopback(&url);
}

/* Streamable HTTP, security: a present and unknown Origin is refused (DNS rebinding). */
static enum result check_origin(struct cx *cx, struct call *call)
{
    call->origin = headers_get(&cx->request.headers, SPAN("origin"));
    if (!span_present(call->origin) || origin_is_known(cx, call))
        return OK;
    return refuse(cx, FORBIDDEN_ORIGIN, "origin_unknown",
                  "This origin may not call this server; the operator can allow it.");
}

static enum result preflight(struct cx *cx, const struct call *call)
{
    respond(cx, 204, ABSENT, SPAN(""));
    add_cors(cx, call);
    respond_header(cx, SPAN("access-control-allow-methods"), SPAN("GET, POST, DELETE"));
    respond_header(cx, SPAN("access-control-allow-headers"),
                   SPAN("Authorization, Content-Type, Accept, Last-Event-ID, MCP-Protocol-Version, "
                        "Mcp-Session-Id, Mcp-Method, Mcp-Name"));
    respond_header(cx, SPAN("access-control-max-age"), SPAN("86400"));
    return OK;
}

/* ---- the token ---- */

static enum result invalid_token(struct cx *cx, const char *reason)
{
    return refuse(cx, INVALID_TOKEN, reason,
                  "The access token is not valid here: expired, revoked, or for another server.");
}

/*
 * OAuth 2.1 section 5.3.2: a request that "uses more than one method for including an access
 * token" is invalid. In the query alone it is no method at all: there it ends up in logs.
 */
static bool has_token_in_query(struct cx *cx)
{
    struct form query;
    return span_present(cx->request.query) &&
           form_parse(cx->arena, cx->request.query, &query) == OK &&
           form_count(&query, SPAN("access_token")) > 0;
}

static enum result read_token(struct cx *cx, struct presented *token)
{
    struct span text;
    struct span header = headers_get(&cx->request.headers, SPAN("authorization"));
    if (!span_present(header))
        return refuse(cx, INVALID_REQUEST, "no_credentials", "Sign in first.");
    if (has_token_in_query(cx))
        return refuse(cx, INVALID_REQUEST, "token_twice",
                      "Send the access token in the Authorization header only.");
    if (http_credentials(header, SPAN("Bearer"), &text) != OK || !span_present(text))
        return invalid_token(cx, "credentials_malformed");
    if (access_token_open(cx, text, token) != OK)
        return invalid_token(cx, "token_unknown");
    return OK;
}

static enum result check_token(struct cx *cx, struct call *call)
{
    if (!grant_is_live(cx, &call->rows))
        return invalid_token(cx, "token_dead");
    audit_grant(cx, call->token.grant_id, &call->rows.grant);
    /* RFC 8707, MCP: a token is good for the one server that it was issued for. */
    if (!span_equal(call->rows.grant.server, call->server->id))
        return invalid_token(cx, "audience_differs");
    if (call->rows.grant.state != GRANT_LIVE)
        return invalid_token(cx, "downstream_broken");
    return OK;
}

/* ---- the message ---- */

/* What a client wrote stands in the log only if it is short enough to be no token. */
static struct span loggable(struct span name)
{
    return name.size <= LOGGED_NAME_MAX ? name : SPAN("(long)");
}

static enum result check_message(struct cx *cx, struct call *call, bool *answered)
{
    bool header_mismatch;
    enum result read = mcp_read(cx, call->body, &call->message, &header_mismatch);
    *answered = true;
    if (read == MALFORMED || read == TOO_LARGE)
        return rpc_error(cx, call, 400, RPC_PARSE_ERROR,
                         refuse(cx, MALFORMED, "json", "The body is no strict JSON."));
    if (read != OK)
        return rpc_error(cx, call, 400, RPC_INVALID_REQUEST, read);
    audit(cx)->method = loggable(call->message.method);
    if (call->message.is_tool_call)
        audit(cx)->tool = loggable(call->message.name);
    if (header_mismatch)
        return rpc_error(cx, call, 400, RPC_HEADER_MISMATCH,
                         refuse(cx, INVALID_REQUEST, "header_mismatch",
                                "The Mcp-* headers are not what the body says."));
    *answered = false;
    return OK;
}

/* The scopes that this call needs; ABSENT: no more than any token has. */
static struct span needed_scopes(const struct call *call)
{
    if (!call->message.is_tool_call)
        return ABSENT;
    for (size_t i = 0; i < call->server->tool_count; i++)
        if (span_equal(call->server->tools[i].name, call->message.name))
            return call->server->tools[i].scopes;
    return ABSENT;
}

/*
 * All that is needed and all that was granted: a client that asks for just this
 * string ends with no less than it had.
 */
static enum result insufficient_scope(struct cx *cx, const struct call *call, struct span needed)
{
    if (!scope_covers(call->rows.grant.scopes, needed))
        grant_step_up_later(cx, call->token.grant_id);
    return challenge(cx, call,
                     refuse(cx, INSUFFICIENT_SCOPE, "scope_missing",
                            "This tool needs scopes that the token does not have."),
                     scope_union(cx->arena, call->rows.grant.scopes, needed));
}

/* ---- the forward ---- */

static bool named(struct span name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span entry = span_of(list[i]);
        bool prefix = span_ends(entry, SPAN("*"));
        struct span start = prefix ? span_first(name, entry.size - 1) : name;
        if (span_equal_nocase(start, prefix ? span_first(entry, entry.size - 1) : entry))
            return true;
    }
    return false;
}

static size_t outgoing_headers(struct cx *cx, const struct call *call, struct span access_token,
                               struct header *out)
{
    size_t count = 0;
    const struct headers *in = &cx->request.headers;
    for (size_t i = 0; i < in->count && count < MAX_FORWARDED_HEADERS; i++)
        if (named(in->list[i].name, FORWARDED, sizeof FORWARDED / sizeof FORWARDED[0]) &&
            http_is_field_value(in->list[i].value))
            out[count++] = in->list[i];
    out[count++] =
        (struct header){SPAN("authorization"), JOIN(cx->arena, SPAN("Bearer "), access_token)};
    for (size_t i = 0; i < call->server->header_count; i++)
        out[count++] = call->server->headers[i];
    return count;
}

/* OK: the runtime has answered 401, nothing has gone to the client. */
static enum result forward(struct cx *cx, const struct call *call, struct span access_token)
{
    struct header *out = ARENA_ARRAY(
        cx->arena, MAX_FORWARDED_HEADERS + 1 + call->server->header_count, struct header);
    struct header added[MAX_ADDED_HEADERS] = {
        {SPAN("x-content-type-options"), SPAN("nosniff")},
        {SPAN("access-control-allow-origin"), call->origin},
        {SPAN("access-control-expose-headers"), SPAN("Mcp-Session-Id, MCP-Protocol-Version")},
        {SPAN("vary"), SPAN("Origin")},
    };
    return host_forward(cx, &(struct forward){
                                .method = cx->request.method,
                                .url = call->server->runtime,
                                .headers = out,
                                .header_count = outgoing_headers(cx, call, access_token, out),
                                .with_body = span_present(call->body),
                                .returned_status = 401,
                                .kept = KEPT,
                                .kept_count = sizeof KEPT / sizeof KEPT[0],
                                .added = added,
                                .added_count = span_present(call->origin) ? MAX_ADDED_HEADERS : 1,
                            });
}

static enum result runtime_failed(struct cx *cx, enum result result)
{
    if (result == PENDING)
        return PENDING;
    return refuse(cx, BAD_GATEWAY, "runtime_silent",
                  "The server behind this gateway does not answer. Try again shortly.");
}

static enum result forward_as_user(struct cx *cx, struct call *call)
{
    const struct profile *profile = call->server->profile;
    struct span access_token = ABSENT;
    /* Twice: a downstream token may die before its time. */
    for (int attempt = 0; attempt < 2; attempt++) {
        enum result better =
            connection_token(cx, profile, &call->rows, access_token, &access_token);
        if (better == NOT_FOUND)
            break;
        TRY(better);
        /* Why this call is in the log twice; what went wrong on the way to a token is over. */
        cx->error_reason = attempt > 0 ? SPAN("token_refused") : ABSENT;
        enum result result = forward(cx, call, access_token);
        if (result != OK)
            return runtime_failed(cx, result);
    }
    return refuse(cx, BAD_GATEWAY, "runtime_refuses",
                  "The server behind this gateway refuses the user's fresh token.");
}

static enum result serve(struct cx *cx, struct call *call)
{
    bool is_post = span_equal(cx->request.method, SPAN("POST"));
    bool answered;
    TRY(read_token(cx, &call->token));
    enum result body = is_post ? host_body(cx, cx->gateway->body_limit, &call->body) : OK;
    enum result read = grant_read(cx, &call->token, &call->rows);
    if (body == PENDING || read == PENDING)
        return PENDING;
    /* A remembered row may be older than the token. */
    if (cx->gateway->lifetimes.grant_cache > 0 &&
        (read == NOT_FOUND || (read == OK && !grant_is_live(cx, &call->rows))))
        read = grant_read_now(cx, &call->token, &call->rows);
    if (read == NOT_FOUND)
        return invalid_token(cx, "grant_gone");
    TRY(read);
    TRY(check_token(cx, call));
    TRY(body);
    if (is_post) {
        TRY(check_message(cx, call, &answered));
        if (answered)
            return OK;
    }
    struct span needed = needed_scopes(call);
    if (span_present(needed) && !scope_covers(call->rows.live.scopes, needed))
        return insufficient_scope(cx, call, needed);
    return forward_as_user(cx, call);
}

static enum result check_request(struct cx *cx)
{
    struct span method = cx->request.method;
    struct span type = headers_get(&cx->request.headers, SPAN("content-type"));
    if (span_equal(method, SPAN("GET")) || span_equal(method, SPAN("DELETE")))
        return OK;
    if (!span_equal(method, SPAN("POST")))
        return METHOD_NOT_ALLOWED;
    if (!http_is_type(type, SPAN("application/json")))
        return refuse(cx, UNSUPPORTED_MEDIA_TYPE, "content_type",
                      "Content-Type must be application/json.");
    return OK;
}

enum result proxy(struct cx *cx, const struct server *server)
{
    struct call call = {.server = server};
    audit(cx)->action = SPAN("call");
    audit(cx)->door = SPAN("oauth");
    audit(cx)->server = server->id;
    TRY(check_origin(cx, &call));
    if (span_equal(cx->request.method, SPAN("OPTIONS")))
        return preflight(cx, &call);
    TRY(check_request(cx));
    enum result result = serve(cx, &call);
    switch ((int)result) {
    case OK:
    case PENDING:
        return result;
    case INVALID_REQUEST:
    case INVALID_TOKEN:
        return challenge(cx, &call, result, server->default_scopes);
    case TOO_LARGE:
        return rpc_error(cx, &call, 413, RPC_INVALID_REQUEST, result);
    default:
        return rpc_error(cx, &call, error_status(result), RPC_INTERNAL, result);
    }
}
