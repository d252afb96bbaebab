/*
 * "3.n" is row n of the forgery list in the project's security requirements. What is
 * not here belongs to others: 14's signatures (we have no EdDSA, only its names
 * are refused), 18's replays (jti is the caller's), 20's headers.
 */
#include "jose/jwt.h"

#include "base/base64.h"
#include "check.h"
#include "edge.h"
#include "hex.h"
#include "rsa_key.h"

static struct arena arena;
static struct jwks set;
static struct p256_private key, attacker;
static struct p256_public key_public, attacker_public;

#define NOW 1800000000
#define ISSUER "https://login.example"
#define HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k\"}"
#define TIMES "\"exp\":1800000300,\"iat\":1800000000"
#define WHO "\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"me\""
#define CLAIMS "{" WHO "," TIMES "}"

static struct jwt_expectation expectation(void)
{
    return (struct jwt_expectation){
        .algorithms = ALG_ES256 | ALG_RS256 | ALG_PS256,
        .type = ABSENT,
        .issuer = SPAN(ISSUER),
        .audience = SPAN("me"),
        .now_seconds = NOW,
        .skew_seconds = 10,
    };
}

/* ---- making tokens ---- */

static struct span signing_input(struct span header, struct span claims)
{
    return JOIN(&arena, base64url_encode(&arena, header), SPAN("."),
                base64url_encode(&arena, claims));
}

static struct span with_signature(struct span input, struct span signature)
{
    return JOIN(&arena, input, SPAN("."), base64url_encode(&arena, signature));
}

static struct span es256_with(const struct p256_private *signer, struct span input)
{
    uint8_t signature[ES256_SIZE];
    CHECK_INT(es256_sign(signer, input, signature), OK);
    return with_signature(input, span_bytes(signature, sizeof signature));
}

static struct span es256(const char *header, const char *claims)
{
    return es256_with(&key, signing_input(span_of(header), span_of(claims)));
}

static struct span rs256_input(struct span input, struct span prefix)
{
    uint8_t em[RSA_KEY_SIZE];
    rsa_key_pkcs1(prefix, input, em);
    return with_signature(input, rsa_key_sign(&arena, em));
}

static struct span rs256(const char *header, const char *claims)
{
    return rs256_input(signing_input(span_of(header), span_of(claims)), RSA_KEY_SHA256);
}

static struct span ps256(const char *header, const char *claims)
{
    uint8_t em[RSA_KEY_SIZE];
    struct span input = signing_input(span_of(header), span_of(claims));
    rsa_key_pss(input, SPAN("a salt that has as many bytes..!"), em);
    rsa_key_mask(em);
    return with_signature(input, rsa_key_sign(&arena, em));
}

static struct span hmac(const char *header, struct span secret)
{
    struct hash mac;
    struct span input = signing_input(span_of(header), SPAN(CLAIMS));
    hmac_sha256(secret, 1, &input, &mac);
    return with_signature(input, hash_span(&mac));
}

/* ---- keys ---- */

static struct span ec_jwk(const struct p256_public *public, const char *more)
{
    return JOIN(&arena, SPAN("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""),
                base64url_encode(&arena, p256_x(public)), SPAN("\",\"y\":\""),
                base64url_encode(&arena, p256_y(public)), SPAN("\""), span_of(more), SPAN("}"));
}

static void key_make(uint8_t seed, struct p256_private *made, struct p256_public *public)
{
    uint8_t material[P256_MATERIAL_MIN];
    memset(material, seed, sizeof material);
    CHECK_INT(p256_private_from(span_bytes(material, sizeof material), made), OK);
    p256_public_of(made, public);
}

static struct jwks set_of(struct span keys)
{
    struct jwks made = {NULL, 0};
    CHECK_INT(jwks_parse(&arena, JOIN(&arena, SPAN("{\"keys\":["), keys, SPAN("]}")), &made), OK);
    return made;
}

#define RSA_JWK(kid, alg) \
    "{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":\"AQAB\",\"kid\":\"" kid "\"" alg "}"

static void keys_make(void)
{
    key_make('k', &key, &key_public);
    key_make('a', &attacker, &attacker_public);
    set = set_of(JOIN(&arena, ec_jwk(&key_public, ",\"kid\":\"k\",\"alg\":\"ES256\""), SPAN(","),
                      ec_jwk(&attacker_public, ",\"kid\":\"other tenant\""), SPAN(","),
                      SPAN(RSA_JWK("rs", ",\"alg\":\"RS256\"") ","
                           RSA_JWK("ps", ",\"alg\":\"PS256\"") "," RSA_JWK("rsa", ""))));
    CHECK_INT(set.count, 5);
}

/* ---- verdicts ---- */

static enum result verdict_of(struct span token, const struct jwks *keys,
                              const struct jwt_expectation *want)
{
    uint8_t *at = arena.at;
    struct jwt jwt;
    enum result result = jwt_parse(&arena, edge(token), &jwt);
    if (result == OK)
        result = jwt_verify(&arena, &jwt, keys, want);
    arena.at = at;
    return result;
}

static enum result verdict(struct span token)
{
    struct jwt_expectation want = expectation();
    return verdict_of(token, &set, &want);
}

struct row {
    const char *why;
    struct span token;
    enum result want;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_row(rows[i].why);
        CHECK_INT(verdict(rows[i].token), rows[i].want);
    }
    check_row(NULL);
}

/* ---- the forgeries ---- */

/* 3.1 to 3.3 */
static void test_no_signature(void)
{
    struct span input = signing_input(SPAN(HEADER), SPAN(CLAIMS));
    struct span t = es256(HEADER, CLAIMS);
    struct span signature = span_skip(t, input.size + 1);
    const struct row rows[] = {
        {"T itself", t, OK},
        {"3.1 none", JOIN(&arena, signing_input(SPAN("{\"alg\":\"none\"}"), SPAN(CLAIMS)), SPAN(".")),
         MALFORMED},
        {"3.1 None", JOIN(&arena, signing_input(SPAN("{\"alg\":\"None\"}"), SPAN(CLAIMS)), SPAN(".")),
         MALFORMED},
        {"3.1 NONE", JOIN(&arena, signing_input(SPAN("{\"alg\":\"NONE\"}"), SPAN(CLAIMS)), SPAN(".")),
         MALFORMED},
        {"3.1 nOnE", JOIN(&arena, signing_input(SPAN("{\"alg\":\"nOnE\"}"), SPAN(CLAIMS)), SPAN(".")),
         MALFORMED},
        {"3.1 no alg", es256("{\"kid\":\"k\"}", CLAIMS), MALFORMED},
        {"3.1 alg is empty", es256("{\"alg\":\"\",\"kid\":\"k\"}", CLAIMS), MALFORMED},
        {"3.1 alg is null", es256("{\"alg\":null,\"kid\":\"k\"}", CLAIMS), MALFORMED},
        {"3.1 alg is an array", es256("{\"alg\":[\"ES256\"],\"kid\":\"k\"}", CLAIMS), MALFORMED},
        {"3.2 none with T's signature",
         JOIN(&arena, signing_input(SPAN("{\"alg\":\"none\",\"kid\":\"k\"}"), SPAN(CLAIMS)),
              SPAN("."), signature),
         MALFORMED},
        {"3.3 no signature, the dot kept", JOIN(&arena, input, SPAN(".")), UNVERIFIABLE},
        {"3.3 no signature, no dot", input, MALFORMED},
        {"3.3 the header alone", base64url_encode(&arena, SPAN(HEADER)), MALFORMED},
        {"3.3 dots alone", SPAN(".."), MALFORMED},
        {"3.3 no header", JOIN(&arena, SPAN("."), span_skip(t, span_find(t, '.') + 1)), MALFORMED},
        {"3.3 no claims",
         JOIN(&arena, span_first(t, span_find(t, '.')), SPAN(".."), signature), MALFORMED},
        {"3.3 empty", SPAN(""), MALFORMED},
        {"3.3 absent", ABSENT, MALFORMED},
    };
    check_rows(rows, COUNT(rows));
}

