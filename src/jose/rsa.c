#include "jose/rsa.h"

#include <inner.h>
#include <string.h>

enum {
    SALT_SIZE = 32,
    NUMBER_WORDS = 1 + (8 * RSA_MAX_SIZE + 30) / 31 /* a length, and words of 31 bits */
};

enum result rsa_public_parse(struct span n, struct span e, struct rsa_public *out)
{
    if (n.size < RSA_MIN_SIZE || n.size > RSA_MAX_SIZE || (n.data[0] & 0x80) == 0 ||
        (n.data[n.size - 1] & 1) == 0)
        return MALFORMED;
    if (e.size < 1 || e.size > 4 || e.data[0] == 0 || (e.data[e.size - 1] & 1) == 0 ||
        (e.size == 1 && e.data[0] == 1))
        return MALFORMED;
    *out = (struct rsa_public){n, e};
    return OK;
}

/*
 * RSAVP1 (RFC 8017 section 5.2.2): the encoded message, as many bytes as the modulus has. By
 * BearSSL's integers and not by its RSA, which hides the exponent: nothing here is secret.
 */
static enum result recover(const struct rsa_public *key, struct span signature,
                           uint8_t em[RSA_MAX_SIZE])
{
    uint32_t n[NUMBER_WORDS];
    uint32_t base[NUMBER_WORDS];
    uint32_t base_monty[NUMBER_WORDS];
    uint32_t power[NUMBER_WORDS];
    uint32_t square[NUMBER_WORDS];
    /* "If the length of the signature S is not k octets, output "invalid signature" and stop." */
    if (signature.size != key->n.size || signature.size > RSA_MAX_SIZE)
        return UNVERIFIABLE;
    br_i31_decode(n, key->n.data, key->n.size);
    if (!br_i31_decode_mod(base, signature.data, signature.size, n))
        return UNVERIFIABLE;
    uint32_t e = 0;
    for (size_t i = 0; i < key->e.size; i++)
        e = e << 8 | key->e.data[i];
    uint32_t n0i = br_i31_ninv31(n[1]);
    memcpy(base_monty, base, sizeof base);
    br_i31_to_monty(base_monty, n);
    memcpy(power, base_monty, sizeof power);
    for (uint32_t bit = (0x80000000u >> __builtin_clz(e)) >> 1; bit > 0; bit >>= 1) {
        br_i31_montymul(square, power, power, n, n0i);
        /* The last bit is set; multiplied by the bare base, Montgomery's factor goes. */
        if (e & bit)
            br_i31_montymul(power, square, bit == 1 ? base : base_monty, n, n0i);
        else
            memcpy(power, square, sizeof power);
    }
    br_i31_encode(em, signature.size, power);
    return OK;
}

/*
 * RFC 8017 section 8.2.2: the encoding is made anew and compared as a whole, so
 * there is no parser to be misled by other padding or by what stands behind it.
 */
enum result rs256_verify(const struct rsa_public *key, struct span message, struct span signature)
{
    /* Section 9.2, note 1. The NULL is not left out here: implementations "MAY" accept that. */
    static const uint8_t DIGEST_INFO[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                          0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                          0x01, 0x05, 0x00, 0x04, 0x20};
    uint8_t em[RSA_MAX_SIZE];
    uint8_t want[RSA_MAX_SIZE];
    TRY(recover(key, signature, em));
    struct hash hash;
    sha256(message, &hash);
    size_t size = signature.size;
    size_t padding = size - 3 - sizeof DIGEST_INFO - SHA256_SIZE;
    want[0] = 0;
    want[1] = 1;
    memset(want + 2, 0xff, padding);
    want[2 + padding] = 0;
    memcpy(want + 3 + padding, DIGEST_INFO, sizeof DIGEST_INFO);
    memcpy(want + size - SHA256_SIZE, hash.bytes, SHA256_SIZE);
    return crypto_equal(span_bytes(em, size), span_bytes(want, size)) ? OK : UNVERIFIABLE;
}

/* data ^= MGF1(seed), RFC 8017 appendix B.2.1. */
static void unmask(uint8_t *data, size_t size, struct span seed)
{
    uint8_t counter[4] = {0}; /* the last byte is enough: a modulus is at most 16 hashes long */
    for (size_t at = 0; at < size; at += SHA256_SIZE, counter[3]++) {
        struct hash mask;
        sha256_parts(2, (struct span[]){seed, span_bytes(counter, sizeof counter)}, &mask);
        for (size_t i = 0; i < SHA256_SIZE && at + i < size; i++)
            data[at + i] ^= mask.bytes[i];
    }
}

/* EMSA-PSS-VERIFY, RFC 8017 section 9.1.2. The modulus has 8 * size bits, the encoding one less. */
enum result ps256_verify(const struct rsa_public *key, struct span message, struct span signature)
{
    uint8_t em[RSA_MAX_SIZE];
    TRY(recover(key, signature, em));
    size_t db_size = signature.size - SHA256_SIZE - 1;
    size_t padding = db_size - SALT_SIZE - 1;
    struct span h = span_bytes(em + db_size, SHA256_SIZE);

    /* Steps 4 and 6: the last octet is 0xbc, the leftmost bit zero. */
    if (em[signature.size - 1] != 0xbc || (em[0] & 0x80) != 0)
        return UNVERIFIABLE;

    /* Steps 7 to 10: DB is zeroes, 0x01 and the salt. */
    unmask(em, db_size, h);
    uint32_t wrong = (em[0] & 0x7fu) | (em[padding] ^ 1u);
    for (size_t i = 1; i < padding; i++)
        wrong |= em[i];
    if (wrong != 0)
        return UNVERIFIABLE;

    /* Steps 12 to 14: H is the hash of eight zero octets, the message's hash and the salt. */
    static const uint8_t ZEROES[8];
    struct hash message_hash;
    struct hash again;
    sha256(message, &message_hash);
    struct span parts[] = {span_bytes(ZEROES, sizeof ZEROES), hash_span(&message_hash),
                           span_bytes(em + padding + 1, SALT_SIZE)};
    sha256_parts(3, parts, &again);
    return crypto_equal(hash_span(&again), h) ? OK : UNVERIFIABLE;
}
