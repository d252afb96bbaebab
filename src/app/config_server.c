#include "app/reader.h"
#include "broker/downstream.h"
#include "broker/mcp.h"
#include "oauth/scope.h"

static const char MEMBERS[] =
    "name runtime auth profile scopes default_scopes tools headers origins";

/* Of the connection, of the message, set by the gateway or told by the client (endpoint/proxy.c):
 * not for static values. */
static const char OWN_HEADERS[] =
    "accept accept-encoding accept-language authorization connection content-encoding "
    "content-length content-type cookie expect host keep-alive last-event-id mcp-protocol-version "
    "mcp-session-id origin proxy-authenticate proxy-authorization te traceparent tracestate "
    "trailer transfer-encoding upgrade user-agent via";

/* ---- scopes ---- */

static enum result add_scope(struct reader *r, const struct place *p, struct span name,
                             struct span description, struct server *server)
{
    if (name.size == 0 || span_has(name, ' ') || scope_parse(name) != OK)
        return reader_problem(r, p, SPAN("the name of a scope has no spaces and quotes"));
    /* MCP: a resource does not ask for it; and whoever signs in gets refresh tokens anyway. */
    if (span_equal(name, SPAN("offline_access")))
        return reader_problem(r, p,
                              SPAN("offline_access is no scope of a server: clients get refresh "
                                   "tokens without it"));
    server->scopes[server->scope_count++] = (struct scope_entry){name, description};
    return OK;
}

/* An array of names, or an object of names and what they mean in words. */
static enum result read_scopes(struct reader *r, const struct place *p, struct server *server)
{
    struct place scopes = place_of(p, "scopes");
    struct place defaults = place_of(p, "default_scopes");
    bool described = json_is_object(scopes.node);
    size_t count = json_count(scopes.node);
    if (place_given(&scopes) && ((!described && !json_is_array(scopes.node)) || count > MAX_SCOPES))
        return reader_expected(r, &scopes,
                               "at most 64 scopes, as an array of names or an object of names and "
                               "descriptions");
    server->scopes = ARENA_ARRAY(r->kept, count, struct scope_entry);
    size_t size = 0;
    for (const struct json *child = json_first(scopes.node); child != NULL;
         child = json_next(child)) {
        struct place item = place_at(&scopes, child);
        struct span text;
        TRY(reader_text(r, &item, &text));
        struct span name = described ? span_copy(r->kept, item.name) : text;
        TRY(add_scope(r, &item, name, text, server));
        size += name.size + 1;
    }
    if (size > SCOPES_MAX_BYTES + 1)
        return reader_problem(r, &scopes,
                              SPAN("the names come to more than 2048 bytes; codes and tokens have "
                                   "to hold them all"));
    struct builder all = builder_make(r->kept, size);
    for (size_t i = 0; i < server->scope_count; i++) {
        if (span_has_word(built(&all), server->scopes[i].name))
            return reader_problem(r, &scopes,
                                  JOIN(r->scratch, server->scopes[i].name, SPAN(" stands twice")));
        if (i > 0)
            build_byte(&all, ' ');
        build_span(&all, server->scopes[i].name);
    }
    server->all_scopes = built(&all);
    server->default_scopes = server->all_scopes;
    if (!place_given(&defaults))
        return OK;
    TRY(reader_scopes(r, &defaults, &server->default_scopes));
    if (!scope_covers(server->all_scopes, server->default_scopes))
        return reader_problem(r, &defaults, SPAN("every name must be one of the server's scopes"));
    return OK;
}

static enum result read_tools(struct reader *r, const struct place *p, struct server *server)
{
    struct place tools = place_of(p, "tools");
    if (!place_given(&tools))
        return OK;
    if (!json_is_object(tools.node))
        return reader_expected(r, &tools, "an object of tools by their name");
    server->tools = ARENA_ARRAY(r->kept, json_count(tools.node), struct tool_policy);
    for (const struct json *child = json_first(tools.node); child != NULL;
         child = json_next(child)) {
        struct place tool = place_at(&tools, child);
        struct place scopes = place_of(&tool, "scopes");
        struct tool_policy *policy = &server->tools[server->tool_count++];
        policy->name = span_copy(r->kept, tool.name);
        if (tool.name.size == 0 || tool.name.size > MCP_MAX_NAME)
            return reader_problem(r, &tool, SPAN("the name of a tool has 1 to 1024 bytes"));
        TRY(reader_object(r, &tool, "scopes"));
        TRY(reader_scopes(r, &scopes, &policy->scopes));
        if (!scope_covers(server->all_scopes, policy->scopes))
            return reader_problem(r, &scopes,
                                  SPAN("every name must be one of the server's scopes"));
    }
    return OK;
}

/* ---- the way to the runtime ---- */

static bool has_header(const struct server *server, struct span name)
{
    for (size_t i = 0; i < server->header_count; i++)
        if (span_equal_nocase(server->headers[i].name, name))
            return true;
    return false;
}

