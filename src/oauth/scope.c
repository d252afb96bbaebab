#include "oauth/scope.h"

/* RFC 6749 section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ) */
static bool is_scope_byte(uint8_t c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

enum result scope_parse(struct span text)
{
    size_t count = 0;
    for (struct span name = span_word(&text); span_present(name); name = span_word(&text)) {
        for (size_t i = 0; i < name.size; i++)
            if (!is_scope_byte(name.data[i]))
                return MALFORMED;
        if (++count > MAX_SCOPES)
            return MALFORMED;
    }
    return OK;
}

bool scope_covers(struct span set, struct span wanted)
{
    for (struct span name = span_word(&wanted); span_present(name); name = span_word(&wanted))
        if (!span_has_word(set, name))
            return false;
    return true;
}

static void add(struct builder *b, struct span name)
{
    if (span_has_word(built(b), name))
        return;
    if (b->size > 0)
        build_byte(b, ' ');
    build_span(b, name);
}

struct span scope_union(struct arena *a, struct span first, struct span second)
{
    struct builder b = builder_make(a, first.size + 1 + second.size);
    for (struct span name = span_word(&first); span_present(name); name = span_word(&first))
        add(&b, name);
    for (struct span name = span_word(&second); span_present(name); name = span_word(&second))
        add(&b, name);
    return built(&b);
}

struct span scope_intersection(struct arena *a, struct span wanted, struct span set)
{
    struct builder b = builder_make(a, wanted.size);
    for (struct span name = span_word(&wanted); span_present(name); name = span_word(&wanted))
        if (span_has_word(set, name))
            add(&b, name);
    return built(&b);
}
