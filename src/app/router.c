#include "app/router.h"

#include "broker/audit.h"
#include "endpoint/endpoint.h"
#include "endpoint/page.h"
#include "oauth/error.h"

/* How a URL tells what went wrong: to programs, or to the person at the browser. */
enum audience { PROGRAM, PERSON };

enum { GET = 1, POST = 2 };

struct route {
    const char *path;
    unsigned methods;
    enum audience audience;
    bool cors; /* for clients in browsers (RFC 9700 section 2.6); never where a person signs in */
    enum result (*serve)(struct cx *);
};

static const struct route ROUTES[] = {
    {"/.well-known/oauth-authorization-server", GET, PROGRAM, true, authorization_server_metadata},
    {"/.well-known/jwks.json", GET, PROGRAM, true, signing_keys},
    {"/authorize", GET, PERSON, false, authorize},
    {"/consent", POST, PERSON, false, consent},
    {"/token", POST, PROGRAM, true, token},
    {"/revoke", POST, PROGRAM, true, revoke},
    {"/introspect", POST, PROGRAM, false, introspect},
    {"/register", POST, PROGRAM, true, register_client},
    {"/health", GET, PROGRAM, false, health},
    {"/", GET, PERSON, false, landing},
};

#define CALLBACK SPAN("/callback/")
#define MCP SPAN("/mcp/")
#define RESOURCE_METADATA SPAN("/.well-known/oauth-protected-resource")

/* ---- errors ---- */

/* RFC 9110 section 15.5.2: a 401 asks for credentials, and nobody at a browser has a client's. */
static uint32_t page_status(enum result result)
{
    if (result == INVALID_CLIENT)
        return 400;
    return result == UNVERIFIABLE ? 403 : error_status(result);
}

static void error_page(struct cx *cx, enum result result)
{
    struct span title = SPAN("This request cannot be answered");
    struct span mend = SPAN("Go back to the application and start again. If it happens again, tell "
                            "its developer what this page says.");
    switch ((int)result) {
    case UNVERIFIABLE:
        title = SPAN("This sign-in cannot go on");
        mend = SPAN("Go back to the application and connect again, in one browser and without "
                    "leaving the page open for long.");
        break;
    case HOST_FAILED:
    case TEMPORARILY_UNAVAILABLE:
    case TOO_MANY_REQUESTS:
        title = SPAN("This does not work at the moment");
        mend = SPAN("Wait a little, then try again.");
        break;
    default:
        break;
    }
    page_error(cx, page_status(result), title, error_description(cx, result), mend, ABSENT);
}

static void add_allow(struct cx *cx, unsigned methods)
{
    respond_header(cx, SPAN("allow"), methods == POST ? SPAN("POST") : SPAN("GET, HEAD"));
}

static void add_cors(struct cx *cx)
{
    respond_header(cx, SPAN("access-control-allow-origin"), SPAN("*"));
}

/* ---- routes ---- */

static enum result preflight(struct cx *cx)
{
    respond(cx, 204, ABSENT, SPAN(""));
    add_cors(cx);
    respond_header(cx, SPAN("access-control-allow-methods"), SPAN("GET, POST"));
    respond_header(cx, SPAN("access-control-allow-headers"),
                   SPAN("Authorization, Content-Type, MCP-Protocol-Version"));
    respond_header(cx, SPAN("access-control-max-age"), SPAN("86400"));
    return OK;
}

static unsigned method_of(const struct cx *cx)
{
    struct span method = cx->request.method;
    if (span_equal(method, SPAN("GET")) || span_equal(method, SPAN("HEAD")))
        return GET;
    return span_equal(method, SPAN("POST")) ? POST : 0;
}

static enum result serve_route(struct cx *cx, const struct route *route)
{
    if (route->cors && span_equal(cx->request.method, SPAN("OPTIONS")))
        return preflight(cx);
    enum result result =
        (route->methods & method_of(cx)) != 0 ? route->serve(cx) : METHOD_NOT_ALLOWED;
    if (result == PENDING)
        return PENDING;
    if (result != OK && route->audience == PERSON)
        error_page(cx, result);
    else if (result != OK)
        respond_error(cx, result);
    if (result == METHOD_NOT_ALLOWED)
        add_allow(cx, route->methods);
    if (route->cors)
        add_cors(cx);
    return result;
}

