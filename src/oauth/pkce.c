#include "oauth/pkce.h"

#include "base/base64.h"
#include "text/ascii.h"

enum { CHALLENGE_SIZE = 43, VERIFIER_MIN = 43, VERIFIER_MAX = 128 };

enum result pkce_challenge_check(struct span challenge)
{
    if (challenge.size != CHALLENGE_SIZE)
        return MALFORMED;
    for (size_t i = 0; i < challenge.size; i++)
        if (!ascii_is_alphanumeric(challenge.data[i]) && !span_has(SPAN("-_"), challenge.data[i]))
            return MALFORMED;
    /* 43 characters are 258 bits: the last two are spare and zero in what a SHA-256 encodes to. */
    bool spare_are_zero = span_has(SPAN("AEIMQUYcgkosw048"), challenge.data[CHALLENGE_SIZE - 1]);
    return spare_are_zero ? OK : MALFORMED;
}

/* RFC 7636 section 4.1: code-verifier = 43*128unreserved */
enum result pkce_verifier_check(struct span verifier)
{
    if (verifier.size < VERIFIER_MIN || verifier.size > VERIFIER_MAX)
        return MALFORMED;
    for (size_t i = 0; i < verifier.size; i++)
        if (!ascii_is_unreserved(verifier.data[i]))
            return MALFORMED;
    return OK;
}

struct span pkce_challenge_of(struct arena *a, struct span verifier)
{
    struct hash hash;
    sha256(verifier, &hash);
    return base64url_encode(a, hash_span(&hash));
}

enum result pkce_verify(struct arena *a, struct span challenge, struct span verifier)
{
    if (pkce_challenge_check(challenge) != OK || pkce_verifier_check(verifier) != OK)
        return UNVERIFIABLE;
    return crypto_equal(pkce_challenge_of(a, verifier), challenge) ? OK : UNVERIFIABLE;
}
