#include "text/utf8.h"

size_t utf8_next(struct span text, uint32_t *code_point)
{
    if (text.size == 0)
        return 0;
    uint8_t lead = text.data[0];
    if (lead < 0x80) {
        *code_point = lead;
        return 1;
    }
    size_t size = lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
    if (size == 0 || size > text.size)
        return 0;
    uint32_t value = lead & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (text.data[i] & 0x3fu);
    }
    /* The least value that needs this size: below it stands an overlong form. */
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[size] || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff)
        return 0;
    *code_point = value;
    return size;
}

bool utf8_valid(struct span text)
{
    uint32_t code_point;
    while (text.size > 0) {
        size_t size = utf8_next(text, &code_point);
        if (size == 0)
            return false;
        text = span_skip(text, size);
    }
    return true;
}

void utf8_build(struct builder *b, uint32_t code_point)
{
    if (code_point < 0x80) {
        build_byte(b, (uint8_t)code_point);
        return;
    }
    uint32_t size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    build_byte(b, (uint8_t)(0xf00u >> size | code_point >> (6 * (size - 1))));
    for (uint32_t left = size - 1; left > 0; left--)
        build_byte(b, (uint8_t)(0x80u | (code_point >> (6 * (left - 1)) & 0x3f)));
}