/* 3.4 to 3.6 */
static void test_symmetric(void)
{
    struct span point = span_bytes(key_public.point, P256_POINT_SIZE);
    struct span der = JOIN(
        &arena, hex(&arena, "3059301306072a8648ce3d020106082a8648ce3d030107034200"), point);
    struct span pem =
        JOIN(&arena, SPAN("-----BEGIN PUBLIC KEY-----\n"),
             span_first(base64_encode(&arena, der), 64), SPAN("\n"),
             span_skip(base64_encode(&arena, der), 64), SPAN("\n-----END PUBLIC KEY-----\n"));
    const char *header = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k\"}";
    const struct row rows[] = {
        {"3.4 HS256 with the public key as PEM", hmac(header, pem), MALFORMED},
        {"3.4 ... as DER", hmac(header, der), MALFORMED},
        {"3.4 ... as a point", hmac(header, point), MALFORMED},
        {"3.4 ... as x and y", hmac(header, span_skip(point, 1)), MALFORMED},
        {"3.4 ... as a JWK", hmac(header, ec_jwk(&key_public, "")), MALFORMED},
        {"3.4 ... as a JWK, as it is served", hmac(header, jwk_public_es256(&arena, &key_public)),
         MALFORMED},
        {"3.4 ... as a modulus",
         hmac("{\"alg\":\"HS256\",\"kid\":\"rs\"}", rsa_key_bytes(&arena, RSA_KEY_N)), MALFORMED},
        {"3.4 labelled ES256", hmac(HEADER, span_skip(point, 1)), UNVERIFIABLE},
        {"3.5 HS256 with an empty secret", hmac(header, SPAN("")), MALFORMED},
        {"3.5 HS256 with a known secret", hmac(header, SPAN("secret")), MALFORMED},
        {"3.6 HS384", hmac("{\"alg\":\"HS384\",\"kid\":\"k\"}", SPAN("secret")), MALFORMED},
        {"3.6 HS512", hmac("{\"alg\":\"HS512\",\"kid\":\"k\"}", SPAN("secret")), MALFORMED},
    };
    check_rows(rows, COUNT(rows));
}

/* Signed by the attacker, with a header that offers his key. */
static struct span offered(const char *offer)
{
    struct span header = JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"kid\":\"k\","), span_of(offer),
                              SPAN("}"));
    return es256_with(&attacker, signing_input(header, SPAN(CLAIMS)));
}

/* 3.7 to 3.9 */
static void test_key_choice(void)
{
    struct span jwk = JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"kid\":\"k\",\"jwk\":"),
                           ec_jwk(&attacker_public, ",\"kid\":\"k\""), SPAN("}"));
    struct span jwk_alone = JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"jwk\":"),
                                 ec_jwk(&attacker_public, ""), SPAN("}"));
    uint8_t long_kid[10240];
    memset(long_kid, 'k', sizeof long_kid);
    struct span long_header =
        JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"kid\":\""), span_bytes(long_kid, 10240), SPAN("\"}"));
    struct span limit_header = JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"kid\":\""),
                                    span_bytes(long_kid, JWK_MAX_KID), SPAN("\"}"));
    const struct row rows[] = {
        {"3.7 the attacker's key in the header",
         es256_with(&attacker, signing_input(jwk, SPAN(CLAIMS))), UNVERIFIABLE},
        {"3.7 ... and no kid", es256_with(&attacker, signing_input(jwk_alone, SPAN(CLAIMS))),
         UNVERIFIABLE},
        {"3.8 jku", offered("\"jku\":\"https://evil.example/jwks\""), UNVERIFIABLE},
        {"3.8 jku, by an open redirect",
         offered("\"jku\":\"" ISSUER "/out?to=https://evil.example/jwks\""), UNVERIFIABLE},
        {"3.8 jku to an address within", offered("\"jku\":\"http://169.254.169.254/\""),
         UNVERIFIABLE},
        {"3.8 x5u", offered("\"x5u\":\"https://evil.example/cert\""), UNVERIFIABLE},
        {"3.8 x5c", offered("\"x5c\":[\"MIIB\"]"), UNVERIFIABLE},
        {"3.8 jku by the owner of the key: as if it were not there",
         es256("{\"alg\":\"ES256\",\"kid\":\"k\",\"jku\":\"https://evil.example/\"}", CLAIMS), OK},
        {"3.9 kid: a path", es256("{\"alg\":\"ES256\",\"kid\":\"../../dev/null\"}", CLAIMS),
         NOT_FOUND},
        {"3.9 kid: a quote", es256("{\"alg\":\"ES256\",\"kid\":\"' OR 1=1 --\"}", CLAIMS), NOT_FOUND},
        {"3.9 kid: NUL", es256("{\"alg\":\"ES256\",\"kid\":\"k\\u0000\"}", CLAIMS), MALFORMED},
        {"3.9 kid: 10 KB", es256_with(&key, signing_input(long_header, SPAN(CLAIMS))), MALFORMED},
        {"3.9 kid: as long as may be", es256_with(&key, signing_input(limit_header, SPAN(CLAIMS))),
         NOT_FOUND},
        {"3.9 kid: an array", es256("{\"alg\":\"ES256\",\"kid\":[\"k\"]}", CLAIMS), MALFORMED},
        {"3.9 kid: a number", es256("{\"alg\":\"ES256\",\"kid\":1}", CLAIMS), MALFORMED},
        {"3.9 kid: null", es256("{\"alg\":\"ES256\",\"kid\":null}", CLAIMS), MALFORMED},
        {"3.9 kid: empty", es256("{\"alg\":\"ES256\",\"kid\":\"\"}", CLAIMS), NOT_FOUND},
        {"3.9 kid: in another case", es256("{\"alg\":\"ES256\",\"kid\":\"K\"}", CLAIMS), NOT_FOUND},
        {"3.9 kid: a prefix", es256("{\"alg\":\"RS256\",\"kid\":\"r\"}", CLAIMS), NOT_FOUND},
        {"3.9 kid of another key", es256("{\"alg\":\"ES256\",\"kid\":\"other tenant\"}", CLAIMS),
         UNVERIFIABLE},
        {"3.9 kid of a key of another type", es256("{\"alg\":\"ES256\",\"kid\":\"rsa\"}", CLAIMS),
         UNVERIFIABLE},
        {"3.9 kid of a key that was revoked",
         es256("{\"alg\":\"ES256\",\"kid\":\"last year's\"}", CLAIMS), NOT_FOUND},
        {"3.9 kid with an escape is the same kid",
         es256("{\"alg\":\"ES256\",\"kid\":\"\\u006b\"}", CLAIMS), OK},
    };
    check_rows(rows, COUNT(rows));
}

