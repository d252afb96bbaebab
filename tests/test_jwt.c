/*
 * "3.n" is row n of the forgery list in the project's security requirements. What is
 * not here belongs to others: 14's signatures (we have no EdDSA, only its names
 * are refused), 18's replays (jti is the caller's), 20's headers; 15 and 17 are in
 * test_jwt_claims.c, the numbers of 11 and 12 in test_ec.c and test_rsa.c.
 */
#include "jose/jwt.h"

#include "hex.h"
#include "tokens.h"

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

static struct span hmac(const char *header, struct span secret)
{
    struct hash mac;
    struct span input = signing_input(span_of(header), SPAN(CLAIMS));
    hmac_sha256(secret, 1, &input, &mac);
    return with_signature(input, hash_span(&mac));
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
        {"3.1 none",
         JOIN(&arena, signing_input(SPAN("{\"alg\":\"none\"}"), SPAN(CLAIMS)), SPAN(".")),
         MALFORMED},
        {"3.1 None",
         JOIN(&arena, signing_input(SPAN("{\"alg\":\"None\"}"), SPAN(CLAIMS)), SPAN(".")),
         MALFORMED},
        {"3.1 NONE",
         JOIN(&arena, signing_input(SPAN("{\"alg\":\"NONE\"}"), SPAN(CLAIMS)), SPAN(".")),
         MALFORMED},
        {"3.1 nOnE",
         JOIN(&arena, signing_input(SPAN("{\"alg\":\"nOnE\"}"), SPAN(CLAIMS)), SPAN(".")),
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
        {"3.3 no claims", JOIN(&arena, span_first(t, span_find(t, '.')), SPAN(".."), signature),
         MALFORMED},
        {"3.3 empty", SPAN(""), MALFORMED},
        {"3.3 absent", ABSENT, MALFORMED},
    };
    check_rows(rows, COUNT(rows));
}

/* 3.4 to 3.6 */
static void test_symmetric(void)
{
    struct span point = span_bytes(key_public.point, P256_POINT_SIZE);
    struct span der =
        JOIN(&arena, hex(&arena, "3059301306072a8648ce3d020106082a8648ce3d030107034200"), point);
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
    struct span header =
        JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"kid\":\"k\","), span_of(offer), SPAN("}"));
    return es256_with(&attacker, signing_input(header, SPAN(CLAIMS)));
}

/* 3.7 to 3.9 */
static void test_key_choice(void)
{
    struct span jwk = JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"kid\":\"k\",\"jwk\":"),
                           ec_jwk(&attacker_public, ",\"kid\":\"k\""), SPAN("}"));
    struct span jwk_alone =
        JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"jwk\":"), ec_jwk(&attacker_public, ""), SPAN("}"));
    uint8_t long_kid[10240];
    memset(long_kid, 'k', sizeof long_kid);
    struct span long_header = JOIN(&arena, SPAN("{\"alg\":\"ES256\",\"kid\":\""),
                                   span_bytes(long_kid, 10240), SPAN("\"}"));
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
        {"3.9 kid: a quote", es256("{\"alg\":\"ES256\",\"kid\":\"' OR 1=1 --\"}", CLAIMS),
         NOT_FOUND},
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
    struct span der = JOIN(&arena, SPAN("\x30\x46\x02\x21\0"), span_first(s, 32),
                           SPAN("\x02\x21\0"), span_skip(s, 32));
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
        {"3.12 without the NULL", rs256_input(signing_input(SPAN(RS), SPAN(CLAIMS)), without_null),
         UNVERIFIABLE},
        {"3.12 a PS256 signature labelled RS256",
         ps256("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", CLAIMS), UNVERIFIABLE},
        {"3.12 an RS256 signature labelled PS256",
         rs256("{\"alg\":\"PS256\",\"kid\":\"rsa\"}", CLAIMS), UNVERIFIABLE},
        {"3.12 RS256 by a key for PS256", rs256("{\"alg\":\"RS256\",\"kid\":\"ps\"}", CLAIMS),
         UNVERIFIABLE},
        {"3.12 PS256 by a key for RS256", ps256("{\"alg\":\"PS256\",\"kid\":\"rs\"}", CLAIMS),
         UNVERIFIABLE},
        {"3.12 RS256 labelled RS384", rs256("{\"alg\":\"RS384\",\"kid\":\"rs\"}", CLAIMS),
         MALFORMED},
        {"3.12 RS256 labelled RS512", rs256("{\"alg\":\"RS512\",\"kid\":\"rs\"}", CLAIMS),
         MALFORMED},
        {"3.12 RS256 by an EC key", rs256("{\"alg\":\"RS256\",\"kid\":\"k\"}", CLAIMS),
         UNVERIFIABLE},
        {"3.12 a signature too long", JOIN(&arena, rs256(RS, CLAIMS), SPAN("AAAA")), UNVERIFIABLE},
        {"3.12 a signature twice",
         with_signature(
             signing_input(SPAN(RS), SPAN(CLAIMS)),
             JOIN(&arena, rsa_key_bytes(&arena, RSA_KEY_N), rsa_key_bytes(&arena, RSA_KEY_N))),
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
         SPAN("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"kid\":\"k\",\"n\":\"" RSA_KEY_N RSA_KEY_N
                  RSA_KEY_N RSA_KEY_N "\"}")},
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

