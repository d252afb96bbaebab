/* What a good signature does not help against: rows 15 and 17 of the forgery list (see test_jwt.c).
 */
#include "jose/jwt.h"

#include "tokens.h"

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
        {"3.15 iat: in the future", "{" WHO ",\"exp\":1800000300,\"iat\":1800000011}",
         UNVERIFIABLE},
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
        CHECK_INT(verdict_of(es256_of(header, SPAN(CLAIMS)), &set, &want), rows[i].want);
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
        CHECK_INT(verdict_of(es256_of(SPAN(HEADER), claims), &set, &want), rows[i].want);
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
        {"an empty kid, a key without", nameless, es256("{\"alg\":\"ES256\",\"kid\":\"\"}", CLAIMS),
         NOT_FOUND},
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

int main(void)
{
    arena = edge_arena(32 << 20);
    keys_make();
    test_claims();
    test_types();
    test_times();
    test_expectations();
    test_sets();
    return check_done();
}