/* 3.10 */
static void test_critical(void)
{
#define WITH(more) es256("{\"alg\":\"ES256\",\"kid\":\"k\"," more "}", CLAIMS)
    const struct row rows[] = {
        {"3.10 crit: exp", WITH("\"crit\":[\"exp\"],\"exp\":1800000300"), MALFORMED},
        {"3.10 crit: empty", WITH("\"crit\":[]"), MALFORMED},
        {"3.10 crit: unknown", WITH("\"crit\":[\"http://example.com/new\"]"), MALFORMED},
        {"3.10 crit: a text", WITH("\"crit\":\"exp\""), MALFORMED},
        {"3.10 crit: null", WITH("\"crit\":null"), MALFORMED},
        {"3.10 b64: false", WITH("\"b64\":false,\"crit\":[\"b64\"]"), MALFORMED},
        {"3.10 b64: false, without crit", WITH("\"b64\":false"), MALFORMED},
        {"3.10 b64: true", WITH("\"b64\":true"), MALFORMED},
        {"3.16 zip: a bomb", WITH("\"zip\":\"DEF\""), MALFORMED},
        {"3.16 enc", WITH("\"enc\":\"A128GCM\""), MALFORMED},
        {"Crit is another name", WITH("\"Crit\":[\"exp\"]"), OK},
        {"what nobody knows is ignored", WITH("\"new\":{\"crit\":[1]}"), OK},
    };
#undef WITH
    check_rows(rows, COUNT(rows));
}

/* 3.11: the forms of an ES256 signature; its numbers are the business of test_ec.c. */
static void test_es256_forms(void)
{
    struct span input = signing_input(SPAN(HEADER), SPAN(CLAIMS));
    uint8_t signature[ES256_SIZE];
    uint8_t bytes[2 * ES256_SIZE];
    CHECK_INT(es256_sign(&key, input, signature), OK);
    struct span s = span_bytes(signature, sizeof signature);
    memset(bytes, 0, sizeof bytes);
    struct span zeroes = span_bytes(bytes, sizeof bytes);
    struct span der = JOIN(&arena, SPAN("\x30\x46\x02\x21\0"), span_first(s, 32), SPAN("\x02\x21\0"),
                           span_skip(s, 32));
    const struct row rows[] = {
        {"3.11 as it should be", with_signature(input, s), OK},
        {"3.11 in DER", with_signature(input, der), UNVERIFIABLE},
        {"3.11 63 bytes", with_signature(input, span_first(s, 63)), UNVERIFIABLE},
        {"3.11 65 bytes", with_signature(input, JOIN(&arena, s, SPAN("\0"))), UNVERIFIABLE},
        {"3.11 128 bytes", with_signature(input, JOIN(&arena, s, s)), UNVERIFIABLE},
        {"3.11 r is zero",
         with_signature(input, JOIN(&arena, span_first(zeroes, 32), span_skip(s, 32))),
         UNVERIFIABLE},
        {"3.11 s is zero",
         with_signature(input, JOIN(&arena, span_first(s, 32), span_first(zeroes, 32))),
         UNVERIFIABLE},
        {"3.11 all zero", with_signature(input, span_first(zeroes, 64)), UNVERIFIABLE},
        {"3.11 the signature as hexadecimal", with_signature(input, SPAN("efd48b2aacb6a8fd1140")),
         UNVERIFIABLE},
        {"3.11 as RS256",
         with_signature(signing_input(SPAN("{\"alg\":\"RS256\",\"kid\":\"rs\"}"), SPAN(CLAIMS)), s),
         UNVERIFIABLE},
    };
    check_rows(rows, COUNT(rows));
    memset(bytes, 0xff, sizeof bytes);
    CHECK_INT(verdict(with_signature(input, span_first(zeroes, 64))), UNVERIFIABLE);
}

/* 3.12; the paddings are the business of test_rsa.c. */
static void test_rsa_labels(void)
{
#define RS "{\"alg\":\"RS256\",\"kid\":\"rs\"}"
#define PS "{\"alg\":\"PS256\",\"kid\":\"ps\"}"
    struct span without_null =
        SPAN("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20");
    const struct row rows[] = {
        {"RS256", rs256(RS, CLAIMS), OK},
        {"PS256", ps256(PS, CLAIMS), OK},
        {"RS256, the key leaves it open", rs256("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", CLAIMS), OK},
        {"PS256, the key leaves it open", ps256("{\"alg\":\"PS256\",\"kid\":\"rsa\"}", CLAIMS), OK},
        {"3.12 without the NULL",
         rs256_input(signing_input(SPAN(RS), SPAN(CLAIMS)), without_null), UNVERIFIABLE},
        {"3.12 a PS256 signature labelled RS256",
         ps256("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", CLAIMS), UNVERIFIABLE},
        {"3.12 an RS256 signature labelled PS256",
         rs256("{\"alg\":\"PS256\",\"kid\":\"rsa\"}", CLAIMS), UNVERIFIABLE},
        {"3.12 RS256 by a key for PS256", rs256("{\"alg\":\"RS256\",\"kid\":\"ps\"}", CLAIMS),
         UNVERIFIABLE},
        {"3.12 PS256 by a key for RS256", ps256("{\"alg\":\"PS256\",\"kid\":\"rs\"}", CLAIMS),
         UNVERIFIABLE},
        {"3.12 RS256 labelled RS384", rs256("{\"alg\":\"RS384\",\"kid\":\"rs\"}", CLAIMS), MALFORMED},
        {"3.12 RS256 labelled RS512", rs256("{\"alg\":\"RS512\",\"kid\":\"rs\"}", CLAIMS), MALFORMED},
        {"3.12 RS256 by an EC key", rs256("{\"alg\":\"RS256\",\"kid\":\"k\"}", CLAIMS),
         UNVERIFIABLE},
        {"3.12 a signature too long",
         JOIN(&arena, rs256(RS, CLAIMS), SPAN("AAAA")), UNVERIFIABLE},
        {"3.12 a signature twice",
         with_signature(signing_input(SPAN(RS), SPAN(CLAIMS)),
                        JOIN(&arena, rsa_key_bytes(&arena, RSA_KEY_N),
                             rsa_key_bytes(&arena, RSA_KEY_N))),
         UNVERIFIABLE},
        {"3.14 EdDSA", es256("{\"alg\":\"EdDSA\",\"kid\":\"k\"}", CLAIMS), MALFORMED},
        {"3.14 Ed25519", es256("{\"alg\":\"Ed25519\",\"kid\":\"k\"}", CLAIMS), MALFORMED},
        {"3.13 ES256K", es256("{\"alg\":\"ES256K\",\"kid\":\"k\"}", CLAIMS), MALFORMED},
        {"3.13 ES384", es256("{\"alg\":\"ES384\",\"kid\":\"k\"}", CLAIMS), MALFORMED},
    };
#undef RS
#undef PS
    check_rows(rows, COUNT(rows));
}

