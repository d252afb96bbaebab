#include "jose/ec.h"

#include <inner.h>
#include <string.h>

static const uint8_t ORDER[P256_SCALAR_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* n - 1 in words, the lowest first. */
enum { SCALAR_WORDS = 8 };
static const uint32_t ORDER_MINUS_1[SCALAR_WORDS] = {
    0xfc632550, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff};

/* ---- scalars, in constant time ---- */

/* 1 <= scalar < n. */
static bool in_range(const uint8_t scalar[P256_SCALAR_SIZE])
{
    uint32_t below = 0;
    uint32_t any = 0;
    for (size_t i = P256_SCALAR_SIZE; i-- > 0;) {
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
            out->scalar[P256_SCALAR_SIZE - 1 - 4 * i - k] = (uint8_t)(carry >> (8 * k) & 0xff);
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
    if (scalar.size != P256_SCALAR_SIZE || !in_range(scalar.data))
        return MALFORMED;
    memcpy(out->scalar, scalar.data, P256_SCALAR_SIZE);
    return OK;
}

void p256_public_of(const struct p256_private *private_key, struct p256_public *out)
{
    p256_base_times(private_key->scalar, out->point);
}

enum result p256_public_parse(struct span x, struct span y, struct p256_public *out)
{
    if (x.size != P256_COORDINATE_SIZE || y.size != P256_COORDINATE_SIZE)
        return MALFORMED;
    struct p256_public key = {{4}};
    memcpy(key.point + 1, x.data, P256_COORDINATE_SIZE);
    memcpy(key.point + 1 + P256_COORDINATE_SIZE, y.data, P256_COORDINATE_SIZE);
    if (!p256_is_point(key.point))
        return MALFORMED;
    *out = key;
    return OK;
}

/* ---- ES256 ---- */

/*
 * By BearSSL's integers and not by its ECDSA, which divides by raising to the
 * power n - 2: that takes as long as a product of the base point does.
 */
enum { NUMBER_WORDS = 1 + 9 }; /* a length, and 256 bits in words of 31 */

struct number {
    uint32_t words[NUMBER_WORDS];
};

static uint32_t order_make(struct number *n)
{
    br_i31_decode(n->words, ORDER, sizeof ORDER);
    return br_i31_ninv31(n->words[1]);
}

/* Modulo the order. */
static struct number number_of(const uint8_t bytes[P256_SCALAR_SIZE], const struct number *n)
{
    struct number made;
    br_i31_decode_reduce(made.words, bytes, P256_SCALAR_SIZE, n->words);
    return made;
}

/* a / b modulo the order; b is not 0. */
static void divide(struct number *a, const struct number *b, const struct number *n, uint32_t n0i,
                   uint8_t out[P256_SCALAR_SIZE])
{
    uint32_t room[3 * NUMBER_WORDS];
    br_i31_moddiv(a->words, b->words, n->words, n0i, room);
    br_i31_encode(out, P256_SCALAR_SIZE, a->words);
}

/* RFC 6979 section 3.2: the number k that the key and the hash give. */
static void nonce_make(const struct p256_private *key, const struct number *hash,
                       uint8_t nonce[P256_SCALAR_SIZE])
{
    uint8_t seed[2 * P256_SCALAR_SIZE];
    br_hmac_drbg_context drbg;
    memcpy(seed, key->scalar, P256_SCALAR_SIZE);
    br_i31_encode(seed + P256_SCALAR_SIZE, P256_SCALAR_SIZE, hash->words);
    br_hmac_drbg_init(&drbg, &br_sha256_vtable, seed, sizeof seed);
    do
        br_hmac_drbg_generate(&drbg, nonce, P256_SCALAR_SIZE);
    while (!in_range(nonce));
}

/*
 * FIPS 186-5 section 6.4.1: r is the x of k G, and s = (hash + r key) / k. That neither is 0 goes
 * without a check: nobody could find a message for which it were so.
 */
enum result es256_sign(const struct p256_private *key, struct span message,
                       uint8_t signature[ES256_SIZE])
{
    struct number n;
    struct hash digest;
    uint8_t nonce[P256_SCALAR_SIZE];
    uint8_t point[P256_POINT_SIZE];
    if (!in_range(key->scalar))
        return MALFORMED;
    uint32_t n0i = order_make(&n);
    sha256(message, &digest);
    struct number hash = number_of(digest.bytes, &n);
    nonce_make(key, &hash, nonce);
    p256_base_times(nonce, point);

    struct number k = number_of(nonce, &n);
    struct number x = number_of(key->scalar, &n);
    struct number r = number_of(point + 1, &n);
    struct number s;
    /* A product comes out divided by Montgomery's factor, so that is put in before. */
    br_i31_to_monty(x.words, n.words);
    br_i31_montymul(s.words, x.words, r.words, n.words, n0i);
    br_i31_add(s.words, hash.words, 1); /* no carry: nine words have room for 279 bits */
    br_i31_sub(s.words, n.words, br_i31_sub(s.words, n.words, 0) ^ 1);
    br_i31_encode(signature, P256_SCALAR_SIZE, r.words);
    divide(&s, &k, &n, n0i, signature + P256_SCALAR_SIZE);
    return OK;
}

/* FIPS 186-5 section 6.4.2: r is the x of (hash / s) G + (r / s) Q. */
enum result es256_verify(const struct p256_public *key, struct span message, struct span signature)
{
    /* RFC 7518 section 3.4: "If it is not a 64-octet sequence, the validation has failed." */
    if (signature.size != ES256_SIZE || !in_range(signature.data) ||
        !in_range(signature.data + P256_SCALAR_SIZE))
        return UNVERIFIABLE;
    struct number n;
    struct hash digest;
    uint8_t of_base[P256_SCALAR_SIZE];
    uint8_t of_key[P256_SCALAR_SIZE];
    uint8_t point[P256_POINT_SIZE];
    uint32_t n0i = order_make(&n);
    sha256(message, &digest);
    struct number hash = number_of(digest.bytes, &n);
    struct number r = number_of(signature.data, &n);
    struct number s = number_of(signature.data + P256_SCALAR_SIZE, &n);
    divide(&hash, &s, &n, n0i, of_base);
    divide(&r, &s, &n, n0i, of_key);
    if (!p256_sum(key->point, of_key, of_base, point))
        return UNVERIFIABLE;
    struct number x = number_of(point + 1, &n);
    br_i31_encode(point, P256_SCALAR_SIZE, x.words);
    return crypto_equal(span_bytes(point, P256_SCALAR_SIZE),
                        span_first(signature, P256_SCALAR_SIZE))
               ? OK
               : UNVERIFIABLE;
}
