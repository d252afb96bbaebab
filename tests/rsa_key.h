/*
 * An RSA key that may sign anything, for forgeries that only its owner could
 * make: the published one of RFC 7515 appendix A.2.
 */
#ifndef RSA_KEY_H
#define RSA_KEY_H

#include "base/base64.h"
#include "check.h"
#include "jose/rsa.h"

#include <bearssl_rsa.h>
#include <string.h>

enum { RSA_KEY_SIZE = 256 };

#define RSA_KEY_N                                                                                \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0"  \
    "Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS" \
    "5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH" \
    "7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RSA_KEY_E "AQAB"

static inline struct span rsa_key_bytes(struct arena *a, const char *base64)
{
    struct span bytes = ABSENT;
    CHECK_INT(base64url_decode(a, span_of(base64), &bytes), OK);
    return bytes;
}

static inline struct rsa_public rsa_key_public(struct arena *a)
{
    struct rsa_public key;
    CHECK_INT(rsa_public_parse(rsa_key_bytes(a, RSA_KEY_N), rsa_key_bytes(a, RSA_KEY_E), &key), OK);
    return key;
}

/* RSASP1 (RFC 8017 section 5.2.1) of whatever encoded message, which has to be below n. */
static inline struct span rsa_key_sign(struct arena *a, const uint8_t em[RSA_KEY_SIZE])
{
    static const char *const parts[5] = {
        "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py"
        "5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
        "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQ"
        "eZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
        "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu"
        "1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
        "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0a"
        "jaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
        "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY"
        "7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"};
    br_rsa_private_key key = {.n_bitlen = 8 * RSA_KEY_SIZE};
    unsigned char **const numbers[5] = {&key.p, &key.q, &key.dp, &key.dq, &key.iq};
    size_t *const sizes[5] = {&key.plen, &key.qlen, &key.dplen, &key.dqlen, &key.iqlen};
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct span number = rsa_key_bytes(a, parts[i]);
        *numbers[i] = (unsigned char *)number.data;
        *sizes[i] = number.size;
    }
    uint8_t *signature = ARENA_ARRAY(a, RSA_KEY_SIZE, uint8_t);
    memcpy(signature, em, RSA_KEY_SIZE);
    CHECK_INT(br_rsa_i31_private(signature, &key), 1);
    return span_bytes(signature, RSA_KEY_SIZE);
}

/* ---- encodings, for those who want to spoil them ---- */

/* EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) around any DigestInfo prefix. */
static inline void rsa_key_pkcs1(struct span prefix, struct span message, uint8_t em[RSA_KEY_SIZE])
{
    struct hash hash;
    sha256(message, &hash);
    size_t padding = RSA_KEY_SIZE - 3 - prefix.size - SHA256_SIZE;
    memset(em, 0xff, RSA_KEY_SIZE);
    em[0] = 0;
    em[1] = 1;
    em[2 + padding] = 0;
    memcpy(em + 3 + padding, prefix.data, prefix.size);
    memcpy(em + RSA_KEY_SIZE - SHA256_SIZE, hash.bytes, SHA256_SIZE);
}

#define RSA_KEY_SHA256                                                                   \
    SPAN("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20")

/* The same bytes, masked or unmasked (MGF1, RFC 8017 appendix B.2.1). */
static inline void rsa_key_mask(uint8_t em[RSA_KEY_SIZE])
{
    const size_t db_size = RSA_KEY_SIZE - SHA256_SIZE - 1;
    for (uint8_t i = 0; i * SHA256_SIZE < db_size; i++) {
        struct hash mask;
        uint8_t counter[4] = {0, 0, 0, i};
        struct span parts[] = {span_bytes(em + db_size, SHA256_SIZE), span_bytes(counter, 4)};
        sha256_parts(2, parts, &mask);
        for (size_t k = 0; k < SHA256_SIZE && i * SHA256_SIZE + k < db_size; k++)
            em[i * SHA256_SIZE + k] ^= mask.bytes[k];
    }
    em[0] &= 0x7f;
}

/* EMSA-PSS (RFC 8017 section 9.1.1), the DB not yet masked: call rsa_key_mask. */
static inline void rsa_key_pss(struct span message, struct span salt, uint8_t em[RSA_KEY_SIZE])
{
    const size_t db_size = RSA_KEY_SIZE - SHA256_SIZE - 1;
    static const uint8_t zeroes[8];
    struct hash hash, h;
    sha256(message, &hash);
    sha256_parts(3, (struct span[]){span_bytes(zeroes, 8), hash_span(&hash), salt}, &h);
    memset(em, 0, RSA_KEY_SIZE);
    em[db_size - salt.size - 1] = 1;
    memcpy(em + db_size - salt.size, salt.data, salt.size);
    memcpy(em + db_size, h.bytes, SHA256_SIZE);
    em[RSA_KEY_SIZE - 1] = 0xbc;
}

#endif
