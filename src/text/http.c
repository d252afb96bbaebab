#include "text/http.h"

#include "text/ascii.h"

static const struct span BLANKS = SPAN(" \t");

struct span headers_get(const struct headers *headers, struct span name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (span_equal_nocase(headers->list[i].name, name))
            return headers->list[i].value;
    return ABSENT;
}

bool http_is_transient(uint32_t status)
{
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

/* ---- characters ---- */

static bool is_token_byte(uint8_t c)
{
    return ascii_is_alphanumeric(c) || span_has(SPAN("!#$%&'*+-.^_`|~"), c);
}

static size_t token_size(struct span s)
{
    size_t size = 0;
    while (size < s.size && is_token_byte(s.data[size]))
        size++;
    return size;
}

bool http_is_token(struct span s)
{
    return s.size > 0 && token_size(s) == s.size;
}

bool http_is_field_value(struct span value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] != '\t' && (value.data[i] < ' ' || value.data[i] > '~'))
            return false;
    return true;
}

struct span http_quotable(struct arena *a, struct span s)
{
    struct builder b = builder_make(a, s.size);
    for (size_t i = 0; i < s.size; i++) {
        uint8_t c = s.data[i];
        bool allowed = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        build_byte(&b, allowed ? c : '?');
    }
    return built(&b);
}

/* ---- media types ---- */

/* Takes a token or a quoted-string off the front; ABSENT when there is none. */
static struct span take_value(struct span *s)
{
    struct span value = span_first(*s, token_size(*s));
    if (value.size > 0) {
        *s = span_skip(*s, value.size);
        return value;
    }
    if (!span_starts(*s, SPAN("\"")))
        return ABSENT;
    value = span_skip(*s, 1);
    /* A backslash may hide a quote; nothing that we compare with needs one. */
    value = span_first(value, span_find(value, '"'));
    if (span_has(value, '\\') || !http_is_field_value(value))
        return ABSENT;
    struct span rest = span_skip(*s, value.size + 1);
    if (rest.size == 0)
        return ABSENT; /* the closing quote is missing */
    *s = span_skip(rest, 1);
    return value;
}

/* RFC 9110 section 5.6.6: *( OWS ";" OWS [ name "=" value ] ). Only charset matters here. */
static bool parameters_fit(struct span rest)
{
    for (rest = span_trim(rest, BLANKS); rest.size > 0; rest = span_trim(rest, BLANKS)) {
        if (rest.data[0] != ';')
            return false;
        rest = span_trim(span_skip(rest, 1), BLANKS);
        struct span name = span_first(rest, token_size(rest));
        if (name.size == 0)
            continue;
        rest = span_skip(rest, name.size);
        if (!span_starts(rest, SPAN("=")))
            return false;
        rest = span_skip(rest, 1);
        struct span value = take_value(&rest);
        if (!span_present(value))
            return false;
        if (span_equal_nocase(name, SPAN("charset")) && !span_equal_nocase(value, SPAN("utf-8")))
            return false;
    }
    return true;
}

bool http_is_type(struct span content_type, struct span type)
{
    struct span s = span_trim(content_type, BLANKS);
    if (!span_equal_nocase(span_first(s, type.size), type))
        return false;
    return parameters_fit(span_skip(s, type.size));
}

/* ---- lists ---- */

/* The next element of a list that is not ABSENT yet, trimmed. Advances the list. */
static struct span next_element(struct span *list)
{
    struct span element;
    *list = span_cut(*list, ',', &element);
    return span_trim(element, BLANKS);
}

uint64_t http_max_age(struct span cache_control, uint64_t fallback)
{
    uint64_t age = fallback;
    bool given = false;
    while (span_present(cache_control)) {
        struct span name;
        struct span value = span_cut(next_element(&cache_control), '=', &name);
        if (span_equal_nocase(name, SPAN("no-store")) || span_equal_nocase(name, SPAN("no-cache")))
            return 0;
        if (!span_equal_nocase(name, SPAN("max-age")))
            continue;
        /* RFC 9111 section 4.2.1: what is contradictory or invalid counts as stale. */
        uint64_t seconds;
        if (span_u64(value, &seconds) != OK || (given && seconds != age))
            return 0;
        age = seconds;
        given = true;
    }
    return age;
}

/* ---- cookies and credentials ---- */

/* RFC 6265 section 4.1.1: visible ASCII without quote, comma, semicolon, backslash. */
static bool is_cookie_value(struct span value)
{
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = value.data[i];
        if (c <= ' ' || c > '~' || span_has(SPAN("\",;\\"), c))
            return false;
    }
    return true;
}

struct span http_cookie(struct span cookie_header, struct span name)
{
    struct span found = ABSENT;
    while (span_present(cookie_header)) {
        struct span pair;
        struct span its_name;
        cookie_header = span_cut(cookie_header, ';', &pair);
        struct span value = span_cut(span_trim(pair, BLANKS), '=', &its_name);
        if (!span_present(value) || !span_equal(its_name, name))
            continue;
        if (!is_cookie_value(value) || (span_present(found) && !span_equal(found, value)))
            return ABSENT;
        found = value;
    }
    return found;
}

/* RFC 9110 section 11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" */
static bool is_token68(struct span s)
{
    while (s.size > 0 && s.data[s.size - 1] == '=')
        s.size--;
    for (size_t i = 0; i < s.size; i++)
        if (!ascii_is_alphanumeric(s.data[i]) && !span_has(SPAN("-._~+/"), s.data[i]))
            return false;
    return s.size > 0;
}

enum result http_credentials(struct span authorization, struct span scheme,
                             struct span *credentials)
{
    struct span its_scheme = span_first(authorization, token_size(authorization));
    if (!span_equal_nocase(its_scheme, scheme)) {
        *credentials = ABSENT;
        return OK;
    }
    struct span rest = span_skip(authorization, its_scheme.size);
    struct span value = rest;
    while (value.size > 0 && value.data[0] == ' ')
        value = span_skip(value, 1);
    if (value.size == rest.size || !is_token68(value))
        return MALFORMED;
    *credentials = value;
    return OK;
}
