/*
 * RSA signatures of others, verified: RS256 and PS256 (RFC 7518 sections 3.3
 * and 3.5). We have no RSA key of our own.
 */
#ifndef JOSE_RSA_H
#define JOSE_RSA_H

#include "jose/crypto.h"

enum { RSA_MIN_SIZE = 256, RSA_MAX_SIZE = 512 }; /* of the modulus, in bytes */

/* Both big-endian, without leading zeroes; views of what was parsed. */
struct rsa_public {
    struct span n;
    struct span e;
};

/*
 * MALFORMED: a modulus of other than RSA_MIN_SIZE..RSA_MAX_SIZE bytes, even, or
 * with its top bit clear; an exponent that is even, below 3, above 2^32-1 or
 * has leading zeroes.
 */
enum result rsa_public_parse(struct span n, struct span e, struct rsa_public *out) MUST_USE;

/* RSASSA-PKCS1-v1_5 with SHA-256; the one DER encoding of the hash, with its NULL. */
enum result rs256_verify(const struct rsa_public *key, struct span message,
                         struct span signature) MUST_USE;

/* RSASSA-PSS: SHA-256, MGF1 with SHA-256, a salt of 32 bytes. */
enum result ps256_verify(const struct rsa_public *key, struct span message,
                         struct span signature) MUST_USE;

#endif
