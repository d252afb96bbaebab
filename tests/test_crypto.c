#include "jose/crypto.h"

#include "check.h"
#include "edge.h"
#include "hex.h"

static struct arena arena;

/* ---- comparison ---- */

static void test_equal(void)
{
    static const struct {
        const char *why;
        struct span a, b;
        bool want;
    } rows[] = {
        {"the same", SPAN("secret"), SPAN("secret"), true},
        {"one byte", SPAN("s"), SPAN("s"), true},
        {"both empty", SPAN(""), SPAN(""), true},
        {"the first byte differs", SPAN("secret"), SPAN("Secret"), false},
        {"the last byte differs", SPAN("secret"), SPAN("secreT"), false},
        {"two differences that cancel out", SPAN("\1\2"), SPAN("\2\1"), false},
        {"only the top bit differs", SPAN("\x80"), SPAN("\0"), false},
        {"a prefix", SPAN("secre"), SPAN("secret"), false},
        {"longer", SPAN("secret"), SPAN("secre"), false},
        {"empty and something", SPAN(""), SPAN("s"), false},
        {"absent and empty", ABSENT, SPAN(""), false},
        {"empty and absent", SPAN(""), ABSENT, false},
        {"both absent", ABSENT, ABSENT, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(crypto_equal(edge(rows[i].a), edge(rows[i].b)), rows[i].want);
    }
    check_row(NULL);
}

/* ---- SHA-256 ---- */

static void test_sha256(void)
{
    static const struct {
        const char *why;
        struct span message;
        const char *want;
    } rows[] = {
        {"FIPS 180-2: one block", SPAN("abc"),
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"FIPS 180-2: two blocks", SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"empty", SPAN(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"absent is hashed like empty", ABSENT,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    };
    struct hash got;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        sha256(edge(rows[i].message), &got);
        CHECK_SPAN(hash_span(&got), hex(&arena, rows[i].want));
    }
    check_row("FIPS 180-2: a million times a, in parts");
    struct span parts[1000];
    uint8_t part[1000];
    memset(part, 'a', sizeof part);
    for (size_t i = 0; i < COUNT(parts); i++)
        parts[i] = span_bytes(part, sizeof part);
    sha256_parts(COUNT(parts), parts, &got);
    CHECK_SPAN(hash_span(&got),
               hex(&arena, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    check_row("no parts");
    sha256_parts(0, NULL, &got);
    CHECK_SPAN(hash_span(&got), hex(&arena, rows[2].want));
    check_row(NULL);
}

/* Wherever a message is cut, its parts give the same hash and the same MAC. */
static void test_parts(void)
{
    uint8_t message[130];
    struct hash whole, pieces, mac, mac_pieces;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)i;
    struct span all = span_bytes(message, sizeof message);
    sha256(all, &whole);
    hmac_sha256(SPAN("key"), 1, &all, &mac);
    for (size_t cut = 0; cut <= all.size; cut++) {
        struct span parts[] = {edge(span_first(all, cut)), SPAN(""), edge(span_skip(all, cut))};
        sha256_parts(3, parts, &pieces);
        CHECK_SPAN(hash_span(&pieces), hash_span(&whole));
        hmac_sha256(SPAN("key"), 3, parts, &mac_pieces);
        CHECK_SPAN(hash_span(&mac_pieces), hash_span(&mac));
    }
}

/* ---- HMAC and HKDF ---- */

static const char *repeat(const char *byte, size_t count)
{
    static char text[512];
    for (size_t i = 0; i < count; i++)
        memcpy(text + 2 * i, byte, 2);
    text[2 * count] = 0;
    return text;
}

static void test_hmac(void)
{
    struct span larger = SPAN("This is a test using a larger than block-size key and a larger than "
                              "block-size data. The key needs to be hashed before being used by "
                              "the HMAC algorithm.");
    const struct {
        const char *why;
        struct span key, data;
        const char *want;
    } rows[] = {
        {"RFC 4231 section 4.2", hex(&arena, repeat("0b", 20)), SPAN("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"RFC 4231 section 4.3", SPAN("Jefe"), SPAN("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"RFC 4231 section 4.4", hex(&arena, repeat("aa", 20)), hex(&arena, repeat("dd", 50)),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"RFC 4231 section 4.5", hex(&arena, "0102030405060708090a0b0c0d0e0f10111213141516171819"),
         hex(&arena, repeat("cd", 50)),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {"RFC 4231 section 4.6", hex(&arena, repeat("0c", 20)), SPAN("Test With Truncation"),
         "a3b6167473100ee06e0c796c2955552bfa6f7c0a6a8aef8b93f860aab0cd20c5"},
        {"RFC 4231 section 4.7", hex(&arena, repeat("aa", 131)),
         SPAN("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"RFC 4231 section 4.8", hex(&arena, repeat("aa", 131)), larger,
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
        {"an absent key is an empty one", ABSENT, SPAN(""),
         "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct hash got;
        struct span data = edge(rows[i].data);
        check_row(rows[i].why);
        hmac_sha256(edge(rows[i].key), 1, &data, &got);
        CHECK_SPAN(hash_span(&got), hex(&arena, rows[i].want));
    }
    check_row(NULL);
}

static void test_hkdf(void)
{
    static const struct {
        const char *why, *secret, *salt, *info, *want;
    } rows[] = {
        {"RFC 5869 A.1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
         "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {"RFC 5869 A.2",
         "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
         "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
         "404142434445464748494a4b4c4d4e4f",
         "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
         "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
         "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
         "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
         "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
         "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
         "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
         "cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {"RFC 5869 A.3, without salt and info", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "",
         "",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span want = hex(&arena, rows[i].want);
        struct span got = edge(want);
        check_row(rows[i].why);
        CHECK_INT(hkdf_sha256(edge(hex(&arena, rows[i].secret)), edge(hex(&arena, rows[i].salt)),
                              edge(hex(&arena, rows[i].info)), (uint8_t *)got.data, got.size),
                  OK);
        CHECK_SPAN(got, want);
    }
    check_row("absent is empty");
    uint8_t out[42];
    CHECK_INT(hkdf_sha256(hex(&arena, rows[2].secret), ABSENT, ABSENT, out, sizeof out), OK);
    CHECK_SPAN(span_bytes(out, sizeof out), hex(&arena, rows[2].want));
    check_row("the most that it gives");
    struct span most = edge(span_bytes(ARENA_ARRAY(&arena, HKDF_MAX_SIZE, uint8_t), HKDF_MAX_SIZE));
    CHECK_INT(hkdf_sha256(SPAN("s"), SPAN(""), SPAN(""), (uint8_t *)most.data, most.size), OK);
    check_row("one byte more");
    CHECK_INT(hkdf_sha256(SPAN("s"), SPAN(""), SPAN(""), out, HKDF_MAX_SIZE + 1), MALFORMED);
    CHECK_INT(hkdf_sha256(SPAN("s"), SPAN(""), SPAN(""), out, SIZE_MAX), MALFORMED);
    check_row(NULL);
}

/* ---- random bytes ---- */

static void test_drbg(void)
{
    /* RFC 8439 appendix A.1, vectors 1 and 2: a draw begins with a block of its own. */
    static const char *const want[] = {
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d",
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43"};
    uint8_t zero[KEY_SIZE] = {0};
    struct span seed = edge(span_bytes(zero, sizeof zero));
    struct drbg d;
    uint8_t got[40];
    drbg_make(&d, seed);
    for (size_t i = 0; i < COUNT(want); i++) {
        drbg_bytes(&d, got, sizeof got);
        CHECK_SPAN(span_bytes(got, sizeof got), hex(&arena, want[i]));
    }

    /* A copy goes on alike; another seed does not. */
    struct drbg copy = d;
    uint8_t again[40];
    drbg_bytes(&d, got, sizeof got);
    drbg_bytes(&copy, again, sizeof again);
    CHECK_SPAN(span_bytes(again, sizeof again), span_bytes(got, sizeof got));
    zero[KEY_SIZE - 1] = 1;
    drbg_make(&copy, edge(span_bytes(zero, sizeof zero)));
    drbg_bytes(&copy, again, sizeof again);
    CHECK(!span_equal(span_bytes(again, sizeof again), hex(&arena, want[0])));

    /* A long draw takes several blocks, and none of them comes again. */
    uint8_t lengthy[100];
    drbg_make(&d, seed);
    drbg_bytes(&d, lengthy, sizeof lengthy);
    CHECK_SPAN(span_bytes(lengthy, 40), hex(&arena, want[0]));
    CHECK_SPAN(span_bytes(lengthy + 64, 36), span_first(hex(&arena, want[1]), 36));
    drbg_bytes(&d, got, sizeof got);
    CHECK(!span_equal(span_bytes(got, sizeof got), hex(&arena, want[1])));

    /* Exactly as many bytes as were asked for. */
    for (size_t size = 0; size <= 70; size++) {
        struct span out = edge(span_bytes(ARENA_ARRAY(&arena, size + 1, uint8_t), size));
        drbg_bytes(&d, (uint8_t *)out.data, size);
    }
}

/* ---- ChaCha20-Poly1305 ---- */

static const uint8_t KEY_BYTES[KEY_SIZE] = {
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
    0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f};

/* RFC 8439 section 2.8.2. */
static struct {
    struct key key;
    struct span nonce, aad, plaintext, sealed;
} rfc;

static void rfc_make(void)
{
    memcpy(rfc.key.bytes, KEY_BYTES, KEY_SIZE);
    rfc.nonce = hex(&arena, "070000004041424344454647");
    rfc.aad = hex(&arena, "50515253c0c1c2c3c4c5c6c7");
    rfc.plaintext = SPAN("Ladies and Gentlemen of the class of '99: If I could offer you "
                         "only one tip for the future, sunscreen would be it.");
    rfc.sealed = hex(&arena, "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
                             "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                             "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                             "3ff4def08e4b7a9de576d26586cec64b6116"
                             "1ae10b594f09e26a7e902ecbd0600691");
}

static void refused(const struct key *key, struct span nonce, struct span aad, struct span sealed,
                    enum result want)
{
    struct span plaintext = SPAN("untouched");
    CHECK_INT(aead_open(&arena, key, nonce, aad, sealed, &plaintext), want);
    CHECK_SPAN(plaintext, SPAN("untouched"));
}

static void test_aead_vector(void)
{
    struct span got;
    CHECK_INT(
        aead_seal(&arena, &rfc.key, edge(rfc.nonce), edge(rfc.aad), edge(rfc.plaintext), &got), OK);
    CHECK_SPAN(got, rfc.sealed);
    CHECK_INT(aead_open(&arena, &rfc.key, edge(rfc.nonce), edge(rfc.aad), edge(rfc.sealed), &got),
              OK);
    CHECK_SPAN(got, rfc.plaintext);
}

static struct span flipped(struct span s, size_t at, uint8_t bit)
{
    struct span copy = edge(s);
    ((uint8_t *)copy.data)[at] ^= bit;
    return copy;
}

static void test_aead_refusals(void)
{
    uint8_t *at = arena.at;
    check_row("a byte flipped");
    for (size_t i = 0; i < rfc.sealed.size; i++, arena.at = at)
        refused(&rfc.key, rfc.nonce, rfc.aad, flipped(rfc.sealed, i, (uint8_t)(1u << i % 8)),
                UNVERIFIABLE);
    check_row("another nonce");
    for (size_t i = 0; i < rfc.nonce.size; i++, arena.at = at)
        refused(&rfc.key, flipped(rfc.nonce, i, 1), rfc.aad, rfc.sealed, UNVERIFIABLE);
    check_row("other associated data");
    for (size_t i = 0; i < rfc.aad.size; i++, arena.at = at)
        refused(&rfc.key, rfc.nonce, flipped(rfc.aad, i, 0x80), rfc.sealed, UNVERIFIABLE);
    refused(&rfc.key, rfc.nonce, SPAN(""), rfc.sealed, UNVERIFIABLE);
    refused(&rfc.key, rfc.nonce, JOIN(&arena, rfc.aad, SPAN("\0")), rfc.sealed, UNVERIFIABLE);
    check_row("another key");
    for (size_t i = 0; i < KEY_SIZE; i++, arena.at = at) {
        struct key other = rfc.key;
        other.bytes[i] ^= 1;
        refused(&other, rfc.nonce, rfc.aad, rfc.sealed, UNVERIFIABLE);
    }
    check_row("cut short");
    for (size_t size = 0; size < rfc.sealed.size; size++, arena.at = at)
        refused(&rfc.key, rfc.nonce, rfc.aad, edge(span_first(rfc.sealed, size)), UNVERIFIABLE);
    check_row("a byte too many");
    refused(&rfc.key, rfc.nonce, rfc.aad, JOIN(&arena, rfc.sealed, SPAN("\0")), UNVERIFIABLE);
    refused(&rfc.key, rfc.nonce, rfc.aad, ABSENT, UNVERIFIABLE);
    check_row("a nonce of another size");
    for (size_t size = 0; size <= 24; size++, arena.at = at) {
        static const uint8_t nonce[24];
        struct span sealed;
        if (size == AEAD_NONCE_SIZE)
            continue;
        refused(&rfc.key, edge(span_bytes(nonce, size)), rfc.aad, rfc.sealed, MALFORMED);
        CHECK_INT(aead_seal(&arena, &rfc.key, edge(span_bytes(nonce, size)), rfc.aad, rfc.plaintext,
                            &sealed),
                  MALFORMED);
    }
    refused(&rfc.key, ABSENT, rfc.aad, rfc.sealed, MALFORMED);
    check_row(NULL);
}

/* What was not authenticated does not stay in the arena either. */
static void test_aead_leaves_nothing(void)
{
    uint8_t *from = arena.at;
    refused(&rfc.key, rfc.nonce, SPAN("other"), rfc.sealed, UNVERIFIABLE);
    CHECK(!span_contains(span_bytes(from, (size_t)(arena.at - from)), SPAN("Ladies")));
}

/* All sizes around the blocks of both algorithms. */
static void test_aead_sizes(void)
{
    uint8_t bytes[200];
    struct span sealed, opened;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(7 * i);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint8_t *at = arena.at;
        struct span plaintext = edge(span_bytes(bytes, size));
        struct span aad = edge(span_bytes(bytes, size % 35));
        CHECK_INT(aead_seal(&arena, &rfc.key, rfc.nonce, aad, plaintext, &sealed), OK);
        CHECK_INT(sealed.size, size + AEAD_TAG_SIZE);
        CHECK_INT(aead_open(&arena, &rfc.key, rfc.nonce, aad, edge(sealed), &opened), OK);
        CHECK_SPAN(opened, span_bytes(bytes, size));
        arena.at = at;
    }
    check_row("absent is sealed like empty");
    CHECK_INT(aead_seal(&arena, &rfc.key, rfc.nonce, ABSENT, ABSENT, &sealed), OK);
    CHECK_INT(aead_open(&arena, &rfc.key, rfc.nonce, SPAN(""), sealed, &opened), OK);
    CHECK_SPAN(opened, SPAN(""));
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_equal();
    test_sha256();
    test_parts();
    test_hmac();
    test_hkdf();
    test_drbg();
    rfc_make();
    test_aead_vector();
    test_aead_refusals();
    test_aead_leaves_nothing();
    test_aead_sizes();
    return check_done();
}
