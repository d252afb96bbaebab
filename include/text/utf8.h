/*
 * UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include "base/span.h"

/* The size of the character that the text begins with, 1 to 4; 0 when there is none. */
size_t utf8_next(struct span text, uint32_t *code_point);

bool utf8_valid(struct span text);

/* Writes the character of a code point (no surrogate, at most U+10FFFF). */
void utf8_build(struct builder *b, uint32_t code_point);

#endif