/* 3.12 and 3.13: a key that breaks its rules is in no set, whoever signed with it. */
static void test_weak_keys(void)
{
    const struct {
        const char *why;
        struct span jwk;
    } rows[] = {
        {"3.12 a key of 1024 bits",
         SPAN("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"kid\":\"k\",\"n\":\""
              "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS"
              "oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65"
              "YGj\"}")},
        {"3.12 a key of e=1",
         SPAN("{\"kty\":\"RSA\",\"e\":\"AQ\",\"kid\":\"k\",\"n\":\"" RSA_KEY_N "\"}")},
        {"3.12 a key of 8192 bits",
         SPAN("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"kid\":\"k\",\"n\":\"" RSA_KEY_N RSA_KEY_N RSA_KEY_N
                  RSA_KEY_N "\"}")},
        {"3.13 a key of P-384",
         JOIN(&arena, SPAN("{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"k\",\"x\":\""),
              base64url_encode(&arena, p256_x(&key_public)), SPAN("\",\"y\":\""),
              base64url_encode(&arena, p256_y(&key_public)), SPAN("\"}"))},
        {"3.13 a key of secp256k1",
         JOIN(&arena, SPAN("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"kid\":\"k\",\"x\":\""),
              base64url_encode(&arena, p256_x(&key_public)), SPAN("\",\"y\":\""),
              base64url_encode(&arena, p256_y(&key_public)), SPAN("\"}"))},
        {"3.13 a point off the curve",
         JOIN(&arena, SPAN("{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"x\":\""),
              base64url_encode(&arena, p256_x(&key_public)), SPAN("\",\"y\":\""),
              base64url_encode(&arena, p256_x(&key_public)), SPAN("\"}"))},
        {"3.13 x a byte short",
         JOIN(&arena, SPAN("{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"x\":\""),
              base64url_encode(&arena, span_first(p256_x(&key_public), 31)), SPAN("\",\"y\":\""),
              base64url_encode(&arena, p256_y(&key_public)), SPAN("\"}"))},
        {"a private key, published", ec_jwk(&key_public, ",\"kid\":\"k\",\"d\":\"AA\"")},
        {"a key for encryption", ec_jwk(&key_public, ",\"kid\":\"k\",\"use\":\"enc\"")},
    };
    struct jwt_expectation want = expectation();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwks keys = set_of(rows[i].jwk);
        check_row(rows[i].why);
        CHECK_INT(keys.count, 0);
        CHECK_INT(verdict_of(es256(HEADER, CLAIMS), &keys, &want), NOT_FOUND);
        CHECK_INT(verdict_of(es256("{\"alg\":\"ES256\"}", CLAIMS), &keys, &want), UNVERIFIABLE);
    }
    check_row(NULL);
}

/* 3.15 */
static void test_claims(void)
{
#define EXP(value) "{" WHO ",\"exp\":" value "}"
#define AUD(value) "{\"iss\":\"" ISSUER "\",\"aud\":" value "," TIMES "}"
#define ISS(value) "{\"iss\":" value ",\"aud\":\"me\"," TIMES "}"
    static const struct {
        const char *why, *claims;
        enum result want;
    } rows[] = {
        {"with only what is required", "{\"iss\":\"" ISSUER "\",\"aud\":\"me\",\"exp\":1800000300}",
         OK},
        {"3.15 a claim twice", "{" WHO ",\"exp\":1800000300,\"exp\":1800000300}", MALFORMED},
        {"3.15 a claim twice, once escaped", "{" WHO ",\"exp\":1800000300,\"e\\u0078p\":1}",
         MALFORMED},
        {"3.15 a claim twice, deeper", "{" WHO "," TIMES ",\"x\":{\"a\":1,\"a\":2}}", MALFORMED},
        {"3.15 Iss", "{\"Iss\":\"" ISSUER "\",\"aud\":\"me\"," TIMES "}", UNVERIFIABLE},
        {"3.15 ISS beside iss", "{" WHO ",\"ISS\":\"https://evil.example\"," TIMES "}", OK},
        {"3.15 __proto__", "{\"__proto__\":{" WHO "," TIMES "}}", UNVERIFIABLE},
        {"3.15 no claims", "{}", UNVERIFIABLE},

        {"3.15 exp: a text", EXP("\"1800000300\""), UNVERIFIABLE},
        {"3.15 exp: a fraction", EXP("1800000300.5"), UNVERIFIABLE},
        {"3.15 exp: 1e400", EXP("1e400"), MALFORMED},
        {"3.15 exp: 1e18", EXP("1e18"), UNVERIFIABLE},
        {"3.15 exp: -1", EXP("-1"), UNVERIFIABLE},
        {"3.15 exp: -0", EXP("-0"), UNVERIFIABLE},
        {"3.15 exp: 0", EXP("0"), UNVERIFIABLE},
        {"3.15 exp: null", EXP("null"), UNVERIFIABLE},
        {"3.15 exp: true", EXP("true"), UNVERIFIABLE},
        {"3.15 exp: an array", EXP("[1800000300]"), UNVERIFIABLE},
        {"3.15 exp: missing", "{" WHO ",\"iat\":1800000000}", UNVERIFIABLE},
        {"3.15 exp: the last second of the year 9999", EXP("253402300799"), OK},
        {"3.15 exp: one more", EXP("253402300800"), UNVERIFIABLE},
        {"3.15 exp: 2^53 - 1", EXP("9007199254740991"), UNVERIFIABLE},
        {"3.15 exp: 2^53", EXP("9007199254740992"), UNVERIFIABLE},
        {"3.15 exp: 2^64 + 1800000300", EXP("18446744075509551916"), UNVERIFIABLE},
        {"3.15 exp: with an exponent, yet whole", EXP("18000003e2"), OK},

        {"3.15 nbf: in the future", "{" WHO "," TIMES ",\"nbf\":1800000011}", UNVERIFIABLE},
        {"3.15 nbf: a text", "{" WHO "," TIMES ",\"nbf\":\"1\"}", UNVERIFIABLE},
        {"3.15 nbf: null", "{" WHO "," TIMES ",\"nbf\":null}", UNVERIFIABLE},
        {"3.15 iat: in the future", "{" WHO ",\"exp\":1800000300,\"iat\":1800000011}", UNVERIFIABLE},
        {"3.15 iat: a text", "{" WHO ",\"exp\":1800000300,\"iat\":\"1800000000\"}", UNVERIFIABLE},
        {"3.15 iat: null", "{" WHO ",\"exp\":1800000300,\"iat\":null}", UNVERIFIABLE},
        {"3.15 iat: negative", "{" WHO ",\"exp\":1800000300,\"iat\":-1}", UNVERIFIABLE},

        {"3.15 aud: one of several", AUD("[\"you\",\"me\",\"them\"]"), OK},
        {"3.15 aud: an array of one", AUD("[\"me\"]"), OK},
        {"3.15 aud: missing", "{\"iss\":\"" ISSUER "\"," TIMES "}", UNVERIFIABLE},
        {"3.15 aud: null", AUD("null"), UNVERIFIABLE},
        {"3.15 aud: an empty array", AUD("[]"), UNVERIFIABLE},
        {"3.15 aud: empty", AUD("\"\""), UNVERIFIABLE},
        {"3.15 aud: another", AUD("\"you\""), UNVERIFIABLE},
        {"3.15 aud: others", AUD("[\"you\",\"them\"]"), UNVERIFIABLE},
        {"3.15 aud: part of it is ours", AUD("\"welcome\""), UNVERIFIABLE},
        {"3.15 aud: a prefix", AUD("\"m\""), UNVERIFIABLE},
        {"3.15 aud: ours is a prefix", AUD("\"me.example\""), UNVERIFIABLE},
        {"3.15 aud: in another case", AUD("\"Me\""), UNVERIFIABLE},
        {"3.15 aud: with a slash", AUD("\"me/\""), UNVERIFIABLE},
        {"3.15 aud: with a space", AUD("\"me \""), UNVERIFIABLE},
        {"3.15 aud: separated by spaces", AUD("\"me you\""), UNVERIFIABLE},
        {"3.15 aud: mixed types", AUD("[\"me\",1]"), UNVERIFIABLE},
        {"3.15 aud: mixed types, ours last", AUD("[null,\"me\"]"), UNVERIFIABLE},
        {"3.15 aud: an array in an array", AUD("[[\"me\"]]"), UNVERIFIABLE},
        {"3.15 aud: an object", AUD("{\"me\":\"me\"}"), UNVERIFIABLE},
        {"3.15 aud: as many as may be",
         AUD("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\","
             "\"14\",\"15\",\"me\"]"),
         OK},
        {"3.15 aud: one more",
         AUD("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\","
             "\"14\",\"15\",\"me\",\"17\"]"),
         UNVERIFIABLE},

        {"3.15 iss: missing", "{\"aud\":\"me\"," TIMES "}", UNVERIFIABLE},
        {"3.15 iss: null", ISS("null"), UNVERIFIABLE},
        {"3.15 iss: empty", ISS("\"\""), UNVERIFIABLE},
        {"3.15 iss: a prefix", ISS("\"https://login.exampl\""), UNVERIFIABLE},
        {"3.15 iss: ours is a prefix", ISS("\"https://login.example.evil.example\""), UNVERIFIABLE},
        {"3.15 iss: ours is a suffix", ISS("\"https://evil.example/https://login.example\""),
         UNVERIFIABLE},
        {"3.15 iss: in another case", ISS("\"https://LOGIN.example\""), UNVERIFIABLE},
        {"3.15 iss: with a slash", ISS("\"https://login.example/\""), UNVERIFIABLE},
        {"3.15 iss: http", ISS("\"http://login.example\""), UNVERIFIABLE},
        {"3.15 iss: an array", ISS("[\"" ISSUER "\"]"), UNVERIFIABLE},
        {"3.15 iss: with an escape it is the same", ISS("\"https:\\/\\/login.example\""), OK},
        {"3.15 sub: NUL", "{" WHO "," TIMES ",\"x\":\"a\\u0000b\"}", MALFORMED},
    };
#undef EXP
#undef AUD
#undef ISS
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(verdict(es256(HEADER, rows[i].claims)), rows[i].want);
    }
    check_row(NULL);
}

