#include "jose/crypto.h"

#include <bearssl_block.h>
#include <bearssl_hash.h>
#include <bearssl_hmac.h>
#include <bearssl_kdf.h>
#include <string.h>

struct span hash_span(const struct hash *h)
{
    return span_bytes(h->bytes, sizeof h->bytes);
}

struct span key_span(const struct key *k)
{
    return span_bytes(k->bytes, sizeof k->bytes);
}

void key_mask(struct key *k, struct span mask)
{
    if (mask.size != KEY_SIZE)
        __builtin_trap(); /* a mistake of ours */
    for (size_t i = 0; i < KEY_SIZE; i++)
        k->bytes[i] ^= mask.data[i];
}

bool crypto_equal(struct span a, struct span b)
{
    if (!span_present(a) || !span_present(b) || a.size != b.size)
        return false;
    uint32_t difference = 0;
    for (size_t i = 0; i < a.size; i++) {
        difference |= (uint32_t)(a.data[i] ^ b.data[i]);
        /* The compiler must not learn what it is so far, or it may leave early. */
        __asm__ volatile("" : "+r"(difference));
    }
    return difference == 0;
}

/* ---- hash, MAC, key derivation ---- */

void sha256(struct span data, struct hash *out)
{
    sha256_parts(1, &data, out);
}

void sha256_parts(size_t count, const struct span *parts, struct hash *out)
{
    br_sha256_context c;
    br_sha256_init(&c);
    for (size_t i = 0; i < count; i++)
        br_sha256_update(&c, parts[i].data, parts[i].size);
    br_sha256_out(&c, out->bytes);
}

void hmac_sha256(struct span key, size_t count, const struct span *parts, struct hash *out)
{
    br_hmac_key_context prepared;
    br_hmac_context c;
    br_hmac_key_init(&prepared, &br_sha256_vtable, key.data, key.size);
    br_hmac_init(&c, &prepared, 0);
    for (size_t i = 0; i < count; i++)
        br_hmac_update(&c, parts[i].data, parts[i].size);
    br_hmac_out(&c, out->bytes);
}

enum result hkdf_sha256(struct span secret, struct span salt, struct span info, uint8_t *out,
                        size_t out_size)
{
    if (out_size > HKDF_MAX_SIZE)
        return MALFORMED;
    br_hkdf_context c;
    br_hkdf_init(&c, &br_sha256_vtable, salt.data, salt.size);
    br_hkdf_inject(&c, secret.data, secret.size);
    br_hkdf_flip(&c);
    br_hkdf_produce(&c, info.data, info.size, out, out_size);
    return OK;
}

/* ---- random bytes ---- */

void drbg_make(struct drbg *d, struct span seed)
{
    *d = (struct drbg){0};
    memcpy(d->key.bytes, seed.data, KEY_SIZE);
}

/* What is drawn begins with a block of its own; 2^32 blocks are not drawn in a run. */
void drbg_bytes(struct drbg *d, uint8_t *out, size_t size)
{
    static const uint8_t iv[AEAD_NONCE_SIZE] = {0};
    memset(out, 0, size);
    d->block = br_chacha20_ct_run(d->key.bytes, iv, d->block, out, size);
}

/* ---- authenticated encryption ---- */

/* In place. `encrypt` as BearSSL has it: the tag is over the ciphertext either way. */
static void aead_run(const struct key *key, struct span nonce, struct span aad, uint8_t *data,
                     size_t size, uint8_t tag[AEAD_TAG_SIZE], int encrypt)
{
    br_poly1305_ctmul_run(key->bytes, nonce.data, data, size, aad.data, aad.size, tag,
                          br_chacha20_ct_run, encrypt);
}

enum result aead_seal(struct arena *a, const struct key *key, struct span nonce, struct span aad,
                      struct span plaintext, struct span *sealed)
{
    if (nonce.size != AEAD_NONCE_SIZE)
        return MALFORMED;
    size_t size = plaintext.size;
    uint8_t *out = ARENA_ARRAY(a, size + AEAD_TAG_SIZE, uint8_t);
    if (size > 0)
        memcpy(out, plaintext.data, size);
    aead_run(key, nonce, aad, out, size, out + size, 1);
    *sealed = span_bytes(out, size + AEAD_TAG_SIZE);
    return OK;
}

enum result aead_open(struct arena *a, const struct key *key, struct span nonce, struct span aad,
                      struct span sealed, struct span *plaintext)
{
    if (nonce.size != AEAD_NONCE_SIZE)
        return MALFORMED;
    if (sealed.size < AEAD_TAG_SIZE)
        return UNVERIFIABLE;
    size_t size = sealed.size - AEAD_TAG_SIZE;
    uint8_t *out = ARENA_ARRAY(a, size + 1, uint8_t);
    uint8_t tag[AEAD_TAG_SIZE];
    memcpy(out, sealed.data, size);
    aead_run(key, nonce, aad, out, size, tag, 0);
    if (!crypto_equal(span_bytes(tag, sizeof tag), span_skip(sealed, size))) {
        memset(out, 0, size);
        return UNVERIFIABLE;
    }
    *plaintext = span_bytes(out, size);
    return OK;
}
