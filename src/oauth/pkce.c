#include "oauth/pkce.h"

#include "base/base64.h"

enum {
    CHALLENGE_SIZE = 43,
    VERIFIER_MIN = 43,
    VERIFIER_MAX = 128
};

static bool is_alphanumeric(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

enum result pkce_challenge_check(struct span challenge)
{
    if (challenge.size != CHALLENGE_SIZE)
        return MALFORMED;
    for (size_t i = 0; i < challenge.size; i++)
        if (!is_alphanumeric(challenge.data[i]) && challenge.data[i] != '-' &&
            challenge.data[i] != '_')
            return MALFORMED;
    /* 43 characters are 258 bits: the last two are spare and zero in what a SHA-256 encodes to. */
    struct span last_characters = SPAN("AEIMQUYcgkosw048");
    if (span_find(last_characters, challenge.data[CHALLENGE_SIZE - 1]) == last_characters.size)
        return MALFORMED;
    return OK;
}

/* RFC 7636 section 4.1: code-verifier = 43*128unreserved */
enum result pkce_verifier_check(struct span verifier)
{
    if (verifier.size < VERIFIER_MIN || verifier.size > VERIFIER_MAX)
        return MALFORMED;
    struct span marks = SPAN("-._~");
    for (size_t i = 0; i < verifier.size; i++)
        if (!is_alphanumeric(verifier.data[i]) && span_find(marks, verifier.data[i]) == marks.size)
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
