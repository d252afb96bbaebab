#include "jose/ec.h"

#include <bearssl_ec.h>
#include <string.h>

/* Of BearSSL's P-256 the quickest that needs no product of more than 64 bits. */
static const br_ec_impl *const P256 = &br_ec_p256_m31;

static const uint8_t ORDER[P256_PRIVATE_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* n - 1 in words, the lowest first. */
enum { SCALAR_WORDS = 8 };
static const uint32_t ORDER_MINUS_1[SCALAR_WORDS] = {
    0xfc632550, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff};

/* ---- scalars, in constant time ---- */

/* 1 <= scalar < n. */
static bool in_range(const uint8_t scalar[P256_PRIVATE_SIZE])
{
    uint32_t below = 0;
    uint32_t any = 0;
    for (size_t i = P256_PRIVATE_SIZE; i-- > 0;) {
        below = ((uint32_t)scalar[i] - ORDER[i] - below) >> 31;
        any |= scalar[i];
    }
    return (below & (any != 0)) != 0;
}

/* r = (2r + bit) mod (n - 1), for r < n - 1. */
static void append_bit(uint32_t r[SCALAR_WORDS], uint32_t bit)
{
    uint32_t less[SCALAR_WORDS];
    uint32_t carry = bit;
    uint32_t borrow = 0;
    for (size_t i = 0; i < SCALAR_WORDS; i++) {
        uint32_t top = r[i] >> 31;
        r[i] = r[i] << 1 | carry;
        carry = top;
        uint64_t difference = (uint64_t)r[i] - ORDER_MINUS_1[i] - borrow;
        less[i] = (uint32_t)difference;
        borrow = (uint32_t)(difference >> 63);
    }
    /* Was it too small to subtract from? The carry is its 257th bit. */
    uint32_t keep = 0 - (borrow & ~carry);
    for (size_t i = 0; i < SCALAR_WORDS; i++)
        r[i] = (r[i] & keep) | (less[i] & ~keep);
}

/* "d = (c mod (n - 1)) + 1" */
enum result p256_private_from(struct span material, struct p256_private *out)
{
    if (material.size < P256_MATERIAL_MIN)
        return MALFORMED;
    uint32_t r[SCALAR_WORDS] = {0};
    for (size_t i = 0; i < material.size; i++)
        for (uint32_t k = 8; k-- > 0;)
            append_bit(r, (uint32_t)material.data[i] >> k & 1);
    uint64_t carry = 1;
    for (size_t i = 0; i < SCALAR_WORDS; i++) {
        carry += r[i];
        for (size_t k = 0; k < 4; k++)
            out->scalar[P256_PRIVATE_SIZE - 1 - 4 * i - k] = (uint8_t)(carry >> (8 * k) & 0xff);
        carry >>= 32;
    }
    return OK;
}

/* ---- keys ---- */

struct span p256_x(const struct p256_public *key)
{
    return span_bytes(key->point + 1, P256_COORDINATE_SIZE);
}

struct span p256_y(const struct p256_public *key)
{
    return span_bytes(key->point + 1 + P256_COORDINATE_SIZE, P256_COORDINATE_SIZE);
}

enum result p256_private_parse(struct span scalar, struct p256_private *out)
{
    if (scalar.size != P256_PRIVATE_SIZE || !in_range(scalar.data))
        return MALFORMED;
    memcpy(out->scalar, scalar.data, P256_PRIVATE_SIZE);
    return OK;
}

void p256_public_of(const struct p256_private *private_key, struct p256_public *out)
{
    P256->mulgen(out->point, private_key->scalar, P256_PRIVATE_SIZE, BR_EC_secp256r1);
}

enum result p256_public_parse(struct span x, struct span y, struct p256_public *out)
{
    if (x.size != P256_COORDINATE_SIZE || y.size != P256_COORDINATE_SIZE)
        return MALFORMED;
    struct p256_public key = {{4}};
    memcpy(key.point + 1, x.data, P256_COORDINATE_SIZE);
    memcpy(key.point + 1 + P256_COORDINATE_SIZE, y.data, P256_COORDINATE_SIZE);
    /* To check a point BearSSL has to multiply it; by 1 that is cheap, and changes nothing. */
    static const uint8_t one = 1;
    if (P256->mul(key.point, P256_POINT_SIZE, &one, 1, BR_EC_secp256r1) != 1)
        return MALFORMED;
    *out = key;
    return OK;
}

/* ---- ES256 ---- */

enum result es256_sign(const struct p256_private *key, struct span message,
                       uint8_t signature[ES256_SIZE])
{
    /* BearSSL only reads it, but its type does not say so. */
    const br_ec_private_key private_key = {BR_EC_secp256r1, (unsigned char *)key->scalar,
                                           P256_PRIVATE_SIZE};
    struct hash hash;
    sha256(message, &hash);
    size_t size =
        br_ecdsa_i31_sign_raw(P256, &br_sha256_vtable, hash.bytes, &private_key, signature);
    return size == ES256_SIZE ? OK : MALFORMED;
}

enum result es256_verify(const struct p256_public *key, struct span message, struct span signature)
{
    /* RFC 7518 section 3.4: "If it is not a 64-octet sequence, the validation has failed." BearSSL
     * would take any even size, and 0 for r. */
    if (signature.size != ES256_SIZE || !in_range(signature.data) ||
        !in_range(signature.data + P256_PRIVATE_SIZE))
        return UNVERIFIABLE;
    const br_ec_public_key public_key = {BR_EC_secp256r1, (unsigned char *)key->point,
                                         P256_POINT_SIZE};
    struct hash hash;
    sha256(message, &hash);
    return br_ecdsa_i31_vrfy_raw(P256, hash.bytes, sizeof hash.bytes, &public_key, signature.data,
                                 signature.size) == 1
               ? OK
               : UNVERIFIABLE;
}
