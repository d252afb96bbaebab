#include "broker/mcp.h"

#include "base/base64.h"
#include "oauth/error.h"
#include "text/json.h"

enum { MCP_ERROR_MAX = 2048 };

#define ENCODED_START SPAN("=?base64?")
#define ENCODED_END SPAN("?=")

/* Which member of params names what a method acts on. */
static const struct {
    const char *method;
    bool by_uri;
    bool in_header;
} NAMED_METHODS[] = {
    {"tools/call", false, true},
    {"prompts/get", false, true},
    {"resources/read", true, true},
    {"resources/subscribe", true, false},
    {"resources/unsubscribe", true, false},
};

/* A header value of the stateless era: as it is, or =?base64?...?= around it. */
static enum result header_value(struct cx *cx, struct span value, struct span *decoded)
{
    if (!span_starts(value, ENCODED_START) || !span_ends(value, ENCODED_END) ||
        value.size < ENCODED_START.size + ENCODED_END.size) {
        *decoded = value;
        return OK;
    }
    struct span inner = span_skip(value, ENCODED_START.size);
    return base64_decode(cx->arena, span_first(inner, inner.size - ENCODED_END.size), decoded);
}

/* Whether a header says what the body says; `required`: it must be there. */
static bool header_agrees(struct cx *cx, struct span header, struct span in_body, bool required)
{
    struct span value = headers_get(&cx->request.headers, header);
    struct span decoded;
    if (!span_present(value))
        return !required || !span_present(in_body);
    return header_value(cx, value, &decoded) == OK && span_present(in_body) &&
           span_equal(decoded, in_body);
}

/* Revisions are dates: their order is that of their bytes. */
static bool is_stateless(struct span version)
{
    return version.size == MCP_STATELESS_VERSION.size &&
           span_compare(version, MCP_STATELESS_VERSION) >= 0;
}

static struct span version_in_body(struct cx *cx, struct span meta)
{
    const struct json *node = NULL;
    if (span_present(meta) && json_parse(cx->arena, meta, &node) != OK)
        return ABSENT;
    return json_member_text(node, SPAN("io.modelcontextprotocol/protocolVersion"));
}

/*
 * Streamable HTTP of 2026-07-28, "Request metadata": intermediaries may route
 * by these headers, so they must not say anything else than the body. In the
 * older era they mean nothing and some clients send them all the same.
 */
static bool headers_agree(struct cx *cx, const struct mcp_message *m, struct span meta)
{
    struct span version = headers_get(&cx->request.headers, SPAN("mcp-protocol-version"));
    if (!is_stateless(version))
        return true;
    struct span in_body = version_in_body(cx, meta);
    bool is_request = span_present(m->id);
    /* A notification need not say its version. */
    bool says_none = !is_request && !span_present(in_body);
    return (says_none || header_agrees(cx, SPAN("mcp-protocol-version"), in_body, false)) &&
           header_agrees(cx, SPAN("mcp-method"), m->method, is_request) &&
           header_agrees(cx, SPAN("mcp-name"), m->name, is_request && m->name_in_header);
}

/* Of at most MCP_MAX_NAME bytes, each of which may stand there as an escape of six. */
static enum result read_text(struct cx *cx, struct span raw, struct span *text)
{
    if (raw.size > 6 * MCP_MAX_NAME + 2)
        return TOO_LARGE;
    TRY(json_unquote(cx->arena, raw, text));
    return text->size > MCP_MAX_NAME ? TOO_LARGE : OK;
}

static enum result read_name(struct cx *cx, struct mcp_message *m, struct span name,
                             struct span uri)
{
    for (size_t i = 0; i < sizeof NAMED_METHODS / sizeof NAMED_METHODS[0]; i++) {
        if (!span_equal(m->method, span_of(NAMED_METHODS[i].method)))
            continue;
        struct span raw = NAMED_METHODS[i].by_uri ? uri : name;
        if (read_text(cx, raw, &m->name) != OK || m->name.size == 0)
            return refuse(cx, INVALID_REQUEST, "mcp_name",
                          "params must name what is called, as a string.");
        m->name_in_header = NAMED_METHODS[i].in_header;
        m->is_tool_call = i == 0;
    }
    return OK;
}

enum result mcp_read(struct cx *cx, struct span body, struct mcp_message *m, bool *header_mismatch)
{
    struct json_pick picks[] = {
        {.path = "jsonrpc"},     {.path = "id"},         {.path = "method"},
        {.path = "params/name"}, {.path = "params/uri"}, {.path = "params/_meta"},
    };
    *header_mismatch = false;
    *m = (struct mcp_message){0};
    TRY(json_scan(cx->arena, body, picks, sizeof picks / sizeof picks[0]));
    struct span id = picks[1].raw;
    char id_kind = json_kind(id);
    if (json_kind(span_trim(body, SPAN(" \t\r\n"))) == '[')
        return refuse(cx, INVALID_REQUEST, "mcp_batch",
                      "Batches are not accepted: send one message a request.");
    if (!span_equal(picks[0].raw, SPAN("\"2.0\"")))
        return refuse(cx, INVALID_REQUEST, "mcp_not_jsonrpc",
                      "The body is no JSON-RPC 2.0 message.");
    if (span_present(id) && ((id_kind != '"' && id_kind != '0') || id.size > MCP_MAX_NAME))
        return refuse(cx, INVALID_REQUEST, "mcp_id",
                      "id must be a string or a number of at most 1024 bytes.");
    m->id = id;
    bool is_response = !span_present(picks[2].raw);
    if (!is_response && read_text(cx, picks[2].raw, &m->method) != OK)
        return refuse(cx, INVALID_REQUEST, "mcp_method", "method must be a string.");
    TRY(read_name(cx, m, picks[3].raw, picks[4].raw));
    *header_mismatch = !headers_agree(cx, m, picks[5].raw);
    return OK;
}

void mcp_respond_error(struct cx *cx, uint32_t status, struct span id, int code,
                       struct span message)
{
    struct json_writer w = json_writer_make(cx->arena, MCP_ERROR_MAX + id.size + message.size);
    struct span minus = code < 0 ? SPAN("-") : SPAN("");
    json_begin(&w, '{');
    json_put_text(&w, "jsonrpc", SPAN("2.0"));
    json_put_raw(&w, "id", span_present(id) ? id : SPAN("null"));
    json_begin_member(&w, "error", '{');
    json_put_raw(
        &w, "code",
        JOIN(cx->arena, minus, span_decimal(cx->arena, (uint64_t)(code < 0 ? -code : code))));
    json_put_text(&w, "message", message);
    json_end(&w, '}');
    json_end(&w, '}');
    respond(cx, status, SPAN("application/json"), json_written(&w));
}
