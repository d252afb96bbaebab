#include "broker/mcp.h"
#include "run.h"
#include "text/json.h"

/* Whoever reads the body behind us sees the same. */
static void check_message(struct arena *a, struct span body, const struct mcp_message *m)
{
    const struct json *root;
    if (json_parse(a, body, &root) != OK)
        return; /* larger than a tree may be */
    const struct json *params = json_member(root, SPAN("params"));
    MUST(json_is_object(root) && span_equal(json_member_text(root, SPAN("jsonrpc")), SPAN("2.0")));
    MUST(fuzz_same(json_member_text(root, SPAN("method")), m->method));
    MUST((json_member(root, SPAN("id")) != NULL) == span_present(m->id));
    MUST(m->is_tool_call == span_equal(m->method, SPAN("tools/call")));
    if (m->is_tool_call)
        MUST(m->name.size > 0 && fuzz_same(json_member_text(params, SPAN("name")), m->name));
    MUST(m->name.size <= MCP_MAX_NAME && m->method.size <= MCP_MAX_NAME);
}

/* Version, method and name as headers, each in a line, then the body. */
void fuzz(struct arena *a, struct span input)
{
    struct header list[] = {
        {SPAN("mcp-protocol-version"), fuzz_line(&input)},
        {SPAN("mcp-method"), fuzz_line(&input)},
        {SPAN("mcp-name"), fuzz_line(&input)},
    };
    struct mcp_message m;
    bool mismatch;
    struct cx cx = run_make(a, ABSENT);
    cx.request.headers = (struct headers){list, 3};
    if (mcp_read(&cx, input, &m, &mismatch) != OK)
        return;
    check_message(a, input, &m);
    bool is_stateless = span_equal(list[0].value, MCP_STATELESS_VERSION);
    if (is_stateless && !mismatch)
        MUST(span_equal(list[1].value, m.method) || !span_present(m.id));
    mcp_respond_error(&cx, 400, m.id, -32600, input);
    MUST(json_scan(a, cx.response.body, NULL, 0) == OK);
}
