/*
 * Classes of ASCII bytes, as RFC 5234 names them. <ctype.h> depends on a locale.
 */
#ifndef TEXT_ASCII_H
#define TEXT_ASCII_H

#include <stdbool.h>
#include <stdint.h>

static inline bool ascii_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_alpha(uint8_t c)
{
    uint8_t letter = c | 0x20;
    return letter >= 'a' && letter <= 'z';
}

static inline bool ascii_is_alphanumeric(uint8_t c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* RFC 3986 section 2.3: what stands in a URL as it is. */
static inline bool ascii_is_unreserved(uint8_t c)
{
    return ascii_is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* The value of a hexadecimal digit; 16 for any other byte. */
static inline uint32_t ascii_hex_value(uint8_t c)
{
    if (ascii_is_digit(c))
        return (uint32_t)(c - '0');
    uint8_t letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? (uint32_t)(letter - 'a' + 10) : 16;
}

#endif
