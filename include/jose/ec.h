/*
 * P-256 and its ES256 signatures; no other curve is offered. Keys come in as
 * bare coordinates and scalars, never as DER, and a key that exists has been
 * checked.
 */
#ifndef JOSE_EC_H
#define JOSE_EC_H

#include "jose/crypto.h"
#include "jose/p256.h"

enum {
    P256_MATERIAL_MIN = 48,
    ES256_SIZE = 64 /* r || s */
};

/* A scalar in 1..n-1, n being the order of the curve. */
struct p256_private {
    uint8_t scalar[P256_SCALAR_SIZE];
};

struct p256_public {
    uint8_t point[P256_POINT_SIZE];
};

struct span p256_x(const struct p256_public *key);
struct span p256_y(const struct p256_public *key);

/* From uniform key material, without bias (FIPS 186-5 A.2.1). MALFORMED: less than
 * P256_MATERIAL_MIN bytes. */
enum result p256_private_from(struct span material, struct p256_private *out) MUST_USE;

/* MALFORMED: not 32 bytes, zero or not below the order. */
enum result p256_private_parse(struct span scalar, struct p256_private *out) MUST_USE;

void p256_public_of(const struct p256_private *private_key, struct p256_public *out);

/* MALFORMED: x or y not exactly 32 bytes, not below the field's prime, or not on the curve. */
enum result p256_public_parse(struct span x, struct span y, struct p256_public *out) MUST_USE;

/* ES256 (RFC 7518 section 3.4), deterministic by RFC 6979. MALFORMED: no key. */
enum result es256_sign(const struct p256_private *key, struct span message,
                       uint8_t signature[ES256_SIZE]) MUST_USE;

/* UNVERIFIABLE: wrong size, r or s zero or not below the order, or it does not verify. */
enum result es256_verify(const struct p256_public *key, struct span message,
                         struct span signature) MUST_USE;

#endif
