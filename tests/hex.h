/* Vectors as they are published. */
#ifndef HEX_H
#define HEX_H

#include "check.h"

static inline int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* Lower-case hexadecimal; what is no such text fails the test. */
static inline struct span hex_of(struct arena *a, struct span text)
{
    struct builder b = builder_make(a, text.size / 2);
    bool wrong = text.size % 2 != 0;
    for (size_t i = 0; i + 1 < text.size; i += 2) {
        int high = hex_digit(text.data[i]);
        int low = hex_digit(text.data[i + 1]);
        wrong |= high < 0 || low < 0;
        build_byte(&b, (uint8_t)(high << 4 | low));
    }
    CHECK(!wrong);
    return built(&b);
}

static inline struct span hex(struct arena *a, const char *text)
{
    return hex_of(a, span_of(text));
}

#endif
