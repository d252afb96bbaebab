/*
 * RFC 4648. base64url (section 5) without padding is what JOSE and our own
 * tokens use; the classic alphabet (section 4) appears in Basic credentials
 * and in MCP's encoded header values only.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/span.h"

/* base64url, no padding. */
struct span base64url_encode(struct arena *a, struct span bytes);

/*
 * Strict (RFC 7515 section 2): the url alphabet only, no padding, no white
 * space, spare bits zero. MALFORMED otherwise. Empty text gives empty bytes.
 */
enum result base64url_decode(struct arena *a, struct span text, struct span *bytes) MUST_USE;

/* Classic alphabet; padding may be present (complete) or absent; otherwise as strict. */
enum result base64_decode(struct arena *a, struct span text, struct span *bytes) MUST_USE;

/* Classic alphabet with padding. */
struct span base64_encode(struct arena *a, struct span bytes);

#endif
