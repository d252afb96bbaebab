#include "broker/audit.h"

#include "base/base64.h"
#include "oauth/error.h"
#include "text/json.h"

enum { AUDIT_LINE_MAX = 8192, PSEUDONYM_BYTES = 9 };

struct audit *audit(struct cx *cx)
{
    if (cx->audit == NULL)
        cx->audit = ARENA_NEW(cx->arena, struct audit);
    return cx->audit;
}

/* Enough to tell lines apart, too little to find anything by. */
static struct span pseudonym(struct cx *cx, struct span value)
{
    struct hash h;
    sha256(value, &h);
    return base64url_encode(cx->arena, span_first(hash_span(&h), PSEUDONYM_BYTES));
}

void audit_facts(struct cx *cx, const struct grant_facts *facts)
{
    struct audit *line = audit(cx);
    line->grant = pseudonym(cx, facts->grant_id);
    line->user = facts->user;
    line->server = facts->server;
    if (span_present(facts->organization))
        line->organization = pseudonym(cx, facts->organization);
}

void audit_grant(struct cx *cx, struct span grant_id, const struct grant *grant)
{
    audit_facts(cx, &(struct grant_facts){.grant_id = grant_id,
                                          .user = grant->user,
                                          .server = grant->server,
                                          .organization = grant->identity.organization});
    audit(cx)->client = grant->client_name;
}

void audit_client(struct cx *cx, const struct client *client)
{
    audit(cx)->client = client->name;
}

static struct span outcome(const struct cx *cx, enum result result)
{
    if (result == PENDING)
        return SPAN("forwarded");
    if (result != OK)
        return error_code(result);
    /* A refusal that went out as a page or a redirect has noted its reason. */
    return span_present(cx->error_reason) ? SPAN("refused") : SPAN("ok");
}

void audit_write(struct cx *cx, enum result result)
{
    const struct audit *line = cx->audit;
    if (line == NULL || !span_present(line->action))
        return;
    struct json_writer w = json_writer_make(cx->arena, AUDIT_LINE_MAX);
    json_begin(&w, '{');
    json_put_text(&w, "audit", line->action);
    json_put_text(&w, "outcome", outcome(cx, result));
    json_put_text(&w, "reason", cx->error_reason);
    if (cx->response.status != 0)
        json_put_u64(&w, "status", cx->response.status);
    json_put_text(&w, "user", line->user);
    json_put_text(&w, "organization", line->organization);
    json_put_text(&w, "client", line->client);
    json_put_text(&w, "door", line->door);
    json_put_text(&w, "server", line->server);
    json_put_text(&w, "grant", line->grant);
    json_put_text(&w, "method", line->method);
    json_put_text(&w, "tool", line->tool);
    json_put_text(&w, "request", headers_get(&cx->request.headers, SPAN("cf-ray")));
    json_put_u64(&w, "time", cx->now);
    json_end(&w, '}');
    struct span written = json_written(&w);
    if (span_present(written))
        host_log(cx, written);
}
