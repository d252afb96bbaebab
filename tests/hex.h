/* Vectors as they are published. */
#ifndef HEX_H
#define HEX_H

#include "check.h"

static inline int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Hexadecimal, spaces ignored; what is no such text fails the test. */
static inline struct span hex_of(struct arena *a, struct span text)
{
    struct builder b = builder_make(a, text.size / 2);
    int high = -1;
    for (size_t i = 0; i < text.size; i++) {
        int digit = hex_digit(text.data[i]);
        if (text.data[i] == ' ')
            continue;
        CHECK(digit >= 0);
        if (high >= 0)
            build_byte(&b, (uint8_t)(high << 4 | digit));
        high = high >= 0 ? -1 : digit;
    }
    CHECK(high < 0);
    return built(&b);
}

static inline struct span hex(struct arena *a, const char *text)
{
    return hex_of(a, span_of(text));
}

#endif
