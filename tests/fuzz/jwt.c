#include "jose/jwt.h"
#include "base/base64.h"
#include "fuzz.h"

enum { NOW = 1800000000 };

static struct p256_private key;
static struct p256_public public_key;
static struct jwk jwk;
static struct jwks set;

static void make_key(void)
{
    static const uint8_t material[P256_MATERIAL_MIN] = {1, 2, 3};
    MUST(p256_private_from(span_bytes(material, sizeof material), &key) == OK);
    p256_public_of(&key, &public_key);
    jwk = (struct jwk){.kid = SPAN("k"), .algorithms = ALG_ES256, .is_ec = true, .ec = public_key};
    set = (struct jwks){&jwk, 1};
}

static struct jwt_expectation expectation(void)
{
    return (struct jwt_expectation){
        .algorithms = ALG_ES256,
        .issuer = SPAN("https://a.example"),
        .audience = SPAN("us"),
        .now_seconds = NOW,
        .skew_seconds = 30,
    };
}

/* What is said to be good is what a reader of RFC 7519 would expect of it. */
static void check_claims(const struct json *claims)
{
    uint64_t expires = 0, time;
    const struct json *audience = json_member(claims, SPAN("aud"));
    MUST(span_equal(json_member_text(claims, SPAN("iss")), SPAN("https://a.example")));
    MUST(json_u64(json_member(claims, SPAN("exp")), &expires) == OK && expires + 30 > NOW);
    MUST(json_u64(json_member(claims, SPAN("nbf")), &time) != OK || time <= NOW + 30);
    bool is_for_us = span_equal(json_text(audience), SPAN("us"));
    if (json_is_array(audience))
        for (const struct json *one = json_first(audience); one != NULL; one = json_next(one))
            is_for_us |= span_equal(json_text(one), SPAN("us"));
    MUST(is_for_us);
}

/* Whatever stands in a token, only our signature makes it good. */
static void check_foreign(struct arena *a, struct span token)
{
    struct jwt jwt, jws;
    struct jwt_expectation want = expectation();
    bool is_jws = jws_parse(a, token, &jws) == OK;
    if (jwt_parse(a, token, &jwt) != OK)
        return;
    MUST(is_jws && jwt.header.kid.size <= JWK_MAX_KID && token.size <= JWT_MAX_SIZE);
    MUST(json_is_object(jwt.claims) && jwt.header.algorithm != ALG_OTHER);
    MUST(span_starts(token, jwt.signed_text));
    MUST(
        span_equal(base64url_encode(a, jwt.signature), span_skip(token, jwt.signed_text.size + 1)));
    MUST(jwt_verify(&jwt, &set, &want) != OK);
    if (jwt_check_claims(&jwt, &want) == OK)
        check_claims(jwt.claims);
}

/* The same header and claims with our signature. */
static void check_signed(struct arena *a, struct span header, struct span claims)
{
    struct jwt jwt;
    struct jwt_expectation want = expectation();
    uint8_t signature[ES256_SIZE];
    struct span start =
        JOIN(a, base64url_encode(a, header), SPAN("."), base64url_encode(a, claims));
    MUST(es256_sign(&key, start, signature) == OK);
    struct span token =
        JOIN(a, start, SPAN("."), base64url_encode(a, span_bytes(signature, sizeof signature)));
    if (jwt_parse(a, token, &jwt) != OK || jwt_verify(&jwt, &set, &want) != OK)
        return;
    check_claims(jwt.claims);
    MUST(jwt.header.algorithm == ALG_ES256);
    MUST(!span_present(jwt.header.kid) || span_equal(jwt.header.kid, SPAN("k")));
    /* Not one byte of it may change. */
    uint8_t *changed = ARENA_ARRAY(a, token.size, uint8_t);
    memcpy(changed, token.data, token.size);
    changed[claims.size % start.size] ^= 1;
    if (jwt_parse(a, span_bytes(changed, token.size), &jwt) == OK)
        MUST(jwt_verify(&jwt, &set, &want) != OK);
}

/* A token; or the header and the claims of one, each in a line, to be signed. */
void fuzz(struct arena *a, struct span input)
{
    if (jwk.algorithms == 0)
        make_key();
    check_foreign(a, input);
    struct span header = fuzz_line(&input);
    if (span_starts(header, SPAN("{")) && json_scan(a, header, NULL, 0) == OK &&
        json_scan(a, input, NULL, 0) == OK)
        check_signed(a, header, input);
}
