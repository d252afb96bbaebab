#include "jose/jwk.h"

#include "base/base64.h"
#include "check.h"
#include "edge.h"
#include "rsa_key.h"

static struct arena arena;

/* RFC 7515 appendix A.3. */
#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define EC_TYPE "\"kty\":\"EC\",\"crv\":\"P-256\""
#define EC EC_TYPE ",\"x\":\"" X "\",\"y\":\"" Y "\""
#define RSA "\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":\"AQAB\""

/* The same, but for its first bit. */
#define N_2047_BITS                                                                              \
    "Yfg"                                                                                        \
    "WCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0"     \
    "Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS" \
    "5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH" \
    "7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"

/* The same, with a zero before it. */
#define N_AFTER_ZERO                                                                   \
    "AKH4Fgri48m0Zc6NLWViYzYrkn2-KeHwJHf8FiXMkKE244vZNJfFtupj3XcR5nx0KflWsPuKjwia3Etp" \
    "iTzBMz9T7dAZuHeEJS_skU_khXdpWUvqQoDTLA9Vv2KUTxMDlrxum99uvdK9o2eO7KDGaPcBs42_-zjI" \
    "NCzi_m0n-t5KWkh0l53Uuc-a3sTHWwWFLCwPXvilwXUDkvlE6O1kwRDGtkdgmqR4OuucbJrXVTEwUGOL" \
    "g2Zcb296gqOWcCofZBuC0-vyOSIZSR-2hocsVxb1Cvg1jZqLnRfDQHKPf4fYmhjY_KtnrYRZDC7PdZM5" \
    "NjwHA01vYG-eIeBUVsrl6aE"

/* RFC 7517 appendix A.1 and A.2. */
#define A1_X "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define A1_Y "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
#define A1_D "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"
#define A1_N                                                                                     \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJ"  \
    "ECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2" \
    "QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh" \
    "6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define A1_EC EC_TYPE ",\"x\":\"" A1_X "\",\"y\":\"" A1_Y "\""
#define A1_RSA                                                                                   \
    "\"kty\":\"RSA\",\"n\":\"" A1_N "\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\""

static const struct json *tree(struct span text)
{
    const struct json *root = NULL;
    CHECK_INT(json_parse(&arena, text, &root), OK);
    return root;
}

static struct span long_kid(size_t size)
{
    uint8_t *kid = ARENA_ARRAY(&arena, size, uint8_t);
    memset(kid, 'k', size);
    return JOIN(&arena, SPAN("{" EC ",\"kid\":\""), span_bytes(kid, size), SPAN("\"}"));
}

/* ---- one key ---- */

