/*
 * HTTP's own small grammars (RFC 9110, RFC 6265). Names compare without case.
 */
#ifndef TEXT_HTTP_H
#define TEXT_HTTP_H

#include "base/span.h"

struct header {
    struct span name;
    struct span value;
};

struct headers {
    struct header *list;
    size_t count;
};

/* The first header of that name; ABSENT when missing. */
struct span headers_get(const struct headers *headers, struct span name);

/*
 * Whether the media type of a Content-Type value is `type` ("application/json"),
 * whatever its parameters; a charset other than utf-8 is no match, nor is a
 * value that is no media type or is a list of them.
 */
bool http_is_type(struct span content_type, struct span type);

/*
 * The value of one cookie in a Cookie header. ABSENT when missing, when it is
 * no RFC 6265 value, or when it stands there twice with different values,
 * because then nobody knows whose it is. Only ';' separates: two headers that a
 * platform joined with ", " are not taken apart, because browsers send one, and
 * a neighbouring host may set a cookie whose value holds ", our-name=...".
 */
struct span http_cookie(struct span cookie_header, struct span name);

/*
 * The credentials of an Authorization header of this scheme ("Bearer",
 * "Basic"), the scheme without case, one or more spaces behind it. ABSENT when
 * the header is of another scheme. MALFORMED: empty, or characters outside
 * RFC 9110's token68 (so also a list of two).
 */
enum result http_credentials(struct span authorization, struct span scheme,
                             struct span *credentials) MUST_USE;

/* Whether the same request may well succeed a little later: 408, 425, 429, 5xx. */
bool http_is_transient(uint32_t status);

/* Visible ASCII, space and tab only: safe to send as a header's value. */
bool http_is_field_value(struct span value);

/* RFC 9110 token: what a header's name, a method is made of. */
bool http_is_token(struct span s);

/*
 * A quoted-string's inside for WWW-Authenticate: whatever is not in
 * %x20-21 / %x23-5B / %x5D-7E (RFC 6749 appendix A) is replaced by '?'.
 */
struct span http_quotable(struct arena *a, struct span s);

/*
 * max-age of a Cache-Control value in seconds; fallback without one; 0 for
 * no-store, no-cache, an invalid max-age or two that differ.
 */
uint64_t http_max_age(struct span cache_control, uint64_t fallback);

#endif
