/* Published tokens, payloads that are no claims, and our own tokens. */
#include "jose/jwt.h"

#include "tokens.h"

/* ---- vectors ---- */

#define RFC7515_PAYLOAD                                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"

static void test_rfc7515(void)
{
    static const struct {
        const char *why;
        struct span key, token;
    } rows[] = {
        {"RFC 7515 A.2", SPAN(RSA_JWK("", "")),
         SPAN(
             "eyJhbGciOiJSUzI1NiJ9." RFC7515_PAYLOAD
             ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YK"
             "t_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArL"
             "IARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noO"
             "PqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe"
             "77Rw")},
        {"RFC 7515 A.3",
         SPAN(
             "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
             "\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"),
         SPAN(
             "eyJhbGciOiJFUzI1NiJ9." RFC7515_PAYLOAD
             ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU"
             "1Q")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwks keys = set_of(rows[i].key);
        struct jwt_expectation want = {
            .algorithms = ALG_RS256 | ALG_ES256, .issuer = SPAN("joe"), .now_seconds = 1300819379};
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
    check_row(NULL);
}

/* What the RFCs print and we do not offer. */
static void test_not_offered(void)
{
    static const struct {
        const char *why;
        struct span token;
    } rows[] = {
        {"RFC 7515 A.1, RFC 7519 section 3.1: HS256",
         SPAN("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC7515_PAYLOAD
              ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")},
        {"RFC 7515 A.4: ES512",
         SPAN("eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA"
              ".AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw"
              "_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOX"
              "olLzeO_Jn")},
        {"RFC 7515 A.5, RFC 7519 section 6.1: none",
         SPAN("eyJhbGciOiJub25lIn0." RFC7515_PAYLOAD ".")},
        {"RFC 7515 A.7: JSON",
         SPAN("{\"payload\":\"" RFC7515_PAYLOAD "\",\"protected\":\"eyJhbGciOiJFUzI1NiJ9\","
              "\"header\":{\"kid\":\"e9bc097a-ce51-4036-9562-d2ade882db0d\"},\"signature\":"
              "\"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"
              "Kg6NU"
              "1Q\"}")},
        {"RFC 7515 appendix E: a critical member that nobody understands",
         SPAN("eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0"
              "dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jwt jwt;
        check_row(rows[i].why);
        CHECK_INT(jws_parse(&arena, edge(rows[i].token), &jwt), MALFORMED);
    }
    check_row(NULL);
}

/* RFC 9068 section 3, whose example has no signature. */
static void test_rfc9068(void)
{
    struct span token =
        es256_of(SPAN("{\"typ\":\"at+JWT\",\"alg\":\"ES256\",\"kid\":\"k\"}"),
                 SPAN("{\"iss\": \"https://authorization-server.example.com/\","
                      "\"sub\": \"5ba552d67\",\"aud\": \"https://rs.example.com/\","
                      "\"exp\": 1639528912,\"iat\": 1618354090,"
                      "\"jti\" : \"dbe39bf3a3ba4238a513f51d6e1691c4\","
                      "\"client_id\": \"s6BhdRkqt3\",\"scope\": \"openid profile reademail\"}"));
    struct jwt_expectation want = {
        .algorithms = ALG_ES256,
        .type = SPAN("at+jwt"),
        .issuer = SPAN("https://authorization-server.example.com/"),
        .audience = SPAN("https://rs.example.com/"),
        .now_seconds = 1618354090,
    };
    CHECK_INT(verdict_of(token, &set, &want), OK);
    check_row("no id_token");
    want.type = ABSENT;
    CHECK_INT(verdict_of(token, &set, &want), UNVERIFIABLE);
    check_row(NULL);
}

/* ---- a JWS of anything ---- */

static void test_jws(void)
{
    struct jwt jws = {.claims = NULL};
    struct span t = es256_of(SPAN(HEADER), SPAN("no JSON\0"));
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
    CHECK_SPAN(
        span_first(token, span_find(token, '.')),
        base64url_encode(&arena, SPAN("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k\"}")));
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
    arena = edge_arena(4 << 20);
    keys_make();
    test_rfc7515();
    test_not_offered();
    test_rfc9068();
    test_jws();
    test_sign();
    return check_done();
}
