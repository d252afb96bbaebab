#include "oauth/error.h"

#include "text/json.h"

/*
 * What each outcome is on the wire. Codes of RFC 6749, 7591, 8707 and 6750
 * where there is one; the four of HTTP itself are those that MCP clients know.
 * A description is for when the refusal itself gave none.
 */
struct wire {
    const char *code;
    uint32_t status;
    const char *description;
};

static const struct wire WIRE[RESULT_COUNT] = {
    [NOT_FOUND] = {"not_found", 404, "There is nothing here."},
    [HOST_FAILED] = {"temporarily_unavailable", 503,
                     "A service that this request needs did not answer. Try again."},
    [CONFLICT] = {"temporarily_unavailable", 503,
                  "Another request changed the same thing meanwhile. Try again."},
    [MALFORMED] = {"invalid_request", 400, "The request is not well-formed."},
    [TOO_LARGE] = {"invalid_request", 413, "The request is larger than this endpoint accepts."},
    [UNVERIFIABLE] = {"invalid_request", 400, "Something in the request could not be verified."},

    [INVALID_REQUEST] = {"invalid_request", 400, "A parameter is missing, repeated or invalid."},
    [INVALID_CLIENT] = {"invalid_client", 401, "The client is unknown or did not authenticate."},
    [INVALID_GRANT] = {"invalid_grant", 400,
                       "The code or refresh token is invalid, expired, used or another client's."},
    [UNSUPPORTED_GRANT_TYPE] = {"unsupported_grant_type", 400,
                                "grant_type must be authorization_code or refresh_token."},
    [UNSUPPORTED_RESPONSE_TYPE] = {"unsupported_response_type", 400, "response_type must be code."},
    [INVALID_SCOPE] = {"invalid_scope", 400, "A scope is unknown or was not granted."},
    [INVALID_TARGET] = {"invalid_target", 400, "The resource is not one of this server."},
    [ACCESS_DENIED] = {"access_denied", 403, "Access was denied."},
    [SERVER_ERROR] = {"server_error", 500, "Something went wrong here. It has been noted."},
    [TEMPORARILY_UNAVAILABLE] = {"temporarily_unavailable", 503,
                                 "This cannot be answered at the moment. Try again."},

    [INVALID_REDIRECT_URI] = {"invalid_redirect_uri", 400, "A redirect URI is not acceptable."},
    [INVALID_CLIENT_METADATA] = {"invalid_client_metadata", 400,
                                 "The client metadata is not acceptable."},

    [INVALID_TOKEN] = {"invalid_token", 401, "The access token is invalid, expired or revoked."},
    [INSUFFICIENT_SCOPE] = {"insufficient_scope", 403,
                            "The access token does not have the scopes that this needs."},

    [UNKNOWN_PATH] = {"not_found", 404, "There is nothing at this URL."},
    [METHOD_NOT_ALLOWED] = {"method_not_allowed", 405, "This URL does not take this method."},
    [UNSUPPORTED_MEDIA_TYPE] = {"invalid_request", 415,
                                "The content type is not the one expected."},
    [FORBIDDEN_ORIGIN] = {"forbidden_origin", 403, "This origin may not call this URL."},
    [MISDIRECTED] = {"misdirected_request", 421, "This host name is not the one of this server."},
    [BAD_GATEWAY] = {"bad_gateway", 502, "The server behind this gateway does not answer."},
    [TOO_MANY_REQUESTS] = {"too_many_requests", 429, "Too many requests. Wait, then try again."},
};

static const struct wire *wire(enum result result)
{
    if ((unsigned)result >= RESULT_COUNT || WIRE[result].code == NULL)
        return &WIRE[SERVER_ERROR]; /* OK and PENDING are no errors: a mistake of ours */
    return &WIRE[result];
}

enum result refuse_with(struct cx *cx, enum result result, const char *reason,
                        struct span description)
{
    cx->error_reason = span_of(reason);
    /*
     * RFC 6749 section 5.2: "Values for the "error_description" parameter MUST NOT include
     * characters outside the set %x20-21 / %x23-5B / %x5D-7E." A description may quote the request.
     */
    cx->error_description = http_quotable(cx->arena, description);
    return result;
}

enum result refuse(struct cx *cx, enum result result, const char *reason, const char *description)
{
    return refuse_with(cx, result, reason, span_of(description));
}

struct span error_code(enum result result)
{
    return span_of(wire(result)->code);
}

uint32_t error_status(enum result result)
{
    return wire(result)->status;
}

struct span error_description(const struct cx *cx, enum result result)
{
    if (span_present(cx->error_description))
        return cx->error_description;
    return span_of(wire(result)->description);
}

void respond_json(struct cx *cx, uint32_t status, struct span json)
{
    respond(cx, status, SPAN("application/json"), json);
    respond_header(cx, SPAN("cache-control"), SPAN("no-store"));
}

static void respond_json_error(struct cx *cx, uint32_t status, enum result result)
{
    struct span description = error_description(cx, result);
    struct json_writer w = json_writer_make(cx->arena, 128 + 2 * description.size);
    json_begin(&w, '{');
    json_put_text(&w, "error", error_code(result));
    json_put_text(&w, "error_description", description);
    json_end(&w, '}');
    respond_json(cx, status, json_written(&w));
    if (status == 503 || status == 429)
        respond_header(cx, SPAN("retry-after"), SPAN("1"));
}

void respond_error(struct cx *cx, enum result result)
{
    respond_json_error(cx, error_status(result), result);
    /*
     * RFC 6749 section 5.2: "If the client attempted to authenticate via the "Authorization"
     * request header field, the authorization server MUST respond with [...] 401 [...] and
     * include the "WWW-Authenticate" response header field matching the authentication scheme".
     */
    if (result == INVALID_CLIENT &&
        span_present(headers_get(&cx->request.headers, SPAN("authorization"))))
        respond_header(cx, SPAN("www-authenticate"), SPAN("Basic realm=\"latchkey\""));
}

/* Appends name="value" to a challenge; an ABSENT value appends nothing. */
static void put_attribute(struct cx *cx, struct builder *b, struct span name, struct span value)
{
    if (!span_present(value))
        return;
    if (b->data[b->size - 1] != ' ')
        build_span(b, SPAN(", "));
    build_span(b, name);
    build_span(b, SPAN("=\""));
    build_span(b, http_quotable(cx->arena, value));
    build_byte(b, '"');
}

void respond_challenge(struct cx *cx, enum result result, struct span resource_metadata,
                       struct span scope)
{
    if (result != INVALID_REQUEST && result != INVALID_TOKEN && result != INSUFFICIENT_SCOPE) {
        respond_error(cx, result);
        return;
    }
    /*
     * RFC 6750 section 3.1: "If the request lacks any authentication information [...], the
     * resource server SHOULD NOT include an error code or other error information."
     */
    bool bare = !span_present(headers_get(&cx->request.headers, SPAN("authorization")));
    struct span description = error_description(cx, result);
    struct builder b =
        builder_make(cx->arena, 128 + description.size + scope.size + resource_metadata.size);
    build_span(&b, SPAN("Bearer "));
    if (!bare) {
        put_attribute(cx, &b, SPAN("error"), error_code(result));
        put_attribute(cx, &b, SPAN("error_description"), description);
    }
    put_attribute(cx, &b, SPAN("scope"), scope);
    put_attribute(cx, &b, SPAN("resource_metadata"), resource_metadata);
    respond_json_error(cx, bare ? 401 : error_status(result), bare ? INVALID_TOKEN : result);
    respond_header(cx, SPAN("www-authenticate"), built(&b));
}