static enum result serve_callback(struct cx *cx)
{
    return callback(cx, span_skip(cx->request.path, CALLBACK.size));
}

static enum result serve_resource_metadata(struct cx *cx)
{
    struct span rest = span_skip(cx->request.path, RESOURCE_METADATA.size);
    const struct server *server = NULL;
    if (span_starts(rest, MCP))
        server = gateway_server(cx->gateway, span_skip(rest, MCP.size));
    else if (rest.size == 0 && cx->gateway->server_count == 1)
        server = &cx->gateway->servers[0];
    return server == NULL ? UNKNOWN_PATH : protected_resource_metadata(cx, server);
}

static enum result serve_mcp(struct cx *cx)
{
    const struct server *server =
        gateway_server(cx->gateway, span_skip(cx->request.path, MCP.size));
    enum result result = server == NULL ? UNKNOWN_PATH : proxy(cx, server);
    if (result == OK || result == PENDING)
        return result;
    respond_error(cx, result);
    if (result == METHOD_NOT_ALLOWED)
        respond_header(cx, SPAN("allow"), SPAN("GET, POST, DELETE"));
    return result;
}

static enum result not_found(struct cx *cx)
{
    (void)cx;
    return UNKNOWN_PATH;
}

static enum result dispatch(struct cx *cx)
{
    static const struct route CALLBACK_ROUTE = {"", GET, PERSON, false, serve_callback};
    static const struct route RESOURCE_ROUTE = {"", GET, PROGRAM, true, serve_resource_metadata};
    static const struct route NO_ROUTE = {"", GET | POST, PROGRAM, false, not_found};
    struct span path = cx->request.path;
    if (span_starts(path, MCP))
        return serve_mcp(cx);
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++)
        if (span_equal(path, span_of(ROUTES[i].path)))
            return serve_route(cx, &ROUTES[i]);
    if (span_starts(path, CALLBACK))
        return serve_route(cx, &CALLBACK_ROUTE);
    if (span_starts(path, RESOURCE_METADATA))
        return serve_route(cx, &RESOURCE_ROUTE);
    return serve_route(cx, &NO_ROUTE);
}

/* One name serves: what is said and signed here names the issuer, never the request's Host. */
static bool is_our_host(const struct cx *cx)
{
    struct span url = cx->request.url;
    struct span rest = span_skip(url, cx->gateway->issuer.size);
    return span_starts(url, cx->gateway->issuer) && rest.size > 0 && rest.data[0] == '/';
}

static enum result check_request(struct cx *cx)
{
    const struct headers *headers = &cx->request.headers;
    size_t bytes = 0;
    for (size_t i = 0; i < headers->count; i++)
        bytes += headers->list[i].name.size + headers->list[i].value.size;
    if (cx->request.url.size > REQUEST_MAX_URL || headers->count > REQUEST_MAX_HEADERS ||
        bytes > REQUEST_MAX_HEADER_BYTES)
        return refuse(cx, TOO_LARGE, "request_too_large", "The URL or the headers are too long.");
    if (!is_our_host(cx) && !span_equal(cx->request.path, SPAN("/health")))
        return refuse_with(cx, MISDIRECTED, "host_differs",
                           JOIN(cx->arena, SPAN("This server is "), cx->gateway->issuer));
    return OK;
}

/* What has outgrown its writer is a mistake of ours, and no success without a body. */
static enum result check_answer(struct cx *cx, enum result result)
{
    if (result != OK || span_present(cx->response.body))
        return result;
    cx->response = (struct response){0};
    result = refuse(cx, SERVER_ERROR, "answer_too_large", "The answer is larger than can be sent.");
    respond_error(cx, result);
    return result;
}

enum result route(struct cx *cx)
{
    enum result result = check_request(cx);
    if (result == OK)
        result = check_answer(cx, dispatch(cx));
    else
        respond_error(cx, result);
    if (result != PENDING && !cx->gateway->development)
        respond_header(cx, SPAN("strict-transport-security"), SPAN("max-age=31536000"));
    if (result != PENDING || cx->forwarded)
        audit_write(cx, result);
    return result;
}
