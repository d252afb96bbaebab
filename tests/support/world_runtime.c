/* The runtimes behind the gateway, and what a host does with their answers. */
#include "world.h"

enum { MAX_KEPT = 16 };

/* What a runtime says: as whom it was called, and headers that may be passed on, and others. */
static const struct header SAID[] = {
    {SPAN("content-type"), SPAN("application/json")},
    {SPAN("mcp-session-id"), SPAN("session-1")},
    {SPAN("set-cookie"), SPAN("runtime=1")},
    {SPAN("www-authenticate"), SPAN("Bearer realm=\"runtime\"")},
};

enum { SAID_COUNT = sizeof SAID / sizeof *SAID };

static struct span bearer_of(const struct headers *headers)
{
    return span_skip(headers_get(headers, SPAN("authorization")), sizeof "Bearer " - 1);
}

static struct span copied(struct world *w, struct span s)
{
    return span_copy(&w->arena, s);
}

static void remember(struct world *w, const struct headers *headers, struct span body)
{
    struct runtime *r = &w->runtime;
    r->headers = (struct headers){ARENA_ARRAY(&w->arena, headers->count, struct header), 0};
    for (size_t i = 0; i < headers->count; i++)
        r->headers.list[r->headers.count++] =
            (struct header){copied(w, headers->list[i].name), copied(w, headers->list[i].value)};
    r->body = copied(w, body);
}

static bool is_kept(struct span name, const struct span *kept, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool prefix = span_ends(kept[i], SPAN("*"));
        if (prefix ? span_starts(name, span_first(kept[i], kept[i].size - 1))
                   : span_equal(name, kept[i]))
            return true;
    }
    return false;
}

/* The answer goes to the client, with the headers that the core lets pass and those it adds. */
static void pass_on(struct exchange *x, struct span body, const struct span *kept,
                    size_t kept_count, const struct headers *added)
{
    x->answer = (struct fetched){.status = 200, .body = span_copy(&x->arena, body)};
    struct headers *h = &x->answer.headers;
    h->list = ARENA_ARRAY(&x->arena, SAID_COUNT + added->count, struct header);
    for (size_t i = 0; i < SAID_COUNT; i++)
        if (is_kept(SAID[i].name, kept, kept_count))
            h->list[h->count++] = SAID[i];
    for (size_t i = 0; i < added->count; i++)
        h->list[h->count++] = added->list[i];
}

struct span world_forward(struct world *w, struct exchange *x, struct unpacker *effect, bool *ends)
{
    struct runtime *r = &w->runtime;
    struct span kept[MAX_KEPT];
    r->method = copied(w, unpack_span(effect));
    r->url = copied(w, unpack_span(effect));
    struct headers headers = world_headers(&x->arena, effect);
    bool with_body = unpack_u8(effect) != 0;
    uint32_t returned = unpack_u32(effect);
    uint32_t kept_count = unpack_u32(effect);
    for (uint32_t i = 0; i < kept_count; i++)
        kept[i] = unpack_span(effect);
    struct headers added = world_headers(&x->arena, effect);
    remember(w, &headers, with_body ? x->body : ABSENT);
    if (r->silent)
        return span_bytes("\1", 1);
    r->calls++;
    struct span user = product_user_of(w, bearer_of(&headers));
    bool refuses = r->refusals_due > 0 || !span_present(user);
    if (r->refusals_due > 0)
        r->refusals_due--;
    if (refuses && returned == 401)
        return span_bytes("\0", 1);
    pass_on(x, user, kept, kept_count, &added);
    *ends = true;
    return ABSENT;
}
