#include "text/form.h"

#include "text/ascii.h"
#include "text/utf8.h"

enum result form_decode(struct arena *a, struct span text, struct span *value)
{
    struct builder b = builder_make(a, text.size);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            if (text.size - i < 3)
                return MALFORMED;
            uint32_t high = ascii_hex_value(text.data[i + 1]);
            uint32_t low = ascii_hex_value(text.data[i + 2]);
            if (high == 16 || low == 16)
                return MALFORMED;
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        if (c == 0)
            return MALFORMED;
        build_byte(&b, c);
    }
    if (!utf8_valid(built(&b)))
        return MALFORMED;
    *value = built(&b);
    return OK;
}

enum result form_parse(struct arena *a, struct span text, struct form *form)
{
    struct form f = {ARENA_ARRAY(a, FORM_MAX_PARAMETERS, struct form_parameter), 0};
    while (text.size > 0) {
        struct span pair;
        text = span_cut(text, '&', &pair);
        if (pair.size == 0)
            continue;
        if (f.count == FORM_MAX_PARAMETERS)
            return TOO_LARGE;
        struct form_parameter *p = &f.parameters[f.count++];
        struct span name;
        struct span value = span_cut(pair, '=', &name);
        TRY(form_decode(a, name, &p->name));
        TRY(form_decode(a, value, &p->value));
    }
    *form = f;
    return OK;
}

struct span form_get(const struct form *form, struct span name)
{
    for (size_t i = 0; i < form->count; i++)
        if (span_equal(form->parameters[i].name, name) && form->parameters[i].value.size > 0)
            return form->parameters[i].value;
    return ABSENT;
}

size_t form_count(const struct form *form, struct span name)
{
    size_t count = 0;
    for (size_t i = 0; i < form->count; i++)
        if (span_equal(form->parameters[i].name, name))
            count++;
    return count;
}

struct span form_repeated(const struct form *form, struct span allowed)
{
    for (size_t i = 0; i < form->count; i++) {
        struct span name = form->parameters[i].name;
        if (form_count(form, name) > 1 && !span_has_word(allowed, name))
            return name;
    }
    return ABSENT;
}

struct span form_encode(struct arena *a, struct span value)
{
    static const char digits[] = "0123456789ABCDEF";
    struct builder b = builder_make(a, 3 * value.size);
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = value.data[i];
        if (ascii_is_unreserved(c)) {
            build_byte(&b, c);
        } else {
            build_byte(&b, '%');
            build_byte(&b, (uint8_t)digits[c >> 4]);
            build_byte(&b, (uint8_t)digits[c & 15]);
        }
    }
    return built(&b);
}

void form_append(struct arena *a, struct builder *b, struct span name, struct span value)
{
    if (!span_present(value))
        return;
    if (b->size > 0)
        build_byte(b, '&');
    build_span(b, form_encode(a, name));
    build_byte(b, '=');
    build_span(b, form_encode(a, value));
}

struct span form_write(struct arena *a, const struct form *form)
{
    size_t max = 0;
    for (size_t i = 0; i < form->count; i++)
        max += 3 * (form->parameters[i].name.size + form->parameters[i].value.size) + 2;
    struct builder b = builder_make(a, max);
    for (size_t i = 0; i < form->count; i++)
        form_append(a, &b, form->parameters[i].name, form->parameters[i].value);
    return built(&b);
}