static void test_accepted(void)
{
    const struct {
        const char *why;
        struct span text, kid;
        unsigned algorithms;
        bool is_ec;
    } rows[] = {
        {"P-256", SPAN("{" EC "}"), ABSENT, ALG_ES256, true},
        {"P-256 for ES256", SPAN("{" EC ",\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"1\"}"),
         SPAN("1"), ALG_ES256, true},
        {"RSA", SPAN("{" RSA "}"), ABSENT, ALG_RS256 | ALG_PS256, false},
        {"RSA for RS256", SPAN("{" RSA ",\"alg\":\"RS256\"}"), ABSENT, ALG_RS256, false},
        {"RSA for PS256", SPAN("{" RSA ",\"alg\":\"PS256\"}"), ABSENT, ALG_PS256, false},
        {"RFC 7517 A.1, its RSA key", SPAN("{" A1_RSA "}"), SPAN("2011-04-29"), ALG_RS256, false},
        {"an exponent of 3", SPAN("{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":\"Aw\"}"), ABSENT,
         ALG_RS256 | ALG_PS256, false},
        {"key_ops: verify", SPAN("{" EC ",\"key_ops\":[\"verify\"]}"), ABSENT, ALG_ES256, true},
        {"key_ops: verify among others", SPAN("{" EC ",\"key_ops\":[\"sign\",\"verify\"]}"), ABSENT,
         ALG_ES256, true},
        {"an empty kid is a kid", SPAN("{" EC ",\"kid\":\"\"}"), SPAN(""), ALG_ES256, true},
        {"members that are not for us",
         SPAN("{\"x5c\":[\"AA\"],\"x5t\":\"AA\",\"exp\":1,\"ext\":true,\"D\":\"AA\"," EC "}"),
         ABSENT, ALG_ES256, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwk key;
        check_row(rows[i].why);
        CHECK_INT(jwk_parse(&arena, tree(edge(rows[i].text)), &key), OK);
        CHECK_SPAN(key.kid, rows[i].kid);
        CHECK_INT(key.algorithms, rows[i].algorithms);
        CHECK_INT(key.is_ec, rows[i].is_ec);
    }
    struct jwk key;
    check_row("what is in it");
    CHECK_INT(jwk_parse(&arena, tree(SPAN("{" EC "}")), &key), OK);
    CHECK_SPAN(base64url_encode(&arena, p256_x(&key.ec)), SPAN(X));
    CHECK_SPAN(base64url_encode(&arena, p256_y(&key.ec)), SPAN(Y));
    CHECK_INT(jwk_parse(&arena, tree(SPAN("{" RSA "}")), &key), OK);
    CHECK_SPAN(base64url_encode(&arena, key.rsa.n), SPAN(RSA_KEY_N));
    CHECK_SPAN(key.rsa.e, SPAN("\1\0\1"));
    check_row("the longest kid");
    CHECK_INT(jwk_parse(&arena, tree(long_kid(JWK_MAX_KID)), &key), OK);
    CHECK_INT(key.kid.size, JWK_MAX_KID);
    check_row(NULL);
}

static void test_refused(void)
{
    const struct {
        const char *why;
        struct span text;
        enum result want;
    } rows[] = {
        /* kty */
        {"not an object", SPAN("[]"), MALFORMED},
        {"a text", SPAN("\"EC\""), MALFORMED},
        {"null", SPAN("null"), MALFORMED},
        {"empty", SPAN("{}"), MALFORMED},
        {"no kty", SPAN("{\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}"), MALFORMED},
        {"kty is no text", SPAN("{\"kty\":1,\"crv\":\"P-256\"}"), MALFORMED},
        {"kty in another case",
         SPAN("{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}"), NOT_FOUND},
        {"an unknown kty", SPAN("{\"kty\":\"LWE\"}"), NOT_FOUND},
        {"Ed25519", SPAN("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}"), NOT_FOUND},
        {"an EC key that says RSA",
         SPAN("{\"kty\":\"RSA\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}"), MALFORMED},
        {"an RSA key that says EC", SPAN("{" EC_TYPE ",\"n\":\"" RSA_KEY_N "\",\"e\":\"AQAB\"}"),
         MALFORMED},

        /* private and symmetric members */
        {"a private EC key", SPAN("{" EC ",\"d\":\"" D "\"}"), MALFORMED},
        {"RFC 7517 A.2, its EC key", SPAN("{" A1_EC ",\"d\":\"" A1_D "\",\"use\":\"enc\"}"),
         MALFORMED},
        {"a private RSA key", SPAN("{" RSA ",\"d\":\"AQAB\"}"), MALFORMED},
        {"one prime", SPAN("{" RSA ",\"p\":\"AQAB\"}"), MALFORMED},
        {"the other prime", SPAN("{" RSA ",\"q\":\"AQAB\"}"), MALFORMED},
        {"a CRT exponent", SPAN("{" RSA ",\"dp\":\"AQAB\"}"), MALFORMED},
        {"the other CRT exponent", SPAN("{" RSA ",\"dq\":\"AQAB\"}"), MALFORMED},
        {"the CRT coefficient", SPAN("{" RSA ",\"qi\":\"AQAB\"}"), MALFORMED},
        {"other primes", SPAN("{" RSA ",\"oth\":[]}"), MALFORMED},
        {"a private member that is null", SPAN("{" EC ",\"d\":null}"), MALFORMED},
        {"a symmetric key", SPAN("{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1\"}"), MALFORMED},
        {"a symmetric member", SPAN("{" EC ",\"k\":\"\"}"), MALFORMED},
        {"a private key of another type", SPAN("{\"kty\":\"OKP\",\"d\":\"AA\"}"), MALFORMED},

        /* what it is for */
        {"for encryption", SPAN("{" EC ",\"use\":\"enc\"}"), NOT_FOUND},
        {"RFC 7517 A.1, its EC key", SPAN("{" A1_EC ",\"use\":\"enc\",\"kid\":\"1\"}"), NOT_FOUND},
        {"use in another case", SPAN("{" EC ",\"use\":\"SIG\"}"), NOT_FOUND},
        {"use is empty", SPAN("{" EC ",\"use\":\"\"}"), NOT_FOUND},
        {"use is no text", SPAN("{" EC ",\"use\":[\"sig\"]}"), MALFORMED},
        {"use is null", SPAN("{" EC ",\"use\":null}"), MALFORMED},
        {"key_ops without verify", SPAN("{" EC ",\"key_ops\":[\"sign\"]}"), NOT_FOUND},
        {"key_ops without anything", SPAN("{" EC ",\"key_ops\":[]}"), NOT_FOUND},
        {"key_ops is no array", SPAN("{" EC ",\"key_ops\":\"verify\"}"), MALFORMED},
        {"key_ops with a number", SPAN("{" EC ",\"key_ops\":[\"verify\",1]}"), MALFORMED},
        {"use says sig, key_ops encrypt",
         SPAN("{" EC ",\"use\":\"sig\",\"key_ops\":[\"encrypt\"]}"), NOT_FOUND},
        {"use says enc, key_ops verify", SPAN("{" EC ",\"use\":\"enc\",\"key_ops\":[\"verify\"]}"),
         NOT_FOUND},
        {"EC for RS256", SPAN("{" EC ",\"alg\":\"RS256\"}"), NOT_FOUND},
        {"RSA for ES256", SPAN("{" RSA ",\"alg\":\"ES256\"}"), NOT_FOUND},
        {"RSA for HS256", SPAN("{" RSA ",\"alg\":\"HS256\"}"), NOT_FOUND},
        {"RSA for RS512", SPAN("{" RSA ",\"alg\":\"RS512\"}"), NOT_FOUND},
        {"RSA for encryption", SPAN("{" RSA ",\"alg\":\"RSA-OAEP\"}"), NOT_FOUND},
        {"for ECDH", SPAN("{" EC ",\"alg\":\"ECDH-ES\"}"), NOT_FOUND},
        {"for none", SPAN("{" EC ",\"alg\":\"none\"}"), NOT_FOUND},
        {"alg in another case", SPAN("{" EC ",\"alg\":\"es256\"}"), NOT_FOUND},
        {"alg is no text", SPAN("{" EC ",\"alg\":256}"), MALFORMED},

        /* kid */
        {"kid is a number", SPAN("{" EC ",\"kid\":1}"), MALFORMED},
        {"kid is an array", SPAN("{" EC ",\"kid\":[\"1\"]}"), MALFORMED},
        {"kid is null", SPAN("{" EC ",\"kid\":null}"), MALFORMED},
        {"kid is too long", long_kid(JWK_MAX_KID + 1), MALFORMED},

        /* EC */
        {"no crv", SPAN("{\"kty\":\"EC\",\"x\":\"" X "\",\"y\":\"" Y "\"}"), NOT_FOUND},
        {"P-384", SPAN("{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\"}"),
         NOT_FOUND},
        {"secp256k1",
         SPAN("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X "\",\"y\":\"" Y "\"}"), NOT_FOUND},
        {"no x", SPAN("{" EC_TYPE ",\"y\":\"" Y "\"}"), MALFORMED},
        {"no y", SPAN("{" EC_TYPE ",\"x\":\"" X "\"}"), MALFORMED},
        {"x is a number", SPAN("{" EC_TYPE ",\"x\":1,\"y\":\"" Y "\"}"), MALFORMED},
        {"off the curve", SPAN("{" EC_TYPE ",\"x\":\"" X "\",\"y\":\"" X "\"}"), MALFORMED},
        {"x with padding", SPAN("{" EC_TYPE ",\"x\":\"" X "=\",\"y\":\"" Y "\"}"), MALFORMED},
        {"x with a line end", SPAN("{" EC_TYPE ",\"x\":\"" X "\\n\",\"y\":\"" Y "\"}"), MALFORMED},
        {"x with spare bits set",
         SPAN("{" EC_TYPE ",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV\",\"y\":\"" Y
              "\"}"),
         MALFORMED},
        {"y in the classic alphabet",
         SPAN("{" EC_TYPE ",\"x\":\"" X
              "\",\"y\":\"x/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0\"}"),
         MALFORMED},
        {"RFC 7518 6.2.1.2: x a byte short",
         SPAN("{" EC_TYPE ",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA\",\"y\":\"" Y "\"}"),
         MALFORMED},
        {"RFC 7518 6.2.1.2: x with a leading zero",
         SPAN("{" EC_TYPE ",\"x\":\"AH_NzidwqMRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF\",\"y\":\"" Y
              "\"}"),
         MALFORMED},

        /* RSA */
        {"no n", SPAN("{\"kty\":\"RSA\",\"e\":\"AQAB\"}"), MALFORMED},
        {"no e", SPAN("{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\"}"), MALFORMED},
        {"e is a number", SPAN("{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":65537}"), MALFORMED},
        {"e with padding", SPAN("{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":\"AQAB=\"}"),
         MALFORMED},
        {"an exponent of 1", SPAN("{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":\"AQ\"}"),
         MALFORMED},
        {"an even exponent", SPAN("{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":\"AQAA\"}"),
         MALFORMED},
        {"RFC 7518 6.3.1.2: an exponent with a leading zero",
         SPAN("{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":\"AAEAAQ\"}"), MALFORMED},
        {"n with padding", SPAN("{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "==\",\"e\":\"AQAB\"}"),
         MALFORMED},
        {"RFC 7518 6.3.1.1: n with a leading zero",
         SPAN("{\"kty\":\"RSA\",\"n\":\"" N_AFTER_ZERO "\",\"e\":\"AQAB\"}"), MALFORMED},
        {"n as e", SPAN("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"), MALFORMED},
        {"2047 bits", SPAN("{\"kty\":\"RSA\",\"n\":\"" N_2047_BITS "\",\"e\":\"AQAB\"}"),
         MALFORMED},
        {"4096 bits twice",
         SPAN("{\"kty\":\"RSA\",\"n\":\"" A1_N A1_N A1_N A1_N "\",\"e\":\"AQAB\"}"), MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwk key = {.algorithms = 99};
        check_row(rows[i].why);
        CHECK_INT(jwk_parse(&arena, tree(edge(rows[i].text)), &key), rows[i].want);
        CHECK_INT(key.algorithms, 99);
    }
    check_row("nothing");
    struct jwk key;
    CHECK_INT(jwk_parse(&arena, NULL, &key), MALFORMED);
    check_row(NULL);
}

/* ---- sets ---- */

static struct span many_keys(size_t broken, size_t good)
{
    struct json_writer w = json_writer_make(&arena, 65536);
    json_begin(&w, '{');
    json_begin_member(&w, "keys", '[');
    for (size_t i = 0; i < broken; i++)
        json_add_raw(&w, SPAN("{\"kty\":\"OKP\"}"));
    for (size_t i = 0; i < good; i++)
        json_add_raw(&w, SPAN("{" EC "}"));
    json_end(&w, ']');
    json_end(&w, '}');
    return json_written(&w);
}

static void test_sets(void)
{
    const struct {
        const char *why;
        struct span text;
        enum result want;
        size_t count;
    } rows[] = {
        {"RFC 7517 A.1: its EC key is for encryption",
         SPAN("{\"keys\":[{" A1_EC ",\"use\":\"enc\",\"kid\":\"1\"},{" A1_RSA "}]}"), OK, 1},
        {"two keys", SPAN("{\"keys\":[{" EC "},{" RSA "}]}"), OK, 2},
        {"no keys", SPAN("{\"keys\":[]}"), OK, 0},
        {"with other members", SPAN("{\"cache\":1,\"keys\":[{" EC "}],\"d\":\"\"}"), OK, 1},
        {"those that are not for us are skipped",
         SPAN("{\"keys\":[{\"kty\":\"OKP\"},{" EC "},{\"kty\":\"new\"},null,[],1,\"\",{},{" RSA
              "}]}"),
         OK, 2},
        {"those that are broken are skipped",
         SPAN("{\"keys\":[{" EC_TYPE "},{" EC ",\"d\":\"" D "\"},{" RSA "}]}"), OK, 1},
        {"a symmetric one is skipped", SPAN("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}"), OK, 0},
        {"as many as we take", many_keys(0, JWKS_MAX_KEYS), OK, JWKS_MAX_KEYS},
        {"more than we take", many_keys(0, JWKS_MAX_KEYS + 1), OK, JWKS_MAX_KEYS},
        {"those that are not for us do not count", many_keys(100, 3), OK, 3},
        {"no set", SPAN("{}"), MALFORMED, 0},
        {"keys is an object", SPAN("{\"keys\":{" EC "}}"), MALFORMED, 0},
        {"keys is a text", SPAN("{\"keys\":\"\"}"), MALFORMED, 0},
        {"keys is null", SPAN("{\"keys\":null}"), MALFORMED, 0},
        {"keys in another case", SPAN("{\"Keys\":[{" EC "}]}"), MALFORMED, 0},
        {"a key alone", SPAN("{" EC "}"), MALFORMED, 0},
        {"an array", SPAN("[{" EC "}]"), MALFORMED, 0},
        {"keys twice", SPAN("{\"keys\":[],\"keys\":[{" EC "}]}"), MALFORMED, 0},
        {"a key with a member twice", SPAN("{\"keys\":[{" EC ",\"kty\":\"EC\"}]}"), MALFORMED, 0},
        {"a page", SPAN("<!doctype html><title>503</title>"), MALFORMED, 0},
        {"empty", SPAN(""), MALFORMED, 0},
        {"absent", ABSENT, MALFORMED, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwks set = {NULL, 99};
        check_row(rows[i].why);
        CHECK_INT(jwks_parse(&arena, edge(rows[i].text), &set), rows[i].want);
        CHECK_INT(set.count, rows[i].want == OK ? rows[i].count : 99);
    }
    check_row("cut short");
    struct span text = rows[1].text;
    uint8_t *at = arena.at;
    for (size_t size = 0; size < text.size; size++, arena.at = at) {
        struct jwks set;
        CHECK_INT(jwks_parse(&arena, edge(span_first(text, size)), &set), MALFORMED);
    }
    check_row("too large");
    uint8_t *spaces = ARENA_ARRAY(&arena, JSON_MAX_TREE_SIZE, uint8_t);
    memset(spaces, ' ', JSON_MAX_TREE_SIZE);
    struct jwks set;
    text = JOIN(&arena, span_bytes(spaces, JSON_MAX_TREE_SIZE), SPAN("{\"keys\":[]}"));
    CHECK_INT(jwks_parse(&arena, text, &set), TOO_LARGE);
    check_row(NULL);
}

/* ---- thumbprints ---- */

#define RFC_9449_EC                                                                           \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\"," \
    "\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\""

static void test_thumbprints(void)
{
    static const struct {
        const char *why;
        struct span text, want;
    } rows[] = {
        {"RFC 9449 section 6.1: jkt", SPAN("{" RFC_9449_EC "}"),
         SPAN("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")},
        {"only the required members count",
         SPAN("{\"use\":\"sig\"," RFC_9449_EC ",\"alg\":\"ES256\",\"kid\":\"x\"}"),
         SPAN("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")},
        {"RFC 7515 A.3's key", SPAN("{" EC "}"),
         SPAN("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwk key;
        check_row(rows[i].why);
        CHECK_INT(jwk_parse(&arena, tree(rows[i].text), &key), OK);
        CHECK_SPAN(jwk_kid_es256(&arena, &key.ec), rows[i].want);
    }
    check_row("RFC 7638 section 3.1, whose key is RSA's: from the text that is hashed");
    struct hash hash;
    sha256(SPAN("{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" A1_N "\"}"), &hash);
    CHECK_SPAN(base64url_encode(&arena, hash_span(&hash)),
               SPAN("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    check_row(NULL);
}

/* ---- our own key ---- */

static void test_public_es256(void)
{
    struct jwk key, again;
    CHECK_INT(jwk_parse(&arena, tree(SPAN("{" EC "}")), &key), OK);
    struct span text = jwk_public_es256(&arena, &key.ec);
    CHECK_SPAN(text, SPAN("{" EC ",\"use\":\"sig\",\"alg\":\"ES256\","
                          "\"kid\":\"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U\"}"));
    check_row("what we publish can be read");
    CHECK_INT(jwk_parse(&arena, tree(text), &again), OK);
    CHECK_INT(again.algorithms, ALG_ES256);
    CHECK_SPAN(again.kid, jwk_kid_es256(&arena, &key.ec));
    CHECK_SPAN(p256_y(&again.ec), p256_y(&key.ec));
    check_row(NULL);
}

static void test_private_es256(void)
{
    static const struct {
        const char *why;
        struct span text;
        enum result want;
    } rows[] = {
        {"RFC 7515 A.3", SPAN("{" EC ",\"d\":\"" D "\"}"), OK},
        {"for signing with ES256",
         SPAN("{" EC ",\"d\":\"" D "\",\"use\":\"sig\",\"alg\":\"ES256\",\"key_ops\":[\"sign\"]}"),
         OK},
        {"RFC 7517 A.2: for encryption", SPAN("{" A1_EC ",\"d\":\"" A1_D "\",\"use\":\"enc\"}"),
         MALFORMED},
        {"for ES384", SPAN("{" EC ",\"d\":\"" D "\",\"alg\":\"ES384\"}"), MALFORMED},
        {"for verifying", SPAN("{" EC ",\"d\":\"" D "\",\"key_ops\":[\"verify\"]}"), MALFORMED},
        {"another key's x and y", SPAN("{" A1_EC ",\"d\":\"" D "\"}"), MALFORMED},
        {"the other point of that x",
         SPAN("{" EC_TYPE ",\"x\":\"" X
              "\",\"y\":\"OA67MeRCZIJ40yASRhFGC0yWopJW9NtSdbnc13p3GlI\",\"d\":\"" D "\"}"),
         MALFORMED},
        {"another key's d", SPAN("{" EC ",\"d\":\"" A1_D "\"}"), MALFORMED},
        {"no d", SPAN("{" EC "}"), MALFORMED},
        {"no x and y", SPAN("{" EC_TYPE ",\"d\":\"" D "\"}"), MALFORMED},
        {"no y", SPAN("{" EC_TYPE ",\"x\":\"" X "\",\"d\":\"" D "\"}"), MALFORMED},
        {"d is a number", SPAN("{" EC ",\"d\":1}"), MALFORMED},
        {"d with padding", SPAN("{" EC ",\"d\":\"" D "=\"}"), MALFORMED},
        {"d is empty", SPAN("{" EC ",\"d\":\"\"}"), MALFORMED},
        {"d is a byte short", SPAN("{" EC ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9A\"}"),
         MALFORMED},
        {"d is zero", SPAN("{" EC ",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
         MALFORMED},
        {"d is the order", SPAN("{" EC ",\"d\":\"_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE\"}"),
         MALFORMED},
        {"another curve",
         SPAN("{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\",\"d\":\"" D "\"}"),
         MALFORMED},
        {"RSA", SPAN("{" RSA ",\"d\":\"AQAB\"}"), MALFORMED},
        {"a set", SPAN("{\"keys\":[{" EC ",\"d\":\"" D "\"}]}"), MALFORMED},
        {"no object", SPAN("\"" D "\""), MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct p256_private key = {{99}};
        check_row(rows[i].why);
        CHECK_INT(jwk_private_es256(&arena, tree(edge(rows[i].text)), &key), rows[i].want);
        struct span d = base64url_encode(&arena, span_bytes(key.scalar, P256_SCALAR_SIZE));
        CHECK_INT(span_equal(d, SPAN(D)), rows[i].want == OK);
    }
    struct p256_private key;
    check_row("nothing");
    CHECK_INT(jwk_private_es256(&arena, NULL, &key), MALFORMED);
    check_row(NULL);
}

/* RFC 7518: what sections 3.1, 4.1 and 5.1 register; what later documents do; what nobody does. */
static void test_algorithms(void)
{
    struct span others =
        SPAN("HS256 HS384 HS512 RS384 RS512 ES384 ES512 PS384 PS512 none "
             "RSA1_5 RSA-OAEP RSA-OAEP-256 A128KW A192KW A256KW dir ECDH-ES ECDH-ES+A128KW "
             "ECDH-ES+A192KW ECDH-ES+A256KW A128GCMKW A192GCMKW A256GCMKW PBES2-HS256+A128KW "
             "PBES2-HS384+A192KW PBES2-HS512+A256KW "
             "A128CBC-HS256 A192CBC-HS384 A256CBC-HS512 A128GCM A192GCM A256GCM "
             "EdDSA Ed25519 Ed448 ES256K RSA-OAEP-384 RSA-OAEP-512 "
             "es256 ES25 ES2560 None NONE nOnE null");
    CHECK_INT(algorithm_of(edge(SPAN("ES256"))), ALG_ES256);
    CHECK_INT(algorithm_of(edge(SPAN("RS256"))), ALG_RS256);
    CHECK_INT(algorithm_of(edge(SPAN("PS256"))), ALG_PS256);
    for (struct span name = edge_row(&others); span_present(name); name = edge_row(&others))
        CHECK_INT(algorithm_of(name), ALG_OTHER);
    check_row("nothing, and more than a name");
    CHECK_INT(algorithm_of(ABSENT), ALG_OTHER);
    CHECK_INT(algorithm_of(edge(SPAN(""))), ALG_OTHER);
    CHECK_INT(algorithm_of(edge(SPAN("ES256\0"))), ALG_OTHER);
    CHECK_INT(algorithm_of(edge(SPAN(" ES256"))), ALG_OTHER);
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(16 << 20);
    test_accepted();
    test_refused();
    test_sets();
    test_thumbprints();
    test_public_es256();
    test_private_es256();
    test_algorithms();
    return check_done();
}
