#include "base/span.h"

#include <string.h>

struct span span_of(const char *text)
{
    size_t size = 0;
    while (text[size] != 0)
        size++;
    return span_bytes(text, size);
}

struct span span_bytes(const void *data, size_t size)
{
    return (struct span){data, size};
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool span_equal(struct span a, struct span b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (a.data[i] != b.data[i])
            return false;
    return true;
}

bool span_equal_nocase(struct span a, struct span b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

bool span_starts(struct span s, struct span prefix)
{
    return s.size >= prefix.size && span_equal(span_first(s, prefix.size), prefix);
}

bool span_ends(struct span s, struct span suffix)
{
    return s.size >= suffix.size && span_equal(span_skip(s, s.size - suffix.size), suffix);
}

int span_compare(struct span a, struct span b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (a.data[i] != b.data[i])
            return a.data[i] < b.data[i] ? -1 : 1;
    return (a.size > b.size) - (a.size < b.size);
}

size_t span_find(struct span s, uint8_t byte)
{
    size_t i = 0;
    while (i < s.size && s.data[i] != byte)
        i++;
    return i;
}

bool span_has(struct span s, uint8_t byte)
{
    return span_find(s, byte) < s.size;
}

bool span_contains(struct span s, struct span needle)
{
    for (; s.size >= needle.size; s = span_skip(s, 1))
        if (span_starts(s, needle))
            return true;
    return false;
}

struct span span_skip(struct span s, size_t n)
{
    if (n > s.size)
        n = s.size;
    return (struct span){s.data == NULL ? NULL : s.data + n, s.size - n};
}

struct span span_first(struct span s, size_t n)
{
    return (struct span){s.data, n < s.size ? n : s.size};
}

struct span span_trim(struct span s, struct span set)
{
    while (s.size > 0 && span_has(set, s.data[0]))
        s = span_skip(s, 1);
    while (s.size > 0 && span_has(set, s.data[s.size - 1]))
        s.size--;
    return s;
}

struct span span_cut(struct span s, uint8_t separator, struct span *head)
{
    size_t at = span_find(s, separator);
    *head = span_first(s, at);
    return at == s.size ? ABSENT : span_skip(s, at + 1);
}

struct span span_word(struct span *s)
{
    while (s->size > 0 && s->data[0] == ' ')
        *s = span_skip(*s, 1);
    if (s->size == 0)
        return ABSENT;
    struct span word = span_first(*s, span_find(*s, ' '));
    *s = span_skip(*s, word.size);
    return word;
}

bool span_has_word(struct span words, struct span word)
{
    for (struct span each = span_word(&words); span_present(each); each = span_word(&words))
        if (span_equal(each, word))
            return true;
    return false;
}

struct span span_copy(struct arena *a, struct span s)
{
    if (!span_present(s))
        return ABSENT;
    uint8_t *p = ARENA_ARRAY(a, s.size + 1, uint8_t);
    if (s.size > 0)
        memcpy(p, s.data, s.size);
    return span_bytes(p, s.size);
}

struct span span_lower(struct arena *a, struct span s)
{
    uint8_t *p = ARENA_ARRAY(a, s.size + 1, uint8_t);
    for (size_t i = 0; i < s.size; i++)
        p[i] = lower(s.data[i]);
    return span_bytes(p, s.size);
}

struct span span_join(struct arena *a, size_t count, const struct span *parts)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    struct builder b = builder_make(a, size);
    for (size_t i = 0; i < count; i++)
        build_span(&b, parts[i]);
    return built(&b);
}

enum result span_u64(struct span s, uint64_t *value)
{
    if (s.size == 0 || s.size > 19 || (s.data[0] == '0' && s.size > 1))
        return MALFORMED;
    uint64_t v = 0;
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return MALFORMED;
        v = v * 10 + (uint64_t)(s.data[i] - '0');
    }
    *value = v;
    return OK;
}

struct span span_decimal(struct arena *a, uint64_t value)
{
    struct builder b = builder_make(a, 20);
    build_u64(&b, value);
    return built(&b);
}

struct builder builder_make(struct arena *a, size_t max)
{
    return (struct builder){ARENA_ARRAY(a, max + 1, uint8_t), 0, max, false};
}

void build_span(struct builder *b, struct span s)
{
    if (b->overflow || s.size > b->max - b->size) {
        b->overflow = true;
        return;
    }
    if (s.size > 0)
        memcpy(b->data + b->size, s.data, s.size);
    b->size += s.size;
}

void build_byte(struct builder *b, uint8_t byte)
{
    if (b->overflow || b->size == b->max)
        b->overflow = true;
    else
        b->data[b->size++] = byte;
}

void build_u64(struct builder *b, uint64_t value)
{
    uint8_t digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    build_span(b, span_bytes(digits + at, sizeof digits - at));
}

struct span built(const struct builder *b)
{
    return b->overflow ? ABSENT : span_bytes(b->data, b->size);
}
