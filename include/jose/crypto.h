/*
 * The symmetric primitives, over BearSSL, with the guards that it leaves to its
 * callers. Sizes are fixed by the algorithm and checked here. Nothing allocates
 * but from an arena, and nothing is kept: what was on the stack is zeroed when
 * the run ends. The asymmetric ones are in jose/ec.h, jose/p256.h and jose/rsa.h;
 * the files behind these four headers are the only ones that see BearSSL.
 */
#ifndef JOSE_CRYPTO_H
#define JOSE_CRYPTO_H

#include "base/span.h"

enum {
    SHA256_SIZE = 32,
    KEY_SIZE = 32,
    AEAD_NONCE_SIZE = 12,
    AEAD_TAG_SIZE = 16,
    HKDF_MAX_SIZE = 255 * SHA256_SIZE
};

struct key {
    uint8_t bytes[KEY_SIZE];
};

struct hash {
    uint8_t bytes[SHA256_SIZE];
};

struct span hash_span(const struct hash *h);
struct span key_span(const struct key *k);

/* The key XOR a mask, which has KEY_SIZE bytes. */
void key_mask(struct key *k, struct span mask);

/* Constant time in the content; sizes are public. ABSENT equals nothing. */
bool crypto_equal(struct span a, struct span b);

void sha256(struct span data, struct hash *out);

/* Hash of several parts in a row: no separator is added, the caller packs. */
void sha256_parts(size_t count, const struct span *parts, struct hash *out);

/* HMAC-SHA-256 (RFC 2104); key of any size. */
void hmac_sha256(struct span key, size_t count, const struct span *parts, struct hash *out);

/* HKDF-SHA-256 (RFC 5869). MALFORMED: out_size beyond HKDF_MAX_SIZE. */
enum result hkdf_sha256(struct span secret, struct span salt, struct span info, uint8_t *out,
                        size_t out_size) MUST_USE;

/*
 * Random bytes from one seed of KEY_SIZE bytes: the key stream of ChaCha20 (RFC
 * 8439 section 2.4). Made once for a run; the same seed gives the same bytes in
 * the same order.
 */
struct drbg {
    struct key key;
    uint32_t block;
};
void drbg_make(struct drbg *d, struct span seed);
void drbg_bytes(struct drbg *d, uint8_t *out, size_t size);

/*
 * ChaCha20-Poly1305 (RFC 8439). sealed = ciphertext || tag. The nonce is 12
 * bytes, MALFORMED otherwise. open: UNVERIFIABLE when the tag does not hold,
 * and then no plaintext is released.
 */
enum result aead_seal(struct arena *a, const struct key *key, struct span nonce, struct span aad,
                      struct span plaintext, struct span *sealed) MUST_USE;
enum result aead_open(struct arena *a, const struct key *key, struct span nonce, struct span aad,
                      struct span sealed, struct span *plaintext) MUST_USE;

#endif
