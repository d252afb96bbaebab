/*
 * application/x-www-form-urlencoded, as OAuth uses it in queries and bodies
 * (OAuth 2.1 section 3.1): a parameter sent twice makes the request invalid, an
 * empty one counts as absent, an unknown one is ignored.
 */
#ifndef TEXT_FORM_H
#define TEXT_FORM_H

#include "base/span.h"

enum { FORM_MAX_PARAMETERS = 128 };

struct form_parameter {
    struct span name;
    struct span value;
};

struct form {
    struct form_parameter *parameters;
    size_t count;
};

/*
 * Decodes "a=b&c=d" ('+' is a space, %XX a byte). MALFORMED: a broken %-escape,
 * NUL, or bytes that are not UTF-8 after decoding. TOO_LARGE: too many
 * parameters. An ABSENT or empty text is an empty form.
 */
enum result form_parse(struct arena *a, struct span text, struct form *form) MUST_USE;

/* The parameter's value; ABSENT when missing or empty. */
struct span form_get(const struct form *form, struct span name);

/* How often the name stands in the form, empty values included. */
size_t form_count(const struct form *form, struct span name);

/*
 * The name of a parameter that stands more than once, other than those named in
 * `allowed` (space separated, may be ABSENT); ABSENT when there is none.
 */
struct span form_repeated(const struct form *form, struct span allowed);

/* Percent-encodes everything but RFC 3986's unreserved characters. */
struct span form_encode(struct arena *a, struct span value);

/* One %-decoding, '+' becomes a space: for Basic credentials (RFC 6749 section 2.3.1). */
enum result form_decode(struct arena *a, struct span text, struct span *value) MUST_USE;

/*
 * Appends "name=value" with encoding, separated by '&' from what stands there.
 * An ABSENT value appends nothing.
 */
void form_append(struct arena *a, struct builder *b, struct span name, struct span value);

/* The whole form as text, in order, for a query or a body. */
struct span form_write(struct arena *a, const struct form *form);

#endif