static enum result read_header(struct reader *r, const struct place *p, struct server *server)
{
    struct span value = span_copy(r->kept, json_text(p->node));
    struct span name = span_lower(r->kept, p->name);
    if (!http_is_token(name))
        return reader_problem(r, p, SPAN("this is no name of a header"));
    if (span_has_word(span_of(OWN_HEADERS), name) || span_starts(name, SPAN("mcp-")))
        return reader_problem(r, p,
                              SPAN("the gateway sets this header itself, or it is the client's or "
                                   "the connection's"));
    if (has_header(server, name))
        return reader_problem(r, p, SPAN("this header stands twice"));
    if (!span_present(value))
        TRY(reader_secret(r, p, &value));
    if (value.size == 0 || !http_is_field_value(value))
        return reader_problem(r, p,
                              SPAN("its value is empty, or has other characters than visible "
                                   "ASCII and spaces"));
    server->headers[server->header_count++] = (struct header){name, value};
    return OK;
}

static enum result read_headers(struct reader *r, const struct place *p, struct server *server)
{
    struct place headers = place_of(p, "headers");
    if (!place_given(&headers))
        return OK;
    if (!json_is_object(headers.node))
        return reader_expected(r, &headers, "an object of headers by their name");
    server->headers = ARENA_ARRAY(r->kept, json_count(headers.node), struct header);
    for (const struct json *child = json_first(headers.node); child != NULL;
         child = json_next(child)) {
        struct place header = place_at(&headers, child);
        TRY(read_header(r, &header, server));
    }
    return OK;
}

static enum result read_origins(struct reader *r, const struct place *p, struct server *server)
{
    struct place origins = place_of(p, "origins");
    if (!place_given(&origins))
        return OK;
    if (!json_is_array(origins.node))
        return reader_expected(r, &origins, "an array of origins");
    server->origins = ARENA_ARRAY(r->kept, json_count(origins.node), struct span);
    for (const struct json *child = json_first(origins.node); child != NULL;
         child = json_next(child)) {
        struct place origin = place_at(&origins, child);
        TRY(reader_origin(r, &origin, &server->origins[server->origin_count++]));
    }
    return OK;
}

static enum result read_auth(struct reader *r, const struct place *p)
{
    struct place auth = place_of(p, "auth");
    struct span mode;
    TRY(reader_text_or(r, &auth, SPAN("gateway"), &mode));
    if (!span_equal(mode, SPAN("gateway")))
        return reader_expected(r, &auth,
                               "\"gateway\", the one mode offered: callers hold tokens of this "
                               "gateway, the runtime gets the user's own downstream token");
    return OK;
}

static enum result read_profile(struct reader *r, const struct place *p, struct server *server)
{
    struct place profile = place_of(p, "profile");
    struct span id;
    TRY(reader_text(r, &profile, &id));
    server->profile = downstream_profile(r->gateway, id);
    if (server->profile == NULL)
        return reader_expected(r, &profile, "the id of one of the profiles");
    return OK;
}

static enum result read_server(struct reader *r, const struct place *p, struct server *server)
{
    struct place name = place_of(p, "name");
    struct place runtime = place_of(p, "runtime");
    TRY(reader_id(r, p));
    TRY(reader_object(r, p, MEMBERS));
    server->id = span_copy(r->kept, p->name);
    server->resource = JOIN(r->kept, r->gateway->issuer, SPAN("/mcp/"), server->id);
    TRY(reader_text_or(r, &name, server->id, &server->name));
    TRY(reader_url(r, &runtime, &server->runtime));
    TRY(read_auth(r, p));
    TRY(read_profile(r, p, server));
    TRY(read_scopes(r, p, server));
    TRY(read_tools(r, p, server));
    TRY(read_headers(r, p, server));
    return read_origins(r, p, server);
}

/* Shell's sort, by name: gateway_server() searches in that order. */
static void sort_by_name(const struct json **nodes, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < count; i++) {
            const struct json *node = nodes[i];
            size_t k = i;
            for (; k >= gap && span_compare(json_name(nodes[k - gap]), json_name(node)) > 0;
                 k -= gap)
                nodes[k] = nodes[k - gap];
            nodes[k] = node;
        }
    }
}

enum result config_servers(struct reader *r, const struct place *p)
{
    struct gateway *gateway = r->gateway;
    size_t count = json_count(p->node);
    if (!json_is_object(p->node) || count == 0 || count > MAX_SERVERS)
        return reader_expected(r, p, "an object of 1 to 4096 servers by their id");
    const struct json **nodes = ARENA_ARRAY(r->scratch, count, const struct json *);
    size_t i = 0;
    for (const struct json *child = json_first(p->node); child != NULL; child = json_next(child))
        nodes[i++] = child;
    sort_by_name(nodes, count);
    gateway->servers = ARENA_ARRAY(r->kept, count, struct server);
    for (i = 0; i < count; i++) {
        struct place server = place_at(p, nodes[i]);
        TRY(read_server(r, &server, &gateway->servers[gateway->server_count++]));
    }
    return OK;
}