/* 3.16 */
static struct span raw(struct span header, struct span claims)
{
    return es256_with(&key, signing_input(header, claims));
}

static struct span signed_parts(const char *header, const char *claims)
{
    return es256_with(&key, JOIN(&arena, span_of(header), SPAN("."), span_of(claims)));
}

static struct span nested(size_t depth)
{
    struct builder b = builder_make(&arena, 2 * depth + 64);
    build_span(&b, SPAN("{\"x\":"));
    for (size_t i = 0; i < depth; i++)
        build_byte(&b, '[');
    for (size_t i = 0; i < depth; i++)
        build_byte(&b, ']');
    build_byte(&b, '}');
    return built(&b);
}

static void test_encodings(void)
{
    struct span t = es256(HEADER, CLAIMS);
    struct span h = base64url_encode(&arena, SPAN(HEADER));
    struct span c = base64url_encode(&arena, SPAN(CLAIMS));
    const struct row rows[] = {
        {"3.16 padding behind it", JOIN(&arena, t, SPAN("==")), MALFORMED},
        {"3.16 padding in the header, signed",
         es256_with(&key, JOIN(&arena, h, SPAN("="), SPAN("."), c)), MALFORMED},
        {"3.16 the classic alphabet, signed",
         signed_parts("eyJhbGciOiJFUzI1NiIsIngiOiI/In0", "e30"), MALFORMED},
        {"3.16 spare bits, signed", signed_parts("eyJhbGciOiJFUzI1NiJ9", "e31"), MALFORMED},
        {"3.16 a space before it", JOIN(&arena, SPAN(" "), t), MALFORMED},
        {"3.16 a space behind it", JOIN(&arena, t, SPAN(" ")), MALFORMED},
        {"3.16 a line end behind it", JOIN(&arena, t, SPAN("\n")), MALFORMED},
        {"3.16 a line end within, signed",
         es256_with(&key, JOIN(&arena, h, SPAN("\n."), c)), MALFORMED},
        {"3.16 NUL behind it", JOIN(&arena, t, SPAN("\0")), MALFORMED},
        {"3.16 a dot behind it", JOIN(&arena, t, SPAN(".")), MALFORMED},
        {"3.16 four parts", JOIN(&arena, t, SPAN(".e30")), MALFORMED},
        {"3.16 five parts", JOIN(&arena, t, SPAN(".e30.e30")), MALFORMED},
        {"3.16 a dot before it", JOIN(&arena, SPAN("."), t), MALFORMED},
        {"3.16 JWE, dir",
         JOIN(&arena, base64url_encode(&arena, SPAN("{\"alg\":\"dir\",\"enc\":\"A128GCM\"}")),
              SPAN("..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA")),
         MALFORMED},
        {"3.16 JWE, PBES2 with many rounds",
         JOIN(&arena,
              base64url_encode(&arena, SPAN("{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\","
                                            "\"p2s\":\"AA\",\"p2c\":2147483647}")),
              SPAN(".AA.AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA")),
         MALFORMED},
        {"3.16 JSON serialization",
         SPAN("{\"payload\":\"e30\",\"protected\":\"eyJhbGciOiJFUzI1NiJ9\",\"signature\":\"AA\"}"),
         MALFORMED},
        {"3.16 a byte order mark before the header", raw(SPAN("\xef\xbb\xbf" HEADER), SPAN(CLAIMS)),
         MALFORMED},
        {"3.16 ... before the claims", raw(SPAN(HEADER), SPAN("\xef\xbb\xbf" CLAIMS)), MALFORMED},
        {"3.16 UTF-16", raw(SPAN(HEADER), SPAN("{\0}\0")), MALFORMED},
        {"3.16 invalid UTF-8", raw(SPAN(HEADER), SPAN("{" WHO "," TIMES ",\"x\":\"\xff\"}")),
         MALFORMED},
        {"3.16 NUL behind the claims", raw(SPAN(HEADER), SPAN(CLAIMS "\0")), MALFORMED},
        {"3.16 NUL behind the header", raw(SPAN(HEADER "\0"), SPAN(CLAIMS)), MALFORMED},
        {"3.16 more behind the claims", raw(SPAN(HEADER), SPAN(CLAIMS "{}")), MALFORMED},
        {"3.16 white space in the JSON is allowed", raw(SPAN(" " HEADER "\r\n"), SPAN(CLAIMS "\n")),
         OK},
        {"3.16 a comment", raw(SPAN(HEADER), SPAN("{/**/" WHO "," TIMES "}")), MALFORMED},
        {"3.16 a trailing comma", raw(SPAN(HEADER), SPAN("{" WHO "," TIMES ",}")), MALFORMED},
        {"3.16 nested 1000 deep", raw(SPAN(HEADER), nested(1000)), TOO_LARGE},
        {"3.16 a header nested 1000 deep", raw(nested(1000), SPAN(CLAIMS)), TOO_LARGE},
        {"3.16 claims: an array", raw(SPAN(HEADER), SPAN("[" CLAIMS "]")), MALFORMED},
        {"3.16 claims: a text", raw(SPAN(HEADER), SPAN("\"foo\"")), MALFORMED},
        {"3.16 claims: no JSON", raw(SPAN(HEADER), SPAN("foo")), MALFORMED},
        {"3.16 claims: another token", raw(SPAN(HEADER), t), MALFORMED},
        {"3.16 header: an array", raw(SPAN("[" HEADER "]"), SPAN(CLAIMS)), MALFORMED},
        {"3.16 header: a text", raw(SPAN("\"ES256\""), SPAN(CLAIMS)), MALFORMED},
        {"3.16 header: null", raw(SPAN("null"), SPAN(CLAIMS)), MALFORMED},
        {"J12 alg twice",
         raw(SPAN("{\"alg\":\"ES256\",\"kid\":\"k\",\"alg\":\"none\"}"), SPAN(CLAIMS)), MALFORMED},
        {"J12 kid twice, once escaped",
         raw(SPAN("{\"alg\":\"ES256\",\"kid\":\"k\",\"k\\u0069d\":\"x\"}"), SPAN(CLAIMS)),
         MALFORMED},
        {"3.19 members in another order",
         raw(SPAN("{\"kid\":\"k\",\"typ\":\"JWT\",\"alg\":\"ES256\"}"), SPAN(CLAIMS)), OK},
        {"3.20 two tokens", JOIN(&arena, t, SPAN(" "), t), MALFORMED},
        {"3.20 two tokens with a comma", JOIN(&arena, t, SPAN(","), t), MALFORMED},
    };
    check_rows(rows, COUNT(rows));
}

