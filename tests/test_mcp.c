#include "broker/mcp.h"

#include "edge.h"
#include "text/json.h"

static struct arena arena;

#define VERSION "2026-07-28"
#define CALL(more) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{" more "}}"
#define META "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" VERSION "\"}"
#define PARAMS(more) "\"params\":{" META more "}"

/* What the client sends: three headers, NULL where there is none, and the body. */
struct sent {
    const char *version, *method, *name, *body;
};

static enum result read(const struct sent *sent, struct mcp_message *m, bool *mismatch)
{
    static struct header list[3];
    struct cx cx = {.arena = &arena, .request.headers.list = list};
    const struct header all[] = {
        {SPAN("MCP-Protocol-Version"), sent->version == NULL ? ABSENT : edge_of(sent->version)},
        {SPAN("Mcp-Method"), sent->method == NULL ? ABSENT : edge_of(sent->method)},
        {SPAN("Mcp-Name"), sent->name == NULL ? ABSENT : edge_of(sent->name)},
    };
    for (size_t i = 0; i < COUNT(all); i++)
        if (span_present(all[i].value))
            list[cx.request.headers.count++] = all[i];
    return mcp_read(&cx, edge_of(sent->body), m, mismatch);
}

/* ---- the body ---- */

static void test_messages(void)
{
    static const struct {
        const char *why, *body;
        enum result want;
        struct span id, method, name;
    } rows[] = {
        {"a request", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", OK, SPAN("1"),
         SPAN("ping"), ABSENT},
        {"an id that is a text", "{\"jsonrpc\":\"2.0\",\"id\":\"a\\n\",\"method\":\"ping\"}", OK,
         SPAN("\"a\\n\""), SPAN("ping"), ABSENT},
        {"a notification", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}", OK, ABSENT,
         SPAN("notifications/x"), ABSENT},
        {"a response", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}", OK, SPAN("7"), ABSENT,
         ABSENT},
        {"a tool call", CALL("\"name\":\"add\",\"arguments\":{\"name\":\"x\"}"), OK, SPAN("1"),
         SPAN("tools/call"), SPAN("add")},
        {"a name with escapes", CALL("\"n\\u0061me\":\"a\\\"\\u00e9\""), OK, SPAN("1"),
         SPAN("tools/call"), SPAN("a\"\xc3\xa9")},
        {"a resource",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":"
         "{\"name\":\"x\",\"uri\":\"file:///a\"}}",
         OK, SPAN("1"), SPAN("resources/read"), SPAN("file:///a")},
        {"a name that is not the message's",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\","
         "\"params\":{\"name\":\"add\"}}",
         OK, SPAN("1"), SPAN("x"), ABSENT},
        {"a tool call without a name", CALL("\"arguments\":{}"), INVALID_REQUEST, ABSENT, ABSENT,
         ABSENT},
        {"an empty name", CALL("\"name\":\"\""), INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"a name that is a number", CALL("\"name\":1"), INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"two names", CALL("\"name\":\"a\",\"name\":\"b\""), MALFORMED, ABSENT, ABSENT, ABSENT},
        {"two methods", "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"meth\\u006fd\":\"b\"}", MALFORMED,
         ABSENT, ABSENT, ABSENT},
        {"a method that is a number", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":1}",
         INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"an id that is null", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
         INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"an id that is an object", "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}",
         INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"a batch", " [{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", INVALID_REQUEST,
         ABSENT, ABSENT, ABSENT},
        {"an empty batch", "[]", INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"JSON-RPC 1.0", "{\"id\":1,\"method\":\"ping\"}", INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"a version that is a number", "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}",
         INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"no object", "1", INVALID_REQUEST, ABSENT, ABSENT, ABSENT},
        {"no JSON", "{", MALFORMED, ABSENT, ABSENT, ABSENT},
        {"nothing", "", MALFORMED, ABSENT, ABSENT, ABSENT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mcp_message m;
        bool mismatch = true;
        struct sent sent = {NULL, NULL, NULL, rows[i].body};
        check_row(rows[i].why);
        CHECK_INT(read(&sent, &m, &mismatch), rows[i].want);
        CHECK(!mismatch);
        if (rows[i].want != OK)
            continue;
        CHECK_SPAN(m.id, rows[i].id);
        CHECK_SPAN(m.method, rows[i].method);
        CHECK_SPAN(m.name, rows[i].name);
        CHECK_INT(m.is_tool_call, span_equal(m.method, SPAN("tools/call")));
    }
    check_row(NULL);
}

