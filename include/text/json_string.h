/*
 * JSON strings (RFC 8259 section 7), for the scanner and the writer: others use json.h.
 */
#ifndef TEXT_JSON_STRING_H
#define TEXT_JSON_STRING_H

#include "base/span.h"

/* How many bytes from the start mean themselves: ASCII but quotes, backslashes and controls. */
size_t json_plain_size(struct span text);

/*
 * Reads the string that the text begins with. *content is what stands between
 * the quotes, *escaped whether that has escapes. MALFORMED: no string, no end,
 * a control character, bad UTF-8, a bad escape, \u0000, half a surrogate pair.
 */
enum result json_string(struct span text, struct span *content, bool *escaped) MUST_USE;

/* What the content of such a string means, byte by byte. */
struct json_letters {
    struct span rest;     /* of the content */
    uint8_t character[4]; /* that an escape stands for, */
    size_t size, at;      /* as far as it was not told yet */
};

/* The next byte; false at the end. */
bool json_letter(struct json_letters *letters, uint8_t *byte);

#endif