/* 3.16: as large as may be, and a byte more. */
static void test_size(void)
{
    uint8_t spaces[JWT_MAX_SIZE];
    memset(spaces, ' ', sizeof spaces);
    struct span input;
    size_t padding = JWT_MAX_SIZE / 4 * 3 - 300;
    do {
        input = signing_input(SPAN(HEADER),
                              JOIN(&arena, SPAN(CLAIMS), span_bytes(spaces, padding++)));
    } while (input.size + 1 + 86 < JWT_MAX_SIZE);
    struct span largest = es256_with(&key, input);
    CHECK_INT(largest.size, JWT_MAX_SIZE);
    CHECK_INT(verdict(largest), OK);
    CHECK_INT(verdict(JOIN(&arena, largest, SPAN("A"))), TOO_LARGE);
    CHECK_INT(verdict(span_bytes(ARENA_ARRAY(&arena, 1 << 20, uint8_t), 1 << 20)), TOO_LARGE);
}

/* 3.17 */
static void test_types(void)
{
    static const struct {
        const char *why, *type; /* as JSON; NULL: without */
        struct span wanted;
        enum result want;
    } rows[] = {
        {"3.17 any will do: JWT", "\"JWT\"", ABSENT, OK},
        {"3.17 any will do: none", NULL, ABSENT, OK},
        {"3.17 any will do: one that nobody knows", "\"x+jwt\"", ABSENT, OK},
        {"3.17 any will do: an assertion's", "\"client-authentication+jwt\"", ABSENT, OK},
        {"3.17 not an access token", "\"at+jwt\"", ABSENT, UNVERIFIABLE},
        {"3.17 not an access token, in full", "\"application/at+jwt\"", ABSENT, UNVERIFIABLE},
        {"3.17 not an access token, in capitals", "\"AT+JWT\"", ABSENT, UNVERIFIABLE},
        {"3.17 not a DPoP proof", "\"dpop+jwt\"", ABSENT, UNVERIFIABLE},
        {"3.17 not a logout token", "\"logout+jwt\"", ABSENT, UNVERIFIABLE},
        {"3.17 not a security event", "\"secevent+jwt\"", ABSENT, UNVERIFIABLE},
        {"3.17 at+jwt is wanted", "\"at+jwt\"", SPAN("at+jwt"), OK},
        {"3.17 at+jwt in full", "\"application/at+jwt\"", SPAN("at+jwt"), OK},
        {"3.17 AT+JWT", "\"AT+JWT\"", SPAN("at+jwt"), OK},
        {"3.17 Application/AT+jwt", "\"Application/AT+jwt\"", SPAN("at+jwt"), OK},
        {"3.17 JWT where at+jwt is wanted", "\"JWT\"", SPAN("at+jwt"), UNVERIFIABLE},
        {"3.17 none where at+jwt is wanted", NULL, SPAN("at+jwt"), UNVERIFIABLE},
        {"3.17 dpop+jwt where at+jwt is wanted", "\"dpop+jwt\"", SPAN("at+jwt"), UNVERIFIABLE},
        {"3.17 part of it", "\"at+jw\"", SPAN("at+jwt"), UNVERIFIABLE},
        {"3.17 with a parameter", "\"at+jwt;v=1\"", SPAN("at+jwt"), UNVERIFIABLE},
        {"3.17 application/ twice", "\"application/application/at+jwt\"", SPAN("at+jwt"),
         UNVERIFIABLE},
        {"3.17 empty", "\"\"", SPAN("at+jwt"), UNVERIFIABLE},
        {"3.17 no text", "1", SPAN("at+jwt"), MALFORMED},
        {"3.17 null", "null", ABSENT, MALFORMED},
        {"3.17 an array", "[\"at+jwt\"]", SPAN("at+jwt"), MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwt_expectation want = expectation();
        want.type = rows[i].wanted;
        struct span type = ABSENT;
        if (rows[i].type != NULL)
            type = JOIN(&arena, SPAN(",\"typ\":"), span_of(rows[i].type));
        struct span header =
            JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"kid\":\"k\""), type, SPAN("}"));
        check_row(rows[i].why);
        CHECK_INT(verdict_of(raw(header, SPAN(CLAIMS)), &set, &want), rows[i].want);
    }
    check_row(NULL);
}

/* ---- what the caller may ask for ---- */

