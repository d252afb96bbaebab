/*
 * An MCP request, as far as a gateway must understand it (JSON-RPC over
 * Streamable HTTP, both eras). Decisions are made on the body that is
 * forwarded, never on headers that only claim what is in it.
 */
#ifndef BROKER_MCP_H
#define BROKER_MCP_H

#include "host.h"

enum { MCP_MAX_NAME = 1024 };

/* The first revision whose headers must agree with the body. */
#define MCP_STATELESS_VERSION SPAN("2026-07-28")

struct mcp_message {
    struct span id;      /* raw JSON; ABSENT for notifications and responses */
    struct span method;  /* ABSENT for a response */
    struct span name;    /* params.name, or params.uri for resources; ABSENT without */
    bool name_in_header; /* the stateless era mirrors it in Mcp-Name */
    bool is_tool_call;
};

/*
 * Reads the body of a POST. MALFORMED: no strict JSON; INVALID_REQUEST: a batch,
 * or not a JSON-RPC 2.0 message; in the stateless era also headers that
 * disagree with the body (`header_mismatch` is set: error -32020).
 */
enum result mcp_read(struct cx *cx, struct span body, struct mcp_message *message,
                     bool *header_mismatch) MUST_USE;

/* A JSON-RPC error as the HTTP response. id: raw JSON, ABSENT: null. */
void mcp_respond_error(struct cx *cx, uint32_t status, struct span id, int code,
                       struct span message);

#endif
