#include "text/json_string.h"

#include "text/ascii.h"
#include "text/json.h"
#include "text/utf8.h"

#include <string.h>

static uint32_t hex_quad(struct span text)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t digit = i < text.size ? ascii_hex_value(text.data[i]) : 16;
        if (digit == 16)
            return UINT32_MAX;
        value = value << 4 | digit;
    }
    return value;
}

/*
 * The size of the escape that the text begins with; 0 when it is none, stands
 * for NUL, or is half a surrogate pair: parsers differ on what these mean.
 */
static size_t escape_next(struct span text, uint32_t *code_point)
{
    static const uint8_t short_forms[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',
                                             ['b'] = '\b', ['f'] = '\f',  ['n'] = '\n',
                                             ['r'] = '\r', ['t'] = '\t'};
    if (text.size < 2 || text.data[1] > 127)
        return 0;
    *code_point = short_forms[text.data[1]];
    if (*code_point != 0)
        return 2;
    if (text.data[1] != 'u')
        return 0;

    uint32_t unit = hex_quad(span_skip(text, 2));
    if (unit == 0 || unit == UINT32_MAX || (unit >= 0xdc00 && unit <= 0xdfff))
        return 0;
    *code_point = unit;
    if (unit < 0xd800 || unit > 0xdfff)
        return 6;
    uint32_t low = hex_quad(span_skip(text, 8));
    if (!span_starts(span_skip(text, 6), SPAN("\\u")) || low < 0xdc00 || low > 0xdfff)
        return 0;
    *code_point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* Most of a document is such bytes, so they are looked at by eight. */
static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
    const uint64_t each = 0x0101010101010101;
    while (end - at >= 8) {
        uint64_t v;
        memcpy(&v, at, 8);
        /* A byte's top bit is set if it is above 127, or if a subtraction borrows: it was less
         * than a space, or equal to a quote or a backslash. Borrows only run upwards, so the
         * lowest such byte (the first in memory: all our targets are little-endian) is right. */
        uint64_t stop =
            (v | (v - each * ' ') | ((v ^ each * '"') - each) | ((v ^ each * '\\') - each)) &
            each * 0x80;
        if (stop != 0)
            return at + __builtin_ctzll(stop) / 8;
        at += 8;
    }
    while (at < end && *at >= ' ' && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

size_t json_plain_size(struct span text)
{
    return (size_t)(skip_plain(text.data, text.data + text.size) - text.data);
}

enum result json_string(struct span text, struct span *content, bool *escaped)
{
    if (!span_starts(text, SPAN("\"")))
        return MALFORMED;
    const uint8_t *start = text.data + 1;
    const uint8_t *end = text.data + text.size;
    bool has_escapes = false;
    for (const uint8_t *at = start;;) {
        at = skip_plain(at, end);
        if (at == end)
            return MALFORMED;
        if (*at == '"') {
            *content = span_bytes(start, (size_t)(at - start));
            *escaped = has_escapes;
            return OK;
        }
        struct span rest = span_bytes(at, (size_t)(end - at));
        uint32_t code_point;
        size_t size = 0; /* of a control character: it must be escaped */
        if (*at == '\\') {
            has_escapes = true;
            size = escape_next(rest, &code_point);
        } else if (*at >= 0x80) {
            size = utf8_next(rest, &code_point);
        }
        if (size == 0)
            return MALFORMED;
        at += size;
    }
}

bool json_letter(struct json_letters *l, uint8_t *byte)
{
    if (l->at == l->size && l->rest.size > 0 && l->rest.data[0] == '\\') {
        struct builder b = {l->character, 0, sizeof l->character, false};
        uint32_t code_point;
        l->rest = span_skip(l->rest, escape_next(l->rest, &code_point));
        utf8_build(&b, code_point);
        l->size = b.size;
        l->at = 0;
    }
    if (l->at < l->size) {
        *byte = l->character[l->at++];
        return true;
    }
    if (l->rest.size == 0)
        return false;
    *byte = l->rest.data[0];
    l->rest = span_skip(l->rest, 1);
    return true;
}

enum result json_unquote(struct arena *a, struct span raw, struct span *value)
{
    struct span content;
    bool escaped;
    uint8_t byte;
    TRY(json_string(raw, &content, &escaped));
    if (raw.size != content.size + 2)
        return MALFORMED;
    *value = content;
    if (!escaped)
        return OK;
    struct json_letters letters = {.rest = content};
    struct builder b = builder_make(a, content.size);
    while (json_letter(&letters, &byte))
        build_byte(&b, byte);
    *value = built(&b);
    return OK;
}