static void test_times(void)
{
    static const struct {
        const char *why, *times;
        uint64_t now, skew, age;
        enum result want;
    } rows[] = {
        {"the second before it expires", "\"exp\":1000", 999, 0, 0, OK},
        {"the second when it expires", "\"exp\":1000", 1000, 0, 0, UNVERIFIABLE},
        {"expired within the skew", "\"exp\":1000", 1059, 60, 0, OK},
        {"expired by the skew", "\"exp\":1000", 1060, 60, 0, UNVERIFIABLE},
        {"a larger skew is not granted", "\"exp\":1000", 1060, 3600, 0, UNVERIFIABLE},
        {"not even the largest", "\"exp\":1000", 1060, UINT64_MAX, 0, UNVERIFIABLE},
        {"at the beginning of time", "\"exp\":0", 0, 0, 0, UNVERIFIABLE},
        {"no exp at the beginning of time", "\"iat\":0", 0, 60, 0, UNVERIFIABLE},
        {"nbf is now", "\"exp\":2000,\"nbf\":1000", 1000, 0, 0, OK},
        {"nbf is ahead", "\"exp\":2000,\"nbf\":1001", 1000, 0, 0, UNVERIFIABLE},
        {"nbf is ahead by the skew", "\"exp\":2000,\"nbf\":1010", 1000, 10, 0, OK},
        {"nbf is ahead by more", "\"exp\":2000,\"nbf\":1011", 1000, 10, 0, UNVERIFIABLE},
        {"nbf is behind exp: never valid", "\"exp\":1000,\"nbf\":1100", 1050, 10, 0, UNVERIFIABLE},
        {"iat is now", "\"exp\":2000,\"iat\":1000", 1000, 0, 0, OK},
        {"iat is ahead", "\"exp\":2000,\"iat\":1001", 1000, 0, 0, UNVERIFIABLE},
        {"K03 iat is 10 s ahead", "\"exp\":2000,\"iat\":1010", 1000, 10, 0, OK},
        {"K03 iat is 61 s ahead", "\"exp\":2000,\"iat\":1061", 1000, 60, 0, UNVERIFIABLE},
        {"iat is long ago", "\"exp\":2000,\"iat\":1", 1000, 0, 0, OK},
        {"nbf beyond the year 9999", "\"exp\":2000,\"nbf\":253402300800", 1000, 0, 0, UNVERIFIABLE},
        {"not too old", "\"exp\":1300,\"iat\":1000", 1000, 0, 300, OK},
        {"exp too far away", "\"exp\":1301,\"iat\":1000", 1000, 0, 300, UNVERIFIABLE},
        {"exp too far away, but for the skew", "\"exp\":1310,\"iat\":1000", 1000, 10, 300, OK},
        {"exp too far away, without iat", "\"exp\":1301", 1000, 0, 300, UNVERIFIABLE},
        {"exp near, without iat", "\"exp\":1300", 1000, 0, 300, OK},
        {"iat too long ago", "\"exp\":1300,\"iat\":699", 1000, 0, 300, UNVERIFIABLE},
        {"iat just not too long ago", "\"exp\":1300,\"iat\":700", 1000, 0, 300, OK},
        {"never expires", "\"exp\":253402300799", 1000, 0, 300, UNVERIFIABLE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwt_expectation want = expectation();
        want.now_seconds = rows[i].now;
        want.skew_seconds = rows[i].skew;
        want.max_age_seconds = rows[i].age;
        struct span claims = JOIN(&arena, SPAN("{" WHO ","), span_of(rows[i].times), SPAN("}"));
        check_row(rows[i].why);
        CHECK_INT(verdict_of(raw(SPAN(HEADER), claims), &set, &want), rows[i].want);
    }
    check_row(NULL);
}

static void test_expectations(void)
{
    struct span t = es256(HEADER, CLAIMS);
    struct span several = es256(HEADER, "{\"iss\":\"" ISSUER "\",\"aud\":[\"me\"]," TIMES "}");
    struct span anonymous = es256(HEADER, "{\"exp\":1800000300}");
    struct jwt_expectation want = expectation();
    check_row("J01 an algorithm that is not wanted");
    want.algorithms = ALG_RS256 | ALG_PS256;
    CHECK_INT(verdict_of(t, &set, &want), UNVERIFIABLE);
    CHECK_INT(verdict_of(es256("{\"alg\":\"ES256\",\"kid\":\"new\"}", CLAIMS), &set, &want),
              UNVERIFIABLE);
    want.algorithms = 0;
    CHECK_INT(verdict_of(t, &set, &want), UNVERIFIABLE);
    want.algorithms = ALG_ES256;
    CHECK_INT(verdict_of(t, &set, &want), OK);
    CHECK_INT(verdict_of(rs256("{\"alg\":\"RS256\",\"kid\":\"rs\"}", CLAIMS), &set, &want),
              UNVERIFIABLE);
    check_row("K02 the audience alone, as one text");
    want.only_audience = true;
    CHECK_INT(verdict_of(t, &set, &want), OK);
    CHECK_INT(verdict_of(several, &set, &want), UNVERIFIABLE);
    want.only_audience = false;
    CHECK_INT(verdict_of(several, &set, &want), OK);
    check_row("issuer and audience are not checked where they are not given");
    CHECK_INT(verdict_of(anonymous, &set, &want), UNVERIFIABLE);
    want.issuer = ABSENT;
    CHECK_INT(verdict_of(anonymous, &set, &want), UNVERIFIABLE);
    want.audience = ABSENT;
    CHECK_INT(verdict_of(anonymous, &set, &want), OK);
    check_row("an empty issuer is not a missing one");
    want.issuer = SPAN("");
    CHECK_INT(verdict_of(anonymous, &set, &want), UNVERIFIABLE);
    check_row("claims that do not hold come before a key that is not there");
    want = expectation();
    want.now_seconds = NOW + 1000;
    CHECK_INT(verdict_of(es256("{\"alg\":\"ES256\",\"kid\":\"new\"}", CLAIMS), &set, &want),
              UNVERIFIABLE);
    check_row(NULL);
}

/* J20, S48 */
static void test_sets(void)
{
    struct jwt_expectation want = expectation();
    struct span with_kid = es256(HEADER, CLAIMS);
    struct span without = es256("{\"alg\":\"ES256\"}", CLAIMS);
    struct span good = ec_jwk(&key_public, ",\"kid\":\"k\"");
    struct span bad = ec_jwk(&attacker_public, ",\"kid\":\"k\"");
    struct span nameless = ec_jwk(&key_public, "");
    struct span rsa = SPAN(RSA_JWK("k", ""));
    const struct {
        const char *why;
        struct span keys, token;
        enum result want;
    } rows[] = {
        {"no kid, one key", nameless, without, OK},
        {"no kid, one key that has one", good, without, OK},
        {"no kid, one of its algorithm", JOIN(&arena, rsa, SPAN(","), good), without, OK},
        {"no kid, another key", bad, without, UNVERIFIABLE},
        {"no kid, two keys, though one fits", JOIN(&arena, good, SPAN(","), bad), without,
         UNVERIFIABLE},
        {"no kid, the same key twice", JOIN(&arena, good, SPAN(","), good), without, UNVERIFIABLE},
        {"no kid, no key of its algorithm", rsa, without, UNVERIFIABLE},
        {"no kid, no keys", SPAN(""), without, UNVERIFIABLE},
        {"a kid, no keys", SPAN(""), with_kid, NOT_FOUND},
        {"a kid, a key without", nameless, with_kid, NOT_FOUND},
        {"an empty kid, a key without", nameless,
         es256("{\"alg\":\"ES256\",\"kid\":\"\"}", CLAIMS), NOT_FOUND},
        {"two keys of one kid", JOIN(&arena, bad, SPAN(","), good), with_kid, OK},
        {"two keys of one kid, of two types", JOIN(&arena, rsa, SPAN(","), good), with_kid, OK},
        {"two keys of one kid, none right", JOIN(&arena, bad, SPAN(","), bad), with_kid,
         UNVERIFIABLE},
        {"the last that is tried",
         JOIN(&arena, bad, SPAN(","), bad, SPAN(","), bad, SPAN(","), good), with_kid, OK},
        {"one more is not tried",
         JOIN(&arena, bad, SPAN(","), bad, SPAN(","), bad, SPAN(","), bad, SPAN(","), good),
         with_kid, UNVERIFIABLE},
        {"those of another type do not count",
         JOIN(&arena, rsa, SPAN(","), rsa, SPAN(","), rsa, SPAN(","), rsa, SPAN(","), good),
         with_kid, OK},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct jwks keys = set_of(rows[i].keys);
        CHECK_INT(verdict_of(rows[i].token, &keys, &want), rows[i].want);
    }
    check_row(NULL);
}

/* ---- nothing but T ---- */

static void refuses_all_but(struct span t)
{
    for (size_t size = 0; size < t.size; size++)
        CHECK(verdict(span_first(t, size)) != OK);
    for (size_t at = 0; at < t.size; at++) {
        struct span wrong = span_copy(&arena, t);
        ((uint8_t *)wrong.data)[at] ^= (uint8_t)(1u << at % 8);
        CHECK(verdict(wrong) != OK);
        ((uint8_t *)wrong.data)[at] = t.data[at] == 'A' ? 'B' : 'A';
        CHECK(verdict(wrong) != OK);
    }
}

static void test_flips(void)
{
    check_row("ES256");
    refuses_all_but(es256(HEADER, CLAIMS));
    check_row("RS256");
    refuses_all_but(rs256("{\"alg\":\"RS256\",\"kid\":\"rs\"}", CLAIMS));
    check_row("PS256");
    refuses_all_but(ps256("{\"alg\":\"PS256\",\"kid\":\"ps\"}", CLAIMS));
    check_row(NULL);
}

/* ---- vectors ---- */

#define RFC7515_PAYLOAD \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static void test_rfc7515(void)
{
    static const struct {
        const char *why;
        struct span key, token;
    } rows[] = {
        {"RFC 7515 A.2", SPAN(RSA_JWK("", "")),
         SPAN("eyJhbGciOiJSUzI1NiJ9." RFC7515_PAYLOAD
              ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YK"
              "t_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArL"
              "IARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noO"
              "PqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe"
              "77Rw")},
        {"RFC 7515 A.3",
         SPAN("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
              "\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"),
         SPAN("eyJhbGciOiJFUzI1NiJ9." RFC7515_PAYLOAD
              ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU"
              "1Q")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwks keys = set_of(rows[i].key);
        struct jwt_expectation want = {.algorithms = ALG_RS256 | ALG_ES256,
                                       .issuer = SPAN("joe"),
                                       .now_seconds = 1300819379};
        struct jwt jwt;
        check_row(rows[i].why);
        CHECK_INT(verdict_of(rows[i].token, &keys, &want), OK);
        CHECK_INT(jwt_parse(&arena, rows[i].token, &jwt), OK);
        CHECK_SPAN(jwt.claims_text, SPAN("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                                         "\"http://example.com/is_root\":true}"));
        CHECK_SPAN(json_member_text(jwt.claims, SPAN("iss")), SPAN("joe"));
        CHECK_SPAN(jwt.header.kid, ABSENT);
        CHECK_SPAN(jwt.header.type, ABSENT);
        want.now_seconds++;
        CHECK_INT(verdict_of(rows[i].token, &keys, &want), UNVERIFIABLE);
    }
    check_row("RFC 7515 A.1, HS256");
    struct jwt jwt;
    CHECK_INT(jwt_parse(&arena,
                        SPAN("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC7515_PAYLOAD
                             ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                        &jwt),
              MALFORMED);
    check_row("RFC 7515 A.5, none");
    CHECK_INT(jwt_parse(&arena, SPAN("eyJhbGciOiJub25lIn0." RFC7515_PAYLOAD "."), &jwt), MALFORMED);
    check_row(NULL);
}

/* ---- a JWS of anything ---- */

static void test_jws(void)
{
    struct jwt jws = {.claims = NULL};
    struct span t = raw(SPAN(HEADER), SPAN("no JSON\0"));
    CHECK_INT(jws_parse(&arena, edge(t), &jws), OK);
    CHECK(jws.claims == NULL);
    CHECK_SPAN(jws.claims_text, SPAN("no JSON\0"));
    CHECK_INT(jws_parse(&arena, t, &jws), OK);
    CHECK_INT(jws_verify(&jws, &set, ALG_ES256), OK);
    CHECK_INT(jws_verify(&jws, &set, ALG_RS256), UNVERIFIABLE);
    struct jwks none = {NULL, 0};
    CHECK_INT(jws_verify(&jws, &none, ALG_ES256), NOT_FOUND);
    check_row("it has no claims, so none hold");
    struct jwt_expectation want = {.algorithms = ALG_ES256};
    CHECK_INT(jwt_check_claims(&jws, &want), UNVERIFIABLE);
    check_row(NULL);
}

/* ---- signing ---- */

static void test_sign(void)
{
    struct span token;
    struct jwt jwt;
    struct jwt_expectation want = expectation();
    want.type = SPAN("at+jwt");
    CHECK_INT(jwt_sign(&arena, &key, SPAN("k"), SPAN("at+jwt"), edge(SPAN(CLAIMS)), &token), OK);
    CHECK_SPAN(span_first(token, span_find(token, '.')),
               base64url_encode(&arena,
                                SPAN("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k\"}")));
    CHECK_INT(verdict_of(token, &set, &want), OK);
    CHECK_INT(jwt_parse(&arena, token, &jwt), OK);
    CHECK_SPAN(jwt.claims_text, SPAN(CLAIMS));
    check_row("the same claims, the same token");
    struct span again;
    CHECK_INT(jwt_sign(&arena, &key, SPAN("k"), SPAN("at+jwt"), SPAN(CLAIMS), &again), OK);
    CHECK_SPAN(again, token);
    check_row("a kid that JSON has to escape");
    struct span kid = SPAN("\"\\\x01\x02\x03\x04\x05\x06\x07\x0b\x0e\x0f");
    CHECK_INT(jwt_sign(&arena, &key, kid, SPAN("JWT"), SPAN(CLAIMS), &token), OK);
    CHECK_INT(jwt_parse(&arena, token, &jwt), OK);
    CHECK_SPAN(jwt.header.kid, kid);
    check_row("without kid and type");
    CHECK_INT(jwt_sign(&arena, &key, ABSENT, ABSENT, SPAN(CLAIMS), &token), OK);
    CHECK_INT(jwt_parse(&arena, token, &jwt), OK);
    CHECK_SPAN(jwt.header.kid, ABSENT);
    CHECK_SPAN(jwt.header.type, ABSENT);
    check_row("without a key");
    struct p256_private none = {{0}};
    CHECK_INT(jwt_sign(&arena, &none, SPAN("k"), SPAN("JWT"), SPAN(CLAIMS), &token), MALFORMED);
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(32 << 20);
    keys_make();
    test_no_signature();
    test_symmetric();
    test_key_choice();
    test_critical();
    test_es256_forms();
    test_rsa_labels();
    test_weak_keys();
    test_claims();
    test_encodings();
    test_size();
    test_types();
    test_times();
    test_expectations();
    test_sets();
    test_flips();
    test_rfc7515();
    test_jws();
    test_sign();
    return check_done();
}