/* 3.16 */
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
        {"3.16 a line end within, signed", es256_with(&key, JOIN(&arena, h, SPAN("\n."), c)),
         MALFORMED},
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
        {"3.16 a byte order mark before the header",
         es256_of(SPAN("\xef\xbb\xbf" HEADER), SPAN(CLAIMS)), MALFORMED},
        {"3.16 ... before the claims", es256_of(SPAN(HEADER), SPAN("\xef\xbb\xbf" CLAIMS)),
         MALFORMED},
        {"3.16 UTF-16", es256_of(SPAN(HEADER), SPAN("{\0}\0")), MALFORMED},
        {"3.16 invalid UTF-8", es256_of(SPAN(HEADER), SPAN("{" WHO "," TIMES ",\"x\":\"\xff\"}")),
         MALFORMED},
        {"3.16 NUL behind the claims", es256_of(SPAN(HEADER), SPAN(CLAIMS "\0")), MALFORMED},
        {"3.16 NUL behind the header", es256_of(SPAN(HEADER "\0"), SPAN(CLAIMS)), MALFORMED},
        {"3.16 more behind the claims", es256_of(SPAN(HEADER), SPAN(CLAIMS "{}")), MALFORMED},
        {"3.16 white space in the JSON is allowed",
         es256_of(SPAN(" " HEADER "\r\n"), SPAN(CLAIMS "\n")), OK},
        {"3.16 a comment", es256_of(SPAN(HEADER), SPAN("{/**/" WHO "," TIMES "}")), MALFORMED},
        {"3.16 a trailing comma", es256_of(SPAN(HEADER), SPAN("{" WHO "," TIMES ",}")), MALFORMED},
        {"3.16 nested 1000 deep", es256_of(SPAN(HEADER), nested(1000)), TOO_LARGE},
        {"3.16 a header nested 1000 deep", es256_of(nested(1000), SPAN(CLAIMS)), TOO_LARGE},
        {"3.16 claims: an array", es256_of(SPAN(HEADER), SPAN("[" CLAIMS "]")), MALFORMED},
        {"3.16 claims: a text", es256_of(SPAN(HEADER), SPAN("\"foo\"")), MALFORMED},
        {"3.16 claims: no JSON", es256_of(SPAN(HEADER), SPAN("foo")), MALFORMED},
        {"3.16 claims: another token", es256_of(SPAN(HEADER), t), MALFORMED},
        {"3.16 header: an array", es256_of(SPAN("[" HEADER "]"), SPAN(CLAIMS)), MALFORMED},
        {"3.16 header: a text", es256_of(SPAN("\"ES256\""), SPAN(CLAIMS)), MALFORMED},
        {"3.16 header: null", es256_of(SPAN("null"), SPAN(CLAIMS)), MALFORMED},
        {"J12 alg twice",
         es256_of(SPAN("{\"alg\":\"ES256\",\"kid\":\"k\",\"alg\":\"none\"}"), SPAN(CLAIMS)),
         MALFORMED},
        {"J12 kid twice, once escaped",
         es256_of(SPAN("{\"alg\":\"ES256\",\"kid\":\"k\",\"k\\u0069d\":\"x\"}"), SPAN(CLAIMS)),
         MALFORMED},
        {"3.19 members in another order",
         es256_of(SPAN("{\"kid\":\"k\",\"typ\":\"JWT\",\"alg\":\"ES256\"}"), SPAN(CLAIMS)), OK},
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
        input =
            signing_input(SPAN(HEADER), JOIN(&arena, SPAN(CLAIMS), span_bytes(spaces, padding++)));
    } while (input.size + 1 + 86 < JWT_MAX_SIZE);
    struct span largest = es256_with(&key, input);
    CHECK_INT(largest.size, JWT_MAX_SIZE);
    CHECK_INT(verdict(largest), OK);
    CHECK_INT(verdict(JOIN(&arena, largest, SPAN("A"))), TOO_LARGE);
    CHECK_INT(verdict(span_bytes(ARENA_ARRAY(&arena, 1 << 20, uint8_t), 1 << 20)), TOO_LARGE);
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
    test_encodings();
    test_size();
    test_flips();
    return check_done();
}