static void test_long_id(void)
{
    static char body[MCP_MAX_NAME + 128];
    for (size_t more = 0; more < 2; more++) {
        struct mcp_message m;
        bool mismatch;
        struct sent sent = {NULL, NULL, NULL, body};
        size_t digits = MCP_MAX_NAME + more - 2; /* and the quotes */
        strcpy(body, "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"");
        size_t at = strlen(body);
        memset(body + at, '1', digits);
        strcpy(body + at + digits, "\"}");
        check_row(more == 0 ? "as long as it may be" : "one byte more");
        CHECK_INT(read(&sent, &m, &mismatch), more == 0 ? OK : INVALID_REQUEST);
    }
    check_row(NULL);
}

static void test_large_meta(void)
{
    static char body[JSON_MAX_TREE_SIZE + 256];
    struct mcp_message m;
    bool mismatch;
    struct sent sent = {VERSION, "ping", NULL, body};
    strcpy(body,
           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":{\"a\":\"");
    size_t at = strlen(body);
    memset(body + at, 'a', JSON_MAX_TREE_SIZE);
    strcpy(body + at + JSON_MAX_TREE_SIZE, "\"}}}");
    check_row("more of it than anybody would read");
    CHECK_INT(read(&sent, &m, &mismatch), OK);
    CHECK(mismatch);
    check_row(NULL);
}

static void test_long_names(void)
{
    static char body[MCP_MAX_NAME + 128];
    static const char *const STARTS[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\""};
    static const char *const ENDS[] = {"\"}", "\"}}"};
    for (size_t i = 0; i < 2; i++)
        for (size_t more = 0; more < 2; more++) {
            struct mcp_message m;
            bool mismatch;
            struct sent sent = {NULL, NULL, NULL, body};
            size_t at = strlen(STARTS[i]);
            memcpy(body, STARTS[i], at);
            memset(body + at, 'a', MCP_MAX_NAME + more);
            strcpy(body + at + MCP_MAX_NAME + more, ENDS[i]);
            check_row(more == 0 ? "as long as it may be" : "one byte more");
            CHECK_INT(read(&sent, &m, &mismatch), more == 0 ? OK : INVALID_REQUEST);
        }
    check_row(NULL);
}

/* ---- what a body of 4 MiB can ask for ---- */

enum { LARGE = 4 << 20 };

/* `escape` until the body is full, and the end. */
static void fill(struct builder *b, const char *escape, const char *end)
{
    while (b->size + strlen(escape) + strlen(end) <= b->max)
        build_span(b, span_of(escape));
    build_span(b, span_of(end));
}

static struct builder large_body(const char *start)
{
    static struct arena memory;
    if (memory.start == NULL)
        memory = edge_arena(LARGE + 64);
    arena_wipe(&memory);
    struct builder b = builder_make(&memory, LARGE);
    build_span(&b, span_of(start));
    return b;
}

/* Read in what production has beside such a body: 10 MiB less the body, with a margin. */
static enum result read_large(const struct builder *body, struct mcp_message *m)
{
    static struct arena room;
    static struct header version = {SPAN("mcp-protocol-version"), SPAN(VERSION)};
    bool mismatch;
    if (room.start == NULL)
        room = edge_arena((11 << 20) / 2);
    arena_wipe(&room);
    struct cx cx = {.arena = &room, .request.headers = {&version, 1}};
    enum result result = mcp_read(&cx, edge(built(body)), m, &mismatch);
    mcp_respond_error(&cx, 400, m->id, -32600, SPAN(""));
    return result;
}

static void test_memory(void)
{
    struct mcp_message m;
    check_row("an id");
    struct builder b = large_body("{\"jsonrpc\":\"2.0\",\"method\":5,\"id\":\"");
    fill(&b, "a", "\"}");
    CHECK_INT(read_large(&b, &m), INVALID_REQUEST);
    check_row("a method, in escapes");
    b = large_body("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"");
    fill(&b, "\\u0061", "\"}");
    CHECK_INT(read_large(&b, &m), INVALID_REQUEST);
    check_row("a name, in escapes");
    b = large_body(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"");
    fill(&b, "\\u0061", "\"}}");
    CHECK_INT(read_large(&b, &m), INVALID_REQUEST);

    check_row("as many names as there may be, all in escapes, beside as large a _meta");
    b = large_body(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":{\"_meta\":{\"a\":[1");
    size_t meta = b.size;
    while (b.size - meta < JSON_MAX_TREE_SIZE - 16)
        build_span(&b, SPAN(",1"));
    build_span(&b, SPAN("]}},\"n\":{"));
    for (uint64_t i = 0; i < JSON_MAX_MEMBERS - 10; i++) {
        build_span(&b, SPAN("\"\\u0061"));
        build_u64(&b, i);
        build_span(&b, SPAN("\":0,"));
    }
    build_span(&b, SPAN("\"\":0},\""));
    fill(&b, "\\u0061", "\":0}");
    CHECK_INT(read_large(&b, &m), OK);
    CHECK_SPAN(m.method, SPAN("x"));
    check_row(NULL);
}

/* ---- the headers of the stateless era ---- */

#define ADD                                                                                    \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"," PARAMS(",\"name\":\"add\"") "}"
#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"," PARAMS("") "}"
#define SUBSCRIBE                                                               \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/subscribe\"," PARAMS( \
        ",\"uri\":\"a:b\"") "}"
#define RESPONSE "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}," PARAMS("") "}"
#define NOTE "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"," PARAMS("") "}"

static void test_headers(void)
{
    static const struct {
        const char *why;
        struct sent sent;
        bool mismatch;
    } rows[] = {
        {"all as in the body", {VERSION, "tools/call", "add", ADD}, false},
        {"a later version",
         {"2027-01-01", "ping", NULL,
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":"
          "{\"io.modelcontextprotocol/protocolVersion\":\"2027-01-01\"}}}"},
         false},
        {"no name where there is none", {VERSION, "ping", NULL, PING}, false},
        {"a name that is not mirrored", {VERSION, "resources/subscribe", NULL, SUBSCRIBE}, false},
        {"base64", {VERSION, "tools/call", "=?base64?YWRk?=", ADD}, false},
        {"a notification needs no headers", {VERSION, NULL, NULL, NOTE}, false},
        {"a response needs none", {VERSION, NULL, NULL, RESPONSE}, false},
        {"an older era: they mean nothing", {"2025-11-25", "tools/list", "delete", ADD}, false},
        {"an older era, one day before", {"2026-07-27", "tools/list", "delete", ADD}, false},
        {"no version at all", {NULL, "tools/list", "delete", ADD}, false},
        {"a version of another length", {"2026-07-28a", "tools/list", "delete", ADD}, false},
        {"another method", {VERSION, "tools/list", "add", ADD}, true},
        {"another name", {VERSION, "tools/call", "delete", ADD}, true},
        {"a name in another case", {VERSION, "tools/call", "Add", ADD}, true},
        {"another name in base64", {VERSION, "tools/call", "=?base64?ZGVs?=", ADD}, true},
        {"base64 that is none", {VERSION, "tools/call", "=?base64?Y?=", ADD}, true},
        {"base64 without an end", {VERSION, "tools/call", "=?base64?YWRk", ADD}, true},
        {"base64 cut into its own end", {VERSION, "tools/call", "=?base64?=", ADD}, true},
        {"no method", {VERSION, NULL, "add", ADD}, true},
        {"no name", {VERSION, "tools/call", NULL, ADD}, true},
        {"a name where there is none", {VERSION, "ping", "add", PING}, true},
        {"another version", {"2026-07-29", "ping", NULL, PING}, true},
        {"a body without a version",
         {VERSION, "ping", NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"},
         true},
        {"a version too deep in what describes the request",
         {VERSION, "ping", NULL,
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{"
          "\"_meta\":{\"a\":{\"io.modelcontextprotocol/protocolVersion\":"
          "\"" VERSION "\"}}}}"},
         true},
        {"a notification need not say its version",
         {VERSION, "notifications/x", NULL, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}"},
         false},
        {"but not another one", {"2027-01-01", NULL, NULL, NOTE}, true},
        {"a notification's method", {VERSION, "tools/call", NULL, NOTE}, true},
        {"a response, in whose name something is called",
         {VERSION, "tools/call", "add", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"},
         true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mcp_message m;
        bool mismatch;
        check_row(rows[i].why);
        CHECK_INT(read(&rows[i].sent, &m, &mismatch), OK);
        CHECK_INT(mismatch, rows[i].mismatch);
    }
    check_row(NULL);
}

/* ---- errors ---- */

static void test_errors(void)
{
    static const struct {
        struct span id;
        int code;
        struct span want;
    } rows[] = {
        {SPAN("1"), -32600,
         SPAN("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":\"\\\"\"}}")},
        {SPAN("\"a\""), 5,
         SPAN("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"error\":{\"code\":5,\"message\":\"\\\"\"}}")},
        {ABSENT, 0,
         SPAN("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":0,\"message\":\"\\\"\"}}")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cx cx = {.arena = &arena};
        mcp_respond_error(&cx, 400, rows[i].id, rows[i].code, SPAN("\""));
        CHECK_INT(cx.response.status, 400);
        CHECK_SPAN(cx.response.body, rows[i].want);
    }
}

int main(void)
{
    arena = edge_arena(4 << 20);
    test_messages();
    test_long_id();
    test_large_meta();
    test_long_names();
    test_memory();
    test_headers();
    test_errors();
    return check_done();
}
