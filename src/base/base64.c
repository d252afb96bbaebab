#include "base/base64.h"

static const char URL_ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char CLASSIC_ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a digit, or 64 when c is none. Branches do not leak secrets
 * that matter: what is decoded here is checked by MAC or hash as a whole. */
static uint32_t digit(uint8_t c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0' + 52);
    if (c == (uint8_t)alphabet[62])
        return 62;
    if (c == (uint8_t)alphabet[63])
        return 63;
    return 64;
}

static struct builder encode(struct arena *a, struct span bytes, const char *alphabet)
{
    struct builder b = builder_make(a, (bytes.size + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t have = bytes.size - i < 3 ? bytes.size - i : 3;
        uint32_t v = (uint32_t)bytes.data[i] << 16;
        if (have > 1)
            v |= (uint32_t)bytes.data[i + 1] << 8;
        if (have > 2)
            v |= bytes.data[i + 2];
        for (size_t k = 0; k <= have; k++)
            b.data[b.size++] = (uint8_t)alphabet[v >> (18 - 6 * k) & 63];
    }
    return b;
}

struct span base64url_encode(struct arena *a, struct span bytes)
{
    struct builder b = encode(a, bytes, URL_ALPHABET);
    return built(&b);
}

struct span base64_encode(struct arena *a, struct span bytes)
{
    struct builder b = encode(a, bytes, CLASSIC_ALPHABET);
    while (b.size % 4 != 0)
        b.data[b.size++] = '=';
    return built(&b);
}

static enum result decode(struct arena *a, struct span text, const char *alphabet,
                          struct span *bytes)
{
    if (text.size % 4 == 1)
        return MALFORMED;
    struct builder b = builder_make(a, text.size / 4 * 3 + 2);
    uint32_t v = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint32_t d = digit(text.data[i], alphabet);
        if (d == 64)
            return MALFORMED;
        v = v << 6 | d;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            b.data[b.size++] = (uint8_t)(v >> bits & 0xff);
        }
    }
    if ((v & ((1u << bits) - 1)) != 0)
        return MALFORMED; /* spare bits: a second spelling of the same bytes */
    *bytes = built(&b);
    return OK;
}

enum result base64url_decode(struct arena *a, struct span text, struct span *bytes)
{
    return decode(a, text, URL_ALPHABET, bytes);
}

enum result base64_decode(struct arena *a, struct span text, struct span *bytes)
{
    size_t padding = 0;
    while (padding < 2 && text.size > 0 && text.data[text.size - 1] == '=') {
        text.size--;
        padding++;
    }
    if (padding > 0 && (text.size + padding) % 4 != 0)
        return MALFORMED;
    return decode(a, text, CLASSIC_ALPHABET, bytes);
}
