#include "jose/rsa.h"

#include "check.h"
#include "edge.h"
#include "hex.h"
#include "rsa_key.h"

static struct arena arena;
static struct rsa_public key;

#define MESSAGE SPAN("It is a dangerous business, going out of your door")
#define SALT SPAN("a salt that has as many bytes..!")

/* ---- keys ---- */

static struct span number(size_t size, uint8_t first, uint8_t last)
{
    uint8_t *bytes = ARENA_ARRAY(&arena, size + 1, uint8_t);
    memset(bytes, 0x5a, size);
    if (size > 0) {
        bytes[0] = first;
        bytes[size - 1] = last;
    }
    return span_bytes(bytes, size);
}

static void test_parse(void)
{
    const struct {
        const char *why;
        struct span n, e;
        enum result want;
    } rows[] = {
        {"2048 bits, 65537", number(256, 0x80, 1), SPAN("\1\0\1"), OK},
        {"3072 bits", number(384, 0xff, 3), SPAN("\1\0\1"), OK},
        {"4096 bits", number(512, 0x80, 0xff), SPAN("\1\0\1"), OK},
        {"an exponent of 3", number(256, 0x80, 1), SPAN("\3"), OK},
        {"the largest exponent", number(256, 0x80, 1), SPAN("\xff\xff\xff\xff"), OK},
        {"1024 bits", number(128, 0x80, 1), SPAN("\1\0\1"), MALFORMED},
        {"2047 bits", number(256, 0x7f, 1), SPAN("\1\0\1"), MALFORMED},
        {"a byte less than 2048 bits", number(255, 0x80, 1), SPAN("\1\0\1"), MALFORMED},
        {"4097 bits", number(513, 0x01, 1), SPAN("\1\0\1"), MALFORMED},
        {"a byte more than 4096 bits", number(513, 0x80, 1), SPAN("\1\0\1"), MALFORMED},
        {"8192 bits", number(1024, 0x80, 1), SPAN("\1\0\1"), MALFORMED},
        {"a leading zero", number(257, 0x00, 1), SPAN("\1\0\1"), MALFORMED},
        {"an even modulus", number(256, 0x80, 2), SPAN("\1\0\1"), MALFORMED},
        {"no modulus", SPAN(""), SPAN("\1\0\1"), MALFORMED},
        {"absent modulus", ABSENT, SPAN("\1\0\1"), MALFORMED},
        {"an exponent of 1", number(256, 0x80, 1), SPAN("\1"), MALFORMED},
        {"an exponent of 0", number(256, 0x80, 1), SPAN("\0"), MALFORMED},
        {"an exponent of 2", number(256, 0x80, 1), SPAN("\2"), MALFORMED},
        {"an even exponent", number(256, 0x80, 1), SPAN("\1\0\0"), MALFORMED},
        {"an exponent with a leading zero", number(256, 0x80, 1), SPAN("\0\1\0\1"), MALFORMED},
        {"an exponent of 1 with a leading zero", number(256, 0x80, 1), SPAN("\0\1"), MALFORMED},
        {"an exponent of 33 bits", number(256, 0x80, 1), SPAN("\1\0\0\0\1"), MALFORMED},
        {"no exponent", number(256, 0x80, 1), SPAN(""), MALFORMED},
        {"absent exponent", number(256, 0x80, 1), ABSENT, MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rsa_public got;
        check_row(rows[i].why);
        CHECK_INT(rsa_public_parse(edge(rows[i].n), edge(rows[i].e), &got), rows[i].want);
    }
    check_row(NULL);
}

/* ---- whatever the padding ---- */

typedef enum result verify(const struct rsa_public *, struct span, struct span);

static void refuses_all_but(verify *check, struct span good)
{
    struct span longer = JOIN(&arena, good, SPAN("\0"));
    check_row("as it is");
    CHECK_INT(check(&key, edge(MESSAGE), edge(good)), OK);
    check_row("a byte flipped");
    for (size_t at = 0; at < good.size; at++) {
        struct span wrong = edge(good);
        ((uint8_t *)wrong.data)[at] ^= (uint8_t)(1u << at % 8);
        CHECK_INT(check(&key, MESSAGE, wrong), UNVERIFIABLE);
    }
    check_row("cut short, or with a byte too many");
    for (size_t size = 0; size <= longer.size; size++)
        CHECK_INT(check(&key, MESSAGE, edge(span_first(longer, size))),
                  size == good.size ? OK : UNVERIFIABLE);
    check_row("a zero before it");
    CHECK_INT(check(&key, MESSAGE, JOIN(&arena, SPAN("\0"), good)), UNVERIFIABLE);
    check_row("no signature");
    CHECK_INT(check(&key, MESSAGE, ABSENT), UNVERIFIABLE);
    check_row("another message");
    CHECK_INT(check(&key, SPAN(""), good), UNVERIFIABLE);
    CHECK_INT(check(&key, span_skip(MESSAGE, 1), good), UNVERIFIABLE);

    check_row("signature numbers without sense");
    uint8_t *bytes = ARENA_ARRAY(&arena, RSA_KEY_SIZE, uint8_t);
    struct span s = span_bytes(bytes, RSA_KEY_SIZE);
    CHECK_INT(check(&key, MESSAGE, s), UNVERIFIABLE); /* 0 */
    bytes[RSA_KEY_SIZE - 1] = 1;
    CHECK_INT(check(&key, MESSAGE, s), UNVERIFIABLE);
    memset(bytes, 0xff, RSA_KEY_SIZE);
    CHECK_INT(check(&key, MESSAGE, s), UNVERIFIABLE);
    CHECK_INT(check(&key, MESSAGE, key.n), UNVERIFIABLE);

    check_row(NULL);
}

/* ---- RS256 ---- */

static struct span pkcs1(struct span prefix)
{
    uint8_t em[RSA_KEY_SIZE];
    rsa_key_pkcs1(prefix, MESSAGE, em);
    return rsa_key_sign(&arena, em);
}

/* The right encoding with one byte changed before it is signed. */
static struct span pkcs1_changed(size_t at, uint8_t to)
{
    uint8_t em[RSA_KEY_SIZE];
    rsa_key_pkcs1(RSA_KEY_SHA256, MESSAGE, em);
    em[at] = to;
    return rsa_key_sign(&arena, em);
}

/* Little padding, then a right DigestInfo, then bytes of the forger's choice. */
static struct span pkcs1_with_garbage_behind(void)
{
    uint8_t em[RSA_KEY_SIZE];
    uint8_t garbage[RSA_KEY_SIZE];
    struct hash hash;
    sha256(MESSAGE, &hash);
    struct span whole = JOIN(&arena, SPAN("\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0"), RSA_KEY_SHA256,
                             hash_span(&hash));
    memset(garbage, 0x5a, sizeof garbage);
    memcpy(em, garbage, sizeof em);
    memcpy(em, whole.data, whole.size);
    return rsa_key_sign(&arena, em);
}

static void test_rs256(void)
{
    enum { INFO = RSA_KEY_SIZE - SHA256_SIZE - 19 };
    struct span sha1 = SPAN("\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14");
    struct span sha512 =
        SPAN("\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40");
    const struct {
        const char *why;
        struct span signature;
        enum result want;
    } rows[] = {
        {"RFC 8017 section 9.2", pkcs1(RSA_KEY_SHA256), OK},
        /* Note 2 there: "implementations MAY accept" it. We do not: one hash, one encoding. */
        {"without the NULL",
         pkcs1(SPAN("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20")),
         UNVERIFIABLE},
        {"a length in the long form",
         pkcs1(SPAN("\x30\x81\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04"
                    "\x20")),
         UNVERIFIABLE},
        {"an indefinite length",
         pkcs1(
             SPAN("\x30\x80\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20")),
         UNVERIFIABLE},
        {"the NULL with a content",
         pkcs1(SPAN("\x30\x32\x30\x0e\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x01\x00\x04"
                    "\x20")),
         UNVERIFIABLE},
        {"the hash alone", pkcs1(SPAN("")), UNVERIFIABLE},
        {"named SHA-1", pkcs1(sha1), UNVERIFIABLE},
        {"named SHA-512", pkcs1(sha512), UNVERIFIABLE},
        {"not from zero on", pkcs1_changed(0, 1), UNVERIFIABLE},
        {"block type 0", pkcs1_changed(1, 0), UNVERIFIABLE},
        {"block type 2, encryption", pkcs1_changed(1, 2), UNVERIFIABLE},
        {"the first byte of padding", pkcs1_changed(2, 0xfe), UNVERIFIABLE},
        {"padding that ends early", pkcs1_changed(10, 0), UNVERIFIABLE},
        {"the last byte of padding", pkcs1_changed(INFO - 2, 0), UNVERIFIABLE},
        {"no end of the padding", pkcs1_changed(INFO - 1, 0xff), UNVERIFIABLE},
        {"another structure", pkcs1_changed(INFO, 0x31), UNVERIFIABLE},
        {"another hash algorithm", pkcs1_changed(INFO + 14, 2), UNVERIFIABLE},
        {"the hash's last byte", pkcs1_changed(RSA_KEY_SIZE - 1, 0), UNVERIFIABLE},
        {"bytes behind the hash", pkcs1_with_garbage_behind(), UNVERIFIABLE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(rs256_verify(&key, edge(MESSAGE), edge(rows[i].signature)), rows[i].want);
    }
    check_row("any byte of the encoding");
    uint8_t *at = arena.at;
    for (size_t i = 0; i < RSA_KEY_SIZE; i += 5, arena.at = at) {
        uint8_t em[RSA_KEY_SIZE];
        rsa_key_pkcs1(RSA_KEY_SHA256, MESSAGE, em);
        em[i] ^= i == 0 ? 0x20 : 0x80; /* it has to stay below n */
        CHECK_INT(rs256_verify(&key, MESSAGE, rsa_key_sign(&arena, em)), UNVERIFIABLE);
    }
    refuses_all_but(rs256_verify, rows[0].signature);
}

/*
 * Bleichenbacher's forgery of 2006: for an exponent of 3 nobody needs a private
 * key. The cube of this number starts with a short padding and the DigestInfo
 * of the message; a verifier that parses, and looks no further, accepts it.
 */
static void test_cube_root_forgery(void)
{
    static const char root[] =
        "32cbfd4a7adc7905583d767520f51640759176d37826f2ef63ae3dc7aa15efb91e798a5bd9e7936665"
        "dd31e7d718b5219b4d4abec70c981c7b8ab46c8991dd892d9a5db583217542501e4f4bb4899ad08d3ae5d5e1";
    struct span small = hex(&arena, root);
    uint8_t signature[RSA_KEY_SIZE] = {0};
    struct rsa_public three;
    memcpy(signature + RSA_KEY_SIZE - small.size, small.data, small.size);
    CHECK_INT(rsa_public_parse(key.n, SPAN("\3"), &three), OK);
    CHECK_INT(rs256_verify(&three, MESSAGE, span_bytes(signature, RSA_KEY_SIZE)), UNVERIFIABLE);

    /* It is what it claims to be. */
    uint8_t em[RSA_KEY_SIZE];
    struct hash hash;
    const br_rsa_public_key raw = {(unsigned char *)key.n.data, key.n.size,
                                   (unsigned char *)three.e.data, three.e.size};
    memcpy(em, signature, sizeof em);
    CHECK_INT(br_rsa_i31_public(em, sizeof em, &raw), 1);
    sha256(MESSAGE, &hash);
    CHECK(span_starts(span_bytes(em, sizeof em),
                      JOIN(&arena, SPAN("\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0"), RSA_KEY_SHA256,
                           hash_span(&hash))));
}

/* s + n verifies like s, where the arithmetic is not told to look. */
static void test_second_spelling(void)
{
    unsigned tried = 0;
    for (uint8_t c = 'a'; c <= 'z'; c++) {
        uint8_t em[RSA_KEY_SIZE];
        uint8_t sum[RSA_KEY_SIZE];
        uint32_t carry = 0;
        struct span message = span_bytes(&c, 1);
        rsa_key_pkcs1(RSA_KEY_SHA256, message, em);
        struct span good = rsa_key_sign(&arena, em);
        for (size_t i = RSA_KEY_SIZE; i-- > 0; carry >>= 8) {
            carry += (uint32_t)good.data[i] + key.n.data[i];
            sum[i] = (uint8_t)(carry & 0xff);
        }
        CHECK_INT(rs256_verify(&key, message, good), OK);
        if (carry > 0)
            continue; /* it takes more bytes than a signature has */
        CHECK_INT(rs256_verify(&key, message, span_bytes(sum, sizeof sum)), UNVERIFIABLE);
        tried++;
    }
    CHECK(tried > 0);
}

/* ---- PS256 ---- */

static struct span pss(struct span salt)
{
    uint8_t em[RSA_KEY_SIZE];
    rsa_key_pss(MESSAGE, salt, em);
    rsa_key_mask(em);
    return rsa_key_sign(&arena, em);
}

/* A bit changed in what is masked, or afterwards. */
static struct span pss_changed(size_t at, uint8_t bits, bool before_masking)
{
    uint8_t em[RSA_KEY_SIZE];
    rsa_key_pss(MESSAGE, SALT, em);
    if (before_masking)
        em[at] ^= bits;
    rsa_key_mask(em);
    if (!before_masking)
        em[at] ^= bits;
    return rsa_key_sign(&arena, em);
}

/* The bit that does not fit into n, all others as they should be. */
static struct span pss_leftmost_bit(void)
{
    uint8_t em[RSA_KEY_SIZE];
    for (uint8_t c = 0; c < 255; c++) {
        rsa_key_pss(MESSAGE, JOIN(&arena, span_skip(SALT, 1), span_bytes(&c, 1)), em);
        rsa_key_mask(em);
        if (em[0] < 0x20) /* with the bit it is still below n */
            break;
    }
    em[0] |= 0x80;
    return rsa_key_sign(&arena, em);
}

static struct span pss_unmasked(void)
{
    uint8_t em[RSA_KEY_SIZE];
    rsa_key_pss(MESSAGE, SALT, em);
    return rsa_key_sign(&arena, em);
}

/* The hash of the message itself, without the eight zero octets and the salt. */
static struct span pss_of_bare_hash(void)
{
    uint8_t em[RSA_KEY_SIZE];
    struct hash bare;
    rsa_key_pss(MESSAGE, SALT, em);
    sha256(MESSAGE, &bare);
    memcpy(em + RSA_KEY_SIZE - 1 - SHA256_SIZE, bare.bytes, SHA256_SIZE);
    rsa_key_mask(em);
    return rsa_key_sign(&arena, em);
}

static void test_ps256(void)
{
    enum { DB = RSA_KEY_SIZE - SHA256_SIZE - 1, ONE = DB - SHA256_SIZE - 1 };
    static const uint8_t zeroes[64];
    const struct {
        const char *why;
        struct span signature;
        enum result want;
    } rows[] = {
        {"RFC 8017 section 9.1", pss(SALT), OK},
        {"a salt of zeroes", pss(span_bytes(zeroes, 32)), OK},
        {"no salt", pss(SPAN("")), UNVERIFIABLE},
        {"a salt of 20 bytes", pss(span_first(SALT, 20)), UNVERIFIABLE},
        {"a salt of 31 bytes", pss(span_first(SALT, 31)), UNVERIFIABLE},
        {"a salt of 33 bytes", pss(JOIN(&arena, SALT, SPAN("!"))), UNVERIFIABLE},
        {"a salt of 64 bytes", pss(span_bytes(zeroes, 64)), UNVERIFIABLE},
        {"a trailer of 0xcc", pss_changed(RSA_KEY_SIZE - 1, 0xbc ^ 0xcc, false), UNVERIFIABLE},
        {"the leftmost bit set", pss_leftmost_bit(), UNVERIFIABLE},
        {"padding that starts with a bit", pss_changed(0, 0x40, true), UNVERIFIABLE},
        {"padding with a bit in its last byte", pss_changed(ONE - 1, 0x01, true), UNVERIFIABLE},
        {"2 in place of 1", pss_changed(ONE, 0x03, true), UNVERIFIABLE},
        {"0 in place of 1", pss_changed(ONE, 0x01, true), UNVERIFIABLE},
        {"the salt's first byte", pss_changed(ONE + 1, 0x01, true), UNVERIFIABLE},
        {"the salt's last byte", pss_changed(DB - 1, 0x80, true), UNVERIFIABLE},
        {"the hash, before masking", pss_changed(DB, 0x01, true), UNVERIFIABLE},
        {"the hash, after masking", pss_changed(DB, 0x01, false), UNVERIFIABLE},
        {"not masked", pss_unmasked(), UNVERIFIABLE},
        {"the bare hash of the message", pss_of_bare_hash(), UNVERIFIABLE},
        {"an RS256 signature", pkcs1(RSA_KEY_SHA256), UNVERIFIABLE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(ps256_verify(&key, edge(MESSAGE), edge(rows[i].signature)), rows[i].want);
    }
    check_row("a PS256 signature as RS256");
    CHECK_INT(rs256_verify(&key, MESSAGE, rows[0].signature), UNVERIFIABLE);
    check_row("any byte of the padding");
    uint8_t *at = arena.at;
    for (size_t i = 0; i <= ONE; i += 7, arena.at = at)
        CHECK_INT(ps256_verify(&key, MESSAGE, pss_changed(i, (uint8_t)(1u << i % 7), true)),
                  UNVERIFIABLE);
    refuses_all_but(ps256_verify, rows[0].signature);
}

int main(void)
{
    arena = edge_arena(4 << 20);
    key = rsa_key_public(&arena);
    test_parse();
    test_rs256();
    test_cube_root_forgery();
    test_second_spelling();
    test_ps256();
    return check_done();
}
